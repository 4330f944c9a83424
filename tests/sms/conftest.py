from __future__ import annotations

import io
from collections.abc import AsyncIterator

import pytest

from tests.helpers.clocks import ManualClock
from tests.helpers.logs import log
from tests.helpers.outages import OwnRedis, PostgresGate, own_redis, postgres
from tests.helpers.sms import Room, room

__all__ = ["log", "own_redis", "postgres"]


@pytest.fixture
async def desk(redis_url: str, database_url: str, clock: ManualClock, log: io.StringIO) -> AsyncIterator[Room]:
    async with room(redis_url, database_url, clock, log=log) as built:
        yield built


@pytest.fixture
async def shaky(
    own_redis: OwnRedis, postgres: PostgresGate, clock: ManualClock, log: io.StringIO
) -> AsyncIterator[Room]:
    """A post room over `own_redis` and `postgres`, which may go away."""
    async with room(own_redis.url, postgres.url, clock, log=log) as built:
        yield built
