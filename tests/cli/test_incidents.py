"""`waspada incidents`: reports are listed, shown and handled by operators."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from gateway.cli.incidents.output import incident_json
from gateway.incidents.draft import Draft
from gateway.incidents.drafts import DraftStore
from gateway.incidents.incident import Incident, IncidentStatus, Veracity
from gateway.incidents.operator_actions import IncidentActions
from gateway.incidents.reporter import Reporter
from gateway.incidents.store import IncidentStore
from gateway.runtime.clock import Clock
from gateway.runtime.postgres import Database
from gateway.vault.vault import Vault
from tests.helpers.cli import KEY, Shell
from tests.helpers.incidents import AT, report
from tests.helpers.phones import NUMBER, OTHER


@pytest.fixture
async def left(database: Database) -> datetime:
    """Keep two drafts. Returns the time of the later one."""
    vault = Vault(bytes.fromhex(KEY))
    drafts = DraftStore(database, vault, Clock(), IncidentStore(database, vault, Clock()))
    for hour, phone, danger in ((1, OTHER, "no"), (2, NUMBER, "yes")):
        left_at = datetime(2026, 11, 28, hour, tzinfo=UTC)
        answers = {"category": "gesekan", "area": "33.75.01.1003", "when": "now", "danger": danger}
        await drafts.keep(Draft("at", f"ATUid_left_{hour}", phone, "jv", answers, left_at), None, left_at)
    return left_at


def test_incidents_list_shows_newest_first(shell: Shell, tickets: list[str]) -> None:
    incidents = shell.list_json("incidents", "list")
    assert [incident["ticket"] for incident in incidents] == tickets[::-1], "newest first"

    wanted = {
        "category": "gesekan",
        "area": "33.75.01.1003",
        "when": "",
        "status": "received",
        "veracity": "unverified",
        "language": "id",
        "channel": "at",
        "description": "tawuran\n2 Dèwi",
        "received_at": "2026-11-28T03:02:00+00:00",
        "phone": NUMBER.masked,
    }
    assert {name: incidents[0][name] for name in wanted} == wanted


def test_incidents_drafts_lists_newest_first_and_masked(shell: Shell, left: datetime) -> None:
    drafts = shell.list_json("incidents", "drafts")
    assert [draft["marked"] for draft in drafts] == [True, False], "newest first"
    assert drafts[0] == {
        "channel": "at",
        "session": "ATUid_left_2",
        "marked": True,
        "category": "gesekan",
        "area": "33.75.01.1003",
        "when": "now",
        "danger": "yes",
        "description": "",
        "answers": {},
        "answers_shown": {},
        "language": "jv",
        "left_at": left.isoformat(),
        "phone": NUMBER.masked,
    }
    assert list(drafts[0]) == [
        *("channel", "session", "marked", "category", "area", "when", "danger", "description"),
        *("answers", "answers_shown", "language", "left_at", "phone"),
    ]
    assert shell.list_json("incidents", "drafts", "--limit", "1") == drafts[:1]

    lines = shell.run("incidents", "drafts").stdout.splitlines()
    assert len(lines) == 3
    assert NUMBER.e164[-9:] not in "".join(lines)


def test_incidents_move_checks_the_lifecycle(shell: Shell, tickets: list[str]) -> None:
    shown = f"{tickets[0][:4]}-{tickets[0][4:]}"

    result = shell.run("incidents", "move", shown, "checking", "--as", "dewi", "--reason", "sudah ditelepon")
    assert (result.exit_code, result.stdout, result.stderr) == (0, f"{shown} is now checking.\n", "")
    assert [one["status"] for one in shell.list_json("incidents", "list")] == ["received", "received", "checking"]
    assert 'cannot become "received"' in shell.error_of("incidents", "move", shown, "received", "--as", "dewi")
    assert "no incident" in shell.error_of("incidents", "move", "7340-2817", "checking", "--as", "dewi")

    result = shell.run("incidents", "move", shown, "closed", "--as", "dewi", "--found", "untrue")
    assert (result.exit_code, result.stdout, result.stderr) == (0, f"{shown} is now closed, found untrue.\n", "")

    last = shell.list_json("incidents", "list")[-1]
    assert (last["status"], last["veracity"]) == ("closed", "untrue")


def test_incident_json_has_every_field_in_order() -> None:
    incident = Incident("73402816", report(), IncidentStatus.RECEIVED, Veracity.UNVERIFIED, NUMBER.masked, AT)

    shown = json.loads(json.dumps(incident_json(incident)))

    assert shown["when"] == "before"
    assert shown["when_date"] == "2026-11-20"
    assert shown["received_at"] == "2026-11-23T08:00:00+00:00"
    assert shown["phone"] == NUMBER.masked
    assert list(shown) == [
        *("ticket", "category", "area", "when", "when_date", "known_date", "danger", "answers"),
        *("answers_shown", "description", "details"),
        *("contact", "status", "veracity", "language", "channel", "session", "received_at", "phone"),
        *("updated_at", "details_at", "new_details_at", "taken_by", "reporter", "recognised", "repeated", "deadline"),
    ]


# Tables -----------------------------------------------------------------------------------------------------


def test_table_of_incidents_has_names_and_local_time_and_no_words(shell: Shell, tickets: list[str]) -> None:
    result = shell.run("incidents", "list")

    heading, newest, *_ = result.stdout.splitlines()
    assert heading.split()[:4] == ["TICKET", "DANGER", "KIND", "PLACE"]
    for shown in (
        f"{tickets[2][:4]}-{tickets[2][4:]}",
        "Podosugih",
        "2026-11-28 10:02 WIB",
        "unverified",
        NUMBER.masked,
    ):
        assert shown in newest
    assert "33.75" not in result.stdout
    assert "2 D" not in result.stdout, "no words of the resident"


def test_table_of_drafts_marks_danger_first_of_all(shell: Shell, left: datetime) -> None:
    heading, newest, older = shell.run("incidents", "drafts").stdout.splitlines()

    assert heading.split()[:2] == ["LEFT_AT", "DANGER"]
    assert newest.startswith("2026-11-28 09:00 WIB  DANGER  ")
    assert "Podosugih" in newest
    assert "DANGER" not in older


@pytest.fixture
async def sorted_out(database: Database, tickets: list[str]) -> list[str]:
    """Let Siti take the first report, close the second, and the reporter of the third add details."""
    vault = Vault(bytes.fromhex(KEY))
    actions = IncidentActions(database, vault, Clock())
    await actions.take(tickets[0], "siti")
    await actions.move(tickets[1], IncidentStatus.CLOSED, "siti", "")
    await Reporter(database, vault, Clock()).add_details(
        tickets[2], NUMBER, "Ada 3 orang luka", channel="at", session="sms:9"
    )
    return tickets


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--open",), [2, 0]),
        (("--danger",), []),
        (("--new-details",), [2]),
        (("--mine", "--as", "siti"), [0]),
        (("--mine", "--as", "budi"), []),
        (("--area", "Podosugih"), [2, 1, 0]),
        (("--area", "33.75.01.1003"), [2, 1, 0]),
        (("--area", "33.75.01"), [2, 1, 0]),
        (("--area", "kecamatan pekalongan barat"), [2, 1, 0]),
        (("--area", "Klego"), []),
        (("--kind", "gesekan"), [2, 1, 0]),
        (("--kind", "3"), [2, 1, 0]),
        (("--kind", "uang"), []),
        (("--answer", "size=some"), [0]),
        (("--answer", "Jumlah orang = 10 sampai 50", "--answer", "tps>=5"), [0]),
        (("--answer", "tps<5"), []),
        (("--since", "2026-11-28T10.01"), [2, 1]),
        (("--since", "2026-11-28 10:02 WIB", "--open"), [2]),
        (("--since", "2099-01-01"), []),
        (("--since", "1h", "--by-update"), [2, 1, 0]),
        (("--by-update", "--open", "--limit", "1"), [2]),
    ],
)
def test_list_is_filtered(shell: Shell, sorted_out: list[str], options: tuple[str, ...], expected: list[int]) -> None:
    listed = [incident["ticket"] for incident in shell.list_json("incidents", "list", *options)]
    assert listed == [sorted_out[number] for number in expected]

    table = shell.run("incidents", "list", *options).stdout.splitlines()
    assert len(table) == len(expected) + 1
    assert expected or table == ["There is no such report."]


def test_list_says_since_when_it_lists(shell: Shell, sorted_out: list[str]) -> None:
    shown = shell.run("incidents", "list", "--since", "28/11/2026 10.01")

    assert shown.stderr == "Since 2026-11-28 10:01 WIB:\n"
    assert len(shown.stdout.splitlines()) == 3


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        (("--area", "Klegoo"), "similar are Klego (33.75.02.1008): write the code"),
        (("--area", "Bandung"), 'unknown place "Bandung"; '),
        (("--area", "33.75.09"), 'unknown place "33.75.09"; '),
        (("--kind", "perang"), 'unknown kind "perang"; expected one of '),
        (("--since", "lusa"), '"lusa" is not a time; write 2h, 3d, 2026-11-30, 30/11/2026, kemarin'),
        (("--since", "9999-12-31"), "is not a time"),
        (("--mine",), "--mine needs your name: --as NAME"),
        (("--mine", "--as", " "), "write a name"),
    ],
)
def test_wrong_filter_is_refused_in_one_sentence(shell: Shell, options: tuple[str, ...], fault: str) -> None:
    result = shell.run("incidents", "list", *options)

    assert (result.exit_code, result.stdout) == (2, "")
    assert fault in result.stderr


# One report -------------------------------------------------------------------------------------------------


def test_show_has_everything_about_a_report(shell: Shell, sorted_out: list[str]) -> None:
    ticket = sorted_out[2]

    for written in (ticket, f"{ticket[:4]}-{ticket[4:]}"):
        shown = shell.run("incidents", "show", written).stdout
        for words in (
            *("Podosugih", "2026-11-28 10:02 WIB", NUMBER.masked, "new details", "tawuran 2 Dèwi", "Ada 3 orang luka"),
            *("confirmation", "queued", f"Laporan {ticket} diterima", "incident.filed", "incident.details_added"),
        ):
            assert words in shown
        assert NUMBER.e164[-9:] not in shown

    as_json = json.loads(shell.run("incidents", "show", ticket, "--json").stdout)
    assert (as_json["ticket"], as_json["details"]) == (ticket, ["Ada 3 orang luka"])
    assert as_json["new_details_at"] == as_json["updated_at"] == as_json["details_at"][0]
    assert [message["class"] for message in as_json["messages"]] == ["confirmation"]
    assert [entry["action"] for entry in as_json["history"]] == ["incident.filed", "incident.details_added"]


def test_show_of_an_unknown_ticket_is_an_error(shell: Shell) -> None:
    assert "no incident" in shell.error_of("incidents", "show", "7340-2817")
    assert shell.run("incidents", "show", "7340-2818").exit_code == 2


# Acts -------------------------------------------------------------------------------------------------------


def test_move_to_info_asks_the_reporter_by_sms(shell: Shell, tickets: list[str]) -> None:
    shown = f"{tickets[0][:4]}-{tickets[0][4:]}"
    shell.run("incidents", "move", shown, "checking", "--as", "dewi")

    result = shell.run("incidents", "move", shown, "info", "--as", "dewi")

    assert (result.exit_code, result.stdout) == (0, f"{shown} is now info; the reporter is asked by SMS.\n")
    question = shell.list_json("messages", "list", "--ticket", shown)[0]
    assert (question["class"], question["parts"]) == ("status", 1)
    assert question["text"].startswith(f"Laporan {shown}: petugas perlu keterangan lagi")


def test_move_to_info_asks_in_the_words_of_the_desk(shell: Shell, tickets: list[str]) -> None:
    shown = f"{tickets[0][:4]}-{tickets[0][4:]}"
    shell.run("incidents", "move", shown, "checking", "--as", "dewi")

    assert "shorten it" in shell.error_of("incidents", "move", shown, "info", "--as", "dewi", "--ask", "x" * 160)
    assert shell.run("incidents", "move", shown, "forwarded", "--as", "dewi", "--ask", "RT?").exit_code == 2
    assert shell.run("incidents", "move", shown, "info", "--as", "dewi", "--ask", "Di RT berapa?").exit_code == 0

    question = shell.list_json("messages", "list", "--ticket", shown)[0]
    assert question["text"] == f"Di RT berapa? (INFO {shown})"


def test_take_release_and_reopen(shell: Shell, tickets: list[str]) -> None:
    shown = f"{tickets[0][:4]}-{tickets[0][4:]}"

    assert shell.run("incidents", "take", shown, "--as", "siti").stdout == f"{shown} is taken by siti.\n"
    assert "siti has taken" in shell.error_of("incidents", "take", shown, "--as", "budi")
    assert shell.run("incidents", "take", shown, "--as", "budi", "--from", "siti").exit_code == 0
    assert shell.list_json("incidents", "list", "--mine", "--as", "budi")[0]["ticket"] == tickets[0]
    assert shell.run("incidents", "release", shown, "--as", "budi").stdout == f"{shown} is taken by nobody.\n"

    assert "is open already" in shell.error_of("incidents", "reopen", shown, "--as", "siti", "--reason", "slip")
    shell.run("incidents", "move", shown, "closed", "--as", "siti", "--found", "untrue")
    assert shell.run("incidents", "reopen", shown, "--as", "siti").exit_code == 2, "it takes a reason"
    result = shell.run("incidents", "reopen", shown, "--as", "siti", "--reason", "slip")
    assert result.stdout == f"{shown} is open again, and being checked.\n"
    last = shell.list_json("incidents", "list")[-1]
    assert (last["status"], last["veracity"]) == ("checking", "unverified")
