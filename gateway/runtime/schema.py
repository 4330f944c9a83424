"""Schema of the database: the migrations of a release, and the revision that a database has."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from gateway.runtime.postgres import Database

_UPGRADE_LOCK = 0x57415350
"""Number of the advisory lock of `upgrade`. Any number that nothing else uses."""
_UPGRADE_TIMEOUT = 600.0


async def upgrade(url: str) -> None:
    """Run the missing migrations of the database, all or none, in one transaction.

    Safe to call from any number of processes at once: an advisory lock serialises them. Raises `DatabaseUnavailable`.
    """
    database = Database(url, pool_size=1, timeout=_UPGRADE_TIMEOUT)
    try:
        async with database.begin() as connection:
            await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _UPGRADE_LOCK})
            await connection.run_sync(_run_migrations)
    finally:
        await database.close()


async def is_current(database: Database, *, deadline: float | None = None) -> bool:
    """Return True if the tables are those of this release. Raises `DatabaseUnavailable`."""
    async with database.begin(deadline=deadline) as connection:
        return await connection.run_sync(_revisions) == _newest_revisions()


async def is_empty(url: str) -> bool:
    """Return True if the database has no tables of any release. Raises `DatabaseUnavailable`."""
    database = Database(url, pool_size=1)
    try:
        async with database.begin() as connection:
            return not await connection.run_sync(_revisions)
    finally:
        await database.close()


def _run_migrations(connection: Connection) -> None:
    command.upgrade(_alembic_config(connection=connection), "head")


def _revisions(connection: Connection) -> set[str]:
    return set(MigrationContext.configure(connection).get_current_heads())


@cache
def _newest_revisions() -> set[str]:
    return set(ScriptDirectory.from_config(_alembic_config()).get_heads())


def _alembic_config(**attributes: Any) -> Config:
    config = Config(attributes=attributes)
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
