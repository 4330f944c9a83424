"""`waspada incidents ask`: questions to people with a duty in the area of a report."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.helpers.cli import Shell
from tests.helpers.phones import NUMBER, OTHER, phone

THIRD = phone(3)
LIST = f"""\
phone;name;role;areas
{OTHER.e164};Dewi;fkdm;kec. Pekalongan Barat
{THIRD.e164};Budi;fkdm;Klego
{NUMBER.e164};Sari;fkdm;Podosugih
{phone(4).e164};Tono;camat;kec. Pekalongan Barat
"""


@pytest.fixture
def listed(shell: Shell, tmp_path: Path) -> None:
    """Import three people of the FKDM, of whom `NUMBER` has filed the reports, and one somewhere else."""
    path = tmp_path / "fkdm.csv"
    path.write_text(LIST)
    assert shell.run("people", "import", str(path)).exit_code == 0


def ask(shell: Shell, ticket: str, *more: str) -> str:
    result = shell.run("incidents", "ask", ticket, "--as", "siti", *more)
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout


def test_ask_writes_to_those_of_the_role_in_the_area_but_the_reporter(
    shell: Shell, tickets: list[str], listed: None
) -> None:
    shown = f"{tickets[0][:4]}-{tickets[0][4:]}"
    assert ask(shell, tickets[0], "--role", "fkdm") == f"1 person is asked about {shown}.\n"

    (sent,) = [row for row in shell.list_json("messages", "list") if row["class"] == "status"]
    assert (sent["to"], sent["ticket"]) == (OTHER.masked, tickets[0])
    assert shown in sent["text"]
    assert sent["text"].endswith("Balas 1 ya, 2 tidak, 3 belum tahu.")


def test_ask_takes_a_question_of_ones_own_and_a_person(shell: Shell, tickets: list[str], listed: None) -> None:
    ask(shell, tickets[0], "--person", THIRD.e164, "Massa masih di balai?")

    file = json.loads(shell.run("incidents", "show", tickets[0], "--json").stdout)
    (question,) = file["questions"]
    assert question["question"].startswith("Massa masih di balai? (")
    assert question | {"asked_at": "", "question": ""} == {
        "asked_at": "",
        "asked_by": "siti",
        "name": "Budi",
        "question": "",
        "answer": None,
        "said": "",
        "answered_at": None,
    }
    assert [entry["action"] for entry in file["history"]][-1] == "incident.asked"
    assert "Massa masih di balai?" in shell.run("incidents", "show", tickets[0]).stdout
    assert THIRD.e164[-7:] not in json.dumps(file)


def test_list_and_show_have_the_name_and_role_of_a_reporter_with_a_duty(
    shell: Shell, tickets: list[str], listed: None
) -> None:
    assert [row["reporter"] for row in shell.list_json("incidents", "list")] == [{"name": "Sari", "role": "fkdm"}] * 3
    assert "FKDM Sari" in shell.run("incidents", "list").stdout
    assert "FKDM Sari" in shell.run("incidents", "show", tickets[0]).stdout


@pytest.mark.parametrize(
    ("more", "status", "message"),
    [
        ((), 2, "say whom to ask: --role ROLE, or --person PHONE"),
        (("--role", "fkdm", "--person", OTHER.e164), 2, "say whom to ask"),
        (("--role", "camat"), 2, 'unknown role with a duty "camat"; expected one of officer, fkdm'),
        (("--role", "linmas"), 1, "nobody of this area has the role linmas"),
        (("--person", NUMBER.e164), 1, "or filed this report"),
        (("--person", phone(4).e164), 1, "has none of the roles"),
        (("--person", "halo"), 2, "Not a phone number"),
        (("--role", "fkdm", "x" * 120), 1, "this question takes 2 SMS parts with how to answer it; shorten it to one"),
    ],
)
def test_ask_refuses_what_cannot_be_asked(
    shell: Shell, tickets: list[str], listed: None, more: tuple[str, ...], status: int, message: str
) -> None:
    result = shell.run("incidents", "ask", tickets[0], "--as", "siti", *more)

    assert (result.exit_code, result.stdout) == (status, "")
    assert message in result.stderr
    assert [row["class"] for row in shell.list_json("messages", "list")] == ["confirmation"] * 3


def test_nobody_is_asked_about_a_closed_report(shell: Shell, tickets: list[str], listed: None) -> None:
    shell.run("incidents", "move", tickets[0], "closed", "--as", "siti")

    refused = shell.error_of("incidents", "ask", tickets[0], "--as", "siti", "--role", "fkdm")
    assert 'nobody is asked about an incident with status "closed"; reopen it first' in refused
    assert "There is no incident" in shell.error_of("incidents", "ask", "7340-2817", "--as", "siti", "--role", "fkdm")
