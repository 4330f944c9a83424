"""Fixture of the tests of faults: a sender, its carrier and its queue over a new database."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from gateway.runtime.postgres import Database
from tests.helpers.faults import SendingWorld, open_sending_world


@pytest.fixture
async def world(database: Database) -> AsyncIterator[SendingWorld]:
    async with open_sending_world(database) as world:
        yield world
