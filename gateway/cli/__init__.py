"""Command `waspada`: one module per verb.

Errors go to stderr with exit status 1, wrong usage with 2.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click

from gateway.cli.errors import report_faults

VERBS: Mapping[str, str] = {
    "run": "processes",
    "web": "processes",
    "worker": "processes",
    "check": "config",
    "menu": "menu",
    "dial": "dial",
    "channels": "channels",
    "incidents": "incidents.commands",
    "messages": "messages",
    "people": "people",
    "appeals": "appeals.commands",
    "users": "users",
    "logs": "logs",
    "settings": "config",
    "db": "config",
    "purge": "purge",
}
"""Verbs in the order of the help, and the module of this room that defines each."""


class VerbGroup(click.Group):
    """Group of the verbs. It imports a verb when that is used: all together take a second of processor time."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        verb: click.Command = getattr(import_module(f"gateway.cli.{VERBS[cmd_name]}"), cmd_name)
        return verb

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in VERBS and not args[0].startswith("-"):
            raise click.exceptions.NoSuchCommand(args[0], possibilities=VERBS, ctx=ctx)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        with report_faults():
            return super().invoke(ctx)


@click.group(cls=VerbGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="waspada", message="waspada %(version)s")
def main() -> None:
    """Run a self-hosted SMS/USSD gateway for reports from phones without a data connection."""
