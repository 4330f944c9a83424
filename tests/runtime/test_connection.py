"""Connections that notice a pooler in between, over Debian's PgBouncer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url, text

from gateway.runtime.connection import Connector
from gateway.runtime.fast_statement import CompiledStatement
from gateway.runtime.postgres import Database, DatabaseUnavailable
from gateway.runtime.schema import upgrade
from tests.helpers.pooler import run_pooler

ECHO = CompiledStatement(text("SELECT CAST(:number AS int) AS number"))
KINDS = [f"SELECT CAST(:number AS int) + {kind}" for kind in range(7)]


@pytest.fixture
async def pooled_url(tmp_path: Path, database_url: str) -> AsyncIterator[str]:
    async with run_pooler(tmp_path, database_url) as url:
        yield url


async def use(database: Database) -> None:
    """Run statements of many kinds and both pools at once, several times each."""

    async def directly(number: int) -> None:
        row = await database.execute_compiled(ECHO, {"number": number}, deadline=10)
        assert row["number"] == number

    async def in_a_block(number: int) -> None:
        async with database.begin() as connection:
            for kind, statement in enumerate(KINDS):
                assert await connection.scalar(text(statement), {"number": number}) == number + kind

    for _ in range(5):
        await asyncio.gather(*(work(number) for number in range(20) for work in (directly, in_a_block)))


@pytest.mark.parametrize("mode", ["transaction", "session"])
async def test_two_processes_share_a_pooler(tmp_path: Path, database_url: str, mode: Any) -> None:
    async with run_pooler(tmp_path, database_url, mode, size=8) as url:
        databases = [Database(url, pool_size=2) for _ in range(2)]
        try:
            await asyncio.gather(*map(use, databases))
        finally:
            await asyncio.gather(*(database.close() for database in databases))


async def test_tables_are_upgraded_through_a_pooler(pooled_url: str) -> None:
    await asyncio.gather(*(upgrade(pooled_url) for _ in range(3)))


async def test_pooler_is_noticed_and_a_direct_connection_keeps_its_statements(
    pooled_url: str, database_url: str
) -> None:
    pooled, direct = Connector(pooled_url), Connector(database_url)
    for connector in (pooled, direct):
        await (await connector.connect()).close()

    assert (pooled.pooled, direct.pooled) == (True, False)


@pytest.mark.parametrize("name", ["statement_cache_size", "prepared_statement_cache_size"])
async def test_url_says_that_there_is_a_pooler(database_url: str, name: str) -> None:
    mark = "&" if "?" in database_url else "?"
    connector = Connector(f"{database_url}{mark}{name}=0")
    await (await connector.connect()).close()

    assert connector.pooled


async def test_pooler_that_comes_in_between_later_is_noticed(tmp_path: Path, database_url: str) -> None:
    """As when a pooler takes over the address of the server."""
    folder, server = tmp_path / "sockets", Path(str(make_url(database_url).query["host"]))
    folder.mkdir()
    socket = folder / ".s.PGSQL.5432"
    socket.symlink_to(server / socket.name)
    moved = Database(make_url(database_url).update_query_dict({"host": str(folder)}).render_as_string())
    try:
        await use(moved)
        await moved.close()
        socket.unlink()
        async with run_pooler(tmp_path, database_url, socket=socket):
            await use(moved)
    finally:
        await moved.close()


async def test_hidden_pooler_is_noticed_by_its_first_error(database_url: str) -> None:
    """Another client has taken the next hundred names on this connection to the server."""
    hidden = Database(database_url, pool_size=1)
    async with hidden.begin() as connection:
        name = str(await connection.scalar(text("SELECT max(name) FROM pg_prepared_statements")))
        newest = int(name.removeprefix("__asyncpg_stmt_").rstrip("_"), 16)
        for number in range(newest + 1, newest + 101):
            driver: Any = (await connection.get_raw_connection()).driver_connection
            await driver.execute(f"PREPARE __asyncpg_stmt_{number:x}__ AS SELECT 1")
    with pytest.raises(DatabaseUnavailable):
        async with hidden.begin() as connection:
            await connection.execute(text("SELECT 'new'"))

    await use(hidden)
    await hidden.close()
