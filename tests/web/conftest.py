from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.helpers.gateway import PRODUCTION
from tests.helpers.handset_page import browser, gateway, handset, http
from tests.helpers.outages import OwnRedis, PostgresGate, own_redis, postgres
from tests.helpers.web import WebGateway, serve_gateway

__all__ = ["browser", "gateway", "handset", "http", "own_redis", "postgres"]


@pytest.fixture
async def web_gateway(redis_url: str, database_url: str) -> AsyncIterator[WebGateway]:
    async with serve_gateway(redis_url, database_url) as gateway:
        yield gateway


@pytest.fixture
async def unreliable_gateway(own_redis: OwnRedis, postgres: PostgresGate) -> AsyncIterator[WebGateway]:
    """Serve a gateway over `own_redis` and `postgres`, which the test can make unavailable."""
    async with serve_gateway(own_redis.url, postgres.url, PRODUCTION) as gateway:
        yield gateway
