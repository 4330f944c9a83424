"""Send loop of one channel: claim due messages, and run their batches (`batch.py`).

Each channel is a task of its own, so that a slow carrier, a paused channel or a low rate delays no other channel.
Within a channel each lane has calls of its own. An appeal keeps a carrier that needs seconds for each call busy for
hours, and a confirmation finds it as free as without the appeal. No call is made within a transaction: no database
connection waits for a carrier. While one batch is sent, the next is claimed and the last is recorded.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from datetime import timedelta
from functools import partial

from gateway.carriers.carrier import Carrier
from gateway.messages.claims import Claim, Lane
from gateway.messages.quiet_now import QuietNow
from gateway.messages.sending.batch import Batch, LaneState
from gateway.messages.sending.context import ChannelContext, SenderDeps
from gateway.messages.sending.worker import WorkerState

_AT_ONCE = timedelta()
# With a rate limit, a claim has the parts of a quarter of a second, and is made when fewer than that are unsent. So a
# message of a higher lane, or a pause, waits for no more than that of each worker.
_CLAIMS_PER_SECOND = 4
_CAPACITY_POLL_S = 0.05


class ChannelSender:
    """Sender of one channel. Call `run` once."""

    def __init__(self, channel: str, carrier: Carrier, deps: SenderDeps, worker: WorkerState) -> None:
        self._channel = channel
        self._deps = deps
        self._worker = worker
        self._context = ChannelContext(channel, carrier, deps, worker)
        calls = worker.options.concurrent_calls
        self._priority_lane = LaneState(Lane.PRIORITY, calls)
        self._lanes = (self._priority_lane, LaneState(Lane.APPEALS, calls, yields_to=self._priority_lane))
        self._was_paused = False

    async def run(self) -> None:
        """Send until the worker stops. Returns when the running batches have ended."""
        try:
            async with asyncio.TaskGroup() as tasks:
                for lane in self._lanes:
                    send = partial(self._send_due, lane)
                    tasks.create_task(self._worker.run_until_stopped(send, channel=self._channel))
        finally:
            self._worker.stop()
            await _wait_for_batches(self._running_batches(), asyncio.ALL_COMPLETED)

    async def _send_due(self, lane: LaneState) -> timedelta:
        """Claim due messages and start their batch. Returns the pause until the next claim."""
        while self._context.fault:
            await _wait_for_batches(self._running_batches(), asyncio.ALL_COMPLETED)
        options, limit = self._worker.options, self._worker.options.batch_size
        if self._deps.rate_limiter and (per_second := self._deps.rate_limiter.max_parts_per_call(self._channel)):
            max_unsent = max(1, per_second // _CLAIMS_PER_SECOND)
            limit = min(limit, max_unsent)
            await self._wait_for_capacity(lane, max_unsent)
        claimed_at = self._deps.clock.monotonic()
        claims = await self._deps.outbox.claim(
            limit, self._deps.worker_name, self._channel, lane=lane.lane, quiet=self._quiet_now()
        )
        self._worker.note_database(available=True)
        if claims:
            self._start_batch(lane, claims, claimed_at)
        elif lane is self._priority_lane and not self._running_batches():
            return await self._probe_if_paused()
        elif not lane.batches:
            return options.idle_poll
        if lane.claimed_messages + limit > options.concurrent_batches * options.batch_size:
            await _wait_for_batches(lane.batches, asyncio.FIRST_COMPLETED)
        elif len(claims) < limit:
            # The queue is empty for now: look again soon, or when a batch has ended and may have requeued something.
            await _wait_for_batches(lane.batches, asyncio.FIRST_COMPLETED, options.idle_poll.total_seconds())
        return _AT_ONCE

    async def _wait_for_capacity(self, lane: LaneState, max_unsent: int) -> None:
        """Wait until fewer parts than `max_unsent` are claimed and unsent."""
        while lane.pending_parts >= max_unsent and not self._worker.stopping:
            await _wait_for_batches(lane.batches, asyncio.FIRST_COMPLETED, _CAPACITY_POLL_S)

    async def _probe_if_paused(self) -> timedelta:
        """Send a probe if the channel is paused and its pause has run out. Returns the pause until the next claim."""
        options, deps = self._worker.options, self._deps
        was_paused = self._was_paused
        self._was_paused = (await deps.channels.status_of(self._channel)).paused
        if not self._was_paused:
            # Resumed since the last look: messages are due, and must not wait for the next poll.
            return _AT_ONCE if was_paused else options.idle_poll
        claimed_at = deps.clock.monotonic()
        claims = await deps.outbox.claim_probe(deps.worker_name, self._channel, quiet=self._quiet_now())
        if claims:
            self._start_batch(self._priority_lane, claims, claimed_at, probing=True)
            await _wait_for_batches(self._priority_lane.batches, asyncio.ALL_COMPLETED)
            return _AT_ONCE
        return min(options.idle_poll, options.paused_poll)

    def _quiet_now(self) -> QuietNow:
        return self._deps.quiet_now(self._deps.clock.now())

    def _start_batch(
        self, lane: LaneState, claims: Sequence[Claim], claimed_at: float, *, probing: bool = False
    ) -> None:
        batch = Batch(self._context, lane, claims, claimed_at, probing=probing)
        task = asyncio.create_task(self._worker.run_once(batch.run, channel=self._channel))
        lane.batches[task] = batch
        task.add_done_callback(partial(self._forget_batch, lane))

    def _forget_batch(self, lane: LaneState, task: asyncio.Task[timedelta]) -> None:
        del lane.batches[task]
        if not self._running_batches():
            self._context.fault = None

    def _running_batches(self) -> list[asyncio.Task[timedelta]]:
        return [task for lane in self._lanes for task in lane.batches]


async def _wait_for_batches(
    batches: Iterable[asyncio.Task[timedelta]], which: str, seconds: float | None = None
) -> None:
    """Wait until one of the batches has ended, or all, or `seconds` have passed. Returns at once if there are none."""
    if tasks := list(batches):
        await asyncio.wait(tasks, return_when=which, timeout=seconds)
