"""What the tests of this room share: a worker's field over a new database."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from gateway.runtime.postgres import Database
from tests.helpers.faults import Field, a_field


@pytest.fixture
async def here(database: Database) -> AsyncIterator[Field]:
    async with a_field(database) as made:
        yield made
