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
from gateway.messages.channel_state import Channels, ChannelStatus
from gateway.messages.claims import Claim, Lane
from gateway.messages.message import CLASSES, MessageClass
from gateway.messages.outbox import Outbox
from gateway.messages.sending.rate_limiter import RateLimiter
from gateway.messages.sending.worker import WorkerState
from gateway.runtime.clock import Clock
from gateway.runtime.postgres import DatabaseUnavailable
from gateway.text.phone import Phone

log = structlog.get_logger()

_BATCH_TIME_SHARE = (
    4  # what was claimed a fourth of `lost_after` ago and has not left is given back, long before it is lost
)
_CHECK_INTERVAL_S = 0.5  # what is known of holds and opt-outs when an appeal leaves is no older


@dataclass(frozen=True, slots=True)
class SenderDeps:
    """What a line works with. `worker` is a name that no other process has."""

    outbox: Outbox
    channels: Channels
    rate_limiter: RateLimiter | None
    clock: Clock
    worker: str
    quiet_until: Callable[[datetime], datetime | None]  # when the quiet hours end that a time lies in


@dataclass(slots=True)
class ChannelContext:
    """What all rounds of one channel share."""

    channel: str
    carrier: Carrier
    deps: SenderDeps
    worker: WorkerState
    fault: Deferred | None = None  # of the account: nothing more leaves until the rounds have ended


class LaneState:
    """The calls and the rounds of one lane of a channel. Nothing in it waits for what the other lane has to do."""

    def __init__(self, lane: Lane, calls: int, yields_to: LaneState | None = None) -> None:
        """While something of `first` waits to leave, nothing of this one does."""
        self.lane = lane
        self.calls = asyncio.Semaphore(calls)
        self.yields_to = yields_to
        self.batches: dict[asyncio.Task[timedelta], Batch] = {}
        self.pending_parts = 0  # that are claimed and have not left yet
        self.idle = asyncio.Event()
        self.idle.set()

    def add_pending_parts(self, parts: int) -> None:
        """So many parts more, or fewer, wait to leave."""
        self.pending_parts += parts
        self.idle.clear() if self.pending_parts else self.idle.set()

    @property
    def claimed_messages(self) -> int:
        """How many messages its rounds have claimed."""
        return sum(round_.size for round_ in self.batches.values())


class Batch:
    """One claim of a channel. `make` is all of it."""

    def __init__(
        self,
        context: ChannelContext,
        lane: LaneState,
        claims: Sequence[Claim],
        claimed_at: float,
        *,
        probing: bool = False,
    ) -> None:
        """`claimed_at` is when the claim began, of the monotonic clock."""
        self._context, self._lane = context, lane
        self._deps, self._worker = context.deps, context.worker
        rates = context.deps.rate_limiter
        most_parts = rates.max_parts_per_call(context.channel) if rates else None
        self.size = len(claims)
        self._calls = deque(group_into_calls(claims, self._worker.options.recipients_per_call, most_parts))
        self._unsent = {claim.id: claim for claim in claims}
        lane.add_pending_parts(sum(claim.parts for claim in claims))
        self._deadline = (
            self._deps.clock.monotonic() + self._worker.options.lost_after.total_seconds() / _BATCH_TIME_SHARE
        )
        self._probing = probing
        self._carrier_called = False  # whether the carrier was asked to send any of it
        self._last_error = ""
        self._outcomes: list[tuple[Claim, Outcome]] = []
        self._recording = False
        self._checked_at = claimed_at  # as of when it is known what may still leave
        self._check_lock = asyncio.Lock()
        self._has_appeals = any(claim.kind is MessageClass.APPEAL for claim in claims)
        self._calls_done = asyncio.Event()

    async def run(self) -> timedelta:
        """Make the calls of a round, write down how they ended, and give back what did not leave."""
        try:
            async with asyncio.TaskGroup() as tasks:
                if self._has_appeals:
                    tasks.create_task(self._watch_appeals(tasks))
                async with asyncio.TaskGroup() as callers:
                    for _ in range(min(self._worker.options.concurrent_calls, len(self._calls))):
                        callers.create_task(self._send_calls(tasks))
                self._calls_done.set()
        finally:
            unsent = self._pop_unsent(list(self._unsent))
        if unsent:
            await self._release(unsent)
        # A probe that never left has tried nothing.
        tried = self._probing and self._carrier_called and not self._context.fault
        if tried and await self._deps.channels.resume_after_probe(self._context.channel):
            log.info("channel.resumed", channel=self._context.channel)
        if self._last_error and not self._context.fault:
            await self._deps.channels.note_error(self._context.channel, self._last_error)
        return timedelta()

    # What leaves ----------------------------------------------------------------------------------------------

    async def _send_calls(self, tasks: asyncio.TaskGroup) -> None:
        """Make one call after the other. Nothing more leaves while what has left cannot be written down."""
        while self._calls:
            async with self._lane.calls:
                if not self._calls or self._is_over():
                    return
                group = self._calls.popleft()
                if not await self._acquire_rate(group) or not await self._release_withdrawn(tasks):
                    return
                group = self._pop_unsent([claim.id for claim in group])
                if not group:
                    continue
                self._carrier_called = True
                outcomes = await self._send_group(group)
            self._outcomes.extend(outcomes)  # not in one expression: the list is another one after the wait
            if not self._recording:
                self._recording = True
                tasks.create_task(self._record_outcomes())

    def _pop_unsent(self, ids: Collection[int]) -> list[Claim]:
        """Those of the claims that nobody has taken yet: to be sent, or to be given back."""
        taken = [self._unsent.pop(one) for one in ids if one in self._unsent]
        self._lane.add_pending_parts(-sum(claim.parts for claim in taken))
        return taken

    def _is_over(self) -> bool:
        """Whether nothing more of it may leave: what is still waiting had better be given back."""
        stopped = self._context.fault is not None or self._worker.database_unavailable or self._worker.stopping
        return stopped or self._deps.clock.monotonic() > self._deadline

    async def _acquire_rate(self, group: Sequence[Claim]) -> bool:
        """Wait for the group's place in the channel's rate; False if it had better be given back."""
        rates, parts = self._deps.rate_limiter, sum(claim.parts for claim in group)
        while True:
            await self._wait_for_priority()
            if self._is_over():
                return False
            if rates is None:
                return True
            granted, wait = await rates.acquire(self._context.channel, parts)
            late = not granted and self._deps.clock.monotonic() + wait > self._deadline
            if not late:
                await self._worker.pause(timedelta(seconds=wait))
            if late or self._context.fault or self._worker.stopping:
                return False
            if granted:
                return True

    async def _wait_for_priority(self) -> None:
        """Let everything leave first that presses more."""
        if self._lane.yields_to:
            await self._lane.yields_to.idle.wait()

    # What is given back ---------------------------------------------------------------------------------------

    async def _watch_appeals(self, tasks: asyncio.TaskGroup) -> None:
        """Look again and again while calls are under way, so that nobody finds claims that will never leave."""
        while not self._calls_done.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._calls_done.wait(), _CHECK_INTERVAL_S)
            await self._release_withdrawn(tasks)

    async def _release_withdrawn(self, tasks: asyncio.TaskGroup) -> bool:
        """Have given back what must not leave, as it stood half a second ago; False if nobody can tell."""
        if not self._has_appeals:
            return True
        clock = self._deps.clock
        async with self._check_lock:
            began = clock.monotonic()
            if not self._unsent or began - self._checked_at <= _CHECK_INTERVAL_S:
                return True
            try:
                withdrawn = await self._find_withdrawn(list(self._unsent.values()))
            except DatabaseUnavailable:
                self._worker.database_is(away=True)
                return False
            self._checked_at = began
            if claims := self._pop_unsent(withdrawn):
                log.info("worker.claims_withdrawn", channel=self._context.channel, messages=len(claims))
                self.size -= len(claims)
                tasks.create_task(self._release(claims))
        return True

    async def _find_withdrawn(self, claims: Sequence[Claim]) -> Collection[int]:
        """Which of these must not leave any more."""
        if self._deps.quiet_until(self._deps.clock.now()):
            return [claim.id for claim in claims if CLASSES[claim.kind].quiet_hours]
        return await self._deps.outbox.find_withdrawn(claims)

    async def _release(self, claims: Sequence[Claim]) -> None:
        giving_back = partial(self._deps.outbox.release, self._context.channel, claims)
        await self._worker.write_with_retry(giving_back, len(claims))

    # How it ended ---------------------------------------------------------------------------------------------

    async def _record_outcomes(self) -> None:
        """Record what has ended; what ends meanwhile joins the next record."""
        while self._outcomes:
            await asyncio.sleep(self._worker.options.record_delay.total_seconds())
            ended, self._outcomes = self._outcomes, []
            try:
                recording = partial(self._deps.outbox.record, self._context.channel, ended, self._deps.clock.now())
                await self._worker.write_with_retry(recording, len(ended))
            except Exception:
                # They stay claimed, become unknown, and then go the way of their class.
                log.exception("worker.record_failed", channel=self._context.channel, messages=len(ended))
        self._recording = False

    async def _send_group(self, group: Sequence[Claim]) -> Sequence[tuple[Claim, Outcome]]:
        """One call, told in one line for each of its messages."""
        began = self._deps.clock.monotonic()
        answer = await self._call_carrier(group)
        milliseconds = round((self._deps.clock.monotonic() - began) * 1000, 1)
        outcomes = [(claim, answer[claim.phone]) for claim in group]
        await self._handle_fault([outcome for _, outcome in outcomes])
        for claim, outcome in outcomes:
            word = type(outcome).__name__.lower()
            self._worker.metrics.sends.labels(self._context.channel, word).inc()
            facts = {"message": claim.id, "class": claim.kind.value, "ticket": claim.ticket}
            log.info(
                "message.sent",
                **facts,
                channel=self._context.channel,
                outcome=word,
                reason=getattr(outcome, "reason", ""),
                attempts=claim.attempts,
                duration_ms=milliseconds,
            )
        return outcomes

    async def _call_carrier(self, group: Sequence[Claim]) -> defaultdict[Phone, Outcome]:
        """An outcome for each number. A carrier never raises; if one does, its numbers may have been sent to."""
        try:
            answer = await self._context.carrier.send(group[0].text, [claim.phone for claim in group])
            return defaultdict(lambda: Unknown("the carrier said nothing of this number"), answer)
        except Exception:
            log.exception("carrier.send_raised", channel=self._context.channel)
            return defaultdict(lambda: Unknown("the carrier module failed"))

    async def _handle_fault(self, outcomes: Sequence[Outcome]) -> None:
        """Pause the channel for all workers if its account is at fault, before its messages are queued again."""
        bad = [outcome for outcome in outcomes if isinstance(outcome, Deferred | Unknown)]
        if not bad:
            return
        self._last_error = bad[-1].reason
        faults = [outcome for outcome in bad if isinstance(outcome, Deferred) and outcome.whole_channel]
        if not faults:
            return
        post, fault, first = self._context, faults[0], self._context.fault is None
        post.fault = post.fault or fault
        try:
            stands = await self._deps.channels.pause_for_fault(
                post.channel, fault.reason, fault.after, probing=self._probing
            )
        except DatabaseUnavailable:
            self._worker.database_is(away=True)
            return
        if first:
            seconds = _seconds_left(stands, self._deps.clock)
            log.warning("channel.paused", channel=post.channel, reason=stands.reason, seconds=seconds)


def _seconds_left(stands: ChannelStatus, clock: Clock) -> float | None:
    """How long the channel rests; None if a person paused it."""
    return round((stands.until - clock.now()).total_seconds(), 1) if stands.until else None


def group_into_calls(claims: Sequence[Claim], recipients: int, max_parts: int | None = None) -> list[list[Claim]]:
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
        most = min(recipients, max(1, max_parts // group[0].parts)) if max_parts else recipients
        calls += [group[at : at + most] for at in range(0, len(group), most)]
    return calls
