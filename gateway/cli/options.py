"""Options that several verbs share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec

import click

from gateway.text import ticket as tickets
from gateway.text.diagnostics import quoted

P = ParamSpec("P")


def gateway_options(command: Callable[P, Any]) -> Callable[P, Any]:
    """Add the options that locate the gateway: `--config` and `--data`."""
    for option in (
        click.option(
            "--config",
            type=click.Path(path_type=Path, dir_okay=False),
            envvar="WASPADA_CONFIG",
            help="The settings file (TOML).",
        ),
        click.option(
            "--data",
            type=click.Path(path_type=Path, file_okay=False),
            help="The data folder of `waspada run` [var].",
        ),
    ):
        command = option(command)
    return command


def list_options(command: Callable[P, Any]) -> Callable[P, Any]:
    """Add the options of a list: `--limit` and `--json`."""
    for option in (
        click.option(
            "--limit",
            type=click.IntRange(1, 1_000_000),
            default=1000,
            show_default=True,
            help="At most so many, newest first.",
        ),
        click.option("--json", "as_json", is_flag=True, help="One JSON array on stdout, nothing else."),
    ):
        command = option(command)
    return command


def json_option(command: Callable[P, Any]) -> Callable[P, Any]:
    """Add the option `--json` of a verb that prints a single object."""
    return click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout, nothing else.")(command)


def output_option(help_text: str = "The file to write [stdout].") -> Callable[[Callable[P, Any]], Callable[P, Any]]:
    """Build the option `--output`: the path of a file, or None for stdout, which `-` means too."""
    return click.option("--output", type=click.Path(dir_okay=False, allow_dash=True), callback=_path, help=help_text)


def _path(_: click.Context, __: click.Parameter, value: str | None) -> Path | None:
    return None if value is None or value == "-" else Path(value)


def parse_ticket(text: str, hint: str) -> str:
    """Return the digits of the ticket given as parameter `hint`. Raises `click.BadParameter`."""
    number = tickets.parse(text)
    if number is None:
        raise click.BadParameter(
            f"{quoted(text)} is not a ticket; expected one like 7340-2817, with the right check digit", param_hint=hint
        )
    return number
