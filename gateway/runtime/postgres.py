"""PostgreSQL for all stores: one connection pool, a transaction per block, one error for an outage."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import ExitStack, asynccontextmanager
from typing import Any

import asyncpg
from sqlalchemy import Boolean, ExceptionContext, MetaData, event, literal_column, text
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.util import await_only

from gateway.runtime.connection import Connector
from gateway.runtime.fast_statement import CompiledStatement, DirectPool
from gateway.runtime.postgres_errors import DatabaseUnavailable, TablesOutdated, is_stale, translate_errors

__all__ = ["INSERTED", "Database", "DatabaseUnavailable", "TablesOutdated", "metadata"]

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

INSERTED = literal_column("xmax = 0", Boolean)
"""For RETURNING of an upsert: true if the row was inserted, false if it was updated."""

_CANCEL_LIMIT = 0.1
_PREPARED_STATEMENTS = 100


class Database:
    """Connection pool of one database. It connects at first use."""

    def __init__(self, url: str, *, pool_size: int = 5, timeout: float = 10.0) -> None:
        """Configure the pool. `timeout` in seconds bounds connecting, a statement, and the wait for a connection."""
        self._connector = Connector(url)
        self._timeout = timeout
        self._engine = create_async_engine(
            "postgresql+asyncpg://",  # the address is the connector's affair
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=timeout,
            hide_parameters=True,  # they contain texts of residents: not for logs and tracebacks
        )
        self._direct_pool = DirectPool(self._connector, pool_size, timeout)
        event.listen(self._engine.sync_engine, "do_connect", self._connect)
        event.listen(self._engine.sync_engine, "checkout", _skip_closed)
        event.listen(self._engine.sync_engine, "handle_error", self._drop_stale)

    @asynccontextmanager
    async def begin(self, *, deadline: float | None = None) -> AsyncIterator[AsyncConnection]:
        """Open a transaction. It is committed at the end of the block, and rolled back by any error.

        Raises `DatabaseUnavailable`, also if the whole block takes more than `deadline` seconds. An interrupted
        connection is dropped, not cleaned: on a server that hangs, cleaning would have to wait.
        """
        with translate_errors(), ExitStack() as afterwards:
            async with asyncio.timeout(deadline) as limit, self._engine.connect() as connection:
                ends = limit.when()
                if ends is not None:
                    afterwards.callback(await _terminate_at(connection, ends + _CANCEL_LIMIT))
                try:
                    yield connection
                    await connection.commit()
                except (TimeoutError, asyncio.CancelledError):
                    await _drop(connection)
                    raise

    async def execute_compiled(
        self, statement: CompiledStatement, parameters: Mapping[str, Any], *, deadline: float | None = None
    ) -> Any:
        """Execute `statement` and return its first row, or None. Raises `DatabaseUnavailable`, as `begin` does."""
        with translate_errors():
            return await self._direct_pool.execute(statement, parameters, deadline)

    async def ping(self) -> None:
        """Return when the database answers. Raises `DatabaseUnavailable`."""
        async with self.begin() as connection:
            await connection.execute(text("SELECT 1"))

    async def close(self) -> None:
        """Close the connections that are not in use."""
        await self._engine.dispose()
        await self._direct_pool.close()

    def _connect(self, dialect: Any, *_: Any) -> Any:
        """Open a connection for SQLAlchemy, which has a cache of prepared statements of its own."""
        timeout = self._timeout
        driver = await_only(self._connector.connect(timeout=timeout, command_timeout=timeout))

        async def opened() -> asyncpg.Connection:
            return driver

        cache_size = 0 if self._connector.pooled else _PREPARED_STATEMENTS
        return dialect.dbapi.connect(async_creator_fn=opened, prepared_statement_cache_size=cache_size)

    def _drop_stale(self, context: ExceptionContext) -> None:
        """Drop all connections of both pools if the server behind one no longer serves. New ones are opened."""
        error = context.original_exception
        if is_stale(error):
            context.is_disconnect = True  # drops this one, and each other one of SQLAlchemy's pool at its next use
            self._direct_pool.close_idle()
            self._connector.note_error(error)


def _skip_closed(connection: Any, *_: Any) -> None:
    """Have the pool take another connection if the server has closed this one. Costs no round trip."""
    if connection.driver_connection.is_closed():
        raise DisconnectionError


async def _terminate_at(connection: AsyncConnection, when: float) -> Callable[[], None]:
    """Schedule closing the connection by force at the time `when` of the event loop. Returns a function that cancels.

    At a deadline the driver asks the server to cancel the statement, and waits two seconds for that.
    """
    raw = await connection.get_raw_connection()
    driver: Any = raw.driver_connection
    return asyncio.get_running_loop().call_at(when, driver.terminate).cancel


async def _drop(connection: AsyncConnection) -> None:
    if connection.invalidated:  # interrupted inside a statement: SQLAlchemy has dropped it already
        return
    raw = await connection.get_raw_connection()
    if raw.driver_connection is not None:
        raw.driver_connection.terminate()
    await connection.invalidate()
