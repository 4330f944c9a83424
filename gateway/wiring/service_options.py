"""Options of services, converted from the settings of the gateway."""

from __future__ import annotations

import os
import socket
from datetime import timedelta

from gateway.messages.sending.sender import SenderOptions
from gateway.runtime.clock import Clock
from gateway.settings import Settings


def sender_options(settings: Settings) -> SenderOptions:
    return SenderOptions(
        batch_size=settings.send_batch,
        recipients_per_call=settings.send_recipients,
        concurrent_calls=settings.send_concurrency,
        idle_poll=timedelta(milliseconds=settings.poll_ms),
        lost_after=timedelta(seconds=settings.claim_timeout_s),
        requeue_unknown_after=timedelta(seconds=settings.unknown_resend_after_s),
    )


def worker_name(clock: Clock) -> str:
    """Return a name for this worker's claims that no other process has, now or later."""
    return f"{socket.gethostname()}:{os.getpid()}:{clock.token()[:8]}"
