"""`people` over the real store: import, list, export and erase."""

from __future__ import annotations

import asyncio
import csv
import json
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from gateway.audit import audit
from gateway.cli import main
from gateway.incidents.report import Report
from gateway.incidents.store import IncidentStore
from gateway.runtime.clock import Clock
from gateway.runtime.postgres import Database
from gateway.vault.vault import Vault
from tests.architecture.documents import ROOT
from tests.helpers.cli import KEY, Shell
from tests.helpers.phones import NUMBER, OTHER

LIST = f"""\
phone;name;role;areas;language;consent
{NUMBER.e164[1:]};Dewi;lurah;Podosugih;jv;surat tugas 12
0{OTHER.e164[3:]};;subscriber;"kec. Pekalongan Timur, Medono";;2026-03-01 formulir RW 3
"""
LINES = [
    (f"'{NUMBER.e164}", "lurah", "surat tugas 12"),
    (f"'{OTHER.e164}", "subscriber", "2026-03-01 formulir RW 3"),
]
BAD = "halo;;asn;;;\n081230000003;;walikota;;;\n"


@pytest.fixture
def good(tmp_path: Path) -> str:
    return write(tmp_path / "warga.csv", LIST)


@pytest.fixture
def bad(tmp_path: Path) -> str:
    return write(tmp_path / "bad.csv", LIST + BAD)


def write(path: Path, text: str) -> str:
    path.write_text(text)
    return str(path)


def audit_rows(database_url: str) -> list[dict[str, Any]]:
    async def read() -> list[dict[str, Any]]:
        database = Database(database_url, pool_size=1)
        async with database.begin() as connection:
            found = [dict(row) for row in (await connection.execute(select(audit).order_by(audit.c.id))).mappings()]
        await database.close()
        return found

    return asyncio.run(read())


@pytest.fixture
async def report(database: Database) -> str:
    """Return the ticket of a report from `NUMBER`."""
    message = Report("gesekan", "33.75.01.1003", "id", "at", "ATUid_1", datetime(2026, 11, 28, 3, tzinfo=UTC))
    store = IncidentStore(database, Vault(bytes.fromhex(KEY)), Clock())
    return (await store.file(message, NUMBER, lambda ticket: f"Laporan {ticket} diterima")).ticket


def test_import_of_the_same_list_again_changes_nothing(shell: Shell, good: str) -> None:
    for message in ("2 new, 0 updated, 0 unchanged.\n", "0 new, 0 updated, 2 unchanged.\n"):
        result = shell.run("people", "import", good)
        assert (result.exit_code, result.stdout, result.stderr) == (0, message, "")
    subscriber, lurah = shell.list_json("people", "list")

    expected = {
        "phone": NUMBER.masked,
        "name": "Dewi",
        "roles": ["lurah"],
        "areas": ["33.75.01.1003"],
        "language": "jv",
        "source": "warga.csv",
        "added_at": "",
        "updated_at": "",
    }
    assert lurah | {"added_at": "", "updated_at": ""} == expected
    assert list(lurah) == list(expected)
    assert (subscriber["roles"], subscriber["areas"]) == (["subscriber"], ["33.75.01.1002", "33.75.02"])


def test_import_reads_standard_input(shell: Shell, good: str, bad: str) -> None:
    runner = CliRunner(env=shell.variables)

    stored = runner.invoke(main, ["people", "import", "-"], input=Path(good).read_bytes())
    assert (stored.exit_code, stored.stdout, stored.stderr) == (0, "2 new, 0 updated, 0 unchanged.\n", "")

    refused = runner.invoke(main, ["people", "import", "-"], input=Path(bad).read_bytes())
    assert refused.exit_code == 1
    assert "standard input:4: this is no whole phone number" in refused.stderr


def test_import_dry_run_stores_nothing(shell: Shell, good: str, bad: str) -> None:
    result = shell.run("people", "import", good, "--dry-run")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == "Dry run, nothing is stored: 2 new, 0 updated, 0 unchanged.\n"

    result = shell.run("people", "import", bad, "--dry-run")
    assert result.exit_code == 1
    assert result.stdout == "Dry run, nothing is stored: 2 new, 0 updated, 0 unchanged; 2 rows are wrong.\n"
    assert [line.partition(": ")[0] for line in result.stderr.splitlines()] == ["bad.csv:4", "bad.csv:5"]
    assert shell.list_json("people", "list") == []


def test_import_with_a_bad_row_stores_nothing(shell: Shell, bad: str) -> None:
    result = shell.run("people", "import", bad)

    assert (result.exit_code, result.stdout) == (1, "")
    assert "bad.csv:4: this is no whole phone number" in result.stderr
    assert 'bad.csv:5: unknown role "walikota"; expected one of subscriber, officer' in result.stderr
    assert "Error: 2 rows are wrong: nothing is stored" in result.stderr
    assert shell.list_json("people", "list") == []


def test_import_skip_bad_stores_the_good_rows(shell: Shell, bad: str) -> None:
    result = shell.run("people", "import", bad, "--skip-bad")

    assert (result.exit_code, result.stdout) == (0, "2 new, 0 updated, 0 unchanged; 2 rows are wrong.\n")
    assert len(result.stderr.splitlines()) == 2
    assert len(shell.list_json("people", "list")) == 2


def test_import_takes_a_role_for_rows_without_one(shell: Shell, tmp_path: Path) -> None:
    plain = write(tmp_path / "asn.csv", f"phone\n{NUMBER.e164}\n")

    assert "there is no role" in shell.run("people", "import", plain).stderr
    assert shell.run("people", "import", plain, "--role", "asn").exit_code == 0
    assert [person["roles"] for person in shell.list_json("people", "list", "--role", "asn")] == [["asn"]]


def test_import_refuses_another_encoding_and_a_large_file(shell: Shell, tmp_path: Path) -> None:
    latin = tmp_path / "latin.csv"
    latin.write_bytes("phone;name\n1;Dèwi\n".encode("latin-1"))
    assert "is not UTF-8: save it as 'CSV UTF-8'" in shell.error_of("people", "import", str(latin))

    large = tmp_path / "large.csv"
    with large.open("wb") as file:
        file.truncate(20 * 1024 * 1024 + 1)
    assert "is larger than 20 MB: split it" in shell.error_of("people", "import", str(large))


def test_list_filters_by_role_and_area(shell: Shell, good: str) -> None:
    shell.run("people", "import", good)
    for wanted, found in (
        (("--role", "lurah"), [NUMBER]),
        (("--area", "Podosugih"), [NUMBER]),
        (("--area", "kec. Pekalongan Barat"), [OTHER, NUMBER]),
        (("--area", "33.75.02.1002"), [OTHER]),
        (("--area", "Podosugih", "--role", "subscriber"), []),
        (("--limit", "1"), [OTHER]),
    ):
        assert [person["phone"] for person in shell.list_json("people", "list", *wanted)] == [
            one.masked for one in found
        ]

    lines = shell.run("people", "list").stdout.splitlines()

    assert len(lines) == 3
    assert "Medono, Pekalongan Timur" in lines[1]
    assert NUMBER.e164[-9:] not in "".join(lines)
    assert shell.run("people", "list", "--role", "fkub").stdout == "There is nobody.\n"
    assert "similar are Podosugih (33.75.01.1003)" in shell.run("people", "list", "--area", "Podosugi").stderr


def test_list_masks_and_export_refuses_numbers_of_another_key(shell: Shell, good: str) -> None:
    """A list shows what it can. An export would lose numbers."""
    shell.run("people", "import", good)
    listed = shell.run("people", "list", "--json", vault_key="08" * 32)
    assert (listed.exit_code, listed.stderr) == (0, "")
    assert [person["phone"] for person in json.loads(listed.stdout)] == ["?", "?"]

    failed = shell.run("people", "export", "--reason", "rapat", vault_key="08" * 32)
    assert failed.exit_code == 1
    assert "Cannot decrypt a phone number" in failed.stderr


def test_export_is_private_and_audited(shell: Shell, good: str, tmp_path: Path, database_url: str) -> None:
    shell.run("people", "import", good)
    output = tmp_path / "all.csv"
    write(output, "something longer that anybody may read " * 20)
    output.chmod(0o644)

    result = shell.run("people", "export", "--output", str(output), "--reason", f"rapat, minta {NUMBER.e164}")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "2 people written" in result.stderr
    assert stat.S_IMODE(output.stat().st_mode) == 0o600

    assert output.read_bytes().startswith(b"\xef\xbb\xbfphone,"), "or Excel takes it for another encoding"
    lines = list(csv.DictReader(output.read_text("utf-8-sig").splitlines()))
    assert [(line["phone"], line["role"], line["consent"]) for line in lines] == LINES

    row = audit_rows(database_url)[-1]
    assert row["action"] == "people.exported"
    assert row["detail"] == {"reason": f"rapat, minta {NUMBER.masked}", "role": "all"}
    assert shell.run("people", "import", str(output)).stdout == "0 new, 0 updated, 2 unchanged.\n"


def test_export_of_one_role_has_its_rows_alone(shell: Shell, good: str, tmp_path: Path) -> None:
    shell.run("people", "import", good)
    result = shell.run("people", "export", "--role", "lurah", "--reason", "rapat")
    assert result.stdout.splitlines()[0] == "phone,name,role,areas,language,consent"
    assert len(result.stdout.splitlines()) == 2

    nowhere = str(tmp_path / "nowhere" / "all.csv")
    assert "cannot be written" in shell.error_of("people", "export", "--reason", "rapat", "--output", nowhere)


def test_export_to_a_dash_is_stdout(shell: Shell, good: str) -> None:
    shell.run("people", "import", good)

    result = shell.run("people", "export", "--output", "-", "--reason", "rapat")

    assert result.stdout.splitlines()[0] == "phone,name,role,areas,language,consent"
    assert result.stderr == "2 people written.\n"
    assert not Path("-").exists()


def test_subscriber_of_everywhere_is_listed_and_comes_back(shell: Shell, tmp_path: Path) -> None:
    listed = write(tmp_path / "a.csv", "phone;peran;wilayah;persetujuan\n+628591915704512;warga;*;1-Mar-26\n")
    assert shell.run("people", "import", listed).stdout == "1 new, 0 updated, 0 unchanged.\n"
    more = write(tmp_path / "b.csv", "phone;peran;wilayah;persetujuan\n+628591915704512;warga;Podosugih;formulir\n")
    shell.run("people", "import", more)

    (person,) = shell.list_json("people", "list", "--area", "Medono")
    assert person["areas"] == ["*", "33.75.01.1003"]
    assert "*, Podosugih" in shell.run("people", "list").stdout

    output = str(tmp_path / "all.csv")
    shell.run("people", "export", "--separator", ";", "--output", output, "--reason", "serah terima")
    assert '\'+628591915704512;;subscriber;"*;33.75.01.1003"' in Path(output).read_text("utf-8-sig")
    assert shell.run("people", "import", output).stdout == "0 new, 0 updated, 1 unchanged.\n"


@pytest.mark.parametrize("beginning", [b"PK\x03\x04\x14\x00", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"])
def test_import_says_what_to_do_with_a_workbook(shell: Shell, tmp_path: Path, beginning: bytes) -> None:
    workbook = tmp_path / "warga.xlsx"
    workbook.write_bytes(beginning + b"\x00" * 40)

    assert "is a workbook: save it as 'CSV UTF-8'" in shell.error_of("people", "import", str(workbook))


def test_import_reads_the_example_of_the_repository(shell: Shell) -> None:
    example = ROOT / "deploy" / "people-example.csv"

    result = shell.run("people", "import", str(example))

    assert (result.exit_code, result.stdout) == (0, "2 new, 0 updated, 0 unchanged.\n")
    assert [(person["roles"], person["language"]) for person in shell.list_json("people", "list")] == [
        (["subscriber"], "id"),
        (["lurah"], "jv"),
    ]
    assert "deploy/people-example.csv" in shell.run("people", "import", "--help").stdout


def test_import_is_audited_and_a_dry_run_is_not(shell: Shell, bad: str, database_url: str) -> None:
    shell.run("people", "import", bad, "--dry-run")
    shell.run("people", "import", bad, "--skip-bad")

    (row,) = audit_rows(database_url)

    assert row["action"] == "people.imported"
    assert row["detail"] == {"file": "bad.csv", "new": 2, "updated": 0, "unchanged": 0, "declined": 0, "bad": 2}


def test_erase_removes_the_number_everywhere(shell: Shell, good: str, report: str, database_url: str) -> None:
    shell.run("people", "import", good)
    national = f"0{NUMBER.e164[3:]}"

    result = shell.run("people", "erase", national, "--yes")

    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == f"{NUMBER.masked} is erased from: incidents 1, messages 1, roles 1, people 1.\n"
    assert [person["phone"] for person in shell.list_json("people", "list")] == [OTHER.masked]
    assert {incident["phone"] for incident in shell.list_json("incidents", "list")} == {""}
    assert shell.run("people", "erase", national, "--yes").stdout == f"Nothing is known of {NUMBER.masked}.\n"
    assert NUMBER.e164[-7:] not in repr(audit_rows(database_url))


@pytest.mark.parametrize("written", ["+628591915704512", "08591915704512", "0859-1915-7045-12", "628591915704512"])
def test_erase_takes_a_number_that_is_longer_than_the_library_knows(shell: Shell, tmp_path: Path, written: str) -> None:
    assert shell.run("people", "import", write(tmp_path / "a.csv", f"phone,role\n{written},asn\n")).exit_code == 0

    assert "is erased from: roles 1, people 1." in shell.run("people", "erase", written, "--yes").stdout
    assert shell.list_json("people", "list") == []


@pytest.mark.parametrize("written", ["+62812345", "+99912345678"])
def test_erase_takes_whatever_a_carrier_sends_as_a_number(shell: Shell, written: str) -> None:
    assert shell.run("people", "erase", written, "--yes").stdout.startswith("Nothing is known of ")


@pytest.mark.parametrize("written", ["3375", "0812", "0812300045671234567", "halo", "+62"])
def test_erase_refuses_what_is_no_number(shell: Shell, written: str) -> None:
    assert "Not a phone number" in shell.run("people", "erase", written, "--yes").stderr


def test_erase_asks_before_it_erases(shell: Shell, good: str) -> None:
    shell.run("people", "import", good)
    refused = shell.run("people", "erase", NUMBER.e164)
    assert refused.exit_code == 1
    assert NUMBER.e164[-7:] not in refused.output
    assert len(shell.list_json("people", "list")) == 2

    answered = CliRunner(env=shell.variables).invoke(main, ["people", "erase", "-"], input=f"{NUMBER.e164}\ny\n")
    assert answered.exit_code == 0
    assert len(shell.list_json("people", "list")) == 1


def test_import_and_erase_print_json(shell: Shell, good: str) -> None:
    read_in = shell.run("people", "import", good, "--json")
    counts = {"dry_run": False, "new": 2, "updated": 0, "unchanged": 0, "declined": 0, "bad": 0, "bad_rows": []}
    assert (read_in.exit_code, json.loads(read_in.stdout)) == (0, counts)

    erased = json.loads(shell.run("people", "erase", NUMBER.e164, "--yes", "--json").stdout)
    assert (erased["phone"], erased["people"], erased["incidents"]) == (NUMBER.masked, 1, 0)


@pytest.mark.parametrize(
    ("option", "status", "new", "stored"), [(None, 1, 0, 0), ("--dry-run", 1, 2, 0), ("--skip-bad", 0, 2, 2)]
)
def test_import_json_has_the_bad_rows(
    shell: Shell, bad: str, option: str | None, status: int, new: int, stored: int
) -> None:
    result = shell.run("people", "import", bad, "--json", *([option] if option else []))
    read_in = json.loads(result.stdout)

    assert (result.exit_code, read_in["dry_run"]) == (status, option == "--dry-run")
    assert (read_in["new"], read_in["updated"], read_in["unchanged"], read_in["declined"]) == (new, 0, 0, 0)
    assert (read_in["bad"], [sorted(row) for row in read_in["bad_rows"]]) == (2, [["file", "line", "message"]] * 2)
    assert [(row["file"], row["line"]) for row in read_in["bad_rows"]] == [("bad.csv", 4), ("bad.csv", 5)]
    assert "no whole phone number" in read_in["bad_rows"][0]["message"]
    assert 'unknown role "walikota"' in read_in["bad_rows"][1]["message"]
    assert "081230000003" not in result.output
    assert ("nothing is stored" in result.stderr) == (option is None)
    assert len(shell.list_json("people", "list")) == stored


def test_import_and_erase_refuse_another_vault_key(shell: Shell, good: str) -> None:
    """A number would be stored twice, and an erasure would find nothing."""
    shell.run("people", "import", good)
    for verb in (("import", good), ("erase", NUMBER.e164, "--yes")):
        assert "Wrong vault key: this database was encrypted with another one." in shell.error_of(
            "people", *verb, vault_key="08" * 32
        )

    assert shell.run("people", "import", good).stdout == "0 new, 0 updated, 2 unchanged.\n"


def test_roles_lists_those_of_the_pack(shell: Shell) -> None:
    roles = {row["role"]: row for row in shell.list_json("people", "roles")}

    assert list(roles)[:2] == ["subscriber", "officer"]
    assert roles["fkdm"]["label"] == "FKDM"
    assert (roles["fkdm"]["reports_without_limit"], roles["fkdm"]["daily_report_by"]) == (True, "07:00")
    assert "head of a kecamatan" in shell.run("people", "roles").stdout


@pytest.mark.parametrize("verb", [("list",), ("export", "--reason", "rapat")])
def test_unknown_role_is_refused_unless_somebody_has_it(shell: Shell, tmp_path: Path, verb: tuple[str, ...]) -> None:
    refused = shell.run("people", *verb, "--role", "kades")
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert 'unknown role "kades"; expected one of subscriber, officer, camat' in refused.stderr
    imported = shell.run("people", "import", write(tmp_path / "a.csv", "phone\n081230004567\n"), "--role", "kades")
    assert (imported.exit_code, 'unknown role "kades"' in imported.stderr) == (2, True)
