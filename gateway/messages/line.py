"""One channel of a worker: claims what is due, hands it to the carrier, writes down how it ended.

Each channel is a task of its own, so that a slow carrier, a paused channel or a slow rate delays nobody else. The
claim's transaction has ended before anything is sent: no database connection waits for a carrier. While one claim is
sent, the next is made and the last is written down.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

import structlog

from gateway.carriers.carrier import Carrier, Deferred, Outcome, Unknown
from gateway.messages.channels import Channels, ChannelStanding
from gateway.messages.claims import Claim
from gateway.messages.outbox import Outbox
from gateway.messages.rate import Rates
from gateway.messages.shift import Shift
from gateway.runtime.clock import Clock
from gateway.runtime.postgres import DatabaseAway
from gateway.text.phone import Phone

log = structlog.get_logger()

_AT_ONCE = timedelta()
_HELD_SHARE = 4  # what was claimed a fourth of `lost_after` ago and has not left is given back, long before it is lost
_SLICES = 4  # of a channel with a rate, a claim is a fourth of a second's parts, made when less than that still waits:
# what presses more, or a pause, waits for no more than that of each worker
_ROOM_S = 0.05  # between two looks whether enough of it has left


@dataclass(frozen=True, slots=True)
class Means:
    """What a line works with. `worker` is a name that no other process has."""

    outbox: Outbox
    channels: Channels
    rates: Rates | None
    clock: Clock
    worker: str
    quiet_until: Callable[[datetime], datetime | None]  # when the quiet hours end that a time lies in


@dataclass(slots=True)
class _Round:
    """One claim on its way: the calls still to be made, until when they may leave, and what is to be written down."""

    waiting: deque[list[Claim]]
    ends: float  # of the monotonic clock
    probing: bool
    called: bool = False  # whether the carrier was asked to send any of it
    error: str = ""
    ended: list[tuple[Claim, Outcome]] = field(default_factory=list)
    writing: bool = False
    parts_ahead: int = 0  # that have not left yet


class Line:
    """The work of one channel."""

    def __init__(self, channel: str, carrier: Carrier, means: Means, shift: Shift) -> None:
        self._channel = channel
        self._carrier = carrier
        self._means = means
        self._shift = shift
        self._calls = asyncio.Semaphore(shift.pace.calls)
        self._rounds: dict[asyncio.Task[timedelta], _Round] = {}
        self._fault: Deferred | None = None  # of the account: nothing more leaves until the rounds have ended
        self._was_paused = False

    async def run(self) -> None:
        """Send until the shift is over, and then finish what is under way."""
        try:
            await self._shift.repeat(self._send_due, channel=self._channel)
        finally:
            self._shift.end()
            if self._rounds:
                await asyncio.wait(self._rounds)

    async def _send_due(self) -> timedelta:
        """Claim what is due and begin to send it; the pause until the next claim."""
        if self._fault:
            await self._rounds_end(asyncio.ALL_COMPLETED)
            self._fault = None
        pace = self._shift.pace
        most = self._means.rates.most_parts(self._channel) if self._means.rates else None
        batch, rounds = pace.batch, pace.rounds
        if most:
            slice_ = max(1, most // _SLICES)
            batch = min(pace.batch, slice_)
            rounds = pace.rounds * pace.batch // batch  # as many messages under way as ever
            await self._wait_for_room(slice_)
        claims = await self._means.outbox.claim(
            batch, self._means.worker, self._channel, quiet_until=self._quiet_until()
        )
        self._shift.database_is(away=False)
        if claims:
            self._begin(claims, most)
        elif not self._rounds:
            return await self._look_at_pause(most)
        if len(self._rounds) >= rounds:
            await self._rounds_end(asyncio.FIRST_COMPLETED)
        elif len(claims) < batch:
            await self._rounds_end(asyncio.FIRST_COMPLETED, pace.idle.total_seconds())
        return _AT_ONCE

    async def _wait_for_room(self, most_ahead: int) -> None:
        """Return when fewer parts than that are claimed and have not left."""
        while sum(round_.parts_ahead for round_ in self._rounds.values()) >= most_ahead and not self._shift.over:
            await self._rounds_end(asyncio.FIRST_COMPLETED, _ROOM_S)

    async def _rounds_end(self, which: str, seconds: float | None = None) -> None:
        if self._rounds:
            await asyncio.wait(self._rounds, return_when=which, timeout=seconds)

    async def _look_at_pause(self, most: int | None) -> timedelta:
        """Nothing could be claimed: probe the channel if it is paused and its rest is over; the pause until then."""
        pace, means = self._shift.pace, self._means
        was_paused = self._was_paused
        self._was_paused = (await means.channels.standing(self._channel)).paused
        if not self._was_paused:
            # Resumed since the last look: what waits is due, and must not wait for the next poll.
            return _AT_ONCE if was_paused else pace.idle
        if claims := await means.outbox.claim_probe(means.worker, self._channel, quiet_until=self._quiet_until()):
            self._begin(claims, most, probing=True)
            await self._rounds_end(asyncio.ALL_COMPLETED)
            return _AT_ONCE
        return min(pace.idle, pace.paused)

    def _quiet_until(self) -> datetime | None:
        return self._means.quiet_until(self._means.clock.now())

    def _begin(self, claims: Sequence[Claim], most_parts: int | None, *, probing: bool = False) -> None:
        calls = deque(grouped(claims, self._shift.pace.recipients, most_parts))
        ends = self._means.clock.monotonic() + self._shift.pace.lost_after.total_seconds() / _HELD_SHARE
        round_ = _Round(calls, ends, probing, parts_ahead=sum(claim.parts for claim in claims))
        making = partial(self._make, round_)
        task = asyncio.create_task(self._shift.attempt(making, channel=self._channel))
        self._rounds[task] = round_
        task.add_done_callback(self._rounds.pop)

    async def _make(self, round_: _Round) -> timedelta:
        """Make the calls of a round, write down how they ended, and give back what did not leave."""
        async with asyncio.TaskGroup() as tasks:
            for _ in range(min(self._shift.pace.calls, len(round_.waiting))):
                tasks.create_task(self._work_off(round_, tasks))
        if unsent := [claim for group in round_.waiting for claim in group]:
            giving_back = partial(self._means.outbox.release, self._channel, unsent)
            await self._shift.insist(giving_back, len(unsent))
        # A probe that never left has tried nothing.
        tried = round_.probing and round_.called and not self._fault
        if tried and await self._means.channels.probed(self._channel):
            log.info("channel.resumed", channel=self._channel)
        if round_.error and not self._fault:
            await self._means.channels.error(self._channel, round_.error)
        return _AT_ONCE

    async def _work_off(self, round_: _Round, tasks: asyncio.TaskGroup) -> None:
        """Make one call after the other. Nothing more leaves while what has left cannot be written down."""
        while round_.waiting:
            async with self._calls:
                if not round_.waiting or self._is_over(round_):
                    return
                group = round_.waiting.popleft()
                if not await self._may_leave(round_, group):
                    round_.waiting.appendleft(group)
                    return
                round_.called = True
                round_.parts_ahead -= sum(claim.parts for claim in group)
                outcomes = await self._send_group(round_, group)
            round_.ended.extend(outcomes)  # not in one expression: the list is another one after the wait
            if not round_.writing:
                round_.writing = True
                tasks.create_task(self._write_down(round_))

    def _is_over(self, round_: _Round) -> bool:
        """Whether nothing more of it may leave: what is still waiting had better be given back."""
        stopped = self._fault is not None or self._shift.database_away or self._shift.over
        return stopped or self._means.clock.monotonic() > round_.ends

    async def _may_leave(self, round_: _Round, group: Sequence[Claim]) -> bool:
        """Wait for the group's place in the channel's rate; False if it had better be given back."""
        if self._means.rates is None:
            return True
        parts = sum(claim.parts for claim in group)
        while True:
            granted, wait = await self._means.rates.place(self._channel, parts)
            late = not granted and self._means.clock.monotonic() + wait > round_.ends
            if not late:
                await self._shift.pause(timedelta(seconds=wait))
            if late or self._fault or self._shift.over:
                return False
            if granted:
                return True

    async def _write_down(self, round_: _Round) -> None:
        """Record what has ended; what ends meanwhile joins the next record."""
        while round_.ended:
            await asyncio.sleep(self._shift.pace.together.total_seconds())
            ended, round_.ended = round_.ended, []
            try:
                await self._shift.insist(partial(self._means.outbox.record, self._channel, ended), len(ended))
            except Exception:
                # They stay claimed, become unknown, and then go the way of their class.
                log.exception("worker.record_failed", channel=self._channel, messages=len(ended))
        round_.writing = False

    async def _send_group(self, round_: _Round, group: Sequence[Claim]) -> Sequence[tuple[Claim, Outcome]]:
        """One call, told in one line for each of its messages."""
        began = self._means.clock.monotonic()
        answer = await self._answer(group)
        milliseconds = round((self._means.clock.monotonic() - began) * 1000, 1)
        outcomes = [(claim, answer[claim.phone]) for claim in group]
        await self._notice_fault(round_, [outcome for _, outcome in outcomes])
        for claim, outcome in outcomes:
            word = type(outcome).__name__.lower()
            self._shift.metrics.sends.labels(self._channel, word).inc()
            facts = {"message": claim.id, "class": claim.kind.value, "ticket": claim.ticket}
            log.info(
                "message.sent",
                **facts,
                channel=self._channel,
                outcome=word,
                reason=getattr(outcome, "reason", ""),
                attempts=claim.attempts,
                duration_ms=milliseconds,
            )
        return outcomes

    async def _answer(self, group: Sequence[Claim]) -> defaultdict[Phone, Outcome]:
        """An outcome for each number. A carrier never raises; if one does, its numbers may have been sent to."""
        try:
            answer = await self._carrier.send(group[0].text, [claim.phone for claim in group])
            return defaultdict(lambda: Unknown("the carrier said nothing of this number"), answer)
        except Exception:
            log.exception("carrier.send_raised", channel=self._channel)
            return defaultdict(lambda: Unknown("the carrier module failed"))

    async def _notice_fault(self, round_: _Round, outcomes: Sequence[Outcome]) -> None:
        """Pause the channel for all workers if its account is at fault, before its messages are queued again."""
        bad = [outcome for outcome in outcomes if isinstance(outcome, Deferred | Unknown)]
        if not bad:
            return
        round_.error = bad[-1].reason
        faults = [outcome for outcome in bad if isinstance(outcome, Deferred) and outcome.whole_channel]
        if not faults:
            return
        fault, first = faults[0], self._fault is None
        self._fault = self._fault or fault
        try:
            stands = await self._means.channels.fault(self._channel, fault.reason, fault.after, probing=round_.probing)
        except DatabaseAway:
            self._shift.database_is(away=True)
            return
        if first:
            seconds = _seconds_left(stands, self._means.clock)
            log.warning("channel.paused", channel=self._channel, reason=stands.reason, seconds=seconds)


def _seconds_left(stands: ChannelStanding, clock: Clock) -> float | None:
    """How long the channel rests; None if a person paused it."""
    return round((stands.until - clock.now()).total_seconds(), 1) if stands.until else None


def grouped(claims: Sequence[Claim], recipients: int, parts: int | None = None) -> list[list[Claim]]:
    """The claims in calls of one text, no number twice in a call, the pressing first.

    A call has at most so many numbers, and so many parts where that is bounded, but always one message.
    """
    groups: dict[tuple[str, int], list[Claim]] = defaultdict(list)
    times: Counter[tuple[str, Phone]] = Counter()
    for claim in claims:
        times[claim.text, claim.phone] += 1
        groups[claim.text, times[claim.text, claim.phone]].append(claim)
    calls = []
    for group in groups.values():
        most = min(recipients, max(1, parts // group[0].parts)) if parts else recipients
        calls += [group[at : at + most] for at in range(0, len(group), most)]
    return calls
