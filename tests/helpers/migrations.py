"""Tables of an earlier version of the gateway."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from gateway.runtime import migrations


def to_version(connection: Connection, version: str) -> None:
    """Migrate the tables up to `version`, and no further."""
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(Path(migrations.__path__[0])))
    config.set_main_option("path_separator", "os")
    command.upgrade(config, version)
