"""What all tasks of one worker share: its pace, whether it is to stop, and whether the database is there.

No failure of one round of work ends a task, and what was done while the database went away is held until it can be
written down.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import structlog

from gateway.runtime.metrics import Metrics
from gateway.runtime.postgres import DatabaseUnavailable

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class SenderOptions:
    """How a sender works."""

    batch_size: int = 200  # messages of one claim
    recipients_per_call: int = (
        100  # numbers of one call: no more become unknown by one timeout (facts/protocols.md B.5)
    )
    concurrent_calls: int = 12  # of a lane to one carrier at the same time
    concurrent_batches: int = (
        3  # full claims of a lane at the same time: one is sent while others are claimed or written down
    )
    record_delay: timedelta = timedelta(milliseconds=10)  # an ended send waits so long for others to be recorded with
    idle_poll: timedelta = timedelta(milliseconds=500)  # between two looks at an empty queue
    paused_poll: timedelta = timedelta(seconds=1)  # between two looks whether a paused channel may go on
    lost_after: timedelta = timedelta(minutes=5)  # a claim that old and not recorded was lost
    requeue_unknown_after: timedelta = timedelta(minutes=1)  # an unknown is left so long to turn out otherwise
    sweep_interval: timedelta = timedelta(seconds=30)  # between two looks for lost claims
    outage_retry: timedelta = timedelta(seconds=2)  # between two tries to reach the database


class WorkerState:
    """One worker's time at work."""

    def __init__(self, options: SenderOptions, metrics: Metrics) -> None:
        self.options = options
        self.metrics = metrics
        self.database_unavailable = False
        self._stopping = asyncio.Event()

    @property
    def stopping(self) -> bool:
        """Whether the worker has been told to stop."""
        return self._stopping.is_set()

    def stop(self) -> None:
        """Tell the worker to stop."""
        self._stopping.set()

    async def run_until_stopped(self, work: Callable[[], Awaitable[timedelta]], **about: str) -> None:
        """Do `work` until the shift is over, each time after the pause that the last one asked for."""
        while not self.stopping:
            await self.pause(await self.run_once(work, **about))

    async def run_once(self, work: Callable[[], Awaitable[timedelta]], **about: str) -> timedelta:
        """Do `work` once, whatever comes of it; the pause that it asks for. A failure is told with `about`."""
        try:
            pause = await work()
            self.database_is(away=False)
        except DatabaseUnavailable:
            self.database_is(away=True)
            return self.options.outage_retry
        except Exception:
            log.exception("worker.round_failed", work=_name(work), **about)
            return self.options.outage_retry
        return pause

    async def write_with_retry(self, write: Callable[[], Awaitable[set[int]]], messages: int) -> None:
        """Write until it is written. Told to stop while the database is away, it leaves the claims to the sweep."""
        while True:
            last = self.stopping
            try:
                written = await write()
            except DatabaseUnavailable:
                self.database_is(away=True)
                if last:
                    log.error("worker.outcomes_not_recorded", messages=messages)
                    return
                await self.pause(self.options.outage_retry)
            else:
                self.database_is(away=False)
                if len(written) < messages:
                    log.warning("worker.outcomes_came_late", messages=messages - len(written))
                return

    def database_is(self, *, away: bool) -> None:
        if away:
            self.metrics.store_errors.labels("postgres").inc()
        if away and not self.database_unavailable:
            log.error("worker.database_away")
        if self.database_unavailable and not away:
            log.info("worker.database_back")
        self.database_unavailable = away

    async def pause(self, time: timedelta) -> None:
        """Wait, but not longer than until the shift is over."""
        if time:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), time.total_seconds())


def _name(work: Callable[..., object]) -> str:
    """What a piece of work is called, for the log."""
    function = work.func if isinstance(work, partial) else work
    return str(getattr(function, "__name__", function)).lstrip("_")
