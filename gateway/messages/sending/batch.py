"""One claim on its way: its calls to the carrier are made, how they ended is written down, the rest is given back.

A slow carrier may keep a claim waiting for a minute. What an appeal has claimed is therefore looked at again before it
leaves: what goes to somebody who has opted out meanwhile, or is of an appeal that was paused or called off, is given
back.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import structlog

from gateway.carriers.carrier import Carrier, Deferred, Outcome, Unknown
from gateway.messages.channel_state import Channels, ChannelStanding
from gateway.messages.claims import Claim, Lane
from gateway.messages.message import CLASSES, MessageClass
from gateway.messages.outbox import Outbox
from gateway.messages.sending.rate_limiter import RateLimiter
from gateway.messages.sending.worker import WorkerState
from gateway.runtime.clock import Clock
from gateway.runtime.postgres import DatabaseUnavailable
from gateway.text.phone import Phone

log = structlog.get_logger()

_HELD_SHARE = 4  # what was claimed a fourth of `lost_after` ago and has not left is given back, long before it is lost
_FRESH_S = 0.5  # what is known of holds and opt-outs when an appeal leaves is no older


@dataclass(frozen=True, slots=True)
class SenderDeps:
    """What a line works with. `worker` is a name that no other process has."""

    outbox: Outbox
    channels: Channels
    rates: RateLimiter | None
    clock: Clock
    worker: str
    quiet_until: Callable[[datetime], datetime | None]  # when the quiet hours end that a time lies in


@dataclass(slots=True)
class ChannelContext:
    """What all rounds of one channel share."""

    channel: str
    carrier: Carrier
    deps: SenderDeps
    shift: WorkerState
    fault: Deferred | None = None  # of the account: nothing more leaves until the rounds have ended


class LaneState:
    """The calls and the rounds of one lane of a channel. Nothing in it waits for what the other lane has to do."""

    def __init__(self, lane: Lane, calls: int, first: LaneState | None = None) -> None:
        """While something of `first` waits to leave, nothing of this one does."""
        self.lane = lane
        self.calls = asyncio.Semaphore(calls)
        self.yields_to = first
        self.batches: dict[asyncio.Task[timedelta], Batch] = {}
        self.parts_ahead = 0  # that are claimed and have not left yet
        self.idle = asyncio.Event()
        self.idle.set()

    def add_pending_parts(self, parts: int) -> None:
        """So many parts more, or fewer, wait to leave."""
        self.parts_ahead += parts
        self.idle.clear() if self.parts_ahead else self.idle.set()

    @property
    def under_way(self) -> int:
        """How many messages its rounds have claimed."""
        return sum(round_.size for round_ in self.batches.values())


class Batch:
    """One claim of a channel. `make` is all of it."""

    def __init__(
        self,
        post: ChannelContext,
        track: LaneState,
        claims: Sequence[Claim],
        claimed_at: float,
        *,
        probing: bool = False,
    ) -> None:
        """`claimed_at` is when the claim began, of the monotonic clock."""
        self._post, self._track = post, track
        self._deps, self._shift = post.deps, post.shift
        rates = post.deps.rates
        most_parts = rates.most_parts(post.channel) if rates else None
        self.size = len(claims)
        self._waiting = deque(grouped(claims, self._shift.options.recipients, most_parts))
        self._unsent = {claim.id: claim for claim in claims}
        track.add_pending_parts(sum(claim.parts for claim in claims))
        self._ends = self._deps.clock.monotonic() + self._shift.options.lost_after.total_seconds() / _HELD_SHARE
        self._probing = probing
        self._called = False  # whether the carrier was asked to send any of it
        self._error = ""
        self._ended: list[tuple[Claim, Outcome]] = []
        self._writing = False
        self._seen_at = claimed_at  # as of when it is known what may still leave
        self._looking = asyncio.Lock()
        self._watches = any(claim.kind is MessageClass.APPEAL for claim in claims)
        self._made = asyncio.Event()

    async def run(self) -> timedelta:
        """Make the calls of a round, write down how they ended, and give back what did not leave."""
        try:
            async with asyncio.TaskGroup() as tasks:
                if self._watches:
                    tasks.create_task(self._watch(tasks))
                async with asyncio.TaskGroup() as callers:
                    for _ in range(min(self._shift.options.calls, len(self._waiting))):
                        callers.create_task(self._send_calls(tasks))
                self._made.set()
        finally:
            unsent = self._pop_unsent(list(self._unsent))
        if unsent:
            await self._release(unsent)
        # A probe that never left has tried nothing.
        tried = self._probing and self._called and not self._post.fault
        if tried and await self._deps.channels.probed(self._post.channel):
            log.info("channel.resumed", channel=self._post.channel)
        if self._error and not self._post.fault:
            await self._deps.channels.error(self._post.channel, self._error)
        return timedelta()

    # What leaves ----------------------------------------------------------------------------------------------

    async def _send_calls(self, tasks: asyncio.TaskGroup) -> None:
        """Make one call after the other. Nothing more leaves while what has left cannot be written down."""
        while self._waiting:
            async with self._track.calls:
                if not self._waiting or self._is_over():
                    return
                group = self._waiting.popleft()
                if not await self._acquire_rate(group) or not await self._release_withdrawn(tasks):
                    return
                group = self._pop_unsent([claim.id for claim in group])
                if not group:
                    continue
                self._called = True
                outcomes = await self._send_group(group)
            self._ended.extend(outcomes)  # not in one expression: the list is another one after the wait
            if not self._writing:
                self._writing = True
                tasks.create_task(self._record_ended())

    def _pop_unsent(self, ids: Collection[int]) -> list[Claim]:
        """Those of the claims that nobody has taken yet: to be sent, or to be given back."""
        taken = [self._unsent.pop(one) for one in ids if one in self._unsent]
        self._track.add_pending_parts(-sum(claim.parts for claim in taken))
        return taken

    def _is_over(self) -> bool:
        """Whether nothing more of it may leave: what is still waiting had better be given back."""
        stopped = self._post.fault is not None or self._shift.database_unavailable or self._shift.stopping
        return stopped or self._deps.clock.monotonic() > self._ends

    async def _acquire_rate(self, group: Sequence[Claim]) -> bool:
        """Wait for the group's place in the channel's rate; False if it had better be given back."""
        rates, parts = self._deps.rates, sum(claim.parts for claim in group)
        while True:
            await self._wait_for_priority()
            if self._is_over():
                return False
            if rates is None:
                return True
            granted, wait = await rates.acquire(self._post.channel, parts)
            late = not granted and self._deps.clock.monotonic() + wait > self._ends
            if not late:
                await self._shift.pause(timedelta(seconds=wait))
            if late or self._post.fault or self._shift.stopping:
                return False
            if granted:
                return True

    async def _wait_for_priority(self) -> None:
        """Let everything leave first that presses more."""
        if self._track.yields_to:
            await self._track.yields_to.idle.wait()

    # What is given back ---------------------------------------------------------------------------------------

    async def _watch(self, tasks: asyncio.TaskGroup) -> None:
        """Look again and again while calls are under way, so that nobody finds claims that will never leave."""
        while not self._made.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._made.wait(), _FRESH_S)
            await self._release_withdrawn(tasks)

    async def _release_withdrawn(self, tasks: asyncio.TaskGroup) -> bool:
        """Have given back what must not leave, as it stood half a second ago; False if nobody can tell."""
        if not self._watches:
            return True
        clock = self._deps.clock
        async with self._looking:
            began = clock.monotonic()
            if not self._unsent or began - self._seen_at <= _FRESH_S:
                return True
            try:
                withdrawn = await self._withdrawn(list(self._unsent.values()))
            except DatabaseUnavailable:
                self._shift.database_is(away=True)
                return False
            self._seen_at = began
            if claims := self._pop_unsent(withdrawn):
                log.info("worker.claims_withdrawn", channel=self._post.channel, messages=len(claims))
                self.size -= len(claims)
                tasks.create_task(self._release(claims))
        return True

    async def _withdrawn(self, claims: Sequence[Claim]) -> Collection[int]:
        """Which of these must not leave any more."""
        if self._deps.quiet_until(self._deps.clock.now()):
            return [claim.id for claim in claims if CLASSES[claim.kind].quiet_hours]
        return await self._deps.outbox.withdrawn(claims)

    async def _release(self, claims: Sequence[Claim]) -> None:
        giving_back = partial(self._deps.outbox.release, self._post.channel, claims)
        await self._shift.write_with_retry(giving_back, len(claims))

    # How it ended ---------------------------------------------------------------------------------------------

    async def _record_ended(self) -> None:
        """Record what has ended; what ends meanwhile joins the next record."""
        while self._ended:
            await asyncio.sleep(self._shift.options.together.total_seconds())
            ended, self._ended = self._ended, []
            try:
                recording = partial(self._deps.outbox.record, self._post.channel, ended, self._deps.clock.now())
                await self._shift.write_with_retry(recording, len(ended))
            except Exception:
                # They stay claimed, become unknown, and then go the way of their class.
                log.exception("worker.record_failed", channel=self._post.channel, messages=len(ended))
        self._writing = False

    async def _send_group(self, group: Sequence[Claim]) -> Sequence[tuple[Claim, Outcome]]:
        """One call, told in one line for each of its messages."""
        began = self._deps.clock.monotonic()
        answer = await self._answer(group)
        milliseconds = round((self._deps.clock.monotonic() - began) * 1000, 1)
        outcomes = [(claim, answer[claim.phone]) for claim in group]
        await self._notice_fault([outcome for _, outcome in outcomes])
        for claim, outcome in outcomes:
            word = type(outcome).__name__.lower()
            self._shift.metrics.sends.labels(self._post.channel, word).inc()
            facts = {"message": claim.id, "class": claim.kind.value, "ticket": claim.ticket}
            log.info(
                "message.sent",
                **facts,
                channel=self._post.channel,
                outcome=word,
                reason=getattr(outcome, "reason", ""),
                attempts=claim.attempts,
                duration_ms=milliseconds,
            )
        return outcomes

    async def _answer(self, group: Sequence[Claim]) -> defaultdict[Phone, Outcome]:
        """An outcome for each number. A carrier never raises; if one does, its numbers may have been sent to."""
        try:
            answer = await self._post.carrier.send(group[0].text, [claim.phone for claim in group])
            return defaultdict(lambda: Unknown("the carrier said nothing of this number"), answer)
        except Exception:
            log.exception("carrier.send_raised", channel=self._post.channel)
            return defaultdict(lambda: Unknown("the carrier module failed"))

    async def _notice_fault(self, outcomes: Sequence[Outcome]) -> None:
        """Pause the channel for all workers if its account is at fault, before its messages are queued again."""
        bad = [outcome for outcome in outcomes if isinstance(outcome, Deferred | Unknown)]
        if not bad:
            return
        self._error = bad[-1].reason
        faults = [outcome for outcome in bad if isinstance(outcome, Deferred) and outcome.whole_channel]
        if not faults:
            return
        post, fault, first = self._post, faults[0], self._post.fault is None
        post.fault = post.fault or fault
        try:
            stands = await self._deps.channels.fault(post.channel, fault.reason, fault.after, probing=self._probing)
        except DatabaseUnavailable:
            self._shift.database_is(away=True)
            return
        if first:
            seconds = _seconds_left(stands, self._deps.clock)
            log.warning("channel.paused", channel=post.channel, reason=stands.reason, seconds=seconds)


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
