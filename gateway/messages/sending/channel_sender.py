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
_SLICES = 4  # of a channel with a rate, a claim is a fourth of a second's parts, made when less than that still waits:
# what presses more, or a pause, waits for no more than that of each worker
_ROOM_S = 0.05  # between two looks whether enough of it has left


class ChannelSender:
    """The work of one channel."""

    def __init__(self, channel: str, carrier: Carrier, deps: SenderDeps, shift: WorkerState) -> None:
        self._channel = channel
        self._deps = deps
        self._shift = shift
        self._post = ChannelContext(channel, carrier, deps, shift)
        self._pressing = LaneState(Lane.PRESSING, shift.options.calls)
        self._tracks = (self._pressing, LaneState(Lane.APPEALS, shift.options.calls, first=self._pressing))
        self._was_paused = False

    async def run(self) -> None:
        """Send until the shift is over, and then finish what is under way."""
        try:
            async with asyncio.TaskGroup() as tasks:
                for track in self._tracks:
                    sending = partial(self._send_due, track)
                    tasks.create_task(self._shift.run_until_stopped(sending, channel=self._channel))
        finally:
            self._shift.stop()
            await _ends(self._rounds(), asyncio.ALL_COMPLETED)

    async def _send_due(self, track: LaneState) -> timedelta:
        """Claim what is due and begin to send it; the pause until the next claim."""
        while self._post.fault:
            await _ends(self._rounds(), asyncio.ALL_COMPLETED)
        pace, batch = self._shift.options, self._shift.options.batch_size
        if self._deps.rates and (most := self._deps.rates.most_parts(self._channel)):
            slice_ = max(1, most // _SLICES)
            batch = min(batch, slice_)
            await self._wait_for_room(track, slice_)
        claimed_at = self._deps.clock.monotonic()
        claims = await self._deps.outbox.claim(
            batch, self._deps.worker, self._channel, lane=track.lane, quiet_until=self._quiet_until()
        )
        self._shift.database_is(away=False)
        if claims:
            self._begin(track, claims, claimed_at)
        elif track is self._pressing and not self._rounds():
            return await self._look_at_pause()
        elif not track.batches:
            return pace.idle
        if track.under_way + batch > pace.batches * pace.batch_size:
            await _ends(track.batches, asyncio.FIRST_COMPLETED)
        elif len(claims) < batch:
            await _ends(track.batches, asyncio.FIRST_COMPLETED, pace.idle.total_seconds())
        return _AT_ONCE

    async def _wait_for_room(self, track: LaneState, most_ahead: int) -> None:
        """Return when fewer parts than that are claimed and have not left."""
        while track.parts_ahead >= most_ahead and not self._shift.stopping:
            await _ends(track.batches, asyncio.FIRST_COMPLETED, _ROOM_S)

    async def _look_at_pause(self) -> timedelta:
        """Nothing could be claimed: probe the channel if it is paused and its rest is over; the pause until then."""
        pace, deps = self._shift.options, self._deps
        was_paused = self._was_paused
        self._was_paused = (await deps.channels.standing(self._channel)).paused
        if not self._was_paused:
            # Resumed since the last look: what waits is due, and must not wait for the next poll.
            return _AT_ONCE if was_paused else pace.idle
        claimed_at = deps.clock.monotonic()
        if claims := await deps.outbox.claim_probe(deps.worker, self._channel, quiet_until=self._quiet_until()):
            self._begin(self._pressing, claims, claimed_at, probing=True)
            await _ends(self._pressing.batches, asyncio.ALL_COMPLETED)
            return _AT_ONCE
        return min(pace.idle, pace.paused)

    def _quiet_until(self) -> datetime | None:
        return self._deps.quiet_until(self._deps.clock.now())

    def _begin(self, track: LaneState, claims: Sequence[Claim], claimed_at: float, *, probing: bool = False) -> None:
        round_ = Batch(self._post, track, claims, claimed_at, probing=probing)
        task = asyncio.create_task(self._shift.run_once(round_.run, channel=self._channel))
        track.batches[task] = round_
        task.add_done_callback(partial(self._over, track))

    def _over(self, track: LaneState, task: asyncio.Task[timedelta]) -> None:
        del track.batches[task]
        if not self._rounds():
            self._post.fault = None

    def _rounds(self) -> list[asyncio.Task[timedelta]]:
        return [task for track in self._tracks for task in track.batches]


async def _ends(rounds: Iterable[asyncio.Task[timedelta]], which: str, seconds: float | None = None) -> None:
    """Return when one of these has ended, or all have, or so many seconds have passed; at once if there are none."""
    if waited := list(rounds):
        await asyncio.wait(waited, return_when=which, timeout=seconds)
