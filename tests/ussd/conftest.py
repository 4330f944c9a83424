"""Fixtures of the tests of USSD: gateways over the stores of the run, and over stores that a test makes unavailable."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator

import pytest

from tests.helpers.clocks import ManualClock
from tests.helpers.gateway import PRODUCTION
from tests.helpers.logs import log
from tests.helpers.outages import OwnRedis, PostgresGate, own_redis, postgres
from tests.helpers.ussd import UssdGateway, ussd_gateway

__all__ = ["log", "own_redis", "postgres"]


@pytest.fixture
async def gateway(redis_url: str, database_url: str, log: io.StringIO) -> AsyncIterator[UssdGateway]:
    async with ussd_gateway(redis_url, database_url, log=log) as opened:
        yield opened


@pytest.fixture
async def timed_gateway(
    redis_url: str, database_url: str, clock: ManualClock, log: io.StringIO
) -> AsyncIterator[UssdGateway]:
    """Open a gateway whose clock moves only when a test advances it."""
    async with ussd_gateway(redis_url, database_url, clock, log=log) as opened:
        yield opened


@pytest.fixture
async def unreliable_gateway(
    own_redis: OwnRedis, postgres: PostgresGate, log: io.StringIO
) -> AsyncIterator[UssdGateway]:
    """Open a gateway over `own_redis` and `postgres`, which a test can make unavailable."""
    async with ussd_gateway(own_redis.url, postgres.url, log=log, **PRODUCTION) as opened:
        yield opened


@pytest.fixture
async def patient_gateway(own_redis: OwnRedis, postgres: PostgresGate, log: io.StringIO) -> AsyncIterator[UssdGateway]:
    """Open a gateway over unreliable stores for which a slow one is available: only one that refuses is not."""
    async with ussd_gateway(own_redis.url, postgres.url, log=log) as opened:
        yield opened


@pytest.fixture
async def timed_unreliable_gateway(
    own_redis: OwnRedis, postgres: PostgresGate, clock: ManualClock, log: io.StringIO
) -> AsyncIterator[UssdGateway]:
    """Open a gateway over unreliable stores whose clock moves only when a test advances it."""
    async with ussd_gateway(own_redis.url, postgres.url, clock, log=log, **PRODUCTION) as opened:
        yield opened
