"""Sender with a real PostgreSQL and scripted carriers: messages are sent, recorded and logged once."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial

import structlog

from gateway.carriers.carrier import Accepted, Deferred, Outcome, Receipt, ReceiptStatus, Refused, Unknown
from gateway.messages.message import MessageClass
from gateway.messages.outbox import Outbox
from gateway.messages.receipts import Receipts
from gateway.runtime.clock import Clock
from gateway.runtime.metrics import Metrics
from gateway.runtime.postgres import Database
from gateway.text.phone import Phone
from gateway.vault.vault import Vault
from tests.helpers.clocks import ManualClock
from tests.helpers.messages import MessageQueue, ScriptedCarrier
from tests.helpers.phones import NUMBER, OTHER, phone
from tests.helpers.senders import FAST, WaitingCarrier, has_status, is_drained, running, sender, sender_of
from tests.helpers.waiting import until


class Uneven(ScriptedCarrier):
    """Carrier whose calls take different times, so that some end while others are recorded."""

    async def send(self, text: str, recipients: Sequence[Phone]) -> dict[Phone, Outcome]:
        await asyncio.sleep(len(self.calls) % 7 / 500)
        return await super().send(text, recipients)


class Forgetful(ScriptedCarrier):
    """Carrier whose answer lacks the first number."""

    async def send(self, text: str, recipients: Sequence[Phone]) -> dict[Phone, Outcome]:
        outcomes = await super().send(text, recipients)
        del outcomes[recipients[0]]
        return outcomes


# Sending ------------------------------------------------------------------------------------------------------------


async def test_due_messages_are_sent_and_recorded(outbox: Outbox, queue: MessageQueue, clock: ManualClock) -> None:
    carrier = ScriptedCarrier()
    for number in range(3):
        await queue.put(to=phone(number))
    await queue.put("another text")

    async with running(sender(outbox, clock, carrier)):
        await until(lambda: is_drained(queue))

    assert sorted(len(recipients) for _, recipients in carrier.calls) == [1, 3]
    assert await queue.statuses() == ["accepted"] * 4


async def test_outcomes_are_recorded_by_number(outbox: Outbox, queue: MessageQueue, clock: ManualClock) -> None:
    outcomes: list[Outcome] = [Accepted("a"), Refused("no"), Unknown("no answer")]
    for number in range(3):
        await queue.put(to=phone(number), kind=MessageClass.REPLY)
    carrier = ScriptedCarrier(lambda _, to: outcomes[int(to.e164[-2:])])

    async with running(sender(outbox, clock, carrier)):
        await until(lambda: is_drained(queue))

    assert await queue.statuses() == ["accepted", "refused", "unknown"]


async def test_a_number_without_an_outcome_is_unknown(outbox: Outbox, queue: MessageQueue, clock: ManualClock) -> None:
    first = await queue.put(to=phone(1), kind=MessageClass.REPLY)
    await queue.put(to=phone(2), kind=MessageClass.REPLY)

    async with running(sender(outbox, clock, Forgetful())):
        await until(lambda: is_drained(queue))

    assert await queue.statuses() == ["unknown", "accepted"]
    assert (await queue.row(first))["reason"] == "the carrier said nothing of this number"


async def test_a_deferred_message_is_sent_again_when_it_is_due(
    outbox: Outbox, queue: MessageQueue, clock: ManualClock
) -> None:
    tries: list[Outcome] = [Deferred("busy"), Deferred("busy", timedelta(minutes=2)), Accepted("a")]
    carrier = ScriptedCarrier(lambda _text, _to: tries.pop(0))
    message = await queue.put()

    async with running(sender(outbox, clock, carrier)):
        for wait in (5, 120):
            await until(lambda: has_status(queue, message, "queued", "busy"))
            assert (await queue.row(message))["due_at"] == clock.now() + timedelta(seconds=wait)
            await asyncio.sleep(0.03)
            assert len(carrier.calls) == 3 - len(tries)
            clock.advance(seconds=wait)
            await until(partial(_left, tries, len(tries) - 1))
        await until(lambda: is_drained(queue))

    assert (await queue.row(message))["attempts"] == 3


async def _left(tries: Sequence[Outcome], count: int) -> bool:
    return len(tries) == count


async def test_two_workers_never_send_a_message_twice(database: Database, vault: Vault) -> None:
    clock = Clock()
    queue = MessageQueue(database, vault, clock)
    carriers = [Uneven() for _ in range(3)]
    for number in range(100):
        await queue.put(f"text {number % 10}", to=phone(number))
    small = replace(FAST, batch_size=7, recipients_per_call=3)
    senders = [
        sender(Outbox(database, vault, clock), clock, carrier, f"w{number}", small)
        for number, carrier in enumerate(carriers)
    ]

    with structlog.testing.capture_logs() as logs:
        async with running(*senders):
            await until(lambda: is_drained(queue))
    assert Counter(line["event"] for line in logs) == {"message.sent": 100}

    sent = Counter(pair for carrier in carriers for pair in carrier.sent)
    assert sent == Counter((f"text {number % 10}", phone(number).e164) for number in range(100))
    assert await queue.statuses() == ["accepted"] * 100


async def test_a_report_that_comes_before_the_answer_is_applied(
    database: Database, outbox: Outbox, queue: MessageQueue, clock: ManualClock
) -> None:
    carrier = WaitingCarrier()
    await queue.put()

    async with running(sender(outbox, clock, carrier)):
        await carrier.called.wait()
        early = Receipt("id-1-4567", ReceiptStatus.DELIVERED, "Success", "")
        await Receipts(database, clock).store("at", early)
        carrier.released.set()
        await until(lambda: is_drained(queue))

    assert await queue.statuses() == ["delivered"]


# Log and metrics -------------------------------------------------------------------------------------------------


async def test_each_send_is_logged_once_without_a_number(
    outbox: Outbox, queue: MessageQueue, clock: ManualClock
) -> None:
    first = await queue.put(ticket="73402817")
    second = await queue.put(to=OTHER)
    with structlog.testing.capture_logs() as logs:
        async with running(sender(outbox, clock, ScriptedCarrier())):
            await until(lambda: is_drained(queue))

    lines = [line for line in logs if line["event"] == "message.sent"]
    assert [line.pop("duration_ms") >= 0 for line in lines] == [True, True]

    common = {"event": "message.sent", "log_level": "info", "class": "confirmation", "channel": "at"}
    common |= {"outcome": "accepted", "reason": ""}
    assert lines == [
        {**common, "message": first, "ticket": "73402817", "attempts": 1},
        {**common, "message": second, "ticket": None, "attempts": 1},
    ]

    for number in (NUMBER, OTHER):
        assert number.e164[1:] not in repr(logs)


async def test_metrics_count_sends(outbox: Outbox, queue: MessageQueue, clock: ManualClock) -> None:
    metrics = Metrics()
    outcomes: list[Outcome] = [Accepted("a"), Refused("no"), Accepted("b")]
    for number in range(3):
        await queue.put(to=phone(number))
    carrier = ScriptedCarrier(lambda _, to: outcomes[int(to.e164[-2:])])
    async with running(sender_of(outbox, {"at": carrier}, clock, metrics=metrics)):
        await until(lambda: _counted(metrics, 'outcome="accepted"} 2.0'))
        await until(lambda: _counted(metrics, 'outcome="refused"} 1.0'))

    shown = metrics.render().decode()

    assert 'waspada_sends_total{channel="at",outcome="accepted"} 2.0' in shown
    assert 'waspada_sends_total{channel="at",outcome="refused"} 1.0' in shown


async def _counted(metrics: Metrics, line: str) -> bool:
    return line in metrics.render().decode()
