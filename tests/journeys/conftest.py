from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.helpers.journeys import StandaloneGateway, gateway_running


@pytest.fixture(scope="package")
async def gateway(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[StandaloneGateway]:
    """One for all journeys: each has a phone of its own."""
    async with gateway_running(tmp_path_factory.mktemp("run") / "var") as started:
        yield started
