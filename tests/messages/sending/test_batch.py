"""Batches: grouping into calls, lanes, and the release of withdrawn claims."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import pytest
import structlog
from sqlalchemy import update

from gateway.carriers.carrier import Accepted, Deferred, Outcome
from gateway.messages.claims import Lane
from gateway.messages.holds import set_hold
from gateway.messages.message import OPTED_OUT, MessageClass, MessageStatus
from gateway.messages.outbox import Outbox
from gateway.messages.quiet_now import QuietNow
from gateway.messages.sending.batch import group_into_calls
from gateway.messages.sending.rate_limiter import RateLimiter
from gateway.messages.suppression import OptOuts
from gateway.messages.tables import channel_states, messages
from gateway.runtime.clock import Clock
from gateway.runtime.postgres import Database
from gateway.runtime.redis import Pipeline, redis_client
from gateway.text.phone import Phone
from gateway.vault.vault import Vault
from tests.helpers.clocks import ManualClock
from tests.helpers.messages import MessageQueue, ScriptedCarrier
from tests.helpers.phones import NUMBER, OTHER, phone
from tests.helpers.senders import FAST, has_status, is_drained, make_claim, running, sender, sender_of, was_logged
from tests.helpers.stuck_writes import failing_writes
from tests.helpers.waiting import until

APPEAL, CONFIRMATION = MessageClass.APPEAL, MessageClass.CONFIRMATION
ONE_CALL = replace(FAST, concurrent_calls=1)


class AppealsWaitCarrier(ScriptedCarrier):
    """Carrier that answers texts beginning with `appeal` only when `released` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.called = asyncio.Event()
        self.released = asyncio.Event()

    async def send(self, text: str, recipients: Sequence[Phone]) -> dict[Phone, Outcome]:
        answer = await super().send(text, recipients)
        if text.startswith("appeal"):
            self.called.set()
            await self.released.wait()
        return answer

    @property
    def texts(self) -> list[str]:
        return [text for text, _ in self.calls]


@pytest.fixture
async def pipeline(redis_url: str) -> AsyncIterator[Pipeline]:
    client = redis_client(redis_url)
    made = Pipeline(client, 0.3)
    yield made
    await made.close()
    await client.aclose()


async def _appeals(queue: MessageQueue, count: int) -> list[int]:
    return [await queue.put(f"appeal {number}", to=phone(number), kind=APPEAL) for number in range(count)]


async def test_claim_takes_one_lane_only(outbox: Outbox, queue: MessageQueue) -> None:
    appeal = (await _appeals(queue, 1))[0]
    pressing = [await queue.put(to=phone(50 + place), kind=kind) for place, kind in enumerate(MessageClass)][:-1]

    claimed = [claim.id for claim in await outbox.claim(10, "w1", "at", lane=Lane.PRIORITY)]

    assert claimed == pressing
    assert [claim.kind for claim in await outbox.claim(10, "w1", "at", lane=Lane.APPEALS)] == [APPEAL] * 2
    assert appeal not in claimed


# Looked at again -----------------------------------------------------------------------------------------------


async def test_a_claimed_appeal_is_released_after_an_opt_out(
    database: Database, vault: Vault, outbox: Outbox, queue: MessageQueue, clock: ManualClock
) -> None:
    carrier = AppealsWaitCarrier()
    _, second, _ = await _appeals(queue, 3)

    async with running(sender(outbox, clock, carrier, options=ONE_CALL)):
        await carrier.called.wait()
        assert await queue.statuses() == ["sending"] * 3
        await OptOuts(database, vault, clock).add(phone(1), "at")
        await until(partial(has_status, queue, second, "suppressed", OPTED_OUT))
        carrier.released.set()
        await until(partial(is_drained, queue))

    assert carrier.texts == ["appeal 0", "appeal 2"]
    assert [row["attempts"] for row in await queue.rows()] == [1, 0, 1]


@pytest.mark.parametrize("becomes", [MessageStatus.HELD, MessageStatus.CANCELLED])
async def test_a_claimed_appeal_is_released_after_a_hold(
    database: Database, outbox: Outbox, queue: MessageQueue, clock: ManualClock, becomes: MessageStatus
) -> None:
    carrier = AppealsWaitCarrier()
    held = await _appeals(queue, 3)
    async with database.begin() as connection:
        await connection.execute(update(messages).values(appeal=7, person=messages.c.id))

    async with running(sender(outbox, clock, carrier, options=ONE_CALL)):
        await carrier.called.wait()
        async with database.begin() as connection:
            await set_hold(connection, 7, becomes, "look again", clock.now())
        for message in held[1:]:
            await until(partial(has_status, queue, message, becomes, "look again"))
        carrier.released.set()
        await until(partial(has_status, queue, held[0], "accepted", ""))

    assert carrier.texts == ["appeal 0"]
    assert [row["attempts"] for row in await queue.rows()] == [1, 0, 0]


async def test_a_claimed_appeal_is_put_off_when_quiet_hours_begin(
    outbox: Outbox, queue: MessageQueue, clock: ManualClock
) -> None:
    carrier, begin = AppealsWaitCarrier(), clock.now() + timedelta(minutes=1)
    morning = begin + timedelta(hours=11)

    def quiet_now(at: datetime) -> QuietNow:
        return QuietNow(until=morning if at >= begin else None)

    await _appeals(queue, 2)
    async with running(sender_of(outbox, {"at": carrier}, clock, options=ONE_CALL, quiet_now=quiet_now)):
        await carrier.called.wait()
        clock.advance(minutes=1)
        await until(partial(_put_off, queue, morning))
        carrier.released.set()
        await until(partial(_has, queue, ["accepted", "queued"]))
    assert carrier.texts == ["appeal 0"]


async def _put_off(queue: MessageQueue, due_at: datetime) -> bool:
    row = (await queue.rows())[1]
    return (row["status"], row["due_at"]) == ("queued", due_at)


async def _has(queue: MessageQueue, statuses: list[str]) -> bool:
    return await queue.statuses() == statuses


# What presses more ---------------------------------------------------------------------------------------------


async def test_confirmations_are_sent_while_appeals_use_all_their_calls(
    outbox: Outbox, queue: MessageQueue, clock: ManualClock
) -> None:
    carrier = AppealsWaitCarrier()
    await _appeals(queue, 30)
    async with running(sender(outbox, clock, carrier, options=replace(ONE_CALL, batch_size=2, concurrent_batches=2))):
        await carrier.called.wait()
        for number in range(5):
            message = await queue.put(f"confirmation {number}", to=phone(50 + number))
            await until(partial(has_status, queue, message, "accepted", ""))
        assert len(carrier.calls) == 6
        carrier.released.set()


async def test_a_slow_call_does_not_delay_later_claims(outbox: Outbox, queue: MessageQueue, clock: ManualClock) -> None:
    """Each of these confirmations is a batch of its own, and no call of them has ended."""
    carrier = AppealsWaitCarrier()
    async with running(sender(outbox, clock, carrier, options=replace(FAST, concurrent_batches=2))):
        for number in range(6):
            await queue.put(f"appealing {number}", to=phone(number), kind=CONFIRMATION)
            await until(partial(_calls, carrier, number + 1))
        carrier.released.set()


async def _calls(carrier: ScriptedCarrier, count: int) -> bool:
    return len(carrier.calls) == count


async def test_the_priority_lane_has_the_whole_rate(database: Database, vault: Vault, pipeline: Pipeline) -> None:
    clock = Clock()
    queue, outbox = MessageQueue(database, vault, clock), Outbox(database, vault, clock)
    await _appeals(queue, 30)
    for number in range(40):
        await queue.put(f"confirmation {number}", to=phone(30 + number))
    carrier = ScriptedCarrier()
    rate_limiter = RateLimiter(pipeline, clock, {"at": 40.0})
    async with running(sender_of(outbox, {"at": carrier}, clock, rate_limiter=rate_limiter)):
        await until(partial(is_drained, queue))
    texts = [text for text, _ in carrier.calls]

    last = max(place for place, text in enumerate(texts) if text.startswith("confirmation"))

    assert sum(text.startswith("appeal") for text in texts[:last]) <= 20, "no more than was claimed before"


async def test_a_fault_of_ours_leaves_claims_to_the_sweep_and_does_not_block_the_lane_below(
    database: Database, outbox: Outbox, queue: MessageQueue, clock: ManualClock
) -> None:
    """The first call finds a fault of the account, and its record fails in a way that nothing expects."""
    faults: list[Outcome] = [Deferred("no credit", whole_channel=True)]
    carrier = ScriptedCarrier(lambda _text, _to: faults.pop() if faults else Accepted("x"))
    claimed = [await queue.put(f"text {number}", to=phone(number), kind=MessageClass.REPLY) for number in range(3)]

    with structlog.testing.capture_logs() as logs:
        async with (
            failing_writes(database, channel_states, "INSERT", "true"),
            running(sender(outbox, clock, carrier, options=ONE_CALL)),
        ):
            await until(partial(was_logged, logs, "worker.round_failed"))
            assert [(await queue.row(message))["status"] for message in claimed] == ["sending"] * 3
            (appeal,) = await _appeals(queue, 1)
            await until(partial(has_status, queue, appeal, "accepted", ""))
            clock.advance(minutes=5)
            await until(partial(_has, queue, ["unknown"] * 3 + ["accepted"]))

    assert len(carrier.calls) == 2
    failed = [(line["work"], line["channel"]) for line in logs if line["event"] == "worker.round_failed"]
    assert failed == [("run", "at")]


def test_equal_texts_share_a_call() -> None:
    claims = [make_claim(1, "a", phone(1)), make_claim(2, "b", phone(2)), make_claim(3, "a", phone(3))]
    assert [[claim.id for claim in group] for group in group_into_calls(claims, 100)] == [[1, 3], [2]]


def test_a_call_has_at_most_the_given_recipients() -> None:
    claims = [make_claim(number, "a", phone(number)) for number in range(5)]
    assert [len(group) for group in group_into_calls(claims, 2)] == [2, 2, 1]


def test_a_call_has_each_number_once() -> None:
    claims = [make_claim(1, "a", NUMBER), make_claim(2, "a", NUMBER), make_claim(3, "a", OTHER)]
    assert [[claim.id for claim in group] for group in group_into_calls(claims, 100)] == [[1, 3], [2]]
