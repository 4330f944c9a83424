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
        options: SenderOptions | None = None,
        metrics: Metrics | None = None,
        rate_limiter: RateLimiter | None = None,
        quiet_until: Callable[[datetime], datetime | None] = lambda _: None,
    ) -> None:
        """`quiet_until` says when the quiet hours end that a time lies in; None if it lies in none."""
        self._outbox = outbox
        self._worker = WorkerState(options or SenderOptions(), metrics or Metrics())
        deps = SenderDeps(outbox, channels, rate_limiter, clock, worker, quiet_until)
        self._channel_senders = [
            ChannelSender(channel, carrier, deps, self._worker) for channel, carrier in carriers.items()
        ]

    async def run(self) -> None:
        """Work until `stop`; then wait for the calls under way, record them, and give the other claims back."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._worker.run_until_stopped(self._sweep))
            for line in self._channel_senders:
                tasks.create_task(line.run())

    def stop(self) -> None:
        """Begin to stop; `run` returns when it is done."""
        self._worker.stop()

    async def _sweep(self) -> timedelta:
        pace = self._worker.options
        if lost := await self._outbox.sweep_lost_claims(pace.lost_after):
            log.warning("worker.claims_lost", messages=lost)
        if again := await self._outbox.requeue_unknown(pace.requeue_unknown_after):
            log.info("worker.unknown_queued_again", messages=again)
        self._worker.metrics.queue_depth.set(await self._outbox.count_queued())
        return pace.sweep_interval
