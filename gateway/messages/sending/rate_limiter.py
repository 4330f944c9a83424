"""Rate limiter: parts per second of a channel, over all workers, without bursts.

It is virtual scheduling (GCRA) in one Redis key per channel: the time at which the next part may be sent. Parts are
counted, not messages, since a carrier bills and transmits parts. While Redis is unavailable each worker keeps the rate
by itself: two of them may then send twice as much, and nothing stops.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from importlib.resources import files

import structlog
from redis.exceptions import NoScriptError

from gateway.runtime.clock import Clock
from gateway.runtime.redis import Pipeline, RedisUnavailable

log = structlog.get_logger()

_SCRIPT = files("gateway.messages.sending").joinpath("rate_limiter.lua").read_bytes()
_SCRIPT_SHA = hashlib.sha1(_SCRIPT, usedforsecurity=False).hexdigest()
_MAX_WAIT_S = 1.0  # capacity further ahead is not reserved: the caller asks again


class RateLimiter:
    """Rate limiter of all channels. A channel without a rate never waits."""

    def __init__(self, redis: Pipeline, clock: Clock, rates: Mapping[str, float | None]) -> None:
        """`rates` in parts per second, by channel."""
        self._redis = redis
        self._clock = clock
        self._rates = {channel: rate for channel, rate in rates.items() if rate}
        self._local_free_at: dict[str, float] = {}  # while Redis is unavailable: when the next part may be sent
        self._redis_unavailable = False

    def max_parts_per_call(self, channel: str) -> int | None:
        """Return the parts of one second, but at least one. None for a channel without a rate."""
        rate = self._rates.get(channel)
        return None if rate is None else max(1, math.floor(rate))

    async def acquire(self, channel: str, parts: int) -> tuple[bool, float]:
        """Reserve capacity for `parts`. Returns (granted, seconds to wait before sending, or before asking again)."""
        rate = self._rates.get(channel)
        if rate is None:
            return True, 0.0
        try:
            wait = await self._acquire_shared(channel, parts, rate)
            self._note_redis(available=True)
        except RedisUnavailable:
            self._note_redis(available=False)
            wait = self._acquire_locally(channel, parts, rate)
        return wait >= 0, abs(wait)

    async def _acquire_shared(self, channel: str, parts: int, rate: float) -> float:
        """Return the seconds to wait. Negative if nothing was reserved."""
        arguments = (1, f"waspada:rate:{channel}", parts, repr(rate), int(_MAX_WAIT_S * 1e6))
        try:
            wait = await self._redis.run("EVALSHA", _SCRIPT_SHA, *arguments)
        except NoScriptError:  # the first time, and after a restart of Redis
            wait = await self._redis.run("EVAL", _SCRIPT, *arguments)
        return int(wait) / 1e6

    def _acquire_locally(self, channel: str, parts: int, rate: float) -> float:
        now = self._clock.monotonic()
        free_at = max(self._local_free_at.get(channel, now), now)
        if free_at - now > _MAX_WAIT_S:
            return now - free_at
        self._local_free_at[channel] = free_at + parts / rate
        return free_at - now

    def _note_redis(self, *, available: bool) -> None:
        if available == self._redis_unavailable:
            if available:
                log.info("worker.rate_with_redis")
            else:
                log.warning("worker.rate_without_redis")
        self._redis_unavailable = not available
