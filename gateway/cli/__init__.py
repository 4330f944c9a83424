"""Command `waspada`: one module per verb.

Errors go to stderr with exit status 1, wrong usage with 2.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, NamedTuple

import click

from gateway.cli.errors import report_faults


class Verb(NamedTuple):
    """Verb of the command: the module of this room that defines it, and its line in the help."""

    module: str
    summary: str


VERBS: Mapping[str, Verb] = {
    "run": Verb("processes", "Run the whole gateway on this machine."),
    "web": Verb("processes", "Serve the carriers' webhooks, over your own stores."),
    "worker": Verb("processes", "Send SMS and file pending reports, over your own stores."),
    "check": Verb("check", "Check menu packs and the settings: every fault at once."),
    "menu": Verb("menu", "Draw the menu of a pack."),
    "dial": Verb("dial", "Dial the service in the terminal, as a resident does."),
    "channels": Verb("channels", "List channels with their state and URLs; pause and resume."),
    "incidents": Verb("incidents.commands", "List, show and move the reports of residents."),
    "reports": Verb("reports", "Show whose report of the day is due."),
    "messages": Verb("messages", "Show, resend and cancel SMS; list inbound SMS."),
    "people": Verb("people", "Import, list, export and erase people."),
    "appeals": Verb("appeals.commands", "Write, approve, send and account for appeals (himbauan)."),
    "users": Verb("users", "Accounts of the operators: roles, passwords, tokens."),
    "logs": Verb("logs", "Show the log, or a dialogue as the resident saw it."),
    "settings": Verb("settings", "Show every setting: value, source and meaning."),
    "db": Verb("db", "Manage the database."),
    "purge": Verb("purge", "Remove the phone numbers whose retention is over."),
}
"""Verbs in the order of the help. The summaries are here since importing all verbs takes a second of processor time."""


class VerbGroup(click.Group):
    """Group of the verbs, which imports a verb when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        verb: click.Command = getattr(import_module(f"gateway.cli.{VERBS[cmd_name].module}"), cmd_name)
        return verb

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in VERBS and not args[0].startswith("-"):
            raise click.exceptions.NoSuchCommand(args[0], possibilities=VERBS, ctx=ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, verb.summary) for name, verb in VERBS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        with report_faults():
            return super().invoke(ctx)


@click.group(cls=VerbGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="waspada", message="waspada %(version)s")
def main() -> None:
    """Run a self-hosted SMS/USSD gateway for reports from phones without a data connection."""
