"""One channel of a worker: claims what is due and has it sent (`rounds.py`).

Each channel is a task of its own, so that a slow carrier, a paused channel or a slow rate delays nobody else. Within
one, appeals have a lane of their own, with calls of their own: a carrier that takes seconds for each call is kept busy
by an appeal for hours, and a confirmation finds it as free as without one. The claim's transaction has ended before
anything is sent: no database connection waits for a carrier. While one claim is sent, the next is made and the last is
written down.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial

from gateway.carriers.carrier import Carrier
from gateway.messages.claims import Claim, Lane
from gateway.messages.sending.batch import Batch, ChannelContext, LaneState, SenderDeps
from gateway.messages.sending.worker import WorkerState

__all__ = ["ChannelSender", "SenderDeps"]

_AT_ONCE = timedelta()
_CLAIMS_PER_SECOND = (
    4  # of a channel with a rate, a claim is a fourth of a second's parts, made when less than that still waits:
)
# what presses more, or a pause, waits for no more than that of each worker
_CAPACITY_POLL_S = 0.05  # between two looks whether enough of it has left


class ChannelSender:
    """The work of one channel."""

    def __init__(self, channel: str, carrier: Carrier, deps: SenderDeps, worker: WorkerState) -> None:
        self._channel = channel
        self._deps = deps
        self._worker = worker
        self._context = ChannelContext(channel, carrier, deps, worker)
        self._priority_lane = LaneState(Lane.PRIORITY, worker.options.concurrent_calls)
        self._lanes = (
            self._priority_lane,
            LaneState(Lane.APPEALS, worker.options.concurrent_calls, yields_to=self._priority_lane),
        )
        self._was_paused = False

    async def run(self) -> None:
        """Send until the shift is over, and then finish what is under way."""
        try:
            async with asyncio.TaskGroup() as tasks:
                for track in self._lanes:
                    sending = partial(self._send_due, track)
                    tasks.create_task(self._worker.run_until_stopped(sending, channel=self._channel))
        finally:
            self._worker.stop()
            await _wait_for_batches(self._running_batches(), asyncio.ALL_COMPLETED)

    async def _send_due(self, track: LaneState) -> timedelta:
        """Claim what is due and begin to send it; the pause until the next claim."""
        while self._context.fault:
            await _wait_for_batches(self._running_batches(), asyncio.ALL_COMPLETED)
        pace, batch = self._worker.options, self._worker.options.batch_size
        if self._deps.rate_limiter and (most := self._deps.rate_limiter.max_parts_per_call(self._channel)):
            slice_ = max(1, most // _CLAIMS_PER_SECOND)
            batch = min(batch, slice_)
            await self._wait_for_capacity(track, slice_)
        claimed_at = self._deps.clock.monotonic()
        claims = await self._deps.outbox.claim(
            batch, self._deps.worker, self._channel, lane=track.lane, quiet_until=self._quiet_until()
        )
        self._worker.database_is(away=False)
        if claims:
            self._start_batch(track, claims, claimed_at)
        elif track is self._priority_lane and not self._running_batches():
            return await self._probe_if_paused()
        elif not track.batches:
            return pace.idle_poll
        if track.claimed_messages + batch > pace.concurrent_batches * pace.batch_size:
            await _wait_for_batches(track.batches, asyncio.FIRST_COMPLETED)
        elif len(claims) < batch:
            await _wait_for_batches(track.batches, asyncio.FIRST_COMPLETED, pace.idle_poll.total_seconds())
        return _AT_ONCE

    async def _wait_for_capacity(self, track: LaneState, most_ahead: int) -> None:
        """Return when fewer parts than that are claimed and have not left."""
        while track.pending_parts >= most_ahead and not self._worker.stopping:
            await _wait_for_batches(track.batches, asyncio.FIRST_COMPLETED, _CAPACITY_POLL_S)

    async def _probe_if_paused(self) -> timedelta:
        """Nothing could be claimed: probe the channel if it is paused and its rest is over; the pause until then."""
        pace, deps = self._worker.options, self._deps
        was_paused = self._was_paused
        self._was_paused = (await deps.channels.status_of(self._channel)).paused
        if not self._was_paused:
            # Resumed since the last look: what waits is due, and must not wait for the next poll.
            return _AT_ONCE if was_paused else pace.idle_poll
        claimed_at = deps.clock.monotonic()
        if claims := await deps.outbox.claim_probe(deps.worker, self._channel, quiet_until=self._quiet_until()):
            self._start_batch(self._priority_lane, claims, claimed_at, probing=True)
            await _wait_for_batches(self._priority_lane.batches, asyncio.ALL_COMPLETED)
            return _AT_ONCE
        return min(pace.idle_poll, pace.paused_poll)

    def _quiet_until(self) -> datetime | None:
        return self._deps.quiet_until(self._deps.clock.now())

    def _start_batch(
        self, track: LaneState, claims: Sequence[Claim], claimed_at: float, *, probing: bool = False
    ) -> None:
        round_ = Batch(self._context, track, claims, claimed_at, probing=probing)
        task = asyncio.create_task(self._worker.run_once(round_.run, channel=self._channel))
        track.batches[task] = round_
        task.add_done_callback(partial(self._forget_batch, track))

    def _forget_batch(self, track: LaneState, task: asyncio.Task[timedelta]) -> None:
        del track.batches[task]
        if not self._running_batches():
            self._context.fault = None

    def _running_batches(self) -> list[asyncio.Task[timedelta]]:
        return [task for track in self._lanes for task in track.batches]


async def _wait_for_batches(
    rounds: Iterable[asyncio.Task[timedelta]], which: str, seconds: float | None = None
) -> None:
    """Return when one of these has ended, or all have, or so many seconds have passed; at once if there are none."""
    if waited := list(rounds):
        await asyncio.wait(waited, return_when=which, timeout=seconds)
