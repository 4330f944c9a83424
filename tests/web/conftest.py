from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.helpers.handset_page import browser, gateway, handset, http
from tests.helpers.outages import Gate, OwnRedis, own_redis, postgres
from tests.helpers.web import Gateway, gateway_web

__all__ = ["browser", "gateway", "handset", "http", "own_redis", "postgres"]


@pytest.fixture
async def waspada(redis_url: str, database_url: str) -> AsyncIterator[Gateway]:
    async with gateway_web(redis_url, database_url) as gateway:
        yield gateway


@pytest.fixture
async def shaky(own_redis: OwnRedis, postgres: Gate) -> AsyncIterator[Gateway]:
    """A gateway over `own_redis` and `postgres`, which may go away."""
    async with gateway_web(own_redis.url, postgres.url) as gateway:
        yield gateway
