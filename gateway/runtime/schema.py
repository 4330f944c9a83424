"""Schema of the database: the migrations of a release, and the revision that a database has."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.runtime.postgres import Database, TablesOutdated

_UPGRADE_LOCK = 0x57415350
"""Number of the advisory lock of `upgrade`. Any number that nothing else uses."""
_UPGRADE_TIMEOUT = 600.0
_NEWER = "The tables are of a newer release, or of another program: install that release, or correct database_url."


async def upgrade(url: str) -> None:
    """Run the missing migrations of the database, all or none, in one transaction.

    Safe to call from any number of processes at once: an advisory lock serialises them. Raises `DatabaseUnavailable`,
    and `TablesOutdated` if the tables are of a newer release.
    """
    database = Database(url, pool_size=1, timeout=_UPGRADE_TIMEOUT)
    try:
        async with database.begin() as connection:
            await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _UPGRADE_LOCK})
            if not await _revisions(connection) <= _releases().known:
                raise TablesOutdated(_NEWER)
            await connection.run_sync(_run_migrations)
    finally:
        await database.close()


async def check_tables(database: Database, *, deadline: float | None = None) -> None:
    """Return if the tables are those of this release. Raises `TablesOutdated` and `DatabaseUnavailable`."""
    async with database.begin(deadline=deadline) as connection:
        found = await _revisions(connection)
    if found != _releases().newest:
        raise TablesOutdated if found <= _releases().known else TablesOutdated(_NEWER)


async def is_empty(url: str) -> bool:
    """Return True if the database has no tables of any release. Raises `DatabaseUnavailable`."""
    database = Database(url, pool_size=1)
    try:
        async with database.begin() as connection:
            return not await _revisions(connection)
    finally:
        await database.close()


def _run_migrations(connection: Connection) -> None:
    command.upgrade(_alembic_config(connection=connection), "head")


async def _revisions(connection: AsyncConnection) -> set[str]:
    """Return the revision of the tables, or nothing if there are none."""
    if await connection.scalar(text("SELECT to_regclass('alembic_version')")) is None:
        return set()
    return set(await connection.scalars(text("SELECT version_num FROM alembic_version")))


class _Releases(NamedTuple):
    newest: set[str]
    known: frozenset[str]


@cache
def _releases() -> _Releases:
    """Return the newest revision of the tables, and all that this release knows."""
    scripts = ScriptDirectory.from_config(_alembic_config())
    return _Releases(set(scripts.get_heads()), frozenset(script.revision for script in scripts.walk_revisions()))


def _alembic_config(**attributes: Any) -> Config:
    config = Config(attributes=attributes)
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
