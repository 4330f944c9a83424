"""How many parts a second leave by a channel, all workers together: a bucket in Redis that never holds a burst.

A part is what a carrier bills and an operator's line carries, so a text of three parts takes three places. While Redis
is away each worker keeps to the rate by itself: two of them may then send twice as much, and nothing stands still.
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
_MAX_WAIT_S = 1.0  # a place further off is not taken: who waits longer asks again


class RateLimiter:
    """The pace of every channel. A channel without a rate never waits."""

    def __init__(self, redis: Pipeline, clock: Clock, rates: Mapping[str, float | None]) -> None:
        """`rates` in parts per second, by channel."""
        self._redis = redis
        self._clock = clock
        self._rates = {channel: rate for channel, rate in rates.items() if rate}
        self._local_free_at: dict[str, float] = {}  # without Redis: when the next part may leave
        self._redis_unavailable = False

    def max_parts_per_call(self, channel: str) -> int | None:
        """How many parts one call may have, which is a second's worth, and at least one; None for any number."""
        rate = self._rates.get(channel)
        return None if rate is None else max(1, math.floor(rate))

    async def acquire(self, channel: str, parts: int) -> tuple[bool, float]:
        """Whether so many parts have got their place, and the seconds until then; if not, until it is worth asking."""
        rate = self._rates.get(channel)
        if rate is None:
            return True, 0.0
        try:
            wait = await self._acquire_shared(channel, parts, rate)
            self._note_redis(False)
        except RedisUnavailable:
            self._note_redis(True)
            wait = self._acquire_locally(channel, parts, rate)
        return wait >= 0, abs(wait)

    async def _acquire_shared(self, channel: str, parts: int, rate: float) -> float:
        command = (1, f"waspada:rate:{channel}", parts, repr(rate), int(_MAX_WAIT_S * 1e6))
        try:
            wait = await self._redis.run("EVALSHA", _SCRIPT_SHA, *command)
        except NoScriptError:  # the first time, and after Redis was restarted
            wait = await self._redis.run("EVAL", _SCRIPT, *command)
        return int(wait) / 1e6

    def _acquire_locally(self, channel: str, parts: int, rate: float) -> float:
        now = self._clock.monotonic()
        free = max(self._local_free_at.get(channel, now), now)
        if free - now > _MAX_WAIT_S:
            return now - free
        self._local_free_at[channel] = free + parts / rate
        return free - now

    def _note_redis(self, away: bool) -> None:
        if away != self._redis_unavailable:
            log.warning("worker.rate_without_redis") if away else log.info("worker.rate_with_redis")
        self._redis_unavailable = away
