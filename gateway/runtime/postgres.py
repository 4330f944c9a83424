"""PostgreSQL for all stores: one connection pool, a transaction per block, one error for an outage."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, contextmanager
from typing import Any

import asyncpg
from sqlalchemy import Boolean, MetaData, event, literal_column, text
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from gateway.runtime.fast_statement import CompiledStatement, DirectPool
from gateway.text.errors import StoreUnavailable

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

_UNAVAILABLE_STATES = ("08", "25006", "28", "3D000", "53", "57", "58")
"""SQLSTATE prefixes that mean the server is unavailable: connection lost, read-only after a failover, not authorised,
no such database, out of resources, shut down or cancelled, system error (PostgreSQL, appendix A)."""
_CANCEL_LIMIT = 0.1


class DatabaseUnavailable(StoreUnavailable):
    """Error: PostgreSQL cannot be reached, cannot work now, or did not answer in time.

    The transaction may have been committed all the same, if this happened at its end.
    """


class Database:
    """Connection pool of one database. It connects at first use."""

    def __init__(self, url: str, *, pool_size: int = 5, timeout: float = 10.0) -> None:
        """Configure the pool. `timeout` in seconds bounds connecting, a statement, and the wait for a connection."""
        self._engine = create_async_engine(
            url,
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=timeout,
            hide_parameters=True,  # they contain texts of residents: not for logs and tracebacks
            connect_args={"timeout": timeout, "command_timeout": timeout},
        )
        self._direct_pool = DirectPool(url, pool_size, timeout)
        event.listen(self._engine.sync_engine, "checkout", _skip_closed)

    @asynccontextmanager
    async def begin(self, *, deadline: float | None = None) -> AsyncIterator[AsyncConnection]:
        """Open a transaction. It is committed at the end of the block, and rolled back by any error.

        Raises `DatabaseUnavailable`, also if the whole block takes more than `deadline` seconds. An interrupted
        connection is dropped, not cleaned: on a server that hangs, cleaning would have to wait.
        """
        with _translate_errors(), ExitStack() as afterwards:
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
        with _translate_errors():
            return await self._direct_pool.execute(statement, parameters, deadline)

    async def ping(self) -> None:
        """Return when the database answers. Raises `DatabaseUnavailable`."""
        async with self.begin() as connection:
            await connection.execute(text("SELECT 1"))

    async def close(self) -> None:
        """Close the connections that are not in use."""
        await self._engine.dispose()
        await self._direct_pool.close()


@contextmanager
def _translate_errors() -> Iterator[None]:
    try:
        yield
    except (OSError, TimeoutError, PoolTimeout) as error:
        raise DatabaseUnavailable(str(error) or type(error).__name__) from error
    except DBAPIError as error:
        if error.connection_invalidated or _is_outage(error.orig):
            raise DatabaseUnavailable(str(error.orig)) from error
        raise
    except (asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
        # The driver raises the second if a connection breaks just before it sends.
        raise DatabaseUnavailable(str(error)) from error
    except asyncpg.PostgresError as error:
        if _is_outage(error):
            raise DatabaseUnavailable(str(error)) from error
        raise


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


def _is_outage(error: BaseException | None) -> bool:
    return (getattr(error, "sqlstate", None) or "").startswith(_UNAVAILABLE_STATES)
