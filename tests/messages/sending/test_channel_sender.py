"""Circuit breaker of a channel during sending: pause, probe, resume. No channel delays another."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import structlog

from gateway.carriers.carrier import Accepted, Deferred, Outcome, Unknown
from gateway.messages.channel_state import Channels
from gateway.messages.message import MessageClass
from gateway.messages.outbox import Outbox
from gateway.messages.quiet_now import QuietNow
from gateway.runtime.postgres import Database
from gateway.text.phone import Phone
from gateway.vault.vault import Vault
from tests.helpers.clocks import ManualClock
from tests.helpers.messages import MessageQueue, ScriptedCarrier
from tests.helpers.phones import phone
from tests.helpers.senders import FAST, WaitingCarrier, has_status, is_drained, running, sender, sender_of, was_logged
from tests.helpers.waiting import until


class Broken(ScriptedCarrier):
    """Carrier with a fault in its program."""

    async def send(self, text: str, recipients: Sequence[Phone]) -> dict[Phone, Outcome]:
        raise KeyError(recipients[0])


async def test_a_channel_at_fault_is_paused_probed_and_nothing_is_lost(
    outbox: Outbox, channels: Channels, queue: MessageQueue, clock: ManualClock
) -> None:
    faults: list[Outcome] = [Deferred("no credit", whole_channel=True)] * 2
    carrier = ScriptedCarrier(lambda _text, _to: faults.pop() if faults else Accepted("x"))
    for number in range(6):
        await queue.put(f"text {number}", to=phone(number))
    with structlog.testing.capture_logs() as logs:
        async with running(sender(outbox, clock, carrier, options=replace(FAST, concurrent_calls=1))):
            for calls, rest in ((1, 30), (2, 60)):
                await until(partial(_rests, channels, calls))
                status = await channels.status_of("at")
                assert (status.state, status.reason, status.by) == ("paused", "no credit", "worker")
                assert status.until == clock.now() + timedelta(seconds=rest)
                clock.advance(seconds=rest - 1)
                await asyncio.sleep(0.05)
                assert len(carrier.calls) == calls
                clock.advance(seconds=1)
            await until(lambda: is_drained(queue))

    paused = [(line["reason"], line["seconds"]) for line in logs if line["event"] == "channel.paused"]

    assert paused == [("no credit", 30.0), ("no credit", 60.0)]
    assert [line["event"] for line in logs].count("channel.resumed") == 1
    assert len(carrier.calls) == 8, "one call finds the fault and one probes it, the others wait"
    assert [row["attempts"] for row in await queue.rows()] == [1] * 6
    assert await queue.statuses() == ["accepted"] * 6
    assert (await channels.status_of("at")).faults == 0


async def _rests(channels: Channels, faults: int) -> bool:
    status = await channels.status_of("at")
    return status.paused and status.faults == faults


class Stalling(ManualClock):
    """Clock on which every batch is over its deadline at the first look."""

    def __init__(self) -> None:
        super().__init__()
        self.looks = 0

    def monotonic(self) -> float:
        self.looks += 1
        return self.looks * FAST.lost_after.total_seconds()


async def test_a_probe_that_was_not_sent_resumes_nothing(database: Database, vault: Vault, channels: Channels) -> None:
    clock, carrier = Stalling(), ScriptedCarrier()
    queue, outbox = MessageQueue(database, vault, clock), Outbox(database, vault, clock)
    message = await queue.put()
    await channels.pause_for_fault("at", "no credit")
    clock.advance(seconds=30)

    with structlog.testing.capture_logs() as logs:
        async with running(sender(outbox, clock, carrier)):
            await until(lambda: _taken_for_a_probe(channels, clock))
            await until(lambda: has_status(queue, message, "queued", ""))
            await asyncio.sleep(0.1)
    assert carrier.calls == []

    status = await channels.status_of("at")
    assert (status.state, status.reason) == ("paused", "no credit")
    assert "channel.resumed" not in {line["event"] for line in logs}


async def _taken_for_a_probe(channels: Channels, clock: ManualClock) -> bool:
    until = (await channels.status_of("at")).until
    return until is None or until > clock.now()


async def test_a_resumed_channel_sends_at_once_by_all_workers(
    outbox: Outbox, channels: Channels, queue: MessageQueue, clock: ManualClock
) -> None:
    carriers = [ScriptedCarrier(), ScriptedCarrier()]
    await channels.pause("at", "the contract ends", "rini")
    other = await queue.put(channel="other")
    for number in range(4):
        await queue.put(f"text {number}", to=phone(number))
    lazy = replace(FAST, idle_poll=timedelta(hours=1), paused_poll=timedelta(milliseconds=20))
    workers = [
        sender_of(outbox, {"at": carrier, "other": ScriptedCarrier()}, clock, f"w{number}", lazy)
        for number, carrier in enumerate(carriers)
    ]

    async with running(*workers):
        await until(lambda: has_status(queue, other, "accepted", ""))
        clock.advance(hours=1)
        await asyncio.sleep(0.1)
        assert [carrier.calls for carrier in carriers] == [[], []], "a pause by hand is not probed"
        assert await channels.resume("at", "rini")
        await until(lambda: is_drained(queue))

    assert await queue.statuses() == ["accepted"] * 5


async def test_the_last_error_of_a_running_channel_is_noted(
    outbox: Outbox, channels: Channels, queue: MessageQueue, clock: ManualClock
) -> None:
    await queue.put(kind=MessageClass.REPLY)
    async with running(sender(outbox, clock, ScriptedCarrier(lambda *_: Unknown("no answer to +6281230004567")))):
        await until(lambda: is_drained(queue))

    status = await channels.status_of("at")

    assert (status.state, status.last_error) == ("running", "no answer to +62812****567")
    assert status.last_error_at == clock.now()


async def test_a_slow_carrier_delays_no_other_channel(outbox: Outbox, queue: MessageQueue, clock: ManualClock) -> None:
    slow, quick = WaitingCarrier(), ScriptedCarrier()
    await queue.put(channel="slow")
    message = await queue.put(channel="quick")

    async with running(sender_of(outbox, {"slow": slow, "quick": quick}, clock)):
        await slow.called.wait()
        await until(lambda: has_status(queue, message, "accepted", ""))
        assert (await queue.statuses())[0] == "sending"
        slow.released.set()

    assert await queue.statuses() == ["accepted", "accepted"]


async def test_a_fault_in_a_carrier_module_leaves_its_messages_unknown_and_the_worker_alive(
    outbox: Outbox, queue: MessageQueue, clock: ManualClock
) -> None:
    await queue.put(channel="broken", kind=MessageClass.REPLY)
    message = await queue.put()

    with structlog.testing.capture_logs() as logs:
        async with running(sender_of(outbox, {"broken": Broken(), "at": ScriptedCarrier()}, clock)):
            await until(lambda: is_drained(queue))
            later = await queue.put(channel="broken", kind=MessageClass.REPLY)
            await until(lambda: has_status(queue, later, "unknown", "the carrier module failed"))

    assert (await queue.row(message))["status"] == "accepted"
    assert [line["event"] for line in logs].count("carrier.send_raised") == 2
    assert "81230004567" not in repr(logs)


async def test_a_failed_run_is_logged_with_channel_and_work(outbox: Outbox, clock: ManualClock) -> None:
    def broken(_: datetime) -> QuietNow:
        raise KeyError("quiet_hours")

    with structlog.testing.capture_logs() as logs:
        async with running(sender_of(outbox, {"at": ScriptedCarrier()}, clock, quiet_now=broken)):
            await until(lambda: was_logged(logs, "worker.round_failed"))
    failed = next(line for line in logs if line["event"] == "worker.round_failed")
    assert (failed["channel"], failed["work"]) == ("at", "send_due")
