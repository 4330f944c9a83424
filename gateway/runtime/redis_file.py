"""Append-only file of Redis, rewritten once an hour, so that deleted words of residents leave the disk.

Redis appends every command to its file. Answers that are deleted or expire leave its memory at once. They stay in the
file until it is rewritten. By itself Redis does that when the file has doubled, which may take months.
"""

from __future__ import annotations

import asyncio
from typing import Any

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

log = structlog.get_logger()

EVERY_S = 60 * 60
_REWRITTEN = "waspada:file_rewritten"
_TIMEOUT_S = 5.0  # Redis stops for the fork: about ten milliseconds a gigabyte


class RedisFile:
    """Rewriter of the file. Workers that share a Redis have it rewritten once an hour, all together."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._warned = False

    async def rewrite(self) -> None:
        """Start a rewrite, unless one began within the hour.

        Redis rewrites in the background. A Redis that refuses is logged once, and asked again in an hour. One that
        cannot be reached, or that keeps no such file, is left alone.
        """
        try:
            async with asyncio.timeout(_TIMEOUT_S):
                await self._start()
        except ResponseError as refusal:
            self._warn(str(refusal))
        except (RedisError, OSError, TimeoutError):
            pass

    async def _start(self) -> None:
        state: dict[str, Any] = await self._redis.info("persistence")
        if not state["aof_enabled"] or state["aof_rewrite_in_progress"]:
            return
        if not await self._redis.set(_REWRITTEN, "1", nx=True, ex=EVERY_S):
            return
        if state["aof_last_bgrewrite_status"] != "ok":
            self._warn("the last rewrite failed")
        await self._redis.bgrewriteaof()

    def _warn(self, reason: str) -> None:
        if not self._warned:
            log.warning("redis.file_not_rewritten", reason=reason)
        self._warned = True
