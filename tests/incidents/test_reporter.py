"""What a resident may do with his own report, against a real PostgreSQL; and that it is his alone."""

from __future__ import annotations

import asyncio
import traceback
from datetime import timedelta

import pytest
from sqlalchemy import text

from gateway.audit import audit
from gateway.carriers.carrier import Accepted, Deferred, Inbound, Outcome, Refused, Unknown
from gateway.incidents.draft import Draft
from gateway.incidents.drafts import DraftStore
from gateway.incidents.incident import LONGEST_DESCRIPTION, IncidentStatus
from gateway.incidents.reporter import Reporter, ReportStatus
from gateway.incidents.store import IncidentStore, SessionOfAnotherPhone
from gateway.incidents.tables import incident_details, incidents
from gateway.messages.inbox import Inbox
from gateway.messages.message import ERASED, MessageClass
from gateway.messages.outbox import NewMessage, Outbox, enqueue
from gateway.messages.tables import messages
from gateway.runtime.postgres import Database, DatabaseUnavailable
from gateway.sms.inbound_queue import Disposition, InboundQueue, SmsReply
from gateway.vault.vault import Vault
from tests.helpers.clocks import ManualClock
from tests.helpers.incidents import OTHER, PHONE, confirmation, report, rows

WORDS = "Mereka datang lagi"
NOBODYS = "73402816"


@pytest.fixture
async def ticket(book: IncidentStore) -> str:
    return (await book.file(report(), PHONE, confirmation)).ticket


async def add(reporter: Reporter, ticket: str, words: str = WORDS, session: str = "ATUid_2") -> bool:
    return await reporter.add_details(ticket, PHONE, words, channel="at", session=session)


async def message_statuses(database: Database) -> list[str]:
    return [message["status"] for message in await rows(database, messages)]


async def hold_no_number(database: Database) -> bool:
    held = [row for table in (incidents, messages) for row in await rows(database, table)]
    return not any(row["phone_sealed"] or row["phone_key"] for row in held)


# How it stands ---------------------------------------------------------------------------------------------


async def test_the_reporter_sees_how_it_stands(
    book: IncidentStore, reporter: Reporter, ticket: str, clock: ManualClock
) -> None:
    filed_at = clock.now()
    expected = ReportStatus(IncidentStatus.RECEIVED, filed_at)
    assert await reporter.find_status(ticket, PHONE) == expected

    clock.advance(hours=1)
    await book.move(ticket, IncidentStatus.CHECKING, "sari", "")
    moved = await reporter.find_status(ticket, PHONE)
    assert moved == ReportStatus(IncidentStatus.CHECKING, clock.now())


async def test_another_phone_learns_as_little_as_of_no_report(
    reporter: Reporter, ticket: str, database: Database
) -> None:
    before = [await rows(database, table) for table in (incidents, messages, audit)]
    for number in (ticket, NOBODYS, "", "x"):
        assert await reporter.find_status(number, OTHER) is None
        assert not await reporter.add_details(number, OTHER, WORDS, channel="at", session="ATUid_2")
        assert not await reporter.erase_number(number, OTHER)
    assert [await rows(database, table) for table in (incidents, messages, audit)] == before
    assert await rows(database, incident_details) == []


async def test_every_answer_ends_at_its_deadline(reporter: Reporter, ticket: str, database: Database) -> None:
    async with database.begin() as other:
        await other.execute(text("LOCK TABLE incidents IN ACCESS EXCLUSIVE MODE"))
        for asking in (
            reporter.find_status(ticket, PHONE, deadline=0.1),
            reporter.add_details(ticket, PHONE, WORDS, channel="at", session="s", deadline=0.1),
            reporter.erase_number(ticket, PHONE, deadline=0.1),
        ):
            with pytest.raises(DatabaseUnavailable):
                await asking


# Adding to it ----------------------------------------------------------------------------------------------


async def test_details_stand_beside_the_report(
    book: IncidentStore, reporter: Reporter, ticket: str, database: Database, clock: ManualClock
) -> None:
    later = (await book.file(report("ATUid_9"), PHONE, confirmation)).ticket
    assert await add(reporter, ticket)
    clock.advance(minutes=1)
    assert await add(reporter, ticket, "Sekarang sepi")

    assert {one.ticket: list(one.details) for one in await book.list_incidents()} == {
        ticket: [WORDS, "Sekarang sepi"],
        later: [],
    }
    found = await book.find(ticket)
    assert found is not None
    assert found.details == (WORDS, "Sekarang sepi")
    assert [(row["channel"], row["session"]) for row in await rows(database, incident_details)] == [
        ("at", "ATUid_2")
    ] * 2


async def test_the_audit_trail_gets_no_word_of_them(reporter: Reporter, ticket: str, database: Database) -> None:
    await add(reporter, ticket)
    noted = (await rows(database, audit))[-1]
    assert (noted["actor"], noted["action"], noted["subject"]) == ("resident", "incident.details_added", ticket)
    assert noted["detail"] == {"channel": "at", "length": len(WORDS)}


async def test_a_repeated_callback_adds_once(reporter: Reporter, ticket: str, database: Database) -> None:
    assert all(await asyncio.gather(*(add(reporter, ticket) for _ in range(4))))
    assert await add(reporter, ticket)
    assert len(await rows(database, incident_details)) == 1
    assert len(await rows(database, audit)) == 2

    assert await add(reporter, ticket, session="ATUid_3")
    assert len(await rows(database, incident_details)) == 2


async def test_the_longest_text_that_a_phone_can_type_is_kept(
    book: IncidentStore, reporter: Reporter, ticket: str
) -> None:
    words = "".join(chr(0x1F300 + number % 700) for number in range(LONGEST_DESCRIPTION))
    assert await add(reporter, ticket, words)
    assert [one.details for one in await book.list_incidents()] == [(words,)]


@pytest.mark.parametrize("wrong", ["x" * (LONGEST_DESCRIPTION + 1), "rahasia\0", "rahasia\x1b[2J", "rahasia\ud800"])
async def test_what_is_no_description_is_refused_without_quoting_it(
    reporter: Reporter, ticket: str, database: Database, wrong: str
) -> None:
    with pytest.raises(ValueError, match="a description") as refused:
        await add(reporter, ticket, wrong)
    assert "rahasia" not in "".join(traceback.format_exception(refused.value))
    assert await rows(database, incident_details) == []


# Having the number erased ----------------------------------------------------------------------------------


async def test_an_erased_number_is_gone(
    book: IncidentStore, reporter: Reporter, ticket: str, outbox: Outbox, database: Database
) -> None:
    assert await reporter.erase_number(ticket, PHONE)

    assert await hold_no_number(database)
    assert [one.phone for one in await book.list_incidents()] == [""]
    assert [(one["to"], one["status"], one["reason"]) for one in await outbox.list_messages()] == [
        ("", "cancelled", ERASED)
    ]
    found = await book.find(ticket)
    assert found is not None
    assert (found.phone, found.report) == ("", report())
    noted = (await rows(database, audit))[-1]
    assert (noted["actor"], noted["action"], noted["subject"]) == ("resident", "incident.number_erased", ticket)
    assert noted["detail"] == {}


async def test_the_letters_about_it_lose_their_sender_and_no_other(
    reporter: Reporter, ticket: str, database: Database, vault: Vault, clock: ManualClock
) -> None:
    inbox, letters = Inbox(database, vault, clock), InboundQueue(database, vault, clock)
    written = [("his", PHONE, ticket), ("another report's", PHONE, None), ("another phone's", OTHER, ticket)]
    for text_, sender, about in written:
        await inbox.store_sms("at", Inbound(text_, sender, "3375", text_, None, ""))
        async with letters.claim_next() as opened:
            assert opened
            await opened.record(SmsReply(Disposition.STATUS, ticket=about))

    await reporter.erase_number(ticket, PHONE)

    assert {one["text"]: one["from"] for one in await letters.list_inbound()} == {
        "his": "",
        "another report's": PHONE.masked,
        "another phone's": OTHER.masked,
    }


async def test_what_is_erased_is_nobodys(reporter: Reporter, ticket: str, database: Database) -> None:
    await reporter.erase_number(ticket, PHONE)
    before = [await rows(database, table) for table in (incidents, messages, audit)]
    assert not await reporter.erase_number(ticket, PHONE)
    assert await reporter.find_status(ticket, PHONE) is None
    assert not await add(reporter, ticket)
    assert [await rows(database, table) for table in (incidents, messages, audit)] == before


async def test_erasing_at_the_same_time_erases_once(reporter: Reporter, ticket: str, database: Database) -> None:
    erased = await asyncio.gather(*(reporter.erase_number(ticket, PHONE) for _ in range(4)))
    assert erased.count(True) == 1
    assert len(await rows(database, audit)) == 2


async def test_only_this_report_and_this_phone_lose_the_number(
    book: IncidentStore, reporter: Reporter, ticket: str, database: Database, vault: Vault, clock: ManualClock
) -> None:
    await book.file(report("ATUid_9"), PHONE, confirmation)
    officer = NewMessage(MessageClass.ALERT, "at", OTHER, f"Cek {ticket}", "id", ticket)
    async with database.begin() as connection:
        await enqueue(connection, officer, vault, clock.now())
    await reporter.erase_number(ticket, PHONE)

    assert [row["phone_key"] is None for row in await rows(database, incidents)] == [True, False]
    assert await message_statuses(database) == ["cancelled", "queued", "queued"]


async def test_its_session_proves_nothing_any_more(book: IncidentStore, reporter: Reporter, ticket: str) -> None:
    await reporter.erase_number(ticket, PHONE)
    with pytest.raises(SessionOfAnotherPhone):
        await book.file(report(), PHONE, confirmation)


async def test_a_draft_that_the_report_has_overtaken_goes_as_well(
    reporter: Reporter, ticket: str, drafts: DraftStore, database: Database
) -> None:
    """Else it would be open again, with the number, once no report of this phone is to be found."""
    received = report().received_at
    for session, left_at in (("before", received - timedelta(hours=1)), ("after", received + timedelta(hours=1))):
        draft = Draft("at", session, PHONE, "id", {"danger": "yes"}, left_at)
        assert await drafts.keep(draft, None, left_at) == (session == "after")
    await reporter.erase_number(ticket, PHONE)
    assert [draft.session for draft in await drafts.list_drafts()] == ["after"]


@pytest.mark.parametrize(
    ("outcome", "becomes"),
    [(Accepted("id-1"), "accepted"), (Refused("no such number"), "refused"), (Unknown("timeout"), "unknown")],
    ids=["accepted", "refused", "unknown"],
)
async def test_what_a_worker_holds_is_recorded_all_the_same(
    reporter: Reporter, ticket: str, outbox: Outbox, database: Database, outcome: Outcome, becomes: str
) -> None:
    claims = await outbox.claim(10, "w1", "at")
    await reporter.erase_number(ticket, PHONE)
    assert await message_statuses(database) == ["sending"]
    assert len(await outbox.record("at", [(claim, outcome) for claim in claims])) == 1
    assert await message_statuses(database) == [becomes]
    assert await hold_no_number(database)


async def test_what_is_to_be_tried_again_is_not(
    reporter: Reporter, ticket: str, outbox: Outbox, database: Database, clock: ManualClock
) -> None:
    (claim,) = await outbox.claim(10, "w1", "at")
    await reporter.erase_number(ticket, PHONE)
    await outbox.record("at", [(claim, Deferred("busy"))])
    clock.advance(minutes=10)
    assert await outbox.claim(10, "w1", "at") == []
    (message,) = await rows(database, messages)
    assert (message["status"], message["reason"]) == ("cancelled", ERASED)


async def test_a_lost_claim_is_not_sent_again(
    reporter: Reporter, ticket: str, outbox: Outbox, database: Database, clock: ManualClock
) -> None:
    await outbox.claim(10, "w1", "at")
    await reporter.erase_number(ticket, PHONE)
    clock.advance(minutes=5)
    assert await outbox.sweep_lost_claims(timedelta(minutes=5)) == 1
    clock.advance(minutes=1)
    assert await outbox.requeue_unknown(timedelta(minutes=1)) == 0
    assert await message_statuses(database) == ["cancelled"]


async def test_what_may_have_been_sent_is_not_sent_again(
    reporter: Reporter, ticket: str, outbox: Outbox, database: Database, clock: ManualClock
) -> None:
    (claim,) = await outbox.claim(10, "w1", "at")
    await outbox.record("at", [(claim, Unknown("timeout"))])
    await reporter.erase_number(ticket, PHONE)
    assert await message_statuses(database) == ["cancelled"]
    clock.advance(minutes=1)
    assert await outbox.requeue_unknown(timedelta(minutes=1)) == 0
    assert await outbox.claim(10, "w1", "at") == []


async def test_what_is_delivered_stays_so(reporter: Reporter, ticket: str, outbox: Outbox, database: Database) -> None:
    (claim,) = await outbox.claim(10, "w1", "at")
    await outbox.record("at", [(claim, Accepted("id-1"))])
    await reporter.erase_number(ticket, PHONE)
    (message,) = await rows(database, messages)
    assert (message["status"], message["carrier_message_id"], message["phone_key"]) == ("accepted", "id-1", None)


async def test_erasing_while_messages_are_claimed(
    book: IncidentStore, reporter: Reporter, outbox: Outbox, database: Database
) -> None:
    """Whoever comes first: a message is claimed with its number, or cancelled; none is lost and none is both."""
    tickets = [(await book.file(report(f"s{number}"), PHONE, confirmation)).ticket for number in range(30)]
    erasing = (reporter.erase_number(ticket, PHONE) for ticket in tickets)
    claiming = (outbox.claim(4, f"w{number}", "at") for number in range(8))
    erased, claimed = await asyncio.gather(asyncio.gather(*erasing), asyncio.gather(*claiming))

    assert all(erased)
    assert await hold_no_number(database)
    taken = {claim.id for claims in claimed for claim in claims}
    stands = {message["id"]: message["status"] for message in await rows(database, messages)}
    assert stands == {message: "sending" if message in taken else "cancelled" for message in stands}
    for claims in claimed:
        await outbox.record("at", [(claim, Accepted(f"id-{claim.id}")) for claim in claims])
    assert set(await message_statuses(database)) <= {"accepted", "cancelled"}
