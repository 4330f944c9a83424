"""Sender of a worker: one task for each channel, and one that sweeps lost claims."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import structlog

from gateway.carriers.carrier import Carrier
from gateway.messages.channel_state import Channels
from gateway.messages.outbox import Outbox
from gateway.messages.quiet_now import NOT_QUIET, QuietNow
from gateway.messages.sending.channel_sender import ChannelSender
from gateway.messages.sending.context import SenderDeps
from gateway.messages.sending.rate_limiter import RateLimiter
from gateway.messages.sending.worker import SenderOptions, WorkerState
from gateway.runtime.clock import Clock
from gateway.runtime.metrics import Metrics

__all__ = ["Sender", "SenderOptions"]

log = structlog.get_logger()


class Sender:
    """Sends the messages of the outbox by these channels. No two processes may have the same `worker` name."""

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
        quiet_now: Callable[[datetime], QuietNow] = lambda _: NOT_QUIET,
    ) -> None:
        """`quiet_now` tells the quiet hours of a time."""
        self._outbox = outbox
        self._worker = WorkerState(options or SenderOptions(), metrics or Metrics())
        deps = SenderDeps(outbox, channels, rate_limiter, clock, worker, quiet_now)
        self._channel_senders = [
            ChannelSender(channel, carrier, deps, self._worker) for channel, carrier in carriers.items()
        ]

    async def run(self) -> None:
        """Send until `stop`. Then wait for the running calls, record them, and release the other claims."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._worker.run_until_stopped(self._sweep))
            for channel_sender in self._channel_senders:
                tasks.create_task(channel_sender.run())

    def stop(self) -> None:
        """Begin to stop. `run` returns when everything is done."""
        self._worker.stop()

    async def _sweep(self) -> timedelta:
        options = self._worker.options
        if lost := await self._outbox.sweep_lost_claims(options.lost_after):
            log.warning("worker.claims_lost", messages=lost)
        if requeued := await self._outbox.requeue_unknown(options.requeue_unknown_after):
            log.info("worker.unknown_queued_again", messages=requeued)
        return options.sweep_interval
