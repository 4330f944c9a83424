"""Answers of a real server that end a connection, and those that do not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import asyncpg
import pytest
from sqlalchemy import make_url, text

from gateway.runtime.fast_statement import CompiledStatement
from gateway.runtime.postgres import Database
from gateway.runtime.postgres_errors import READ_ONLY, DatabaseUnavailable, TablesOutdated, translate_errors
from tests.helpers.failover import end_failover, fail_over

FAIL = "SELECT fail(CAST(:state AS text))"
PID = "SELECT pg_backend_pid() AS pid"
INSERT = "INSERT INTO marks VALUES (CAST(:number AS int)) RETURNING number"
COMPILED = {sql: CompiledStatement(text(sql)) for sql in (FAIL, PID, INSERT)}

Ask = Callable[..., Awaitable[Any]]


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """Open a database that answers with any SQLSTATE that it is asked for."""
    opened = Database(database_url, pool_size=3)
    async with opened.begin() as connection:
        await connection.execute(text("CREATE TABLE marks (number int)"))
        await connection.execute(
            text(
                "CREATE FUNCTION fail(state text) RETURNS void LANGUAGE plpgsql AS "
                "$$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = state; END $$"
            )
        )
    yield opened
    await opened.close()


@pytest.fixture(params=["through SQLAlchemy", "past SQLAlchemy"])
def ask(request: pytest.FixtureRequest, database: Database) -> Ask:
    """Return a function that runs one of the statements, and returns the first column."""

    async def in_a_block(sql: str, **parameters: object) -> Any:
        async with database.begin() as connection:
            return await connection.scalar(text(sql), parameters)

    async def directly(sql: str, **parameters: object) -> Any:
        return (await database.execute_compiled(COMPILED[sql], parameters))[0]

    return in_a_block if request.param == "through SQLAlchemy" else directly


@pytest.mark.parametrize(
    ("state", "error", "closed"),
    [
        ("25006", DatabaseUnavailable, True),  # read_only_sql_transaction
        ("25P03", DatabaseUnavailable, True),  # idle_in_transaction_session_timeout
        ("40001", DatabaseUnavailable, True),  # conflict with recovery, on a standby
        ("57P01", DatabaseUnavailable, True),  # admin_shutdown
        ("57P02", DatabaseUnavailable, True),  # crash_shutdown
        ("57P03", DatabaseUnavailable, True),  # cannot_connect_now
        ("57P04", DatabaseUnavailable, True),  # database_dropped, also a conflict with recovery
        ("57P05", DatabaseUnavailable, True),  # idle_session_timeout
        ("08006", DatabaseUnavailable, True),  # connection_failure
        ("08P01", DatabaseUnavailable, True),  # protocol_violation: a pooler's only code
        ("26000", DatabaseUnavailable, True),  # invalid_sql_statement_name
        ("42P05", DatabaseUnavailable, True),  # duplicate_prepared_statement
        ("53100", DatabaseUnavailable, False),  # disk_full
        ("53300", DatabaseUnavailable, False),  # too_many_connections
        ("57014", DatabaseUnavailable, False),  # query_canceled
        ("58030", DatabaseUnavailable, False),  # io_error
        ("42501", DatabaseUnavailable, False),  # insufficient_privilege
        ("42P01", TablesOutdated, False),  # undefined_table
        ("42703", TablesOutdated, False),  # undefined_column
        ("22012", None, False),  # division_by_zero
        ("23505", None, False),  # unique_violation
        ("40P01", None, False),  # deadlock_detected
    ],
)
async def test_error_says_if_it_is_an_outage_and_if_its_connection_is_done(
    ask: Ask, state: str, error: type[DatabaseUnavailable] | None, closed: bool
) -> None:
    before = await ask(PID)

    with pytest.raises(error or Exception) as raised:
        await ask(FAIL, state=state)

    if error is None:
        assert not isinstance(raised.value, DatabaseUnavailable)
    else:
        assert type(raised.value) is error
        assert raised.value.reason
    assert (await ask(PID) != before) is closed


async def test_every_connection_is_replaced_after_a_failover(
    database_url: str, ask: Ask, template: asyncpg.Connection
) -> None:
    name = str(make_url(database_url).database)
    await asyncio.gather(*(ask(PID) for _ in range(3)))
    await fail_over(template, name)
    for _ in range(5):
        with pytest.raises(DatabaseUnavailable) as raised:
            await ask(INSERT, number=1)
    assert raised.value.reason == READ_ONLY

    readers = await asyncio.gather(*(ask(PID) for _ in range(3)))
    await end_failover(template, f"DATABASE {name}")
    with pytest.raises(DatabaseUnavailable):
        await ask(INSERT, number=1)

    assert await asyncio.gather(*(ask(INSERT, number=number) for number in range(3))) == [0, 1, 2]
    assert not {*readers} & {*await asyncio.gather(*(ask(PID) for _ in range(3)))}


@pytest.mark.parametrize(
    ("error", "refused"),
    [
        (ConnectionRefusedError(), True),
        (FileNotFoundError(), True),
        (asyncpg.CannotConnectNowError("it says so"), True),
        (asyncpg.ReadOnlySQLTransactionError("it says so"), True),
        (asyncpg.AdminShutdownError("it says so"), True),
        (ConnectionResetError(), False),
        (TimeoutError(), False),
        (asyncpg.ConnectionDoesNotExistError("it says so"), False),  # closed in the middle of a statement
        (asyncpg.InterfaceError("closed"), False),
    ],
)
def test_outage_says_if_it_is_certain_that_nothing_was_committed(error: Exception, refused: bool) -> None:
    with pytest.raises(DatabaseUnavailable) as raised, translate_errors():
        raise error
    assert raised.value.refused is refused
