"""Collaborators of the sending loop, and the state that all batches of one channel share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from gateway.carriers.carrier import Carrier, Deferred
from gateway.messages.channel_state import Channels
from gateway.messages.outbox import Outbox
from gateway.messages.quiet_now import QuietNow
from gateway.messages.sending.rate_limiter import RateLimiter
from gateway.messages.sending.worker import WorkerState
from gateway.runtime.clock import Clock


@dataclass(frozen=True, slots=True)
class SenderDeps:
    """Collaborators of a sender. No two processes may have the same `worker_name`."""

    outbox: Outbox
    channels: Channels
    rate_limiter: RateLimiter | None
    clock: Clock
    worker_name: str
    quiet_now: Callable[[datetime], QuietNow]


@dataclass(slots=True)
class ChannelContext:
    """State that all batches of one channel share."""

    channel: str
    carrier: Carrier
    deps: SenderDeps
    worker: WorkerState
    fault: Deferred | None = None  # of the account: nothing more is sent until the running batches have ended
