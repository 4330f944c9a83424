"""Waiting for results of background work."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable


async def until(condition: Callable[[], bool | Awaitable[bool]], seconds: float = 60.0) -> None:
    """Return as soon as `condition` is true. Raises `AssertionError` after so many seconds.

    Only a test that fails waits that long. On a busy machine a minute is not too much.
    """
    deadline = time.monotonic() + seconds
    while True:
        met = condition()
        if await met if inspect.isawaitable(met) else met:
            return
        assert time.monotonic() < deadline, f"still false after {seconds} s: {condition}"
        await asyncio.sleep(0.005)
