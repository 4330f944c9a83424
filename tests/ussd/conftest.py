from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.helpers.clocks import StandingClock
from tests.helpers.logs import log
from tests.helpers.outages import Gate, OwnRedis, own_redis, postgres
from tests.helpers.ussd import Ussd, ussd

__all__ = ["log", "own_redis", "postgres"]


@pytest.fixture
async def gateway(redis_url: str, database_url: str) -> AsyncIterator[Ussd]:
    async with ussd(redis_url, database_url) as built:
        yield built


@pytest.fixture
async def timed(redis_url: str, database_url: str, clock: StandingClock) -> AsyncIterator[Ussd]:
    """A gateway whose time stands still until the test lets it pass."""
    async with ussd(redis_url, database_url, clock) as built:
        yield built


@pytest.fixture
async def timed_shaky(own_redis: OwnRedis, postgres: Gate, clock: StandingClock) -> AsyncIterator[Ussd]:
    """Both: its stores may go away, and its time stands still."""
    async with ussd(own_redis.url, postgres.url, clock) as built:
        yield built


@pytest.fixture
async def shaky(own_redis: OwnRedis, postgres: Gate) -> AsyncIterator[Ussd]:
    """A gateway over `own_redis` and `postgres`, which may go away."""
    async with ussd(own_redis.url, postgres.url) as built:
        yield built
