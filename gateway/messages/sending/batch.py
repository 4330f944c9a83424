"""Batch of claims: make its calls to the carrier, record their outcomes, release the claims that were not sent.

A *claim* is a message that this worker alone may send until it records or releases it (`messages.claims`). A *batch* is
the claims of one statement: up to 200 of one lane of one channel, or the single message that probes a paused channel.
Each claim of it ends in one of two ways: the outcome of its call is recorded, or it goes back into the queue unsent and
costs no attempt. A fault of the carrier, of Redis or of PostgreSQL changes nothing about that. Three exceptions remain:
a worker that is killed, one that is stopped while PostgreSQL is unavailable, and a fault of ours (an exception that
nothing here expects). Then a sweep finds the claim five minutes later and makes its message `unknown`.

Who may take a claim out of the unsent set
------------------------------------------
`_unsent` holds the claims that may still end in either way. Whoever removes a claim from it owns the claim, and must
send it or release it. There are three takers, and they run concurrently:

                    +-- 1. a caller, just before its call ----> carrier --> _outcomes --> record
                    |
    _unsent (dict) -+-- 2. the check for withdrawn claims ---------------------------> release
                    |
                    +-- 3. `run`, when no caller is left ----------------------------> release

1.  A *caller* (`_send_calls`) takes a group of claims with the same text off `_calls`, waits for its turn in the rate,
    has the withdrawn claims released, and only then pops the claims of its group. Those that another taker has popped
    meanwhile are not in its call. If none is left there is no call.
2.  The *check* (`_release_withdrawn`) asks the database which claims must not be sent any more: of opted-out people, of
    an appeal that is paused or cancelled, of erased numbers, of any appeal once the quiet hours have begun. A slow
    carrier may keep a claim waiting for a minute, and an appeal has a million recipients: opt-outs come meanwhile. The
    callers check before each call. A task of its own (`_watch_appeals`) checks twice a second, and so releases claims
    even while all callers wait for the carrier. Only appeals are checked: nobody may opt out of a confirmation.
3.  `run` takes the rest when no caller is left, and releases it. After a fault of ours it takes the rest as well, so
    that the lane below does not wait for it, but leaves it to the sweep: the exception goes on to the log.

All three use `_pop_unsent`, in which nothing is awaited. On one event loop it is therefore atomic, and no claim is ever
both sent and released. The dict is emptied as the batch goes on, instead of marking claims as done: what it still holds
is exactly what must still be sent or released, at every moment and after every failure. No second list can disagree.

What the parts are for
----------------------
`_calls` (deque)         Groups that no caller has begun with. A caller looks and takes without an await between, so no
                         two begin with the same one. A group owns nothing: its claims stay in `_unsent`.
`lane.calls` (semaphore) Bounds the calls of all batches of the lane that are under way at the same time.
`_check_lock` (lock)     One check at a time. A caller that has waited for it finds the result of the check before it
                         fresh and asks nothing: about two queries a second, whatever the number of callers.
`_calls_done` (event)    Wakes the watching task as soon as the callers have ended. It need not wait for its next check.
`_recording` (flag)      One record at a time. Outcomes that arrive meanwhile join the next one: a statement for a
                         hundred rows costs little more than for one.
`_deadline` (time)       A quarter of the time after which a sweep gives up a claim. No caller asks for its turn in the
                         rate later, and a turn is at most a second ahead. So no other worker can have claimed the
                         message again when its call begins.

Invariants
----------
These hold whatever the carrier, the database, a person or a signal does. `tests/messages/sending/` and `tests/faults/`
check them, the latter against killed processes.

*   A claim is in at most one call, and in none after it was released.
*   When `run` returns, `_unsent` is empty and every claim is recorded or released, but for the exceptions above.
*   A caller that asks for its turn while outcomes cannot be recorded, or while the account is at fault, begins no call.
*   Before the call of an appeal there was a check (or the claim itself) that began at most half a second earlier, or
    that the caller waited for. No appeal is sent to a person whose opt-out was committed before it began.
*   No caller asks for its turn in the rate before it has seen that no claim of the lane above is unsent.
*   `lane.pending_parts` is the sum of the parts in `_unsent`, over all batches of the lane.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter, defaultdict, deque
from collections.abc import Collection, Sequence
from datetime import timedelta
from functools import partial

import structlog

from gateway.carriers.carrier import Deferred, Outcome, Unknown
from gateway.messages.channel_state import ChannelStatus
from gateway.messages.claims import Claim, Lane
from gateway.messages.message import MessageClass
from gateway.messages.sending.context import ChannelContext
from gateway.runtime.clock import Clock
from gateway.runtime.postgres import DatabaseUnavailable
from gateway.text.phone import Phone

log = structlog.get_logger()

_BATCH_TIME_SHARE = 4  # a batch sends for this fraction of `lost_after`, and releases the rest long before it is lost
_CHECK_INTERVAL_S = 0.5  # the age at which the last check for withdrawn claims is too old to send an appeal


class LaneState:
    """Calls and batches of one lane of a channel. It waits for nothing that a lower lane does."""

    def __init__(self, lane: Lane, calls: int, yields_to: LaneState | None = None) -> None:
        """Create a lane that sends nothing while a claim of `yields_to` is unsent."""
        self.lane = lane
        self.calls = asyncio.Semaphore(calls)
        self.yields_to = yields_to
        self.batches: dict[asyncio.Task[timedelta], Batch] = {}
        self.pending_parts = 0  # of all claims that are not sent yet
        self.idle = asyncio.Event()
        self.idle.set()

    def add_pending_parts(self, parts: int) -> None:
        """Count parts that wait to be sent. `parts` is negative once they are sent or released."""
        self.pending_parts += parts
        if self.pending_parts:
            self.idle.clear()
        else:
            self.idle.set()

    @property
    def claimed_messages(self) -> int:
        return sum(batch.size for batch in self.batches.values())


class Batch:
    """Claims of one statement on their way to the carrier. Call `run` once."""

    def __init__(
        self,
        context: ChannelContext,
        lane: LaneState,
        claims: Sequence[Claim],
        claimed_at: float,
        *,
        probing: bool = False,
    ) -> None:
        """`claimed_at` is the start of the claim, by the monotonic clock. `probing`: a paused channel is tried."""
        self._context, self._lane = context, lane
        self._deps, self._worker = context.deps, context.worker
        limiter, options = context.deps.rate_limiter, context.worker.options
        max_parts = limiter.max_parts_per_call(context.channel) if limiter else None
        self.size = len(claims)
        self._calls = deque(group_into_calls(claims, options.recipients_per_call, max_parts))
        self._unsent = {claim.id: claim for claim in claims}
        lane.add_pending_parts(sum(claim.parts for claim in claims))
        self._deadline = self._deps.clock.monotonic() + options.lost_after.total_seconds() / _BATCH_TIME_SHARE
        self._probing = probing
        self._carrier_called = False
        self._last_error = ""
        self._outcomes: list[tuple[Claim, Outcome]] = []  # not recorded yet
        self._recording = False
        self._checked_at = claimed_at  # a claim is itself a check
        self._check_lock = asyncio.Lock()
        self._has_appeals = any(claim.kind is MessageClass.APPEAL for claim in claims)
        self._calls_done = asyncio.Event()

    async def run(self) -> timedelta:
        """Make all calls, record their outcomes, and release the claims that were not sent. Returns no pause."""
        try:
            # The inner group ends with the last call, the outer one when everything is recorded and released as well.
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
        await self._update_channel()
        return timedelta()

    # Sending --------------------------------------------------------------------------------------------------

    async def _send_calls(self, tasks: asyncio.TaskGroup) -> None:
        """Make one call after the other, until none is left or the batch is over."""
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
            # `self._outcomes.extend(await …)` would extend the list that the recorder has taken during the call.
            self._outcomes.extend(outcomes)
            if not self._recording:
                self._recording = True
                tasks.create_task(self._record_outcomes())

    def _pop_unsent(self, ids: Collection[int]) -> list[Claim]:
        """Take these claims out of the unsent set, to send or to release them. Skips those already taken."""
        taken = [self._unsent.pop(one) for one in ids if one in self._unsent]
        self._lane.add_pending_parts(-sum(claim.parts for claim in taken))
        return taken

    def _is_over(self) -> bool:
        """Return True if nothing more of this batch may be sent, and the rest should be released."""
        stopped = self._context.fault is not None or self._worker.database_unavailable or self._worker.stopping
        return stopped or self._deps.clock.monotonic() > self._deadline

    async def _acquire_rate(self, group: Sequence[Claim]) -> bool:
        """Wait until the rate limiter lets the group be sent. Returns False if the batch is over before that."""
        limiter, parts = self._deps.rate_limiter, sum(claim.parts for claim in group)
        while True:
            await self._wait_for_higher_lane()
            if self._is_over():
                return False
            if limiter is None:
                return True
            # Granted capacity is reserved at once and used after `wait`. So workers take turns in the order of asking.
            granted, wait = await limiter.acquire(self._context.channel, parts)
            late = not granted and self._deps.clock.monotonic() + wait > self._deadline
            if not late:
                await self._worker.pause(timedelta(seconds=wait))
            if late or self._context.fault or self._worker.stopping:
                return False
            if granted:
                return True

    async def _wait_for_higher_lane(self) -> None:
        if self._lane.yields_to:
            await self._lane.yields_to.idle.wait()

    # Releasing ------------------------------------------------------------------------------------------------

    async def _watch_appeals(self, tasks: asyncio.TaskGroup) -> None:
        """Check for withdrawn claims until all calls have ended.

        Without it, a cancelled appeal would keep its claims for as long as the carrier takes to answer a call.
        """
        while not self._calls_done.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._calls_done.wait(), _CHECK_INTERVAL_S)
            await self._release_withdrawn(tasks)

    async def _release_withdrawn(self, tasks: asyncio.TaskGroup) -> bool:
        """Release the claims that must not be sent any more, unless the last check is fresh enough.

        Returns False if the database is unavailable: then nobody knows, and nothing may be sent.
        """
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
                self._worker.note_database(available=False)
                return False
            self._checked_at = began
            if claims := self._pop_unsent(withdrawn):
                log.info("worker.claims_withdrawn", channel=self._context.channel, messages=len(claims))
                self.size -= len(claims)
                tasks.create_task(self._release(claims))
        return True

    async def _find_withdrawn(self, claims: Sequence[Claim]) -> Collection[int]:
        """Return the ids of the claims that must not be sent any more."""
        quiet = self._deps.quiet_now(self._deps.clock.now())
        waiting = {claim.id for claim in claims if quiet.holds_back(claim.kind, claim.own_hours)}
        if len(waiting) == len(claims):
            return waiting
        return waiting | await self._deps.outbox.find_withdrawn(claims)

    async def _release(self, claims: Sequence[Claim]) -> None:
        release = partial(self._deps.outbox.release, self._context.channel, claims)
        await self._worker.write_with_retry(release, len(claims))

    # Recording ------------------------------------------------------------------------------------------------

    async def _record_outcomes(self) -> None:
        """Record outcomes until none is left. Those that arrive meanwhile join the next record."""
        channel = self._context.channel
        while self._outcomes:
            await asyncio.sleep(self._worker.options.record_delay.total_seconds())
            outcomes, self._outcomes = self._outcomes, []
            try:
                record = partial(self._deps.outbox.record, channel, outcomes, self._deps.clock.now())
                await self._worker.write_with_retry(record, len(outcomes))
            except Exception:
                # The messages stay `sending`. The sweep makes them unknown, and their class decides about a resend.
                log.exception("worker.record_failed", channel=channel, messages=len(outcomes))
        self._recording = False

    async def _send_group(self, group: Sequence[Claim]) -> Sequence[tuple[Claim, Outcome]]:
        """Make one call. Logs and counts the outcome of each message."""
        began = self._deps.clock.monotonic()
        answer = await self._call_carrier(group)
        milliseconds = round((self._deps.clock.monotonic() - began) * 1000, 1)
        outcomes = [(claim, answer[claim.phone]) for claim in group]
        await self._handle_fault([outcome for _, outcome in outcomes])
        for claim, outcome in outcomes:
            word = type(outcome).__name__.lower()
            self._worker.metrics.sends.labels(self._context.channel, word).inc()
            log.info(
                "message.sent",
                **{"message": claim.id, "class": claim.kind.value, "ticket": claim.ticket},
                channel=self._context.channel,
                outcome=word,
                reason=getattr(outcome, "reason", ""),
                attempts=claim.attempts,
                duration_ms=milliseconds,
            )
        return outcomes

    async def _call_carrier(self, group: Sequence[Claim]) -> defaultdict[Phone, Outcome]:
        """Return an outcome for each number. A number that the carrier does not mention is unknown.

        A carrier never raises. If one does after all, its numbers are unknown too: they may have been sent to.
        """
        try:
            answer = await self._context.carrier.send(group[0].text, [claim.phone for claim in group])
            return defaultdict(lambda: Unknown("the carrier said nothing of this number"), answer)
        except Exception:
            log.exception("carrier.send_raised", channel=self._context.channel)
            return defaultdict(lambda: Unknown("the carrier module failed"))

    # State of the channel -------------------------------------------------------------------------------------

    async def _handle_fault(self, outcomes: Sequence[Outcome]) -> None:
        """Open the circuit breaker: pause the channel for all workers if its account is at fault.

        This is before the outcomes are recorded, so that no worker claims the same messages again meanwhile.
        """
        failures = [outcome for outcome in outcomes if isinstance(outcome, Deferred | Unknown)]
        if not failures:
            return
        self._last_error = failures[-1].reason
        faults = [outcome for outcome in failures if isinstance(outcome, Deferred) and outcome.whole_channel]
        if not faults:
            return
        context, fault, first = self._context, faults[0], self._context.fault is None
        context.fault = context.fault or fault
        try:
            status = await self._deps.channels.pause_for_fault(
                context.channel, fault.reason, fault.after, probing=self._probing
            )
        except DatabaseUnavailable:
            self._worker.note_database(available=False)
            return
        if first:
            seconds = _seconds_until_probe(status, self._deps.clock)
            log.warning("channel.paused", channel=context.channel, reason=status.reason, seconds=seconds)

    async def _update_channel(self) -> None:
        """Resume the channel if its probe met no fault of the account, and note the last error of this batch."""
        channel, channels = self._context.channel, self._deps.channels
        # A probe whose message was withdrawn before the call has tried nothing.
        probed = self._probing and self._carrier_called and not self._context.fault
        if probed and await channels.resume_after_probe(channel):
            log.info("channel.resumed", channel=channel)
        if self._last_error and not self._context.fault:
            await channels.note_error(channel, self._last_error)


def _seconds_until_probe(status: ChannelStatus, clock: Clock) -> float | None:
    """Return the seconds until the channel is probed. None if it was paused by hand."""
    return round((status.until - clock.now()).total_seconds(), 1) if status.until else None


def group_into_calls(claims: Sequence[Claim], recipients: int, max_parts: int | None = None) -> list[list[Claim]]:
    """Group claims into calls of one text, in their order, without the same number twice in a call.

    A call has at most `recipients` numbers and `max_parts` parts, but at least one message.
    """
    groups: dict[tuple[str, int], list[Claim]] = defaultdict(list)
    copies: Counter[tuple[str, Phone]] = Counter()
    # A number that occurs twice goes into another call: answers are by number, and two of one call would be one.
    for claim in claims:
        copies[claim.text, claim.phone] += 1
        groups[claim.text, copies[claim.text, claim.phone]].append(claim)
    calls = []
    for group in groups.values():
        size = min(recipients, max(1, max_parts // group[0].parts)) if max_parts else recipients
        calls += [group[start : start + size] for start in range(0, len(group), size)]
    return calls
