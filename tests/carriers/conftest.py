from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession, DummyCookieJar

from tests.helpers.carrier_server import StubGateway, stub_gateway
from tests.helpers.local_carrier import LocalCarrierSetup, local_carrier, serve_local_carrier


@pytest.fixture(scope="session")
async def http() -> AsyncIterator[ClientSession]:
    async with ClientSession(cookie_jar=DummyCookieJar()) as session:
        yield session


@pytest.fixture
async def gateway() -> AsyncIterator[StubGateway]:
    async with stub_gateway() as stub:
        yield stub


@pytest.fixture
async def setup(http: ClientSession, gateway: StubGateway) -> AsyncIterator[LocalCarrierSetup]:
    local = local_carrier(http, gateway.hooks)
    async with serve_local_carrier(local) as url:
        yield LocalCarrierSetup(local, url, http, gateway)
