"""The worker against a real PostgreSQL and carriers that do as they are told."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog
from structlog.typing import EventDict

from gateway.carriers.carrier import Accepted, Carrier, Deferred, Outcome, Receipt, ReceiptStatus, Refused, Unknown
from gateway.messages.channels import Channels
from gateway.messages.claims import Claim
from gateway.messages.message import MessageClass
from gateway.messages.outbox import Outbox
from gateway.messages.receipts import Receipts
from gateway.messages.rounds import grouped
from gateway.messages.sending import Pace, Sender
from gateway.people.vault import Vault
from gateway.runtime.clock import Clock
from gateway.runtime.metrics import Metrics
from gateway.runtime.postgres import Database
from gateway.text.phone import Phone
from tests.clocks import StandingClock
from tests.messages.stage import OTHER, PHONE, Stage, ToldCarrier, phone

BRISK = Pace(
    idle=timedelta(milliseconds=5),
    paused=timedelta(milliseconds=5),
    sweep=timedelta(milliseconds=10),
    outage=timedelta(milliseconds=10),
)


class Held(ToldCarrier):
    """A carrier that takes a call and answers it when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = asyncio.Event()
        self.let = asyncio.Event()

    async def send(self, text: str, recipients: Sequence[Phone]) -> dict[Phone, Outcome]:
        self.asked.set()
        await self.let.wait()
        return await super().send(text, recipients)


class Uneven(ToldCarrier):
    """A carrier whose answers take differently long, so that sends end while others are being recorded."""

    async def send(self, text: str, recipients: Sequence[Phone]) -> dict[Phone, Outcome]:
        await asyncio.sleep(len(self.calls) % 7 / 500)
        return await super().send(text, recipients)


class Broken(ToldCarrier):
    """A carrier with a fault in its program."""

    async def send(self, text: str, recipients: Sequence[Phone]) -> dict[Phone, Outcome]:
        raise KeyError(recipients[0])


class Forgetful(ToldCarrier):
    """A carrier that says nothing of the first number."""

    async def send(self, text: str, recipients: Sequence[Phone]) -> dict[Phone, Outcome]:
        outcomes = await super().send(text, recipients)
        del outcomes[recipients[0]]
        return outcomes


@asynccontextmanager
async def working(*senders: Sender) -> AsyncIterator[None]:
    """These senders at work; they stop in order at the end."""
    async with asyncio.TaskGroup() as tasks:
        for sender in senders:
            tasks.create_task(sender.run())
        try:
            yield
        finally:
            for sender in senders:
                sender.stop()


async def until(true: Callable[[], Awaitable[bool]]) -> None:
    """Return when it is true; fail after ten seconds."""
    for _ in range(2000):
        if await true():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("it never came true")


async def ended(stage: Stage) -> bool:
    return not {"queued", "sending"} & set(await stage.statuses())


def sender(outbox: Outbox, clock: Clock, carrier: Carrier, name: str = "w1", pace: Pace = BRISK) -> Sender:
    return of_channels(outbox, {"at": carrier}, clock, name, pace)


def of_channels(
    outbox: Outbox, carriers: Mapping[str, Carrier], clock: Clock, name: str = "w1", pace: Pace = BRISK, **others: Any
) -> Sender:
    return Sender(outbox, Channels(outbox.database, clock), carriers, clock, name, pace, **others)


# Grouping --------------------------------------------------------------------------------------------------


def _claim(message: int, text: str, to: Phone) -> Claim:
    return Claim(message, MessageClass.APPEAL, "at", to, text, None, 1, "w1")


def test_equal_texts_share_a_call() -> None:
    claims = [_claim(1, "a", phone(1)), _claim(2, "b", phone(2)), _claim(3, "a", phone(3))]
    assert [[claim.id for claim in group] for group in grouped(claims, 100)] == [[1, 3], [2]]


def test_a_call_has_its_bound() -> None:
    claims = [_claim(number, "a", phone(number)) for number in range(5)]
    assert [len(group) for group in grouped(claims, 2)] == [2, 2, 1]


def test_a_number_stands_in_a_call_only_once() -> None:
    claims = [_claim(1, "a", PHONE), _claim(2, "a", PHONE), _claim(3, "a", OTHER)]
    assert [[claim.id for claim in group] for group in grouped(claims, 100)] == [[1, 3], [2]]


# Sending ---------------------------------------------------------------------------------------------------


async def test_what_is_due_is_sent_and_recorded(outbox: Outbox, stage: Stage, clock: StandingClock) -> None:
    carrier = ToldCarrier()
    for number in range(3):
        await stage.put(to=phone(number))
    await stage.put("another text")
    async with working(sender(outbox, clock, carrier)):
        await until(lambda: ended(stage))
    assert sorted(len(recipients) for _, recipients in carrier.calls) == [1, 3]
    assert await stage.statuses() == ["accepted"] * 4


async def test_each_outcome_is_recorded_by_its_number(outbox: Outbox, stage: Stage, clock: StandingClock) -> None:
    outcomes: list[Outcome] = [Accepted("a"), Refused("no"), Unknown("no answer")]
    for number in range(3):
        await stage.put(to=phone(number), kind=MessageClass.REPLY)
    carrier = ToldCarrier(lambda _, to: outcomes[int(to.e164[-2:])])
    async with working(sender(outbox, clock, carrier)):
        await until(lambda: ended(stage))
    assert await stage.statuses() == ["accepted", "refused", "unknown"]


async def test_a_number_without_an_outcome_is_unknown(outbox: Outbox, stage: Stage, clock: StandingClock) -> None:
    first = await stage.put(to=phone(1), kind=MessageClass.REPLY)
    await stage.put(to=phone(2), kind=MessageClass.REPLY)
    async with working(sender(outbox, clock, Forgetful())):
        await until(lambda: ended(stage))
    assert await stage.statuses() == ["unknown", "accepted"]
    assert (await stage.row(first))["reason"] == "the carrier said nothing of this number"


async def test_a_deferred_message_is_sent_again_when_it_is_due(
    outbox: Outbox, stage: Stage, clock: StandingClock
) -> None:
    tries: list[Outcome] = [Deferred("busy"), Deferred("busy", timedelta(minutes=2)), Accepted("a")]
    carrier = ToldCarrier(lambda _text, _to: tries.pop(0))
    message = await stage.put()
    async with working(sender(outbox, clock, carrier)):
        for wait in (5, 120):
            await until(lambda: _is(stage, message, "queued", "busy"))
            assert (await stage.row(message))["due_at"] == clock.now() + timedelta(seconds=wait)
            await asyncio.sleep(0.03)
            assert len(carrier.calls) == 3 - len(tries)
            clock.pass_time(seconds=wait)
            await until(partial(_left, tries, len(tries) - 1))
        await until(lambda: ended(stage))
    assert (await stage.row(message))["attempts"] == 3


async def _is(stage: Stage, message: int, status: str, reason: str) -> bool:
    row = await stage.row(message)
    return (row["status"], row["reason"]) == (status, reason)


async def _left(tries: Sequence[Outcome], count: int) -> bool:
    return len(tries) == count


async def test_two_workers_never_send_a_message_twice(database: Database, vault: Vault) -> None:
    clock = Clock()
    stage = Stage(database, vault, clock)
    carriers = [Uneven() for _ in range(3)]
    for number in range(100):
        await stage.put(f"text {number % 10}", to=phone(number))
    small = replace(BRISK, batch=7, recipients=3)
    senders = [
        sender(Outbox(database, vault, clock), clock, carrier, f"w{number}", small)
        for number, carrier in enumerate(carriers)
    ]
    with structlog.testing.capture_logs() as logs:
        async with working(*senders):
            await until(lambda: ended(stage))
    assert Counter(line["event"] for line in logs) == {"message.sent": 100}
    sent = Counter(pair for carrier in carriers for pair in carrier.sent)
    assert sent == Counter((f"text {number % 10}", phone(number).e164) for number in range(100))
    assert await stage.statuses() == ["accepted"] * 100


async def test_a_report_that_comes_before_the_answer_is_applied(
    database: Database, outbox: Outbox, stage: Stage, clock: StandingClock
) -> None:
    carrier = Held()
    await stage.put()
    async with working(sender(outbox, clock, carrier)):
        await carrier.asked.wait()
        early = Receipt("id-1-4567", ReceiptStatus.DELIVERED, "Success", "")
        await Receipts(database, clock).take("at", early)
        carrier.let.set()
        await until(lambda: ended(stage))
    assert await stage.statuses() == ["delivered"]


# A channel at fault, and others ----------------------------------------------------------------------------


async def test_a_channel_at_fault_is_paused_probed_and_nothing_is_lost(
    outbox: Outbox, channels: Channels, stage: Stage, clock: StandingClock
) -> None:
    faults: list[Outcome] = [Deferred("no credit", whole_channel=True)] * 2
    carrier = ToldCarrier(lambda _text, _to: faults.pop() if faults else Accepted("x"))
    for number in range(6):
        await stage.put(f"text {number}", to=phone(number))
    with structlog.testing.capture_logs() as logs:
        async with working(sender(outbox, clock, carrier, pace=replace(BRISK, calls=1))):
            for calls, rest in ((1, 30), (2, 60)):
                await until(partial(_rests, channels, calls))
                stands = await channels.standing("at")
                assert (stands.state, stands.reason, stands.by) == ("paused", "no credit", "worker")
                assert stands.until == clock.now() + timedelta(seconds=rest)
                clock.pass_time(seconds=rest - 1)
                await asyncio.sleep(0.05)
                assert len(carrier.calls) == calls
                clock.pass_time(seconds=1)
            await until(lambda: ended(stage))
    paused = [(line["reason"], line["seconds"]) for line in logs if line["event"] == "channel.paused"]
    assert paused == [("no credit", 30.0), ("no credit", 60.0)]
    assert [line["event"] for line in logs].count("channel.resumed") == 1
    assert len(carrier.calls) == 8, "one call finds the fault and one probes it, the others wait"
    assert [row["attempts"] for row in await stage.rows()] == [1] * 6
    assert await stage.statuses() == ["accepted"] * 6
    assert (await channels.standing("at")).faults == 0


async def _rests(channels: Channels, faults: int) -> bool:
    stands = await channels.standing("at")
    return stands.paused and stands.faults == faults


class Stalling(StandingClock):
    """So much time passes between two looks that no claim may leave any more."""

    def __init__(self) -> None:
        super().__init__()
        self.looks = 0

    def monotonic(self) -> float:
        self.looks += 1
        return self.looks * BRISK.lost_after.total_seconds()


async def test_a_probe_that_never_left_resumes_nothing(database: Database, vault: Vault, channels: Channels) -> None:
    clock, carrier = Stalling(), ToldCarrier()
    stage, outbox = Stage(database, vault, clock), Outbox(database, vault, clock)
    message = await stage.put()
    await channels.fault("at", "no credit")
    clock.pass_time(seconds=30)
    with structlog.testing.capture_logs() as logs:
        async with working(sender(outbox, clock, carrier)):
            await until(lambda: _taken_for_a_probe(channels, clock))
            await until(lambda: _is(stage, message, "queued", ""))
            await asyncio.sleep(0.1)
    assert carrier.calls == []
    stands = await channels.standing("at")
    assert (stands.state, stands.reason) == ("paused", "no credit")
    assert "channel.resumed" not in {line["event"] for line in logs}


async def _taken_for_a_probe(channels: Channels, clock: StandingClock) -> bool:
    until = (await channels.standing("at")).until
    return until is None or until > clock.now()


async def test_a_paused_channel_that_is_resumed_goes_on_at_once_for_all_workers(
    outbox: Outbox, channels: Channels, stage: Stage, clock: StandingClock
) -> None:
    carriers = [ToldCarrier(), ToldCarrier()]
    await channels.pause("at", "the contract ends", "rini")
    other = await stage.put(channel="other")
    for number in range(4):
        await stage.put(f"text {number}", to=phone(number))
    lazy = replace(BRISK, idle=timedelta(hours=1), paused=timedelta(milliseconds=20))
    workers = [
        of_channels(outbox, {"at": carrier, "other": ToldCarrier()}, clock, f"w{number}", lazy)
        for number, carrier in enumerate(carriers)
    ]
    async with working(*workers):
        await until(lambda: _is(stage, other, "accepted", ""))
        clock.pass_time(hours=1)
        await asyncio.sleep(0.1)
        assert [carrier.calls for carrier in carriers] == [[], []], "a pause by hand is not probed"
        assert await channels.resume("at", "rini")
        await until(lambda: ended(stage))
    assert await stage.statuses() == ["accepted"] * 5


async def test_the_latest_error_of_a_channel_that_goes_on_is_kept(
    outbox: Outbox, channels: Channels, stage: Stage, clock: StandingClock
) -> None:
    await stage.put(kind=MessageClass.REPLY)
    async with working(sender(outbox, clock, ToldCarrier(lambda *_: Unknown("no answer to +6281230004567")))):
        await until(lambda: ended(stage))
    stands = await channels.standing("at")
    assert (stands.state, stands.last_error) == ("running", "no answer to +62812****567")
    assert stands.last_error_at == clock.now()


async def test_a_slow_carrier_delays_no_other(outbox: Outbox, stage: Stage, clock: StandingClock) -> None:
    slow, quick = Held(), ToldCarrier()
    await stage.put(channel="slow")
    message = await stage.put(channel="quick")
    async with working(of_channels(outbox, {"slow": slow, "quick": quick}, clock)):
        await slow.asked.wait()
        await until(lambda: _is(stage, message, "accepted", ""))
        assert (await stage.statuses())[0] == "sending"
        slow.let.set()
    assert await stage.statuses() == ["accepted", "accepted"]


async def test_a_fault_in_a_carrier_module_leaves_its_messages_unknown_and_the_worker_alive(
    outbox: Outbox, stage: Stage, clock: StandingClock
) -> None:
    await stage.put(channel="broken", kind=MessageClass.REPLY)
    message = await stage.put()
    with structlog.testing.capture_logs() as logs:
        async with working(of_channels(outbox, {"broken": Broken(), "at": ToldCarrier()}, clock)):
            await until(lambda: ended(stage))
            later = await stage.put(channel="broken", kind=MessageClass.REPLY)
            await until(lambda: _is(stage, later, "unknown", "the carrier module failed"))
    assert (await stage.row(message))["status"] == "accepted"
    assert [line["event"] for line in logs].count("carrier.send_raised") == 2
    assert "81230004567" not in repr(logs)


async def test_a_round_that_fails_says_whose_and_which(outbox: Outbox, clock: StandingClock) -> None:
    def broken(_: datetime) -> datetime | None:
        raise KeyError("quiet_hours")

    with structlog.testing.capture_logs() as logs:
        async with working(of_channels(outbox, {"at": ToldCarrier()}, clock, quiet_until=broken)):
            await until(lambda: _logged(logs, "worker.round_failed"))
    failed = next(line for line in logs if line["event"] == "worker.round_failed")
    assert (failed["channel"], failed["work"]) == ("at", "send_due")


# The database away -----------------------------------------------------------------------------------------


async def test_an_outage_is_logged_once_and_what_was_sent_is_written_down_after_it(
    database_url: str, vault: Vault, stage: Stage, clock: StandingClock, database: Database
) -> None:
    """The tables are taken away and brought back; what an outage is, the tests of the pool say."""
    carrier = Held()
    await stage.put()
    cut_off = Database(database_url, timeout=1.0)
    with structlog.testing.capture_logs() as logs:
        async with working(sender(Outbox(cut_off, vault, clock), clock, carrier)):
            await carrier.asked.wait()
            async with database.begin() as connection:
                await connection.exec_driver_sql("LOCK TABLE messages IN ACCESS EXCLUSIVE MODE")
                carrier.let.set()
                await asyncio.sleep(2.5)
            await until(lambda: ended(stage))
            await stage.put("a second one", to=OTHER)
            await until(lambda: ended(stage))
    await cut_off.close()
    assert await stage.statuses() == ["accepted"] * 2
    assert len(carrier.calls) == 2
    events = [line["event"] for line in logs]
    assert events.count("worker.database_away") == 1
    assert events.count("worker.database_back") == 1


async def test_told_to_stop_while_the_database_is_away_it_stops(
    database_url: str, database: Database, vault: Vault, stage: Stage, clock: StandingClock
) -> None:
    carrier = Held()
    await stage.put()
    cut_off = Database(database_url, timeout=0.3)
    worker = sender(Outbox(cut_off, vault, clock), clock, carrier)
    with structlog.testing.capture_logs() as logs:
        async with working(worker):
            await carrier.asked.wait()
            async with database.begin() as connection:
                await connection.exec_driver_sql("LOCK TABLE messages IN ACCESS EXCLUSIVE MODE")
                carrier.let.set()
                await asyncio.sleep(0.1)
                worker.stop()
                await until(lambda: _logged(logs, "worker.outcomes_not_recorded"))
    await cut_off.close()
    assert await stage.statuses() == ["sending"], "the sweep will find it"


async def _logged(logs: list[EventDict], event: str) -> bool:
    return any(line["event"] == event for line in logs)


# Stopping and lost claims ----------------------------------------------------------------------------------


async def test_stopping_finishes_what_is_under_way_and_gives_back_the_rest(
    outbox: Outbox, stage: Stage, clock: StandingClock
) -> None:
    carrier = Held()
    for number in range(5):
        await stage.put(f"text {number}")
    worker = sender(outbox, clock, carrier, pace=replace(BRISK, calls=2))
    async with working(worker):
        await carrier.asked.wait()
        worker.stop()
        await asyncio.sleep(0.02)
        carrier.let.set()
    assert await stage.statuses() == ["accepted"] * 2 + ["queued"] * 3
    assert [row["attempts"] for row in await stage.rows()] == [1, 1, 0, 0, 0]
    assert [row["claimed_by"] for row in await stage.rows()] == [None] * 5


async def test_a_stopped_worker_stops_at_once(outbox: Outbox, clock: StandingClock) -> None:
    lazy = replace(BRISK, idle=timedelta(hours=1), sweep=timedelta(hours=1))
    async with asyncio.timeout(5), working(sender(outbox, clock, ToldCarrier(), pace=lazy)):
        await asyncio.sleep(0.05)


async def test_a_lost_claim_is_found_and_sent_again(outbox: Outbox, stage: Stage, clock: StandingClock) -> None:
    message = await stage.put()
    await outbox.claim(1, "a worker that died", "at")
    carrier = ToldCarrier()
    with structlog.testing.capture_logs() as logs:
        async with working(sender(outbox, clock, carrier)):
            await asyncio.sleep(0.05)
            assert await stage.statuses() == ["sending"]
            clock.pass_time(minutes=5)
            await until(lambda: _logged(logs, "worker.claims_lost"))
            assert await stage.statuses() == ["unknown"]
            clock.pass_time(minutes=1)
            await until(lambda: _is(stage, message, "accepted", ""))
    row = await stage.row(message)
    assert (row["attempts"], row["unknowns"]) == (2, 1)
    assert carrier.sent == [("Laporan diterima", PHONE.e164)]


# What is told of it ----------------------------------------------------------------------------------------


async def test_every_send_is_one_line_without_a_number(outbox: Outbox, stage: Stage, clock: StandingClock) -> None:
    first = await stage.put(ticket="73402817")
    second = await stage.put(to=OTHER)
    with structlog.testing.capture_logs() as logs:
        async with working(sender(outbox, clock, ToldCarrier())):
            await until(lambda: ended(stage))
    lines = [line for line in logs if line["event"] == "message.sent"]
    assert [line.pop("duration_ms") >= 0 for line in lines] == [True, True]
    common = {"event": "message.sent", "log_level": "info", "class": "confirmation", "channel": "at"}
    common |= {"outcome": "accepted", "reason": ""}
    assert lines == [
        {**common, "message": first, "ticket": "73402817", "attempts": 1},
        {**common, "message": second, "ticket": None, "attempts": 1},
    ]
    for number in (PHONE, OTHER):
        assert number.e164[1:] not in repr(logs)


async def test_sends_and_the_queue_are_counted(outbox: Outbox, stage: Stage, clock: StandingClock) -> None:
    metrics = Metrics()
    outcomes: list[Outcome] = [Accepted("a"), Refused("no"), Accepted("b")]
    for number in range(3):
        await stage.put(to=phone(number))
    await stage.put(channel="another")
    carrier = ToldCarrier(lambda _, to: outcomes[int(to.e164[-2:])])
    async with working(of_channels(outbox, {"at": carrier}, clock, metrics=metrics)):
        await until(lambda: _counted(metrics, "waspada_queue_depth 1.0"))
    shown = metrics.render().decode()
    assert 'waspada_sends_total{channel="at",outcome="accepted"} 2.0' in shown
    assert 'waspada_sends_total{channel="at",outcome="refused"} 1.0' in shown


async def _counted(metrics: Metrics, line: str) -> bool:
    return line in metrics.render().decode()
