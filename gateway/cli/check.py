"""Verb `check`: prove menu packs and settings before a start."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

import click

from gateway.cli.errors import report_errors
from gateway.cli.options import gateway_options
from gateway.menu.model import Menu
from gateway.menu.pack.loader import PackRefused
from gateway.runtime.clock import Clock
from gateway.runtime.logs import silence
from gateway.runtime.pack_folder import PackNotFound
from gateway.runtime.secrets import SecretsUnusable
from gateway.settings import Settings
from gateway.wiring.carriers import read_settings
from gateway.wiring.pack_loading import load_menu, measure_menu
from gateway.wiring.pack_warnings import warnings_of
from gateway.wiring.readiness import faults_of_stores
from gateway.wiring.running_instance import locate, with_pack_in_use


@click.command()
@gateway_options
@click.argument("packs", nargs=-1, type=click.Path(path_type=Path))
def check(config: Path | None, data: Path | None, packs: tuple[Path, ...]) -> None:
    """Check menu packs and the settings: every fault at once, with file and line. Default: the pack in use.

    Without PACKS, the stores that the settings name are checked too, or those of `waspada run`, if they can be reached.
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
            click.echo(_summary(pack, menu, settings))
    if refused:
        raise click.ClickException("\n".join(refused))


def _faults_of_stores(settings: Settings) -> list[str]:
    """Return the faults of the stores. One that cannot be reached is no fault here: it may be another machine's."""
    with suppress(SecretsUnusable):  # nothing has run in the data folder yet
        settings = settings if settings.redis_url or settings.database_url else locate(settings)
    silence()  # the fault is printed here, not logged
    found = asyncio.run(faults_of_stores(settings))
    for store, fault in found.items():
        if fault.unreachable:
            click.echo(f"{store}: not checked. {fault}", err=True)
    return [f"{store}: {fault}" for store, fault in found.items() if not fault.unreachable]


def _summary(pack: Path, menu: Menu, settings: Settings) -> str:
    """Return the measures of a valid pack as a short table, with its warnings."""
    result = measure_menu(menu, settings.channels)
    warnings = warnings_of(menu, settings, Clock().now())
    lines = {
        "languages": ", ".join(f"{name} ({key})" for key, name in menu.languages.items()),
        "states": str(len(menu.states)),
        "largest screen": f"{result.largest} of {result.limits.septets} septets ({result.largest_at})",
        "longest way": f"{result.longest.screens} screens, {result.longest.seconds} seconds",
        "warnings": str(len(warnings) or "none"),
    }
    table = [f"  {name:<14}  {value}" for name, value in lines.items()]
    return "\n".join([f"{pack}: {menu.name}, every screen and SMS fits", *table, *(f"    {one}" for one in warnings)])
