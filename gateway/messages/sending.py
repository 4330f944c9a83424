"""The worker: claims due messages, hands them to their carriers, writes down how it ended.

One task per channel, so that a slow carrier delays nobody else, and one that looks after lost claims. The claim's
transaction has ended before anything is sent: no database connection waits for a carrier. No failure of one round ends
a task, and what was sent while the database went away is held until it can be written down.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter, defaultdict, deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial

import structlog

from gateway.carriers.carrier import Carrier, Deferred, Outcome, Unknown
from gateway.messages.claims import Claim
from gateway.messages.outbox import Outbox
from gateway.runtime.clock import Clock
from gateway.runtime.metrics import Metrics
from gateway.runtime.postgres import DatabaseAway
from gateway.text.phone import Phone

log = structlog.get_logger()

_AT_ONCE = timedelta()


@dataclass(frozen=True, slots=True)
class Pace:
    """How a sender works."""

    batch: int = 200  # messages of one claim
    recipients: int = 100  # numbers of one call: no more become unknown by one timeout (facts/protocols.md B.5)
    calls: int = 8  # to one carrier at the same time
    idle: timedelta = timedelta(milliseconds=500)  # between two looks at an empty queue
    rest: timedelta = timedelta(seconds=30)  # of a channel whose account is at fault
    lost_after: timedelta = timedelta(minutes=5)  # a claim that old and not recorded was lost
    resend_after: timedelta = timedelta(minutes=1)  # an unknown is left so long to turn out otherwise
    sweep: timedelta = timedelta(seconds=30)  # between two looks for lost claims
    outage: timedelta = timedelta(seconds=2)  # between two tries to reach the database


@dataclass(slots=True)
class _Round:
    """One claim on its way: the calls still to be made, and for how long the channel must rest, if it must."""

    channel: str
    carrier: Carrier
    waiting: deque[list[Claim]]
    rest: timedelta = _AT_ONCE
    ended: list[tuple[Claim, Outcome]] = field(default_factory=list)  # not written down yet
    writing: bool = False


class Sender:
    """Sends what the outbox holds for these channels. `worker` must be a name that no other process has."""

    def __init__(
        self,
        outbox: Outbox,
        carriers: Mapping[str, Carrier],
        clock: Clock,
        worker: str,
        pace: Pace | None = None,
        metrics: Metrics | None = None,
    ) -> None:
        self._outbox = outbox
        self._carriers = carriers
        self._clock = clock
        self._worker = worker
        self._pace = pace or Pace()
        self._metrics = metrics or Metrics()
        self._stopping = asyncio.Event()
        self._database_away = False

    async def run(self) -> None:
        """Work until `stop`; then wait for the calls under way, record them, and give the other claims back."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._repeat(self._look_for_lost))
            for channel, carrier in self._carriers.items():
                tasks.create_task(self._repeat(partial(self._send_due, channel, carrier)))

    def stop(self) -> None:
        """Begin to stop; `run` returns when it is done."""
        self._stopping.set()

    async def _repeat(self, work: Callable[[], Awaitable[timedelta]]) -> None:
        """Do `work` until told to stop, each time after the pause that the last one asked for."""
        while not self._stopping.is_set():
            try:
                pause = await work()
                self._database_is(away=False)
            except DatabaseAway:
                self._database_is(away=True)
                pause = self._pace.outage
            except Exception:
                log.exception("worker.round_failed")
                pause = self._pace.outage
            await self._pause(pause)

    async def _look_for_lost(self) -> timedelta:
        if lost := await self._outbox.sweep_lost_claims(self._pace.lost_after):
            log.warning("worker.claims_lost", messages=lost)
        if again := await self._outbox.requeue_unknown(self._pace.resend_after):
            log.info("worker.unknown_queued_again", messages=again)
        self._metrics.queue_depth.set(await self._outbox.waiting())
        return self._pace.sweep

    async def _send_due(self, channel: str, carrier: Carrier) -> timedelta:
        claims = await self._outbox.claim(self._pace.batch, self._worker, channel)
        self._database_is(away=False)
        if not claims:
            return self._pace.idle
        round_ = _Round(channel, carrier, deque(grouped(claims, self._pace.recipients)))
        async with asyncio.TaskGroup() as tasks:
            for _ in range(self._pace.calls):
                tasks.create_task(self._work_off(round_, tasks))
        if unsent := [claim for group in round_.waiting for claim in group]:
            await self._insist(partial(self._outbox.release, channel, unsent), len(unsent))
        return round_.rest

    async def _work_off(self, round_: _Round, tasks: asyncio.TaskGroup) -> None:
        """Make one call after the other. Nothing more leaves while what has left cannot be written down."""
        while round_.waiting and not (round_.rest or self._database_away or self._stopping.is_set()):
            outcomes = await self._send_group(round_, round_.waiting.popleft())
            round_.ended.extend(outcomes)
            if not round_.writing:
                round_.writing = True
                tasks.create_task(self._write_down(round_))

    async def _write_down(self, round_: _Round) -> None:
        """Record what has ended; what ends meanwhile joins the next record."""
        while round_.ended:
            ended, round_.ended = round_.ended, []
            try:
                await self._insist(partial(self._outbox.record, round_.channel, ended), len(ended))
            except Exception:
                # They stay claimed, become unknown, and then go the way of their class.
                log.exception("worker.record_failed", channel=round_.channel, messages=len(ended))
        round_.writing = False

    async def _send_group(self, round_: _Round, group: Sequence[Claim]) -> Sequence[tuple[Claim, Outcome]]:
        """One call, told in one line for each of its messages."""
        began = self._clock.monotonic()
        answer = await self._answer(round_.carrier, group)
        milliseconds = round((self._clock.monotonic() - began) * 1000, 1)
        outcomes = [(claim, self._rested(round_, answer[claim.phone])) for claim in group]
        for claim, outcome in outcomes:
            word = type(outcome).__name__.lower()
            self._metrics.sends.labels(round_.channel, word).inc()
            facts = {"message": claim.id, "class": claim.kind.value, "ticket": claim.ticket}
            log.info(
                "message.sent",
                **facts,
                channel=round_.channel,
                outcome=word,
                reason=getattr(outcome, "reason", ""),
                attempts=claim.attempts,
                duration_ms=milliseconds,
            )
        return outcomes

    async def _answer(self, carrier: Carrier, group: Sequence[Claim]) -> defaultdict[Phone, Outcome]:
        """An outcome for each number. A carrier never raises; if one does, its numbers may have been sent to."""
        try:
            answer = await carrier.send(group[0].text, [claim.phone for claim in group])
            return defaultdict(lambda: Unknown("the carrier said nothing of this number"), answer)
        except Exception:
            log.exception("carrier.send_raised", channel=group[0].channel)
            return defaultdict(lambda: Unknown("the carrier module failed"))

    def _rested(self, round_: _Round, outcome: Outcome) -> Outcome:
        """The outcome; if the whole channel is at fault, it begins to rest, and the message with it."""
        if not (isinstance(outcome, Deferred) and outcome.whole_channel):
            return outcome
        rest = outcome.after or self._pace.rest
        if not round_.rest:
            seconds = rest.total_seconds()
            log.warning("channel.resting", channel=round_.channel, reason=outcome.reason, seconds=seconds)
        round_.rest = max(round_.rest, rest)
        return replace(outcome, after=rest)

    async def _insist(self, write: Callable[[], Awaitable[set[int]]], messages: int) -> None:
        """Write until it is written. Told to stop while the database is away, it leaves the claims to the sweep."""
        while True:
            last = self._stopping.is_set()
            try:
                written = await write()
            except DatabaseAway:
                self._database_is(away=True)
                if last:
                    log.error("worker.outcomes_not_recorded", messages=messages)
                    return
                await self._pause(self._pace.outage)
            else:
                self._database_is(away=False)
                if len(written) < messages:
                    log.warning("worker.outcomes_came_late", messages=messages - len(written))
                return

    def _database_is(self, *, away: bool) -> None:
        if away:
            self._metrics.store_errors.labels("postgres").inc()
        if away and not self._database_away:
            log.error("worker.database_away")
        if self._database_away and not away:
            log.info("worker.database_back")
        self._database_away = away

    async def _pause(self, time: timedelta) -> None:
        """Wait, but not longer than until told to stop."""
        if time:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), time.total_seconds())


def grouped(claims: Sequence[Claim], most: int) -> list[list[Claim]]:
    """The claims in calls of one text and at most `most` numbers, no number twice in a call, the pressing first."""
    groups: dict[tuple[str, int], list[Claim]] = defaultdict(list)
    times: Counter[tuple[str, Phone]] = Counter()
    for claim in claims:
        times[claim.text, claim.phone] += 1
        groups[claim.text, times[claim.text, claim.phone]].append(claim)
    return [group[at : at + most] for group in groups.values() for at in range(0, len(group), most)]
