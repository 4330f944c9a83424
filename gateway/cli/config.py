"""Verbs `check`, `settings` and `db`, which need no running gateway."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from pathlib import Path

import click

from gateway.cli.context import locate_gateway
from gateway.cli.errors import report_errors, run_async
from gateway.cli.options import gateway_options
from gateway.cli.output import print_rows
from gateway.menu.checks.checker import CheckResult
from gateway.menu.model import Menu
from gateway.menu.pack.loader import PackRefused
from gateway.runtime.pack_folder import PackNotFound
from gateway.runtime.schema import upgrade
from gateway.settings import Settings
from gateway.wiring.carriers import read_settings
from gateway.wiring.pack_loading import load_menu, measure_menu
from gateway.wiring.readiness import faults_of_stores
from gateway.wiring.running_instance import with_pack_in_use


@click.command()
@gateway_options
@click.argument("packs", nargs=-1, type=click.Path(path_type=Path))
def check(config: Path | None, data: Path | None, packs: tuple[Path, ...]) -> None:
    """Check menu packs and the settings: every fault at once, with file and line. Default: the pack in use.

    Without PACKS, the stores that the settings name are checked too, if they can be reached.
    """
    with report_errors():
        settings = with_pack_in_use(read_settings(config, data=data))
    refused: list[str] = [] if packs else _faults_of_stores(settings)
    for pack in packs or (settings.pack,):
        try:
            menu = load_menu(pack, settings.channels)
        except PackRefused as error:
            refused += (f"{pack}/{diagnostic}" for diagnostic in error.diagnostics)
        except PackNotFound as error:
            refused.append(str(error))
        else:
            click.echo(f"{pack}: {_summary(menu, measure_menu(menu, settings.channels))}")
    if refused:
        raise click.ClickException("\n".join(refused))


def _faults_of_stores(settings: Settings) -> list[str]:
    """Return the faults of the stores. One that cannot be reached is no fault here: it may be another machine's."""
    found = asyncio.run(faults_of_stores(settings))
    for store, fault in found.items():
        if fault.unreachable:
            click.echo(f"{store}: not checked. {fault}", err=True)
    return [f"{store}: {fault}" for store, fault in found.items() if not fault.unreachable]


def _summary(menu: Menu, result: CheckResult) -> str:
    longest = result.longest
    return (
        f"{len(menu.states)} states in {', '.join(menu.languages)}: every screen and SMS fits, "
        f"the largest screen in {result.largest} of {result.limits.septets} septets; "
        f"the longest path is {longest.screens} screens, {longest.seconds} seconds"
    )


@click.command()
@gateway_options
@click.option("--json", "as_json", is_flag=True, help="One JSON array on stdout, nothing else.")
def settings(config: Path | None, data: Path | None, as_json: bool) -> None:
    """Show every setting: its value, default, source and meaning. Secrets stay hidden."""
    with report_errors():
        rows = [asdict(row) for row in read_settings(config, data=data).rows()]
    print_rows(rows, ["name", "value", "default", "source", "meaning"], as_json, "")


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
