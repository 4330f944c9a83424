from __future__ import annotations

import io
from collections.abc import AsyncIterator

import pytest

from tests.helpers.clocks import ManualClock
from tests.helpers.logs import log
from tests.helpers.outages import Gate, OwnRedis, own_redis, postgres
from tests.helpers.ussd import UssdGateway, ussd_gateway

__all__ = ["log", "own_redis", "postgres"]


@pytest.fixture
async def gateway(redis_url: str, database_url: str, log: io.StringIO) -> AsyncIterator[UssdGateway]:
    async with ussd_gateway(redis_url, database_url, log=log) as built:
        yield built


@pytest.fixture
async def timed(redis_url: str, database_url: str, clock: ManualClock, log: io.StringIO) -> AsyncIterator[UssdGateway]:
    """A gateway whose time stands still until the test lets it pass."""
    async with ussd_gateway(redis_url, database_url, clock, log=log) as built:
        yield built


@pytest.fixture
async def timed_shaky(
    own_redis: OwnRedis, postgres: Gate, clock: ManualClock, log: io.StringIO
) -> AsyncIterator[UssdGateway]:
    """Both: its stores may go away, and its time stands still."""
    async with ussd_gateway(own_redis.url, postgres.url, clock, log=log) as built:
        yield built


@pytest.fixture
async def shaky(own_redis: OwnRedis, postgres: Gate, log: io.StringIO) -> AsyncIterator[UssdGateway]:
    """A gateway over `own_redis` and `postgres`, which may go away."""
    async with ussd_gateway(own_redis.url, postgres.url, log=log) as built:
        yield built
