"""Verb `db`: the tables of the database."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.cli.errors import run_async
from gateway.cli.options import gateway_options
from gateway.runtime.schema import upgrade
from gateway.wiring.running_instance import locate_gateway


@click.group()
def db() -> None:
    """Manage the database."""


@db.command("upgrade")
@gateway_options
@run_async
async def db_upgrade(config: Path | None, data: Path | None) -> None:
    """Bring the tables up to date. `run` does this itself; your own PostgreSQL waits for this verb."""
    await upgrade(locate_gateway(config, data).database_address)
    click.echo("The tables are up to date.")
