"""The one statement that runs while a resident waits, without the machinery around it.

Filing a report is the only SQL of a dialogue, once in some fourteen hops. Through SQLAlchemy's connection it cost more
processor time than all of the other hops together; so the statement is compiled when the program starts and goes to
the driver directly, over a few connections of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, cast

import asyncpg
from sqlalchemy import ClauseElement, make_url
from sqlalchemy.dialects.postgresql.asyncpg import dialect as asyncpg_dialect

_DIALECT: Any = cast(Any, asyncpg_dialect)()


class Once:
    """A statement that is a transaction by itself, compiled; it answers with one row or none."""

    def __init__(self, statement: ClauseElement) -> None:
        compiled = statement.compile(dialect=_DIALECT)
        self.sql = str(compiled)
        self._order: list[str] = list(getattr(compiled, "positiontup", ()))

    def arguments(self, parameters: Mapping[str, Any]) -> list[Any]:
        """`parameters` in the order of the statement. Values are what the driver takes: JSON as text."""
        return [parameters[name] for name in self._order]


class OncePool:
    """A few connections that are kept open for `Once` statements. It connects when it is first used."""

    def __init__(self, url: str, size: int, timeout: float) -> None:
        self._connect_with: dict[str, Any] = _DIALECT.create_connect_args(make_url(url))[1]
        cache = self._connect_with.pop("prepared_statement_cache_size", None)
        if cache is not None:  # SQLAlchemy's name for it; a pooler in transaction mode needs 0
            self._connect_with["statement_cache_size"] = cache
        self._size = size
        self._timeout = timeout
        self._pool: Any = None
        self._making = asyncio.Lock()

    async def run(self, once: Once, parameters: Mapping[str, Any], deadline: float | None) -> Any:
        """The row that `once` answers with. A connection that was cut short is closed: its state is not known."""
        async with asyncio.timeout(deadline):
            pool = self._pool or await self._made()
            connection = await pool.acquire()
            try:
                return await connection.fetchrow(once.sql, *once.arguments(parameters))
            except asyncpg.PostgresError:
                raise
            except BaseException:
                connection.terminate()
                raise
            finally:
                await pool.release(connection)

    async def close(self) -> None:
        """Close the connections."""
        if self._pool is not None:
            self._pool.terminate()

    async def _made(self) -> Any:
        async with self._making:
            if self._pool is None:
                self._pool = await asyncpg.create_pool(
                    **self._connect_with,
                    min_size=0,
                    max_size=self._size,
                    timeout=self._timeout,
                    command_timeout=self._timeout,
                    reset=_leave,
                )
        return self._pool


async def _leave(_connection: Any) -> None:
    """Nothing to reset: a `Once` statement leaves nothing behind in its connection."""
