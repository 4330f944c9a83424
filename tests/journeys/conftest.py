from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.helpers.journeys import StandaloneGateway, run_standalone_gateway


@pytest.fixture(scope="package")
async def gateway(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[StandaloneGateway]:
    """Run one gateway for all journeys. Each journey has a phone of its own."""
    async with run_standalone_gateway(tmp_path_factory.mktemp("run") / "var") as started:
        yield started
