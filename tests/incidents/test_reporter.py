"""Access of residents to their own reports, and to no other."""

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
from gateway.incidents.incident import Detail, IncidentStatus
from gateway.incidents.operator_actions import IncidentActions
from gateway.incidents.report import LONGEST_DESCRIPTION
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
from tests.helpers.incidents import confirmation, report
from tests.helpers.phones import NUMBER, OTHER
from tests.helpers.tables import rows

WORDS = "Mereka datang lagi"
NOBODYS = "73402816"


@pytest.fixture
async def ticket(store: IncidentStore) -> str:
    return (await store.file(report(), NUMBER, confirmation)).ticket


async def add(reporter: Reporter, ticket: str, words: str = WORDS, session: str = "ATUid_2") -> bool:
    return await reporter.add_details(ticket, NUMBER, words, channel="at", session=session)


async def message_statuses(database: Database) -> list[str]:
    return [message["status"] for message in await rows(database, messages)]


async def hold_no_number(database: Database) -> bool:
    found = [row for table in (incidents, messages) for row in await rows(database, table)]
    return not any(row["phone_sealed"] or row["phone_key"] for row in found)


# Status -----------------------------------------------------------------------------------------------------


async def test_find_status_returns_status_and_time(
    store: IncidentStore, actions: IncidentActions, reporter: Reporter, ticket: str, clock: ManualClock
) -> None:
    filed_at = clock.now()

    expected = ReportStatus(IncidentStatus.RECEIVED, filed_at, "gesekan")
    assert await reporter.find_status(ticket, NUMBER) == expected

    clock.advance(hours=1)
    await actions.move(ticket, IncidentStatus.CHECKING, "sari", "")
    moved = await reporter.find_status(ticket, NUMBER)
    assert moved == ReportStatus(IncidentStatus.CHECKING, clock.now(), "gesekan")


async def test_other_phone_gets_the_answer_of_a_missing_report(
    reporter: Reporter, ticket: str, database: Database
) -> None:
    before = [await rows(database, table) for table in (incidents, messages, audit)]
    for number in (ticket, NOBODYS, "", "x"):
        assert await reporter.find_status(number, OTHER) is None
        assert not await reporter.add_details(number, OTHER, WORDS, channel="at", session="ATUid_2")
        assert not await reporter.erase_number(number, OTHER)

    assert [await rows(database, table) for table in (incidents, messages, audit)] == before
    assert await rows(database, incident_details) == []


async def test_every_method_ends_at_its_deadline(reporter: Reporter, ticket: str, database: Database) -> None:
    async with database.begin() as other:
        await other.execute(text("LOCK TABLE incidents IN ACCESS EXCLUSIVE MODE"))
        for asking in (
            reporter.find_status(ticket, NUMBER, deadline=0.1),
            reporter.add_details(ticket, NUMBER, WORDS, channel="at", session="s", deadline=0.1),
            reporter.erase_number(ticket, NUMBER, deadline=0.1),
        ):
            with pytest.raises(DatabaseUnavailable):
                await asking


# Adding to it -----------------------------------------------------------------------------------------------


async def test_add_details_keeps_the_report_and_its_details(
    store: IncidentStore, reporter: Reporter, ticket: str, database: Database, clock: ManualClock
) -> None:
    later = (await store.file(report("ATUid_9"), NUMBER, confirmation)).ticket
    assert await add(reporter, ticket)

    clock.advance(minutes=1)
    assert await add(reporter, ticket, "Sekarang sepi")

    assert {one.ticket: [detail.text for detail in one.details] for one in await store.list_incidents()} == {
        ticket: [WORDS, "Sekarang sepi"],
        later: [],
    }

    found = await store.find(ticket)
    assert found is not None
    minute = timedelta(minutes=1)
    assert found.details == (
        Detail(WORDS, clock.now() - minute, "at"),
        Detail("Sekarang sepi", clock.now(), "at"),
    )
    assert (found.new_details_at, found.updated_at) == (clock.now(), clock.now())
    assert [(row["channel"], row["session"]) for row in await rows(database, incident_details)] == [
        ("at", "ATUid_2")
    ] * 2


async def test_add_details_audits_the_length_alone(reporter: Reporter, ticket: str, database: Database) -> None:
    await add(reporter, ticket)
    noted = (await rows(database, audit))[-1]

    assert (noted["actor"], noted["action"], noted["subject"]) == ("resident", "incident.details_added", ticket)
    assert noted["detail"] == {"channel": "at", "length": len(WORDS)}


async def test_add_details_repeated_adds_once(reporter: Reporter, ticket: str, database: Database) -> None:
    assert all(await asyncio.gather(*(add(reporter, ticket) for _ in range(4))))
    assert await add(reporter, ticket)
    assert len(await rows(database, incident_details)) == 1
    assert len(await rows(database, audit)) == 2

    assert await add(reporter, ticket, session="ATUid_3")
    assert len(await rows(database, incident_details)) == 2


async def test_add_details_keeps_the_longest_text(store: IncidentStore, reporter: Reporter, ticket: str) -> None:
    words = "".join(chr(0x1F300 + number % 700) for number in range(LONGEST_DESCRIPTION))

    assert await add(reporter, ticket, words)
    assert [[detail.text for detail in one.details] for one in await store.list_incidents()] == [[words]]


@pytest.mark.parametrize("wrong", ["x" * (LONGEST_DESCRIPTION + 1), "rahasia\0", "rahasia\x1b[2J", "rahasia\ud800"])
async def test_add_details_refuses_invalid_text_without_quoting_it(
    reporter: Reporter, ticket: str, database: Database, wrong: str
) -> None:
    with pytest.raises(ValueError, match="a description") as refused:
        await add(reporter, ticket, wrong)

    assert "rahasia" not in "".join(traceback.format_exception(refused.value))
    assert await rows(database, incident_details) == []


# Erase the number -------------------------------------------------------------------------------------------


async def test_erase_number_removes_it_from_report_and_messages(
    store: IncidentStore, reporter: Reporter, ticket: str, outbox: Outbox, database: Database
) -> None:
    assert await reporter.erase_number(ticket, NUMBER)

    assert await hold_no_number(database)
    assert [one.phone for one in await store.list_incidents()] == [""]
    assert [(one.to, one.status, one.reason) for one in await outbox.list_messages()] == [("", "cancelled", ERASED)]

    found = await store.find(ticket)
    assert found is not None
    assert (found.phone, found.report) == ("", report())

    noted = (await rows(database, audit))[-1]
    assert (noted["actor"], noted["action"], noted["subject"]) == ("resident", "incident.number_erased", ticket)
    assert noted["detail"] == {}


async def test_erase_number_removes_the_sender_of_inbound_sms_about_it(
    reporter: Reporter, ticket: str, database: Database, vault: Vault, clock: ManualClock
) -> None:
    inbox, queue = Inbox(database, vault, clock), InboundQueue(database, vault, clock)
    written = [("his", NUMBER, ticket), ("another report's", NUMBER, None), ("another phone's", OTHER, ticket)]
    for text_, sender, about in written:
        await inbox.store_sms("at", Inbound(text_, sender, "3375", text_, None, ""))
        async with queue.claim_next() as claimed:
            assert claimed
            await claimed.record(SmsReply(Disposition.STATUS, ticket=about))

    await reporter.erase_number(ticket, NUMBER)

    assert {one.text: one.sender for one in await queue.list_inbound()} == {
        "his": "",
        "another report's": NUMBER.masked,
        "another phone's": OTHER.masked,
    }


async def test_erased_report_belongs_to_no_phone(reporter: Reporter, ticket: str, database: Database) -> None:
    await reporter.erase_number(ticket, NUMBER)
    before = [await rows(database, table) for table in (incidents, messages, audit)]

    assert not await reporter.erase_number(ticket, NUMBER)
    assert await reporter.find_status(ticket, NUMBER) is None
    assert not await add(reporter, ticket)
    assert [await rows(database, table) for table in (incidents, messages, audit)] == before


async def test_concurrent_erase_number_erases_once(reporter: Reporter, ticket: str, database: Database) -> None:
    erased = await asyncio.gather(*(reporter.erase_number(ticket, NUMBER) for _ in range(4)))

    assert erased.count(True) == 1
    assert len(await rows(database, audit)) == 2


async def test_erase_number_leaves_other_reports_and_phones(
    store: IncidentStore, reporter: Reporter, ticket: str, database: Database, vault: Vault, clock: ManualClock
) -> None:
    await store.file(report("ATUid_9"), NUMBER, confirmation)
    officer = NewMessage(MessageClass.ALERT, "at", OTHER, f"Cek {ticket}", "id", ticket)
    async with database.begin() as connection:
        await enqueue(connection, officer, vault, clock.now())
    await reporter.erase_number(ticket, NUMBER)

    assert [row["phone_key"] is None for row in await rows(database, incidents)] == [True, False]
    assert await message_statuses(database) == ["cancelled", "queued", "queued"]


async def test_erased_session_cannot_file_again(store: IncidentStore, reporter: Reporter, ticket: str) -> None:
    await reporter.erase_number(ticket, NUMBER)
    with pytest.raises(SessionOfAnotherPhone):
        await store.file(report(), NUMBER, confirmation)


async def test_erase_number_erases_settled_drafts(
    reporter: Reporter, ticket: str, drafts: DraftStore, database: Database
) -> None:
    """Drafts that the report settled would be open again once it has no number."""
    received = report().received_at
    for session, left_at in (("before", received - timedelta(hours=1)), ("after", received + timedelta(hours=1))):
        draft = Draft("at", session, NUMBER, "id", {"danger": "yes"}, left_at)
        assert await drafts.keep(draft, None, left_at) == (session == "after")

    await reporter.erase_number(ticket, NUMBER)

    assert [draft.session for draft in await drafts.list_drafts()] == ["after"]


@pytest.mark.parametrize(
    ("outcome", "becomes"),
    [(Accepted("id-1"), "accepted"), (Refused("no such number"), "refused"), (Unknown("timeout"), "unknown")],
    ids=["accepted", "refused", "unknown"],
)
async def test_erase_number_lets_a_claimed_message_be_recorded(
    reporter: Reporter, ticket: str, outbox: Outbox, database: Database, outcome: Outcome, becomes: str
) -> None:
    claims = await outbox.claim(10, "w1", "at")
    await reporter.erase_number(ticket, NUMBER)

    assert await message_statuses(database) == ["sending"]
    assert len(await outbox.record("at", [(claim, outcome) for claim in claims])) == 1
    assert await message_statuses(database) == [becomes]
    assert await hold_no_number(database)


async def test_erase_number_cancels_a_deferred_message(
    reporter: Reporter, ticket: str, outbox: Outbox, database: Database, clock: ManualClock
) -> None:
    (claim,) = await outbox.claim(10, "w1", "at")
    await reporter.erase_number(ticket, NUMBER)
    await outbox.record("at", [(claim, Deferred("busy"))])

    clock.advance(minutes=10)
    assert await outbox.claim(10, "w1", "at") == []

    (message,) = await rows(database, messages)
    assert (message["status"], message["reason"]) == ("cancelled", ERASED)


async def test_erase_number_cancels_a_lost_claim(
    reporter: Reporter, ticket: str, outbox: Outbox, database: Database, clock: ManualClock
) -> None:
    await outbox.claim(10, "w1", "at")
    await reporter.erase_number(ticket, NUMBER)

    clock.advance(minutes=5)
    assert await outbox.sweep_lost_claims(timedelta(minutes=5)) == 1

    clock.advance(minutes=1)
    assert await outbox.requeue_unknown(timedelta(minutes=1)) == 0
    assert await message_statuses(database) == ["cancelled"]


async def test_erase_number_cancels_an_unknown_message(
    reporter: Reporter, ticket: str, outbox: Outbox, database: Database, clock: ManualClock
) -> None:
    (claim,) = await outbox.claim(10, "w1", "at")
    await outbox.record("at", [(claim, Unknown("timeout"))])

    await reporter.erase_number(ticket, NUMBER)
    assert await message_statuses(database) == ["cancelled"]

    clock.advance(minutes=1)
    assert await outbox.requeue_unknown(timedelta(minutes=1)) == 0
    assert await outbox.claim(10, "w1", "at") == []


async def test_erase_number_keeps_an_accepted_message(
    reporter: Reporter, ticket: str, outbox: Outbox, database: Database
) -> None:
    (claim,) = await outbox.claim(10, "w1", "at")
    await outbox.record("at", [(claim, Accepted("id-1"))])
    await reporter.erase_number(ticket, NUMBER)

    (message,) = await rows(database, messages)

    assert (message["status"], message["carrier_message_id"], message["phone_key"]) == ("accepted", "id-1", None)


async def test_concurrent_erase_number_and_claim_lose_no_message(
    store: IncidentStore, reporter: Reporter, outbox: Outbox, database: Database
) -> None:
    """Either is first: a message is claimed with its number or cancelled, never both and never neither."""
    tickets = [(await store.file(report(f"s{number}"), NUMBER, confirmation)).ticket for number in range(30)]
    erasing = (reporter.erase_number(ticket, NUMBER) for ticket in tickets)
    claiming = (outbox.claim(4, f"w{number}", "at") for number in range(8))

    erased, claimed = await asyncio.gather(asyncio.gather(*erasing), asyncio.gather(*claiming))

    assert all(erased)
    assert await hold_no_number(database)

    taken = {claim.id for claims in claimed for claim in claims}
    statuses = {message["id"]: message["status"] for message in await rows(database, messages)}
    assert statuses == {message: "sending" if message in taken else "cancelled" for message in statuses}

    for claims in claimed:
        await outbox.record("at", [(claim, Accepted(f"id-{claim.id}")) for claim in claims])
    assert set(await message_statuses(database)) <= {"accepted", "cancelled"}
