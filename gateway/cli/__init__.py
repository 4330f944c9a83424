"""Command `waspada`: one module per verb.

Errors go to stderr with exit status 1, wrong usage with 2.
"""

from __future__ import annotations

import click

from gateway import __version__
from gateway.cli.appeals.commands import appeals
from gateway.cli.channels import channels
from gateway.cli.config import check, db, settings
from gateway.cli.dial import dial
from gateway.cli.incidents import incidents
from gateway.cli.logs import logs
from gateway.cli.menu import menu
from gateway.cli.messages import messages
from gateway.cli.people import people
from gateway.cli.processes import run, web, worker
from gateway.cli.purge import purge
from gateway.cli.users import users

VERBS = (
    *(run, web, worker, check, menu, dial, channels, incidents, messages, people, appeals, users),
    *(logs, settings, db, purge),
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="waspada %(version)s")
def main() -> None:
    """Run a self-hosted SMS/USSD gateway for reports from phones without a data connection."""


for verb in VERBS:
    main.add_command(verb)
