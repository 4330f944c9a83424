"""The worker: one task per channel that sends (`line.py`), and one that looks after lost claims."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import structlog

from gateway.carriers.carrier import Carrier
from gateway.messages.channel_state import Channels
from gateway.messages.outbox import Outbox
from gateway.messages.sending.channel_sender import ChannelSender, SenderDeps
from gateway.messages.sending.rate_limiter import RateLimiter
from gateway.messages.sending.worker import SenderOptions, WorkerState
from gateway.runtime.clock import Clock
from gateway.runtime.metrics import Metrics

__all__ = ["Sender", "SenderOptions"]

log = structlog.get_logger()


class Sender:
    """Sends what the outbox holds for these channels. `worker` must be a name that no other process has."""

    def __init__(
        self,
        outbox: Outbox,
        channels: Channels,
        carriers: Mapping[str, Carrier],
        clock: Clock,
        worker: str,
        pace: SenderOptions | None = None,
        metrics: Metrics | None = None,
        rates: RateLimiter | None = None,
        quiet_until: Callable[[datetime], datetime | None] = lambda _: None,
    ) -> None:
        """`quiet_until` says when the quiet hours end that a time lies in; None if it lies in none."""
        self._outbox = outbox
        self._shift = WorkerState(pace or SenderOptions(), metrics or Metrics())
        deps = SenderDeps(outbox, channels, rates, clock, worker, quiet_until)
        self._lines = [ChannelSender(channel, carrier, deps, self._shift) for channel, carrier in carriers.items()]

    async def run(self) -> None:
        """Work until `stop`; then wait for the calls under way, record them, and give the other claims back."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._shift.run_until_stopped(self._look_for_lost))
            for line in self._lines:
                tasks.create_task(line.run())

    def stop(self) -> None:
        """Begin to stop; `run` returns when it is done."""
        self._shift.stop()

    async def _look_for_lost(self) -> timedelta:
        pace = self._shift.options
        if lost := await self._outbox.sweep_lost_claims(pace.lost_after):
            log.warning("worker.claims_lost", messages=lost)
        if again := await self._outbox.requeue_unknown(pace.resend_after):
            log.info("worker.unknown_queued_again", messages=again)
        self._shift.metrics.queue_depth.set(await self._outbox.waiting())
        return pace.sweep
