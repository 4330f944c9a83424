"""Log of a process in the live log of the gateway."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gateway.runtime import logs
from gateway.runtime.clock import Clock
from gateway.runtime.log_stream import LogStream
from gateway.runtime.redis import redis_client
from gateway.settings import Settings
from gateway.text.phone import mask_in
from gateway.web.hook_urls import mask_secrets


def mask_for_log(text: str) -> str:
    """Mask the phone numbers and the webhook secrets of a text, for the log."""
    return mask_in(mask_secrets(text))


@asynccontextmanager
async def live_log(settings: Settings) -> AsyncIterator[None]:
    """Send the lines of this block to the live log, and to nothing else.

    For a verb that acts: its own output is not the log's place. Without Redis the lines are dropped after a second.
    """
    redis = redis_client(settings.redis_address)
    stream = LogStream(redis, lambda _: None)
    logs.configure(format="json", level=settings.log_level, mask=mask_for_log, stream=io.StringIO(), clock=Clock())
    logs.copy_to(stream.put)
    try:
        yield
    finally:
        logs.copy_to(None)
        await stream.close()
        await redis.aclose()
