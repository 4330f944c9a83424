"""Prepared statement past SQLAlchemy: compiled at import, sent to the driver over a small connection pool of its own.

Filing is the only SQL of a dialogue that reports something, once in some fourteen hops. Through SQLAlchemy's
connection it cost more processor time than all of the other hops together.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, cast

import asyncpg
from sqlalchemy import ClauseElement
from sqlalchemy.dialects.postgresql.asyncpg import dialect as asyncpg_dialect

from gateway.runtime.connection import Connector
from gateway.runtime.postgres_errors import is_stale

_MAX_IDLE_S = 300.0  # a firewall may silently drop a connection that is idle for longer
_DIALECT: Any = cast(Any, asyncpg_dialect)()


class CompiledStatement:
    """Compiled statement that is a transaction by itself. It returns one row or none."""

    def __init__(self, statement: ClauseElement) -> None:
        compiled = statement.compile(dialect=_DIALECT)
        self.sql = str(compiled)
        self._order: list[str] = list(getattr(compiled, "positiontup", ()))

    def arguments(self, parameters: Mapping[str, Any]) -> list[Any]:
        """Return `parameters` in the order of the statement. Values are what the driver takes: JSON as text."""
        return [parameters[name] for name in self._order]


class DirectPool:
    """Connection pool for compiled statements. It connects at the first statement.

    Only a list of idle connections: the driver's own pool resets a connection after each use, in a task of its own,
    and that costs as much as the statement. A compiled statement leaves nothing behind that would need a reset.
    """

    def __init__(self, connector: Connector, size: int, timeout: float) -> None:
        """Remember how to connect. `timeout` in seconds bounds a statement without a deadline, connecting included."""
        self._connector = connector
        self._timeout = timeout
        self._slots = asyncio.Semaphore(size)
        self._idle: list[tuple[Any, float]] = []  # with the loop's time since when
        self._closed = False

    async def execute(self, statement: CompiledStatement, parameters: Mapping[str, Any], deadline: float | None) -> Any:
        """Execute `statement` and return its row.

        An interrupted connection is closed, since its state is unknown. With a stale one all idle ones are closed too.
        """
        async with asyncio.timeout(self._timeout if deadline is None else deadline), self._slots:
            connection = await self._acquire()
            try:
                row = await connection.fetchrow(statement.sql, *statement.arguments(parameters))
            except asyncpg.PostgresError as error:
                if is_stale(error):
                    connection.terminate()
                    self.close_idle()
                    self._connector.note_error(error)
                else:
                    self._put_back(connection)
                raise
            except BaseException:
                connection.terminate()
                raise
            self._put_back(connection)
            return row

    async def close(self) -> None:
        """Close the idle connections now, and those in use when they are put back."""
        self._closed = True
        self.close_idle()

    def close_idle(self) -> None:
        """Close the idle connections. The next statements open new ones."""
        while self._idle:
            self._idle.pop()[0].terminate()

    async def _acquire(self) -> Any:
        latest = asyncio.get_running_loop().time() - _MAX_IDLE_S
        while self._idle:
            connection, since = self._idle.pop()
            if since > latest and not connection.is_closed():  # as it is after a restart of the server
                return connection
            connection.terminate()
        return await self._connector.connect()

    def _put_back(self, connection: Any) -> None:
        if self._closed:
            connection.terminate()
        else:
            self._idle.append((connection, asyncio.get_running_loop().time()))
