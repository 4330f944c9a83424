"""State that all tasks of one worker share: options, the stop signal, and the health of the database.

No failure of one run ends a task. Outcomes of calls made while the database became unavailable are kept until they can
be written.
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
    batch_size: int = 200  # messages in one claim
    recipients_per_call: int = 100  # a timeout makes no more than these unknown (facts/protocols.md B.5)
    concurrent_calls: int = 12  # of a lane to one carrier
    concurrent_batches: int = 3  # of full size in a lane: one is sent while others are claimed or recorded
    record_delay: timedelta = timedelta(milliseconds=10)  # for more outcomes to join a record
    idle_poll: timedelta = timedelta(milliseconds=500)  # between claims while the queue is empty
    paused_poll: timedelta = timedelta(seconds=1)  # at most, between two looks at a paused channel
    lost_after: timedelta = timedelta(minutes=5)  # age of a claim that was neither recorded nor released: it is lost
    requeue_unknown_after: timedelta = timedelta(minutes=1)  # for a late record or report to resolve an unknown message
    sweep_interval: timedelta = timedelta(seconds=30)
    outage_retry: timedelta = timedelta(seconds=2)  # between attempts to reach the database


class WorkerState:
    """Options, stop signal and database health of one worker."""

    def __init__(self, options: SenderOptions, metrics: Metrics) -> None:
        self.options = options
        self.metrics = metrics
        self.database_unavailable = False
        self._stopping = asyncio.Event()

    @property
    def stopping(self) -> bool:
        """True after `stop`."""
        return self._stopping.is_set()

    def stop(self) -> None:
        self._stopping.set()

    async def run_until_stopped(self, work: Callable[[], Awaitable[timedelta]], **context: str) -> None:
        """Repeat `work` until the worker stops. Pauses after each run for as long as the run returned."""
        while not self.stopping:
            await self.pause(await self.run_once(work, **context))

    async def run_once(self, work: Callable[[], Awaitable[timedelta]], **context: str) -> timedelta:
        """Run `work` and return the pause that it asks for. Never raises an `Exception`.

        A failure is logged with `context`, and asks for a pause of `outage_retry`.
        """
        try:
            pause = await work()
            self.note_database(available=True)
        except DatabaseUnavailable:
            self.note_database(available=False)
            return self.options.outage_retry
        except Exception:
            log.exception("worker.round_failed", work=_name_of(work), **context)
            return self.options.outage_retry
        return pause

    async def write_with_retry(self, write: Callable[[], Awaitable[set[int]]], messages: int) -> None:
        """Call `write` until the database has taken it. `write` must be idempotent and return the ids written.

        A worker that stops tries once more. Without success it leaves the claims to the sweep.
        """
        while True:
            last = self.stopping
            try:
                written = await write()
            except DatabaseUnavailable:
                self.note_database(available=False)
                if last:
                    log.error("worker.outcomes_not_recorded", messages=messages)
                    return
                await self.pause(self.options.outage_retry)
            else:
                self.note_database(available=True)
                if len(written) < messages:
                    log.warning("worker.outcomes_came_late", messages=messages - len(written))
                return

    def note_database(self, *, available: bool) -> None:
        """Note a success or a failure of the database. Logs each change."""
        if not available:
            self.metrics.store_errors.labels("postgres").inc()
        if not available and not self.database_unavailable:
            log.error("worker.database_away")
        if self.database_unavailable and available:
            log.info("worker.database_back")
        self.database_unavailable = not available

    async def pause(self, time: timedelta) -> None:
        """Wait for `time`, or until the worker stops."""
        if time:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), time.total_seconds())


def _name_of(work: Callable[..., object]) -> str:
    """Return the name of a piece of work, for the log."""
    function = work.func if isinstance(work, partial) else work
    return str(getattr(function, "__name__", function)).lstrip("_")
