"""`waspada incidents set`: answers that the desk knows, and the deadline that one of them moves."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.incidents.report import Report
from gateway.incidents.store import IncidentStore
from gateway.runtime.clock import Clock
from gateway.runtime.postgres import Database
from gateway.vault.vault import Vault
from tests.helpers.cli import KEY, Shell
from tests.helpers.phones import NUMBER


@pytest.fixture
async def hoax(database: Database) -> str:
    """File a report of a kind with a deadline. Returns its ticket."""
    report = Report(
        category="hoaks",
        area="33.75.01.1003",
        language="id",
        channel="at",
        session="ATUid_hoax",
        received_at=datetime(2026, 11, 27, 18, 0, tzinfo=UTC),  # the next day in Pekalongan
    )
    filed = await IncidentStore(database, Vault(bytes.fromhex(KEY)), Clock()).file(report, NUMBER, lambda _: "Diterima")
    return filed.ticket


def set_answers(shell: Shell, ticket: str, *answers: str) -> str:
    result = shell.run("incidents", "set", ticket, *answers, "--as", "siti")
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout


def shown(shell: Shell, ticket: str) -> dict[str, Any]:
    return dict(json.loads(shell.run("incidents", "show", ticket, "--json").stdout))


def test_set_stores_what_the_dialogue_does_not_ask_and_notes_it(shell: Shell, tickets: list[str]) -> None:
    dashed = f"{tickets[0][:4]}-{tickets[0][4:]}"
    said = set_answers(shell, tickets[0], "tps=9", "seen=told", "known_date=30/11/2026", "when_date=2026-11-29")
    assert said == f"{dashed} now has tps, seen, known_date, when_date as you say.\n"

    file = shown(shell, tickets[0])
    assert (file["answers"]["tps"], file["answers"]["seen"]) == ("9", "told")
    assert (file["known_date"], file["when_date"]) == ("2026-11-30", "2026-11-29")
    entry = file["history"][-1]
    assert (entry["actor"], entry["action"]) == ("siti", "incident.answered")
    assert entry["detail"] == {"tps": "9", "seen": "told", "known_date": "2026-11-30", "when_date": "2026-11-29"}
    assert [row["ticket"] for row in shell.list_json("incidents", "list", "--answer", "tps<=9")] == [tickets[0]]


def test_empty_answer_is_removed_and_the_others_stay(shell: Shell, tickets: list[str]) -> None:
    before = shown(shell, tickets[1])["answers"]
    set_answers(shell, tickets[1], "tps=12", "known_date=kemarin")
    set_answers(shell, tickets[1], "tps=", "known_date= ")

    after = shown(shell, tickets[1])
    assert (after["answers"], after["known_date"]) == (before, None)


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        (["tps"], "write a name and a value, as tps=12"),
        (["tps=banyak"], "expected a number from 1 to 999999 for tps"),
        (["seen=mimpi"], 'unknown value of seen "mimpi"; expected one of media, self, told'),
        (["tps=1", "depth=2"], 'unknown answer "depth"'),
        (["category=asn"], 'unknown answer "category"'),
        (["known_date=nanti"], "is not a time"),
    ],
)
def test_set_refuses_what_is_no_answer_and_changes_nothing(
    shell: Shell, tickets: list[str], answers: list[str], message: str
) -> None:
    before = shown(shell, tickets[0])

    refused = shell.run("incidents", "set", tickets[0], *answers, "--as", "siti")
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert message in refused.stderr
    assert shown(shell, tickets[0]) == before


def test_deadline_counts_from_the_day_that_the_reporter_knows(shell: Shell, tickets: list[str], hoax: str) -> None:
    """The pack sets seven days for hoaxes, and none for fights."""
    assert {row["ticket"]: row["deadline"] for row in shell.list_json("incidents", "list")} == {
        **dict.fromkeys(tickets),
        hoax: "2026-12-05",
    }
    set_answers(shell, hoax, "when_date=2026-11-20")
    assert shown(shell, hoax)["deadline"] == "2026-11-27"
    set_answers(shell, hoax, "known_date=2026-11-29")
    assert shown(shell, hoax)["deadline"] == "2026-12-06"
    assert "2026-12-06" in shell.run("incidents", "list").stdout

    for status in ("checking", "forwarded"):
        shell.run("incidents", "move", hoax, status, "--as", "siti")
    assert shown(shell, hoax)["deadline"] is None, "it is where it must be"
