"""Tables of an earlier version of the gateway."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text

from gateway.runtime import migrations
from gateway.runtime.postgres import Database


async def make_tables(database: Database, version: str) -> None:
    """Replace all tables by those of this version, such as `0001`, or by none if it is empty."""
    async with database.begin() as connection:
        await connection.execute(text("DROP SCHEMA public CASCADE"))
        await connection.execute(text("CREATE SCHEMA public"))
        if version:
            await connection.run_sync(to_version, version)


def to_version(connection: Connection, version: str) -> None:
    """Migrate the tables up to `version`, and no further."""
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(Path(migrations.__path__[0])))
    config.set_main_option("path_separator", "os")
    command.upgrade(config, version)
