"""Verb `check`: prove menu packs and settings before a start."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import click

from gateway.cli.errors import report_errors
from gateway.cli.options import gateway_options
from gateway.menu.checks.checker import CheckResult
from gateway.menu.model import Menu
from gateway.menu.pack.loader import PackRefused
from gateway.menu.pack_files import STAGES
from gateway.runtime.clock import Clock
from gateway.runtime.logs import silence
from gateway.runtime.pack_folder import PackNotFound
from gateway.runtime.secrets import SecretsUnusable
from gateway.settings import Settings
from gateway.wiring.carriers import read_settings
from gateway.wiring.pack_loading import load_menu, measure_menu
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
            click.echo(f"{pack}: {_summary(menu, measure_menu(menu, settings.channels))}")
            if menu.all_stages_are_past(Clock().now()):
                last = menu.stages[-1]
                ended = f"the last one, {last.key}, ended on {last.end - timedelta(minutes=1):%Y-%m-%d}"
                advice = "no stage begins any more, so no day is strict; put the next ones in"
                click.echo(f"Warning: {pack}/{STAGES}: all stages are past ({ended}): {advice}.", err=True)
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


def _summary(menu: Menu, result: CheckResult) -> str:
    longest = result.longest
    return (
        f"{len(menu.states)} states in {', '.join(menu.languages)}: every screen and SMS fits, "
        f"the largest screen in {result.largest} of {result.limits.septets} septets; "
        f"the longest path is {longest.screens} screens, {longest.seconds} seconds"
    )
