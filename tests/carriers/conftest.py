from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession, DummyCookieJar, web

from tests.helpers.carrier_server import StubGateway, serve_app, stub_gateway
from tests.helpers.local_carrier import LocalCarrierSetup, local_carrier


@pytest.fixture(scope="session")
async def http() -> AsyncIterator[ClientSession]:
    async with ClientSession(cookie_jar=DummyCookieJar()) as session:
        yield session


@pytest.fixture
async def gateway() -> AsyncIterator[StubGateway]:
    async with stub_gateway() as stand_in:
        yield stand_in


@pytest.fixture
async def stand(http: ClientSession, gateway: StubGateway) -> AsyncIterator[LocalCarrierSetup]:
    local = local_carrier(http, gateway.hooks)
    app = web.Application()
    local.add_to(app)
    async with serve_app(app, patience=10) as url:
        yield LocalCarrierSetup(local, url, http, gateway)
