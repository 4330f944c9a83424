"""`menu`: draw the menu of a pack."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.cli.errors import report_errors
from gateway.cli.options import gateway_options, output_option
from gateway.menu.drawing.svg import mermaid, svg
from gateway.menu.limits import Limits
from gateway.menu.model import Menu
from gateway.menu.pack.loader import PackRefused, load
from gateway.runtime.pack_folder import read_pack
from gateway.text.diagnostics import unknown
from gateway.wiring.carriers import read_settings
from gateway.wiring.running_instance import with_pack_in_use


@click.group()
def menu() -> None:
    """Draw the menu of a pack."""


@menu.command()
@gateway_options
@click.option("--pack", type=click.Path(path_type=Path), help="The folder of the pack [the one in use].")
@click.option("--language", metavar="KEY", help="The language of the screens [the pack's first].")
@click.option(
    "--format", "form", type=click.Choice(["svg", "mermaid"]), default="svg", show_default=True, help="What to draw."
)
@output_option()
def draw(
    config: Path | None, data: Path | None, pack: Path | None, language: str | None, form: str, output: Path | None
) -> None:
    """Draw the flow of a pack with its screens, as SVG or as Mermaid text.

    A pack whose screens do not fit yet is drawn too.
    """
    with report_errors():
        settings = with_pack_in_use(read_settings(config, data=data, pack=pack))
        menu = _load_menu(settings.pack)
    spoken = _choose_language(menu, language)
    septets = min((channel.limit for channel in settings.channels.values()), default=Limits().septets)
    picture = (svg if form == "svg" else mermaid)(menu, spoken, Limits(septets=septets))
    if output is None:
        click.echo(picture, nl=False)
        return
    try:
        output.write_text(picture, encoding="utf-8")
    except OSError as error:
        raise click.ClickException(f"{output} cannot be written: {error.strerror}") from None


def _load_menu(pack: Path) -> Menu:
    """Load a pack. Its faults are shown with its folder, as `check` does: it may not be the pack that is edited."""
    try:
        return load(read_pack(pack))
    except PackRefused as error:
        raise click.ClickException("\n".join(f"{pack}/{diagnostic}" for diagnostic in error.diagnostics)) from None


def _choose_language(menu: Menu, wanted: str | None) -> str:
    if wanted is None:
        return menu.language
    if wanted not in menu.languages:
        raise click.BadParameter(unknown("language", wanted, menu.languages), param_hint="--language")
    return wanted
