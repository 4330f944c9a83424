"""Fixtures of the tests about `waspada appeals`: a gateway with subscribers and accounts, made once and copied."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import asyncpg
import pytest

from gateway.menu.pack import loader
from gateway.runtime.embedded import EmbeddedStores
from gateway.runtime.pack_folder import read_pack
from tests.helpers.cli_appeals import AppealTerminal, copy_pack, fill_database, open_shell
from tests.helpers.databases import copied_database

_NAME = "appeals"


class Filled(NamedTuple):
    """Database with subscribers and accounts, and the token of each account."""

    database: str
    tokens: dict[str, str]


@pytest.fixture(scope="package")
async def filled(
    stores: EmbeddedStores, template: asyncpg.Connection, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Filled]:
    """Fill a database as an administrator does. Each test has a copy, since the verbs take seconds."""
    folder = tmp_path_factory.mktemp("filled")
    async with copied_database(stores, template, "migrated", _NAME) as url:
        shell = open_shell(copy_pack(folder), stores.redis_url, url)
        yield Filled(_NAME, await asyncio.to_thread(fill_database, shell, folder))


@pytest.fixture(scope="package")
def origin(filled: Filled) -> str:
    return filled.database


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    return copy_pack(tmp_path)


@pytest.fixture
def terminal(pack: Path, redis_url: str, database_url: str, filled: Filled) -> AppealTerminal:
    return AppealTerminal(open_shell(pack, redis_url, database_url), filled.tokens, loader.load(read_pack(pack)))
