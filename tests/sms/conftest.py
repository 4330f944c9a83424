from __future__ import annotations

import io
from collections.abc import AsyncIterator

import pytest

from gateway.runtime import logs
from gateway.runtime.clock import Clock
from gateway.text.phone import mask_in
from tests.clocks import StandingClock
from tests.outages import Gate, OwnRedis, own_redis, postgres
from tests.sms.stage import Room, room

__all__ = ["own_redis", "postgres"]


@pytest.fixture(autouse=True)
def log() -> io.StringIO:
    """The log as production writes it."""
    stream = io.StringIO()
    logs.configure(format="json", level="info", mask=mask_in, stream=stream, clock=Clock())
    return stream


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
async def desk(redis_url: str, database_url: str, clock: StandingClock) -> AsyncIterator[Room]:
    async with room(redis_url, database_url, clock) as built:
        yield built


@pytest.fixture
async def shaky(own_redis: OwnRedis, postgres: Gate, clock: StandingClock) -> AsyncIterator[Room]:
    """A post room over `own_redis` and `postgres`, which may go away."""
    async with room(own_redis.url, postgres.url, clock) as built:
        yield built
