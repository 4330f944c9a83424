"""Outbox over a real PostgreSQL: enqueue, claim, record, sweep, list."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from datetime import timedelta

import pytest
import structlog
from sqlalchemy import update

from gateway.carriers.carrier import Accepted, Deferred, Outcome, Receipt, ReceiptStatus, Refused, Unknown
from gateway.messages.claims import Claim
from gateway.messages.erasure import erase_numbers
from gateway.messages.message import MessageClass, MessageStatus
from gateway.messages.outbox import Outbox, TooManyParts
from gateway.messages.receipts import Receipts
from gateway.messages.tables import messages
from gateway.runtime.postgres import Database
from gateway.text.json_values import to_json
from gateway.vault.vault import Vault
from tests.helpers.clocks import ManualClock
from tests.helpers.messages import MessageQueue, claim_one
from tests.helpers.phones import NUMBER, OTHER, phone

FIVE_MINUTES = timedelta(minutes=5)


# Putting in ------------------------------------------------------------------------------------------------


async def test_enqueue_stores_every_column(queue: MessageQueue, clock: ManualClock, vault: Vault) -> None:
    message = await queue.put("Laporan 7340-2817 diterima", ticket="73402817")
    row = await queue.row(message)

    assert vault.open(row["phone_sealed"], row["phone_key"]) == NUMBER
    assert row["phone_key"] == vault.lookup(NUMBER)
    assert (row["class"], row["status"], row["ticket"]) == ("confirmation", "queued", "73402817")
    assert (row["encoding"], row["parts"], row["attempts"]) == ("gsm7", 1, 0)
    assert row["due_at"] == clock.now()
    assert row["expires_at"] == clock.now() + timedelta(hours=6)


async def test_enqueue_counts_parts(queue: MessageQueue) -> None:
    row = await queue.row(await queue.put("“" + "x" * 70))
    assert (row["encoding"], row["parts"]) == ("ucs2", 2)


async def test_enqueue_refuses_too_many_parts(queue: MessageQueue) -> None:
    with pytest.raises(TooManyParts):
        await queue.put("x" * 161, kind=MessageClass.RESUME)
    assert await queue.rows() == []


# Claiming --------------------------------------------------------------------------------------------------


async def test_claim_takes_a_message_once(outbox: Outbox, queue: MessageQueue, clock: ManualClock) -> None:
    message = await queue.put("halo", ticket="73402817")
    assert await claim_one(outbox) == Claim(
        message, MessageClass.CONFIRMATION, "at", NUMBER, "halo", "73402817", 1, "w1"
    )
    assert await outbox.claim(10, "w2", "at") == []

    row = await queue.row(message)
    assert (row["status"], row["claimed_by"], row["claimed_at"]) == ("sending", "w1", clock.now())


async def test_claim_orders_by_priority(outbox: Outbox, queue: MessageQueue, clock: ManualClock) -> None:
    for kind in (MessageClass.APPEAL, MessageClass.CONFIRMATION, MessageClass.ALERT, MessageClass.REPLY):
        await queue.put(f"{kind} late", kind=kind)
        await queue.put(f"{kind} early", kind=kind, due_at=clock.now() - timedelta(minutes=1))
    claims = [claim.text for claim in await outbox.claim(7, "w1", "at")]

    words = ("alert early", "alert late", "confirmation early", "confirmation late", "reply early", "reply late")

    assert claims == [*words, "appeal early"]


async def test_claim_skips_other_channels_and_later_messages(
    outbox: Outbox, queue: MessageQueue, clock: ManualClock
) -> None:
    await queue.put(channel="other")
    await queue.put(due_at=clock.now() + timedelta(minutes=1))
    assert await outbox.claim(10, "w1", "at") == []

    clock.advance(minutes=1)
    assert len(await outbox.claim(10, "w1", "at")) == 1


async def test_claim_cancels_expired_messages_beyond_its_limit(
    outbox: Outbox, queue: MessageQueue, clock: ManualClock
) -> None:
    for _ in range(5):
        await queue.put("too old", due_at=clock.now() - timedelta(hours=6))
    fresh = await queue.put("fresh")
    assert [claim.id for claim in await outbox.claim(2, "w1", "at")] == [fresh]

    rows = await queue.rows()
    assert [row["status"] for row in rows] == ["cancelled"] * 5 + ["sending"]
    assert rows[0]["reason"] == "expired before it could be sent"
    assert (rows[0]["attempts"], rows[0]["claimed_by"]) == (0, None)


async def test_concurrent_claims_never_share_a_message(outbox: Outbox, queue: MessageQueue) -> None:
    for number in range(60):
        await queue.put(to=phone(number))

    async def take_all(worker: str) -> list[int]:
        taken: list[int] = []
        while claims := await outbox.claim(7, worker, "at"):
            taken += [claim.id for claim in claims]
        return taken

    taken = await asyncio.gather(*(take_all(f"w{number}") for number in range(5)))
    assert Counter(message for part in taken for message in part) == Counter(row["id"] for row in await queue.rows())


async def test_claim_puts_off_a_number_that_cannot_be_decrypted(
    database: Database, outbox: Outbox, queue: MessageQueue, clock: ManualClock
) -> None:
    strange = await MessageQueue(database, Vault(bytes(32)), clock).put(to=OTHER)
    good = await queue.put()
    with structlog.testing.capture_logs() as logs:
        assert [claim.id for claim in await outbox.claim(10, "w1", "at")] == [good]

    row = await queue.row(strange)

    assert (row["status"], row["attempts"], row["due_at"]) == ("queued", 0, clock.now() + timedelta(minutes=10))
    assert [line["event"] for line in logs] == ["message.number_cannot_be_opened"]


async def test_claim_puts_off_a_number_that_was_moved_from_another_row(
    database: Database, outbox: Outbox, queue: MessageQueue, vault: Vault
) -> None:
    """Nobody who can write the table has an SMS sent past the opt-out that the hash of its row would find."""
    changed, good = await queue.put(), await queue.put(to=OTHER)
    async with database.begin() as connection:
        moving = update(messages).where(messages.c.id == changed)
        await connection.execute(moving.values(phone_sealed=(await queue.row(good))["phone_sealed"]))

    with structlog.testing.capture_logs() as logs:
        assert [claim.id for claim in await outbox.claim(10, "w1", "at")] == [good]

    assert [line["event"] for line in logs] == ["message.number_cannot_be_opened"]
    assert [listed.to for listed in await outbox.list_messages()] == [OTHER.masked, "?"]


# Recording -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outcome", "status", "reason"),
    [
        (Accepted("ATXid_1"), "accepted", ""),
        (Deferred("busy"), "queued", "busy"),
        (Refused("InvalidPhoneNumber"), "refused", "InvalidPhoneNumber"),
        (Refused("UserInBlacklist", opted_out=True), "refused", "UserInBlacklist"),
        (Unknown("no answer"), "unknown", "no answer"),
    ],
    ids=repr,
)
async def test_record_changes_the_status_by_outcome(
    outbox: Outbox, queue: MessageQueue, outcome: Outcome, status: str, reason: str
) -> None:
    message = await queue.put()
    claim = await claim_one(outbox)
    assert await outbox.record("at", [(claim, outcome)]) == {message}

    row = await queue.row(message)
    assert (row["status"], row["reason"], row["attempts"]) == (status, reason, 1)
    assert (row["claimed_at"], row["claimed_by"]) == (None, None)
    assert row["carrier_message_id"] == (outcome.message_id if isinstance(outcome, Accepted) else None)
    assert row["unknowns"] == (1 if status == "unknown" else 0)


async def test_record_gives_each_message_its_own_outcome(outbox: Outbox, queue: MessageQueue) -> None:
    for number in range(5):
        await queue.put(to=phone(number))
    outcomes: list[Outcome] = [Accepted("a"), Refused("no"), Unknown("?"), Deferred("later"), Accepted("b")]
    claims = await outbox.claim(5, "w1", "at")

    await outbox.record("at", list(zip(claims, outcomes, strict=True)))

    assert await queue.statuses() == ["accepted", "refused", "unknown", "queued", "accepted"]
    assert [row["carrier_message_id"] for row in await queue.rows()] == ["a", None, None, None, "b"]


async def test_a_deferred_message_backs_off(outbox: Outbox, queue: MessageQueue, clock: ManualClock) -> None:
    message = await queue.put()
    for seconds in (5, 10, 20):
        await outbox.record("at", [(await claim_one(outbox), Deferred("busy"))])
        assert (await queue.row(message))["due_at"] == clock.now() + timedelta(seconds=seconds)
        assert await outbox.claim(1, "w1", "at") == []
        clock.advance(seconds=seconds)

    assert (await claim_one(outbox)).attempts == 4


async def test_a_time_given_by_the_carrier_is_respected(
    outbox: Outbox, queue: MessageQueue, clock: ManualClock
) -> None:
    message = await queue.put()
    await outbox.record("at", [(await claim_one(outbox), Deferred("busy", timedelta(seconds=90)))])

    assert (await queue.row(message))["due_at"] == clock.now() + timedelta(seconds=90)


async def test_a_fault_of_the_channel_costs_no_attempt(outbox: Outbox, queue: MessageQueue, clock: ManualClock) -> None:
    message = await queue.put()
    fault = Deferred("InsufficientBalance", timedelta(seconds=30), whole_channel=True)
    await outbox.record("at", [(await claim_one(outbox), fault)])

    row = await queue.row(message)

    assert (row["status"], row["attempts"], row["due_at"]) == ("queued", 0, clock.now()), "it waits for the channel"


async def test_a_released_claim_costs_no_attempt(outbox: Outbox, queue: MessageQueue) -> None:
    message = await queue.put()

    assert await outbox.release("at", [await claim_one(outbox)]) == {message}
    assert (await claim_one(outbox, "w2")).attempts == 1


async def test_record_is_idempotent(outbox: Outbox, queue: MessageQueue) -> None:
    message = await queue.put()
    claim = await claim_one(outbox)

    assert await outbox.record("at", [(claim, Accepted("a"))]) == {message}
    assert await outbox.record("at", [(claim, Accepted("a"))]) == set()
    assert await outbox.record("at", [(claim, Unknown("?"))]) == set()
    assert await queue.statuses() == ["accepted"]


async def test_record_of_nothing_does_nothing(outbox: Outbox) -> None:
    assert await outbox.record("at", []) == set()


async def test_record_of_a_message_that_another_worker_claimed_changes_nothing(
    outbox: Outbox, queue: MessageQueue, clock: ManualClock
) -> None:
    message = await queue.put()
    first = await claim_one(outbox, "w1")
    clock.advance(minutes=5)
    await outbox.sweep_lost_claims(FIVE_MINUTES)
    await outbox.requeue_unknown(timedelta())

    second = await claim_one(outbox, "w2")

    assert await outbox.record("at", [(first, Accepted("late"))]) == set()
    assert await outbox.record("at", [(second, Accepted("second"))]) == {message}
    assert (await queue.row(message))["carrier_message_id"] == "second"


# When it was sent ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("outcome", [Accepted("a"), Refused("no"), Unknown("no answer")])
async def test_sent_at_is_the_end_of_the_last_attempt(
    database: Database, outbox: Outbox, queue: MessageQueue, clock: ManualClock, outcome: Outcome
) -> None:
    message = await queue.put()
    await outbox.release("at", [await claim_one(outbox)])

    await outbox.record("at", [(await claim_one(outbox), Deferred("busy"))])
    assert (await queue.row(message))["sent_at"] is None

    clock.advance(minutes=1)
    claim, ended_at = await claim_one(outbox), clock.now()
    clock.advance(minutes=1)  # the database was away meanwhile
    await outbox.record("at", [(claim, outcome)], ended_at)
    assert (await queue.row(message))["sent_at"] == ended_at

    clock.advance(hours=1)
    await Receipts(database, clock).store("at", Receipt("a", ReceiptStatus.DELIVERED, "Success", ""))
    async with database.begin() as connection:
        assert await erase_numbers(connection, messages.c.id == message, clock.now()) == 1
    row = await queue.row(message)
    assert (row["updated_at"], row["sent_at"]) == (clock.now(), ended_at)


async def test_sent_at_of_a_lost_claim_is_the_time_of_the_claim(
    outbox: Outbox, queue: MessageQueue, clock: ManualClock
) -> None:
    message = await queue.put()
    await claim_one(outbox)
    claimed_at = clock.now()
    clock.advance(minutes=5)

    await outbox.sweep_lost_claims(FIVE_MINUTES)

    assert (await queue.row(message))["sent_at"] == claimed_at


# Showing ---------------------------------------------------------------------------------------------------


async def test_list_messages_is_newest_first_and_masked(outbox: Outbox, queue: MessageQueue) -> None:
    await queue.put("first", ticket="73402817")
    await queue.put("second", to=OTHER)

    listed = json.loads(json.dumps(to_json(await outbox.list_messages())))

    assert [message["text"] for message in listed] == ["second", "first"]
    assert listed[1] == {
        "id": listed[1]["id"],
        "class": "confirmation",
        "status": MessageStatus.QUEUED,
        "ticket": "73402817",
        "to": "+62812****567",
        "text": "first",
        "encoding": "gsm7",
        "parts": 1,
        "attempts": 0,
        "channel": "at",
        "reason": "",
        "created_at": "2026-11-23T08:00:00+00:00",
    }
    assert [message.text for message in await outbox.list_messages(limit=1)] == ["second"]


async def test_oldest_due_is_told_for_each_class(outbox: Outbox, queue: MessageQueue, clock: ManualClock) -> None:
    first = clock.now()
    await queue.put()
    clock.advance(minutes=5)
    await queue.put()
    await queue.put(kind=MessageClass.REPLY)
    await queue.put(kind=MessageClass.STATUS, due_at=clock.now() + FIVE_MINUTES)

    due = await outbox.oldest_due()

    assert due == {MessageClass.CONFIRMATION: first, MessageClass.REPLY: clock.now()}


async def test_claim_repr_masks_the_number(outbox: Outbox, queue: MessageQueue) -> None:
    await queue.put()
    claim = await claim_one(outbox)

    assert "81230004567" not in f"{claim!r} {claim}"
    assert "+62812****567" in repr(claim)
