"""Statements past SQLAlchemy: the same `DatabaseUnavailable`, in time, and no leaked connection."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
from sqlalchemy import text

from gateway.runtime.fast_statement import CompiledStatement
from gateway.runtime.postgres import Database, DatabaseUnavailable
from tests.helpers.outages import PostgresGate, postgres
from tests.helpers.waiting import until

__all__ = ["postgres"]

ECHO = CompiledStatement(text("SELECT number FROM (SELECT CAST(:number AS int) AS number) AS one WHERE number > 0"))
SLEEP = CompiledStatement(text("SELECT pg_sleep(CAST(:number AS int))"))
DIVIDE = CompiledStatement(text("SELECT 10 / CAST(:number AS int)"))
WHO = CompiledStatement(text("SELECT pg_backend_pid() AS pid, pg_sleep(CAST(:seconds AS float))"))
CONNECTED = CompiledStatement(text("SELECT pid FROM pg_stat_activity WHERE pid = CAST(:pid AS int)"))
SIZE = 3


@pytest.fixture
async def database_behind_gate(postgres: PostgresGate) -> AsyncIterator[Database]:
    """Open a database behind a gate."""
    opened = Database(postgres.url, pool_size=SIZE)
    yield opened
    await opened.close()


async def echo(database: Database, number: int) -> Any:
    row = await database.execute_compiled(ECHO, {"number": number}, deadline=0.3)
    return row and row["number"]


async def test_statement_returns_one_row_or_none(database: Database) -> None:
    assert await echo(database, 7) == 7
    assert await echo(database, 0) is None


async def test_more_statements_than_connections_wait_for_each_other(database: Database) -> None:
    assert await asyncio.gather(*(echo(database, number) for number in range(1, 40))) == list(range(1, 40))


async def test_error_of_a_statement_is_no_outage(database_behind_gate: Database) -> None:
    for _ in range(SIZE + 1):
        with pytest.raises(asyncpg.DivisionByZeroError):
            await database_behind_gate.execute_compiled(DIVIDE, {"number": 0})
    assert await echo(database_behind_gate, 1) == 1


async def test_pool_reconnects_after_an_outage(database_behind_gate: Database, postgres: PostgresGate) -> None:
    await asyncio.gather(*(echo(database_behind_gate, 1) for _ in range(SIZE)))
    await postgres.close()

    for _ in range(SIZE + 1):
        with pytest.raises(DatabaseUnavailable):
            await echo(database_behind_gate, 1)

    await postgres.open()
    assert await asyncio.gather(*(echo(database_behind_gate, 1) for _ in range(SIZE))) == [1] * SIZE


async def test_connection_lost_within_a_statement_is_an_outage(
    database_behind_gate: Database, postgres: PostgresGate
) -> None:
    running = [asyncio.create_task(database_behind_gate.execute_compiled(SLEEP, {"number": 5})) for _ in range(SIZE)]
    await asyncio.sleep(0.1)
    await postgres.close()

    for answer in await asyncio.gather(*running, return_exceptions=True):
        assert isinstance(answer, DatabaseUnavailable)

    await postgres.open()
    assert await echo(database_behind_gate, 1) == 1


async def test_hanging_server_is_an_outage_at_the_deadline(
    database_behind_gate: Database, postgres: PostgresGate
) -> None:
    """Both for a statement with a connection and for one that waits for it."""
    await echo(database_behind_gate, 1)
    postgres.freeze()
    began = time.monotonic()
    answers = await asyncio.gather(*(echo(database_behind_gate, 1) for _ in range(3 * SIZE)), return_exceptions=True)

    assert time.monotonic() - began < 0.6
    assert {type(answer) for answer in answers} == {DatabaseUnavailable}

    await postgres.open()
    assert await asyncio.gather(*(echo(database_behind_gate, 1) for _ in range(SIZE))) == [1] * SIZE


async def test_pool_closed_during_a_statement_lets_it_finish(database_url: str, database: Database) -> None:
    """The statement ends normally, and its connection is closed then."""
    closing = Database(database_url, pool_size=1)
    pid = (await closing.execute_compiled(WHO, {"seconds": 0}))["pid"]
    running = asyncio.create_task(closing.execute_compiled(WHO, {"seconds": 0.2}))
    await asyncio.sleep(0.05)
    await closing.close()

    assert (await running)["pid"] == pid

    async def connection_is_gone() -> bool:
        return not await database.execute_compiled(CONNECTED, {"pid": pid})

    await until(connection_is_gone)


async def test_pooler_without_prepared_statements_works(database_url: str) -> None:
    """The URL says so, in SQLAlchemy's words."""
    mark = "&" if "?" in database_url else "?"
    pooled = Database(f"{database_url}{mark}prepared_statement_cache_size=0")

    assert await echo(pooled, 7) == 7

    await pooled.ping()
    await pooled.close()
