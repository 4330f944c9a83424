"""Filter and order of the list of incidents."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gateway.incidents.filters import ANY, AnswerTest, IncidentFilter
from gateway.incidents.incident import IncidentStatus
from gateway.incidents.operator_actions import IncidentActions
from gateway.incidents.reporter import Reporter
from gateway.incidents.store import IncidentStore
from tests.helpers.clocks import ManualClock
from tests.helpers.incidents import AT, confirmation, report
from tests.helpers.phones import NUMBER

KLEGO, MEDONO = "33.75.02.1008", "33.75.01.1002"


@pytest.fixture
async def listed(
    store: IncidentStore, actions: IncidentActions, reporter: Reporter, clock: ManualClock
) -> dict[str, str]:
    """File four reports. Returns their names by ticket.

    `taken` is the oldest, of danger, and got details last. `closed` and `merged` are final. `new` is the newest.
    """
    tickets = {}
    for hours, (name, area, category, danger) in enumerate(
        (
            ("taken", KLEGO, "gesekan", "yes"),
            ("closed", KLEGO, "uang", "no"),
            ("merged", MEDONO, "uang", "yes"),
            ("new", MEDONO, "gesekan", ""),
        )
    ):
        at = AT + timedelta(hours=hours)
        about = report(name, area=area, category=category, danger=danger, received_at=at)
        tickets[name] = (await store.file(about, NUMBER, confirmation)).ticket
    await actions.take(tickets["taken"], "sari")
    await actions.move(tickets["closed"], IncidentStatus.CLOSED, "sari", "")
    await actions.move(tickets["merged"], IncidentStatus.MERGED, "sari", "")
    clock.advance(hours=4)
    await reporter.add_details(tickets["taken"], NUMBER, "Ada 3 orang luka", channel="at", session="sms:9")
    return {ticket: name for name, ticket in tickets.items()}


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (ANY, ["new", "merged", "closed", "taken"]),
        (IncidentFilter(open_only=True), ["new", "taken"]),
        (IncidentFilter(danger_only=True), ["merged", "taken"]),
        (IncidentFilter(new_details_only=True), ["taken"]),
        (IncidentFilter(areas=(KLEGO,)), ["closed", "taken"]),
        (IncidentFilter(areas=(KLEGO, MEDONO), category="uang"), ["merged", "closed"]),
        (IncidentFilter(taken_by="sari"), ["taken"]),
        (IncidentFilter(taken_by="budi"), []),
        (IncidentFilter(since=AT + timedelta(hours=2)), ["new", "merged"]),
        (IncidentFilter(since=AT + timedelta(hours=3), by_update=True), ["taken"]),
        (IncidentFilter(by_update=True, open_only=True), ["taken", "new"]),
        (IncidentFilter(open_only=True, danger_only=True, areas=(KLEGO,), taken_by="sari"), ["taken"]),
    ],
)
async def test_list_is_filtered_and_ordered(
    store: IncidentStore, listed: dict[str, str], wanted: IncidentFilter, expected: list[str]
) -> None:
    found = [listed[incident.ticket] for incident in await store.list_incidents(wanted=wanted)]

    assert found == expected
    assert [listed[one.ticket] for one in await store.list_incidents(1, wanted)] == expected[:1]


@pytest.mark.parametrize(
    ("tests", "expected"),
    [
        ([AnswerTest("depth", ("knee",))], ["b", "a"]),
        ([AnswerTest("depth", ("knee", "waist"))], ["c", "b", "a"]),
        ([AnswerTest("people", ("5",), ">=", is_number=True)], ["c", "b"]),
        ([AnswerTest("people", ("5",), "<", is_number=True)], ["a"]),
        ([AnswerTest("people", ("40",), ">", is_number=True)], []),
        ([AnswerTest("people", ("5",), "<=", is_number=True), AnswerTest("depth", ("knee",))], ["b", "a"]),
        ([AnswerTest("since", ("2026-11-20",), ">=")], ["a"]),
        ([AnswerTest("witness", ("Bu Sri",), is_personal=True)], ["a"]),
        ([AnswerTest("witness", ("Bu Sri",))], []),
    ],
)
async def test_list_is_filtered_by_answers_of_the_pack(
    store: IncidentStore, tests: list[AnswerTest], expected: list[str]
) -> None:
    """The answer `many` to a number is of an earlier edition of the pack."""
    said = {
        "a": {"depth": "knee", "people": "4", "since": "2026-11-20"},
        "b": {"depth": "knee", "people": "5", "since": "2026-11-19"},
        "c": {"depth": "waist", "people": "40"},
        "d": {"people": "many"},
    }
    names = {}
    for name, answers in said.items():
        personal = {"witness": "Bu Sri"} if name == "a" else {}
        about = report(name, answers=answers, personal_answers=personal)
        names[(await store.file(about, NUMBER, confirmation)).ticket] = name

    listed = await store.list_incidents(wanted=IncidentFilter(answers=tests))

    assert [names[incident.ticket] for incident in listed] == expected
