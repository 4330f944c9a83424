"""Store of incidents: one report is one incident, one confirmation and one audit row."""

from __future__ import annotations

import asyncio
import io
import json
import traceback
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text

from gateway.audit import audit
from gateway.cli.incidents.output import incident_json
from gateway.incidents.drafts import DraftStore
from gateway.incidents.incident import Incident, IncidentStatus, Veracity
from gateway.incidents.operator_actions import IncidentActions
from gateway.incidents.report import Report
from gateway.incidents.store import (
    FiledReport,
    IncidentStore,
    NoFreeTicket,
    SessionOfAnotherPhone,
)
from gateway.incidents.tables import incidents
from gateway.menu.definitions.report_form import DEFAULT_FORM
from gateway.messages.outbox import TooManyParts
from gateway.messages.tables import messages
from gateway.runtime import logs
from gateway.runtime.clock import Clock
from gateway.runtime.postgres import Database, DatabaseUnavailable
from gateway.text import ticket as tickets
from gateway.vault.vault import Vault
from tests.helpers.clocks import ManualClock
from tests.helpers.drafts import DUE, draft
from tests.helpers.incidents import AT, confirmation, report
from tests.helpers.phones import NUMBER, OTHER
from tests.helpers.tables import rows


class Drawing(Clock):
    """Draws the given tickets, in this order."""

    def __init__(self, *draws: int) -> None:
        self._draws = list(draws)

    def number_below(self, bound: int) -> int:
        return self._draws.pop(0)


async def counts(database: Database) -> tuple[int, int, int]:
    """Return the numbers of incidents, messages and audit rows."""
    async with database.begin() as connection:
        incident_count, message_count, audit_count = [
            (await connection.execute(select(func.count()).select_from(table))).scalar_one()
            for table in (incidents, messages, audit)
        ]
    return incident_count, message_count, audit_count


async def file_draft(drafts: DraftStore) -> FiledReport:
    """Keep the draft of a dropped session, and file it as it is."""
    await drafts.keep(draft(), None, DUE)
    done = await drafts.file(NUMBER, lambda _, ticket: confirmation(ticket), DEFAULT_FORM, since=AT - timedelta(days=1))
    assert done is not None
    return done.filed


# Filing -----------------------------------------------------------------------------------------------------


async def test_file_makes_incident_confirmation_and_audit_row(
    store: IncidentStore, database: Database, vault: Vault
) -> None:
    filed = await store.file(report(), NUMBER, confirmation)
    assert filed.new
    assert tickets.is_valid(filed.ticket)
    assert await counts(database) == (1, 1, 1)

    found = await store.find(filed.ticket)
    assert found is not None
    assert found == Incident(
        filed.ticket, report(), IncidentStatus.RECEIVED, Veracity.UNVERIFIED, "+62812****567", found.updated_at
    )

    (message,) = await rows(database, messages)
    assert message["text"] == confirmation(filed.ticket)
    assert vault.open(message["phone_sealed"], message["phone_key"]) == NUMBER
    assert (message["class"], message["status"], message["channel"]) == ("confirmation", "queued", "at")
    assert (message["ticket"], message["language"]) == (filed.ticket, "id")

    (noted,) = await rows(database, audit)
    assert (noted["actor"], noted["action"], noted["subject"]) == ("resident", "incident.filed", filed.ticket)


async def test_file_accepts_a_report_with_required_answers_alone(store: IncidentStore) -> None:
    short = Report("uang", "33.75.01.1008", "jv", "at", "ATUid_1", AT)
    found = await store.find((await store.file(short, NUMBER, confirmation)).ticket)

    assert found is not None
    assert found.report == short


async def test_file_again_changes_nothing(store: IncidentStore, database: Database) -> None:
    first = await store.file(report(), NUMBER, confirmation)
    before = [await rows(database, table) for table in (incidents, messages, audit)]

    again = await store.file(report(description="something else"), NUMBER, confirmation)

    assert again == FiledReport(first.ticket, new=False)
    assert [await rows(database, table) for table in (incidents, messages, audit)] == before


async def test_concurrent_file_makes_one_incident_and_one_message(store: IncidentStore, database: Database) -> None:
    filed = await asyncio.gather(*(store.file(report(), NUMBER, confirmation) for _ in range(12)))

    assert len({one.ticket for one in filed}) == 1
    assert sum(one.new for one in filed) == 1
    assert await counts(database) == (1, 1, 1)


async def test_session_is_unique_within_its_channel(store: IncidentStore, database: Database) -> None:
    await store.file(report(channel="at"), NUMBER, confirmation)

    assert (await store.file(report(channel="other"), OTHER, confirmation)).new
    assert (await store.file(report("ATUid_2"), NUMBER, confirmation)).new
    assert await counts(database) == (3, 3, 3)


async def test_end_of_a_dialogue_completes_the_incident_of_its_draft(
    store: IncidentStore, drafts: DraftStore, database: Database, clock: ManualClock
) -> None:
    """File by SMS first, then continue the dialogue."""
    first = await file_draft(drafts)
    more = report(danger="no", description="Ribut", contact=None, received_at=AT + timedelta(minutes=1))
    clock.advance(minutes=1)
    for _ in range(2):
        assert await store.file(more, NUMBER, confirmation) == FiledReport(first.ticket, new=False)

    found = await store.find(first.ticket)
    assert found is not None
    assert found.report == replace(more, received_at=AT)

    noted = [(row["action"], row["detail"]) for row in await rows(database, audit)]
    changed = "danger, description, seen, size, when, when_date"
    assert noted[1:] == [("incident.completed", {"channel": "at", "answers": changed})]
    assert await counts(database) == (1, 1, 2)


@pytest.mark.parametrize("case", ["older", "done with", "says less"])
async def test_end_of_a_dialogue_without_news_completes_nothing(
    store: IncidentStore, actions: IncidentActions, drafts: DraftStore, database: Database, case: str
) -> None:
    first = await file_draft(drafts)
    before = await store.find(first.ticket)
    if case == "done with":
        await actions.move(first.ticket, IncidentStatus.CLOSED, "sari", "")
        before = await store.find(first.ticket)
    later = AT - timedelta(minutes=1) if case == "older" else AT + timedelta(minutes=1)
    nothing = report(when="", when_date=None, danger="", answers={}, description="", contact=None)
    said = nothing if case == "says less" else report(description="lain")
    await store.file(replace(said, received_at=later), NUMBER, confirmation)

    assert await store.find(first.ticket) == before
    assert "incident.completed" not in [row["action"] for row in await rows(database, audit)]


@pytest.mark.parametrize(
    "changes",
    [{"description": "lain"}, {"area": "33.75.03.1002", "when": "hour"}, {"category": "asn"}, {"contact": False}],
)
async def test_file_again_never_rewrites_an_incident(
    store: IncidentStore, database: Database, changes: dict[str, Any]
) -> None:
    """A late callback may be read wrongly, and a dialogue may be told anew: what was committed stays."""
    first = await store.file(report(danger=""), NUMBER, confirmation)
    before = [await rows(database, table) for table in (incidents, messages, audit)]

    again = await store.file(report(received_at=AT + timedelta(minutes=1), **changes), NUMBER, confirmation)

    assert again == FiledReport(first.ticket, new=False)
    assert [await rows(database, table) for table in (incidents, messages, audit)] == before


async def test_file_of_another_phone_in_the_session_is_refused(store: IncidentStore, database: Database) -> None:
    filed = await store.file(report(), NUMBER, confirmation)
    with pytest.raises(SessionOfAnotherPhone) as refused:
        await store.file(report(), OTHER, confirmation)
    shown = "".join(traceback.format_exception(refused.value))

    for secret in (filed.ticket, tickets.with_dash(filed.ticket), NUMBER.e164[1:], OTHER.e164[1:], "Ribut"):
        assert secret not in shown

    assert await counts(database) == (1, 1, 1)


async def test_taken_ticket_is_drawn_again(database: Database, vault: Vault) -> None:
    first = await IncidentStore(database, vault, Drawing(5)).file(report("s1"), NUMBER, confirmation)
    second = await IncidentStore(database, vault, Drawing(5, 5, 6)).file(report("s2"), NUMBER, confirmation)

    assert (first.ticket[:7], second.ticket[:7]) == ("1000005", "1000006")
    assert await counts(database) == (2, 2, 2)


async def test_concurrent_reports_with_the_same_draw_get_two_tickets(database: Database, vault: Vault) -> None:
    books = [IncidentStore(database, vault, Drawing(5, number)) for number in (6, 7)]
    filed = await asyncio.gather(
        *(store.file(report(f"s{number}"), NUMBER, confirmation) for number, store in enumerate(books))
    )

    assert len({one.ticket for one in filed}) == 2
    assert all(one.new for one in filed)


async def test_file_without_a_free_ticket_raises(database: Database, vault: Vault) -> None:
    await IncidentStore(database, vault, Drawing(5)).file(report("s1"), NUMBER, confirmation)
    store = IncidentStore(database, vault, Drawing(*[5] * 100))
    with pytest.raises(NoFreeTicket):
        await store.file(report("s2"), NUMBER, confirmation)

    with pytest.raises(NoFreeTicket):
        async with database.begin() as connection:
            await store.file_within(connection, report("s2"), NUMBER, confirmation, {})

    assert await counts(database) == (1, 1, 1)


@pytest.mark.parametrize(
    ("failing", "error"),
    [(lambda _: "x" * 1000, TooManyParts), (lambda words: words["received"], TypeError)],
    ids=["too long", "broken"],
)
async def test_file_without_valid_confirmation_files_nothing(
    store: IncidentStore, database: Database, failing: Callable[[str], str], error: type[Exception]
) -> None:
    with pytest.raises(error):
        await store.file(report(), NUMBER, failing)
    assert await counts(database) == (0, 0, 0)


async def test_file_ends_at_its_deadline(store: IncidentStore, database: Database) -> None:
    async with database.begin() as other:
        await other.execute(text("LOCK TABLE incidents IN ACCESS EXCLUSIVE MODE"))
        began = asyncio.get_running_loop().time()
        with pytest.raises(DatabaseUnavailable):
            await store.file(report(), NUMBER, confirmation, deadline=0.2)
        assert asyncio.get_running_loop().time() - began < 2

    assert await counts(database) == (0, 0, 0)
    assert (await store.file(report(), NUMBER, confirmation)).new


async def test_file_without_database_raises_unavailable_without_number(vault: Vault) -> None:
    nowhere = Database("postgresql+asyncpg://waspada@127.0.0.1:1/waspada")

    with pytest.raises(DatabaseUnavailable) as unavailable:
        await IncidentStore(nowhere, vault, Clock()).file(report(), NUMBER, confirmation)
    assert "81230004567" not in "".join(traceback.format_exception(unavailable.value))

    await nowhere.close()


async def test_file_within_joins_the_transaction(store: IncidentStore, database: Database) -> None:
    with pytest.raises(SessionOfAnotherPhone):
        async with database.begin() as connection:
            assert (await store.file_within(connection, report(), NUMBER, confirmation, {})).new
            await store.file_within(connection, report(), OTHER, confirmation, {})
    assert await counts(database) == (0, 0, 0)

    async with database.begin() as connection:
        filed = await store.file_within(connection, report(), NUMBER, confirmation, {"left_at": "before"})
    assert await store.file(report(), NUMBER, confirmation) == FiledReport(filed.ticket, new=False)
    assert [noted["detail"] for noted in await rows(database, audit)] == [{"channel": "at", "left_at": "before"}]
    assert await counts(database) == (1, 1, 1)


# The log ----------------------------------------------------------------------------------------------------


def filed_events(log: io.StringIO) -> list[dict[str, str]]:
    """Return the lines `incident.filed` of the log, without their time and level."""
    logs.flush()
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    events = [line for line in lines if line["event"] == "incident.filed"]
    return [{name: line[name] for name in ("ticket", "category", "area", "channel")} for line in events]


async def test_filed_report_is_logged_and_counted_once_without_its_words(
    database: Database, vault: Vault, clock: ManualClock, log: io.StringIO
) -> None:
    counted: list[str] = []
    store = IncidentStore(database, vault, clock, counted.append, is_restricted=lambda _: False)

    filed = await store.file(report(), NUMBER, confirmation)
    await store.file(report(), NUMBER, confirmation)

    about = {"ticket": filed.ticket, "category": "gesekan", "area": "33.75.01.1008", "channel": "at"}
    assert filed_events(log) == [about]
    assert counted == ["gesekan"]
    for secret in ("Ribut", "81230004567", NUMBER.masked):
        assert secret not in log.getvalue()


async def test_report_of_a_transaction_is_logged_only_when_it_is_announced(
    database: Database, vault: Vault, clock: ManualClock, log: io.StringIO
) -> None:
    store = IncidentStore(database, vault, clock, is_restricted=lambda _: False)
    with pytest.raises(SessionOfAnotherPhone):
        async with database.begin() as connection:
            await store.file_within(connection, report(), NUMBER, confirmation, {})
            await store.file_within(connection, report(), OTHER, confirmation, {})
    assert filed_events(log) == []

    async with database.begin() as connection:
        filed = await store.file_within(connection, report(), NUMBER, confirmation, {})
    store.announce(report(), filed)

    assert [event["ticket"] for event in filed_events(log)] == [filed.ticket]


# Finding ----------------------------------------------------------------------------------------------------


async def test_find_unknown_ticket_returns_none(store: IncidentStore) -> None:
    assert await store.find("73402817") is None


async def test_list_incidents_is_newest_first_and_masked(store: IncidentStore) -> None:
    first = await store.file(report("s1"), NUMBER, confirmation)
    second = await store.file(report("s2", contact=None, when_date=None), OTHER, confirmation)

    listed = [json.loads(json.dumps(incident_json(incident))) for incident in await store.list_incidents()]

    assert [incident["ticket"] for incident in listed] == [second.ticket, first.ticket]
    assert listed[1] == {
        "ticket": first.ticket,
        "category": "gesekan",
        "area": "33.75.01.1008",
        "when": "before",
        "when_date": "2026-11-20",
        "known_date": None,
        "danger": "no",
        "answers": {"size": "some", "seen": "self"},
        "answers_shown": {},
        "description": "Ribut di depan balai",
        "details": [],
        "contact": True,
        "status": "received",
        "veracity": "unverified",
        "language": "id",
        "channel": "at",
        "session": "s1",
        "received_at": "2026-11-23T08:00:00+00:00",
        "phone": "+62812****567",
        "updated_at": "2026-11-23T08:00:00+00:00",
        "details_at": [],
        "new_details_at": None,
        "taken_by": "",
        "reporter": None,
        "recognised": False,
        "repeated": 0,
        "deadline": None,
    }
    assert (listed[0]["contact"], listed[0]["when_date"], listed[0]["phone"]) == (None, None, "+62857****008")
    assert [incident.ticket for incident in await store.list_incidents(limit=1)] == [second.ticket]


async def test_times_of_any_zone_are_returned_in_utc(store: IncidentStore) -> None:
    jakarta = datetime.fromisoformat("2026-11-23T15:00:00+07:00")
    await store.file(report(received_at=jakarta), NUMBER, confirmation)

    assert (await store.list_incidents())[0].report.received_at.isoformat() == "2026-11-23T08:00:00+00:00"


# The audit trail --------------------------------------------------------------------------------------------


async def test_tables_hold_no_readable_number(
    store: IncidentStore, actions: IncidentActions, database: Database
) -> None:
    filed = await store.file(report(), NUMBER, confirmation)
    await actions.move(filed.ticket, IncidentStatus.CHECKING, "sari", f"call {NUMBER.e164} back")

    stored = repr([await rows(database, table) for table in (incidents, messages, audit)])

    assert "81230004567" not in stored
    assert b"6281230004567".hex() not in stored
