from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession, DummyCookieJar, web

from tests.helpers.carrier_server import Gateway, listening, serving
from tests.helpers.local_carrier import Stand, local_carrier


@pytest.fixture(scope="session")
async def http() -> AsyncIterator[ClientSession]:
    async with ClientSession(cookie_jar=DummyCookieJar()) as session:
        yield session


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    async with listening() as stand_in:
        yield stand_in


@pytest.fixture
async def stand(http: ClientSession, gateway: Gateway) -> AsyncIterator[Stand]:
    local = local_carrier(http, gateway.hooks)
    app = web.Application()
    local.add_to(app)
    async with serving(app, patience=10) as url:
        yield Stand(local, url, http, gateway)
