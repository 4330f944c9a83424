"""Verb `settings`: every setting with its value and source."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from gateway.cli.errors import report_errors
from gateway.cli.options import gateway_options
from gateway.cli.output import print_rows
from gateway.wiring.carriers import read_settings


@click.command()
@gateway_options
@click.option("--json", "as_json", is_flag=True, help="One JSON array on stdout, nothing else.")
def settings(config: Path | None, data: Path | None, as_json: bool) -> None:
    """Show every setting: its value, default, source and meaning. Secrets stay hidden."""
    with report_errors():
        rows = [asdict(row) for row in read_settings(config, data=data).rows()]
    print_rows(rows, ["name", "value", "default", "source", "meaning"], as_json, "")
