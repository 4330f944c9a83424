from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.helpers.journeys import StandaloneGateway, run_standalone_gateway
from tests.helpers.parsed_packs import parse_packs_once


@pytest.fixture(scope="package", autouse=True)
def packs() -> Iterator[None]:
    """Parse a pack once for the verbs that run within these tests. A gateway parses for itself."""
    with parse_packs_once():
        yield


@pytest.fixture(scope="package")
async def gateway(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[StandaloneGateway]:
    """Run one gateway for all journeys. Each journey has a phone of its own."""
    async with run_standalone_gateway(tmp_path_factory.mktemp("run") / "var") as started:
        yield started
