"""Claims that were lost with a worker: they become unknown, and the class of the message decides what happens then."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gateway.carriers.carrier import Accepted, Unknown
from gateway.messages.message import MessageClass
from gateway.messages.outbox import Outbox
from tests.helpers.clocks import ManualClock
from tests.helpers.messages import MessageQueue, claim_one

FIVE_MINUTES = timedelta(minutes=5)


async def test_a_lost_confirmation_is_resent_once_and_then_stays_unknown(
    outbox: Outbox, queue: MessageQueue, clock: ManualClock
) -> None:
    message = await queue.put()
    for resent in (1, 0):
        await claim_one(outbox)
        clock.advance(minutes=4, seconds=59)
        assert await outbox.sweep_lost_claims(FIVE_MINUTES) == 0
        clock.advance(seconds=1)
        assert await outbox.sweep_lost_claims(FIVE_MINUTES) == 1
        assert (await queue.row(message))["status"] == "unknown"
        assert await outbox.requeue_unknown(timedelta()) == resent

    row = await queue.row(message)

    assert (row["status"], row["unknowns"], row["attempts"]) == ("unknown", 2, 2)


@pytest.mark.parametrize("kind", sorted(MessageClass))
async def test_requeue_unknown_follows_the_rules_of_the_class(
    outbox: Outbox, queue: MessageQueue, clock: ManualClock, kind: MessageClass
) -> None:
    await queue.put(kind=kind)
    await outbox.record("at", [(await claim_one(outbox), Unknown("no answer"))])
    clock.advance(minutes=1)

    resent = kind in (MessageClass.ALERT, MessageClass.CONFIRMATION)

    assert await outbox.requeue_unknown(timedelta(minutes=1)) == resent
    assert await queue.statuses() == ["queued" if resent else "unknown"]


async def test_requeue_unknown_waits_for_a_late_record(outbox: Outbox, queue: MessageQueue, clock: ManualClock) -> None:
    await queue.put()
    await outbox.record("at", [(await claim_one(outbox), Unknown("no answer"))])

    clock.advance(seconds=59)
    assert await outbox.requeue_unknown(timedelta(minutes=1)) == 0

    clock.advance(seconds=1)
    assert await outbox.requeue_unknown(timedelta(minutes=1)) == 1


@pytest.mark.parametrize("requeued", [False, True], ids=["unknown", "queued again"])
async def test_record_of_a_swept_claim_is_accepted(
    outbox: Outbox, queue: MessageQueue, clock: ManualClock, requeued: bool
) -> None:
    message = await queue.put()
    claim = await claim_one(outbox)
    clock.advance(minutes=5)
    await outbox.sweep_lost_claims(FIVE_MINUTES)

    if requeued:
        await outbox.requeue_unknown(timedelta())

    assert await outbox.record("at", [(claim, Accepted("late"))]) == {message}
    assert await queue.statuses() == ["accepted"]
    assert await outbox.claim(1, "w2", "at") == []


async def test_a_recorded_claim_is_never_swept(outbox: Outbox, queue: MessageQueue, clock: ManualClock) -> None:
    await queue.put()
    await outbox.record("at", [(await claim_one(outbox), Accepted("a"))])

    clock.advance(days=1)

    assert await outbox.sweep_lost_claims(FIVE_MINUTES) == 0
