"""The book against a real PostgreSQL: one report is one incident, one confirmation and one audit row."""

from __future__ import annotations

import asyncio
import json
import traceback
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from gateway.audit import audit
from gateway.cli.incidents import incident_json
from gateway.incidents.incident import Incident, IncidentStatus, Report, Veracity
from gateway.incidents.store import (
    FiledReport,
    IncidentStore,
    NoFreeTicket,
    NoSuchIncident,
    SessionOfAnotherPhone,
    TransitionNotAllowed,
)
from gateway.incidents.tables import incidents
from gateway.messages.outbox import TooManyParts
from gateway.messages.tables import messages
from gateway.runtime.clock import Clock
from gateway.runtime.postgres import Database, DatabaseUnavailable
from gateway.text import ticket as tickets
from gateway.vault.vault import Vault
from tests.helpers.clocks import ManualClock
from tests.helpers.incidents import AT, OTHER, PHONE, confirmation, report, rows


class Drawing(Clock):
    """Draws the given tickets, in this order."""

    def __init__(self, *draws: int) -> None:
        self._draws = list(draws)

    def number_below(self, bound: int) -> int:
        return self._draws.pop(0)


async def counts(database: Database) -> tuple[int, int, int]:
    """How many incidents, messages and audit rows there are."""
    async with database.begin() as connection:
        incident_count, message_count, audit_count = [
            (await connection.execute(select(func.count()).select_from(table))).scalar_one()
            for table in (incidents, messages, audit)
        ]
    return incident_count, message_count, audit_count


# Filing ----------------------------------------------------------------------------------------------------


async def test_a_report_becomes_an_incident_a_confirmation_and_an_audit_row(
    book: IncidentStore, database: Database, vault: Vault
) -> None:
    filed = await book.file(report(), PHONE, confirmation)
    assert filed.new
    assert tickets.is_valid(filed.ticket)
    assert await counts(database) == (1, 1, 1)

    found = await book.find(filed.ticket)
    assert found is not None
    assert found == Incident(
        filed.ticket, report(), IncidentStatus.RECEIVED, Veracity.UNVERIFIED, "+62812****567", found.updated_at
    )

    (message,) = await rows(database, messages)
    assert message["text"] == confirmation(filed.ticket)
    assert vault.open(message["phone_sealed"]) == PHONE
    assert (message["class"], message["status"], message["channel"]) == ("confirmation", "queued", "at")
    assert (message["ticket"], message["language"]) == (filed.ticket, "id")

    (noted,) = await rows(database, audit)
    assert (noted["actor"], noted["action"], noted["subject"]) == ("resident", "incident.filed", filed.ticket)


async def test_a_report_may_leave_much_unsaid(book: IncidentStore) -> None:
    short = Report("uang", "33.75.01.1008", "jv", "at", "ATUid_1", AT)
    found = await book.find((await book.file(short, PHONE, confirmation)).ticket)
    assert found is not None
    assert found.report == short


async def test_the_same_session_again_changes_nothing(book: IncidentStore, database: Database) -> None:
    first = await book.file(report(), PHONE, confirmation)
    before = [await rows(database, table) for table in (incidents, messages, audit)]
    again = await book.file(report(description="something else"), PHONE, confirmation)
    assert again == FiledReport(first.ticket, new=False)
    assert [await rows(database, table) for table in (incidents, messages, audit)] == before


async def test_filing_at_the_same_time_makes_one_incident_and_one_message(
    book: IncidentStore, database: Database
) -> None:
    filed = await asyncio.gather(*(book.file(report(), PHONE, confirmation) for _ in range(12)))
    assert len({one.ticket for one in filed}) == 1
    assert sum(one.new for one in filed) == 1
    assert await counts(database) == (1, 1, 1)


async def test_a_session_is_unique_in_its_channel_only(book: IncidentStore, database: Database) -> None:
    await book.file(report(channel="at"), PHONE, confirmation)
    assert (await book.file(report(channel="other"), OTHER, confirmation)).new
    assert (await book.file(report("ATUid_2"), PHONE, confirmation)).new
    assert await counts(database) == (3, 3, 3)


async def test_what_the_same_session_says_later_completes_its_record(
    book: IncidentStore, database: Database, clock: ManualClock
) -> None:
    """It was sent by SMS as it was, and the dialogue went on."""
    first = await book.file(report(danger="", description="", contact=None), PHONE, confirmation)
    more = report(danger="yes", description="Ribut", contact=None, received_at=AT + timedelta(minutes=1))
    clock.advance(minutes=1)
    for _ in range(2):
        assert await book.file(more, PHONE, confirmation) == FiledReport(first.ticket, new=False)
    found = await book.find(first.ticket)
    assert found is not None
    assert found.report == replace(more, received_at=AT)
    noted = [(row["action"], row["detail"]) for row in await rows(database, audit)]
    assert noted[1:] == [("incident.completed", {"channel": "at", "answers": "danger, description"})]
    assert await counts(database) == (1, 1, 2)


@pytest.mark.parametrize("case", ["older", "done with", "says less"])
async def test_what_completes_nothing(book: IncidentStore, database: Database, case: str) -> None:
    first = await book.file(report(), PHONE, confirmation)
    if case == "done with":
        await book.move(first.ticket, IncidentStatus.CLOSED, "sari", "")
    later = AT - timedelta(minutes=1) if case == "older" else AT + timedelta(minutes=1)
    said = {"description": "", "danger": ""} if case == "says less" else {"description": "lain"}
    await book.file(report(received_at=later, **said), PHONE, confirmation)
    found = await book.find(first.ticket)
    assert found is not None
    assert found.report == report()
    assert "incident.completed" not in [row["action"] for row in await rows(database, audit)]


async def test_another_phone_gets_nothing_of_the_session(book: IncidentStore, database: Database) -> None:
    filed = await book.file(report(), PHONE, confirmation)
    with pytest.raises(SessionOfAnotherPhone) as refused:
        await book.file(report(), OTHER, confirmation)
    shown = "".join(traceback.format_exception(refused.value))
    for secret in (filed.ticket, tickets.with_dash(filed.ticket), PHONE.e164[1:], OTHER.e164[1:], "Ribut"):
        assert secret not in shown
    assert await counts(database) == (1, 1, 1)


async def test_a_ticket_that_is_taken_is_drawn_again(database: Database, vault: Vault) -> None:
    first = await IncidentStore(database, vault, Drawing(5)).file(report("s1"), PHONE, confirmation)
    second = await IncidentStore(database, vault, Drawing(5, 5, 6)).file(report("s2"), PHONE, confirmation)
    assert (first.ticket[:7], second.ticket[:7]) == ("1000005", "1000006")
    assert await counts(database) == (2, 2, 2)


async def test_two_reports_that_draw_the_same_ticket_at_once_get_two(database: Database, vault: Vault) -> None:
    books = [IncidentStore(database, vault, Drawing(5, number)) for number in (6, 7)]
    filed = await asyncio.gather(
        *(book.file(report(f"s{number}"), PHONE, confirmation) for number, book in enumerate(books))
    )
    assert len({one.ticket for one in filed}) == 2
    assert all(one.new for one in filed)


async def test_when_no_ticket_is_free_it_ends(database: Database, vault: Vault) -> None:
    await IncidentStore(database, vault, Drawing(5)).file(report("s1"), PHONE, confirmation)
    book = IncidentStore(database, vault, Drawing(*[5] * 100))
    with pytest.raises(NoFreeTicket):
        await book.file(report("s2"), PHONE, confirmation)
    with pytest.raises(NoFreeTicket):
        async with database.begin() as connection:
            await book.file_within(connection, report("s2"), PHONE, confirmation, {})
    assert await counts(database) == (1, 1, 1)


@pytest.mark.parametrize(
    ("failing", "error"),
    [(lambda _: "x" * 1000, TooManyParts), (lambda words: words["received"], TypeError)],
    ids=["too long", "broken"],
)
async def test_without_its_confirmation_nothing_is_filed(
    book: IncidentStore, database: Database, failing: Callable[[str], str], error: type[Exception]
) -> None:
    with pytest.raises(error):
        await book.file(report(), PHONE, failing)
    assert await counts(database) == (0, 0, 0)


async def test_filing_ends_at_its_deadline(book: IncidentStore, database: Database) -> None:
    async with database.begin() as other:
        await other.execute(text("LOCK TABLE incidents IN ACCESS EXCLUSIVE MODE"))
        began = asyncio.get_running_loop().time()
        with pytest.raises(DatabaseUnavailable):
            await book.file(report(), PHONE, confirmation, deadline=0.2)
        assert asyncio.get_running_loop().time() - began < 2
    assert await counts(database) == (0, 0, 0)
    assert (await book.file(report(), PHONE, confirmation)).new


async def test_a_database_that_is_away_says_so(vault: Vault) -> None:
    nowhere = Database("postgresql+asyncpg://waspada@127.0.0.1:1/waspada")
    with pytest.raises(DatabaseUnavailable) as away:
        await IncidentStore(nowhere, vault, Clock()).file(report(), PHONE, confirmation)
    assert "81230004567" not in "".join(traceback.format_exception(away.value))
    await nowhere.close()


async def test_within_a_transaction_it_is_filed_with_the_rest_or_not_at_all(
    book: IncidentStore, database: Database
) -> None:
    with pytest.raises(SessionOfAnotherPhone):
        async with database.begin() as connection:
            assert (await book.file_within(connection, report(), PHONE, confirmation, {})).new
            await book.file_within(connection, report(), OTHER, confirmation, {})
    assert await counts(database) == (0, 0, 0)

    async with database.begin() as connection:
        filed = await book.file_within(connection, report(), PHONE, confirmation, {"left_at": "before"})
    assert await book.file(report(), PHONE, confirmation) == FiledReport(filed.ticket, new=False)
    assert [noted["detail"] for noted in await rows(database, audit)] == [{"channel": "at", "left_at": "before"}]
    assert await counts(database) == (1, 1, 1)


# Finding ---------------------------------------------------------------------------------------------------


async def test_no_incident_is_none(book: IncidentStore) -> None:
    assert await book.find("73402817") is None


async def test_the_list_is_json_newest_first_and_masked(book: IncidentStore) -> None:
    first = await book.file(report("s1"), PHONE, confirmation)
    second = await book.file(report("s2", contact=None, when_date=None), OTHER, confirmation)
    listed = [json.loads(json.dumps(incident_json(incident))) for incident in await book.list_incidents()]
    assert [incident["ticket"] for incident in listed] == [second.ticket, first.ticket]
    assert listed[1] == {
        "ticket": first.ticket,
        "category": "gesekan",
        "area": "33.75.01.1008",
        "when": "before",
        "when_date": "2026-11-20",
        "danger": "no",
        "size": "some",
        "seen": "self",
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
    }
    assert (listed[0]["contact"], listed[0]["when_date"], listed[0]["phone"]) == (None, None, "+62857****008")
    assert [incident.ticket for incident in await book.list_incidents(limit=1)] == [second.ticket]


async def test_times_of_any_zone_are_shown_in_one(book: IncidentStore) -> None:
    jakarta = datetime.fromisoformat("2026-11-23T15:00:00+07:00")
    await book.file(report(received_at=jakarta), PHONE, confirmation)
    assert (await book.list_incidents())[0].report.received_at.isoformat() == "2026-11-23T08:00:00+00:00"


# Moving ----------------------------------------------------------------------------------------------------


async def test_a_move_is_noted(book: IncidentStore, database: Database, clock: ManualClock) -> None:
    filed = await book.file(report(), PHONE, confirmation)
    clock.advance(minutes=5)
    await book.move(filed.ticket, IncidentStatus.CHECKING, "sari", "call +62 812-3000-4567 back")
    found = await book.find(filed.ticket)
    assert found is not None
    assert found.status is IncidentStatus.CHECKING
    assert found.updated_at == clock.now()
    noted = (await rows(database, audit))[-1]
    assert (noted["actor"], noted["action"], noted["subject"]) == ("sari", "incident.moved", filed.ticket)
    assert noted["detail"] == {"from": "received", "to": "checking", "reason": "call +62812****567 back"}


async def test_a_move_off_the_table_names_what_is_allowed(book: IncidentStore, database: Database) -> None:
    filed = await book.file(report(), PHONE, confirmation)
    expected = '"received" cannot become "action"; expected one of checking, closed, merged'
    with pytest.raises(TransitionNotAllowed, match=expected):
        await book.move(filed.ticket, IncidentStatus.ACTION, "sari", "")
    assert await counts(database) == (1, 1, 1)


async def test_what_is_closed_stays_closed(book: IncidentStore) -> None:
    filed = await book.file(report(), PHONE, confirmation)
    await book.move(filed.ticket, IncidentStatus.CLOSED, "sari", "prank")
    with pytest.raises(TransitionNotAllowed, match='"closed" is final'):
        await book.move(filed.ticket, IncidentStatus.CHECKING, "sari", "again")


async def test_what_was_found_is_said_when_it_is_closed(book: IncidentStore, database: Database) -> None:
    ticket = (await book.file(report(), PHONE, confirmation)).ticket
    with pytest.raises(ValueError, match='a finding needs the status "closed"'):
        await book.move(ticket, IncidentStatus.CHECKING, "sari", "", Veracity.TRUE)
    with pytest.raises(ValueError, match="is no finding"):
        await book.move(ticket, IncidentStatus.CLOSED, "sari", "", Veracity.UNVERIFIED)
    assert await counts(database) == (1, 1, 1), "nothing was moved"
    await book.move(ticket, IncidentStatus.CLOSED, "sari", "asked the lurah", Veracity.PARTLY)
    found = await book.find(ticket)
    assert found is not None
    assert (found.status, found.veracity) == (IncidentStatus.CLOSED, Veracity.PARTLY)
    detail = (await rows(database, audit))[-1]["detail"]
    assert detail == {"from": "received", "to": "closed", "reason": "asked the lurah", "veracity": "partly"}


async def test_closed_without_a_result_it_stays_unverified(book: IncidentStore) -> None:
    ticket = (await book.file(report(), PHONE, confirmation)).ticket
    await book.move(ticket, IncidentStatus.CLOSED, "sari", "prank")
    found = await book.find(ticket)
    assert found is not None
    assert found.veracity is Veracity.UNVERIFIED


async def test_of_two_moves_at_once_one_wins(book: IncidentStore, database: Database) -> None:
    filed = await book.file(report(), PHONE, confirmation)
    moves = (book.move(filed.ticket, IncidentStatus.CLOSED, name, "") for name in ("sari", "budi", "tono"))
    ended = await asyncio.gather(*moves, return_exceptions=True)
    assert ended.count(None) == 1
    assert sum(isinstance(end, TransitionNotAllowed) for end in ended) == 2
    assert await counts(database) == (1, 1, 2)


async def test_there_is_nothing_to_move(book: IncidentStore) -> None:
    with pytest.raises(NoSuchIncident):
        await book.move("73402817", IncidentStatus.CHECKING, "sari", "")


# The audit trail -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE audit SET actor = 'nobody'",
        "UPDATE audit SET actor = 'nobody' WHERE false",
        "DELETE FROM audit",
        "TRUNCATE audit",
        "TRUNCATE audit RESTART IDENTITY CASCADE",
    ],
)
async def test_the_audit_trail_cannot_be_changed(book: IncidentStore, database: Database, change: str) -> None:
    await book.file(report(), PHONE, confirmation)
    before = await rows(database, audit)
    with pytest.raises(DBAPIError, match="takes new rows only"):
        async with database.begin() as connection:
            await connection.execute(text(change))
    assert await rows(database, audit) == before


async def test_no_table_holds_a_readable_number(book: IncidentStore, database: Database) -> None:
    filed = await book.file(report(), PHONE, confirmation)
    await book.move(filed.ticket, IncidentStatus.CHECKING, "sari", f"call {PHONE.e164} back")
    stored = repr([await rows(database, table) for table in (incidents, messages, audit)])
    assert "81230004567" not in stored
    assert b"6281230004567".hex() not in stored
