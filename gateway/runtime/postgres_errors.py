"""Errors of PostgreSQL: outages and outdated tables by SQLSTATE, and their reasons in plain words."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from gateway.text.errors import StoreUnavailable

READ_ONLY = "It is read-only: a standby, as after a failover, or default_transaction_read_only is on."
RUN_UPGRADE = "The tables are missing or old: run `waspada db upgrade`."
_RESTARTING = "It is starting up or shutting down."
_NO_FREE_CONNECTION = "It has no free connection: raise max_connections there, or lower database_pool_size."
_NEEDS_CERTIFICATES = "It needs sslrootcert=FILE in database_url: the certificates to trust."
_SAYS_NO_TLS = "It does not speak TLS, and sslmode in database_url asks for it."
_NO_DATABASE = "It has no database of the name in database_url."
_REFUSED = "It refuses the user or the password of database_url."

# SQLSTATE (PostgreSQL, appendix A), or the beginning of several, and the reason. The first that fits counts.
_OUTAGES = {
    "08": "The connection broke, or a pooler in between has no server.",
    "25006": READ_ONLY,
    "25P03": "It closed a transaction that was idle for too long.",
    "26000": "A pooler in between mixes up prepared statements.",
    "42P05": "A pooler in between mixes up prepared statements.",
    "28": _REFUSED,
    "3D000": _NO_DATABASE,
    "40001": READ_ONLY,  # at READ COMMITTED only a standby says it: conflict with recovery
    "42501": "Its user may not use the tables: their owner must be the user of database_url.",
    "53100": "Its disk is full.",
    "53200": "It is out of memory.",
    "53300": _NO_FREE_CONNECTION,
    "53": "It is out of resources.",
    "57014": "It cancelled a statement that took too long.",
    "57P": _RESTARTING,
    "57": "It was interrupted by its operator.",
    "58": "Its system has a fault: see its log.",
}
_WORDS_OF_POOLERS = {
    "authentication failed": _REFUSED,
    "no such user": _REFUSED,
    "no such database": _NO_DATABASE,
    "no more connections": _NO_FREE_CONNECTION,
    "query_wait_timeout": _NO_FREE_CONNECTION,
}
"""Words of PgBouncer, which has one SQLSTATE for everything: 08P01."""
_STALE = ("08", "25006", "25P", "26000", "40001", "42P05", "57P")
"""SQLSTATE prefixes after which the connection is closed: the server behind it no longer serves, a new one may."""
_OUTDATED = ("3F000", "42703", "42704", "42883", "42P01", "42P10")
"""SQLSTATE of a schema, column, constraint, function, table or unique index that is not there."""


class DatabaseUnavailable(StoreUnavailable):
    """Error: PostgreSQL cannot be reached, cannot work now, or did not answer in time.

    The transaction may have been committed all the same, if this happened at its end.
    """

    store = "PostgreSQL"

    @property
    def refused(self) -> bool:
        """True if it is certain that nothing was committed: there was no server, or it has said so."""
        cause = self.__cause__
        if isinstance(cause, asyncpg.PostgresError):
            return not sqlstate(cause).startswith("08")  # the connection broke, perhaps after a commit
        return isinstance(cause, ConnectionRefusedError | FileNotFoundError)


class TablesOutdated(DatabaseUnavailable):
    """Error: the tables are not those of this release, so that nothing can be stored."""

    def __init__(self, reason: str = RUN_UPGRADE) -> None:
        super().__init__(reason, reason)


@contextmanager
def translate_errors() -> Iterator[None]:
    """Raise `DatabaseUnavailable` or `TablesOutdated` for the errors of driver and pool that mean it."""
    try:
        yield
    except PoolTimeout as error:
        raise DatabaseUnavailable(str(error), "All connections of this process are in use.") from error
    except TimeoutError as error:
        raise DatabaseUnavailable(type(error).__name__) from error
    except OSError as error:
        raise DatabaseUnavailable(str(error) or type(error).__name__, _connection_reason(error)) from error
    except DBAPIError as error:
        _raise_if_meant(error, sqlstate(error.orig), str(error.orig))
        if error.connection_invalidated:
            raise DatabaseUnavailable(str(error.orig), _OUTAGES["08"]) from error
        raise
    except asyncpg.PostgresError as error:
        _raise_if_meant(error, sqlstate(error), str(error))
        raise
    except (asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
        # The driver raises the second if a connection breaks just before it sends.
        reason = _NEEDS_CERTIFICATES if "root certificate" in str(error) else ""
        raise DatabaseUnavailable(str(error), reason) from error


def sqlstate(error: BaseException | None) -> str:
    """Return the SQLSTATE of an error, or an empty text if it has none."""
    return getattr(error, "sqlstate", None) or ""


def is_stale(error: BaseException | None) -> bool:
    """Return True if the connection that answered so must be closed: its server no longer serves."""
    return sqlstate(error).startswith(_STALE)


def _raise_if_meant(error: Exception, state: str, message: str) -> None:
    if state in _OUTDATED:
        raise TablesOutdated from error
    for words, reason in _WORDS_OF_POOLERS.items():
        if state == "08P01" and words in message:
            raise DatabaseUnavailable(message, reason) from error
    for prefix, reason in _OUTAGES.items():
        if state.startswith(prefix):
            raise DatabaseUnavailable(message, reason) from error


def _connection_reason(error: OSError) -> str:
    if isinstance(error, ssl.SSLError):
        return "Its TLS certificate is not trusted."
    if isinstance(error, PermissionError):
        return "Its socket may not be opened by this user."
    if "rejected SSL" in str(error):
        return _SAYS_NO_TLS
    return ""
