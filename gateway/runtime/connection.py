"""Connections to PostgreSQL of both pools, opened so that a pooler in between does no harm.

A pooler in transaction mode (PgBouncer and its like) gives each transaction another connection to the server. A
prepared statement with a name is left behind on one and missed, or found taken, on the next. So behind a pooler no
statement gets a name. A direct connection keeps its named ones, which are parsed once.
"""

from __future__ import annotations

import io
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import asyncpg

from gateway.runtime.postgres_errors import sqlstate

_MIXED_UP = ("26000", "42P05")  # SQLSTATE: a prepared statement is missing, or its name is taken
_CACHE_SIZES = ("statement_cache_size", "prepared_statement_cache_size")  # the driver's name for it, and SQLAlchemy's


class Connector:
    """Opener of connections to one database. It notices a pooler by itself, at the first connection through it."""

    def __init__(self, url: str) -> None:
        """Remember the address. A statement cache of size 0 in the URL says that there is a pooler."""
        parts = urlsplit(url)
        query = dict(parse_qsl(parts.query))
        self.pooled = "0" in [query.pop(name, "") for name in _CACHE_SIZES]
        if "ssl" in query:
            query["sslmode"] = query.pop("ssl")
        self._dsn = urlunsplit(parts._replace(scheme="postgresql", query=urlencode(query)))

    async def connect(self, **options: Any) -> asyncpg.Connection:
        """Open a connection, with these options of the driver. A direct one costs one round trip more."""
        if not self.pooled:
            connection = await asyncpg.connect(self._dsn, **options)
            try:
                self.pooled = await _is_pooled(connection)
            except BaseException:
                connection.terminate()
                raise
            if not self.pooled:
                return connection
            connection.terminate()
        return await asyncpg.connect(self._dsn, statement_cache_size=0, **options)

    def note_error(self, error: BaseException) -> None:
        """Learn from an error that there is a pooler after all, which has told its clients the server's number."""
        self.pooled |= sqlstate(error) in _MIXED_UP


async def _is_pooled(connection: asyncpg.Connection) -> bool:
    """Return True if the process that runs the statements is not the one that was connected to.

    A pooler makes up the number that it tells its clients. COPY needs no prepared statement, so it is safe behind one.
    """
    answer = io.BytesIO()
    await connection.copy_from_query("SELECT pg_backend_pid()", output=answer)
    return answer.getvalue() != b"%d\n" % connection.get_server_pid()
