"""Reading of reports by a verb: who reads, and what of a list they may see.

Without `--as`, and with a name that no reading account has, nobody reads what is restricted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, ParamSpec

import click

from gateway.accounts.store import AccountStore
from gateway.cli.authentication import authenticate
from gateway.cli.context import CommandContext
from gateway.incidents.restricted import Reader, RestrictedReports, Withheld, reader_with, reading_roles
from gateway.menu.model import Menu
from gateway.sms.report_text import parse_report
from gateway.sms.tickets_in_text import all_tickets
from gateway.text.times import format_local

P = ParamSpec("P")

HIDDEN = "(restricted)"


def reader_option(command: Callable[P, Any]) -> Callable[P, Any]:
    """Add the option `--as` of a verb that reads, as the parameter `name`."""
    return click.option(
        "--as", "name", default="", help="The account that reads restricted reports. It is authenticated."
    )(command)


async def reader_named(context: CommandContext, menu: Menu, name: str) -> Reader:
    """Return the reader of this name. An account that may read restricted reports is authenticated.

    Raises `click.ClickException` if its proof is wrong. Any other name is only written down.
    """
    roles = reading_roles(menu)
    account_name = name.strip().lower()
    if not account_name or not roles:
        return reader_with(menu, name)
    if roles.isdisjoint(await AccountStore(context.database, context.clock).roles_of(account_name)):
        return reader_with(menu, name)
    account = await authenticate(context, account_name)
    return reader_with(menu, account.name, account.roles)


def guard(context: CommandContext) -> RestrictedReports:
    return RestrictedReports(context.database, context.clock)


def tell_withheld(withheld: Withheld, reader: Reader, menu: Menu, *, of: str = "report") -> None:
    """Say on stderr that there are reports which the reader may not read, and who may."""
    if not withheld.count or withheld.last_at is None:
        return
    last, roles = format_local(withheld.last_at, menu.timezone), " or ".join(reader.roles_needed)
    number = f"{withheld.count} restricted {of}{'s are' if withheld.count > 1 else ' is'}"
    advice = (
        f"an account with the role {roles} reads them, --as NAME (waspada users add NAME --role {roles.split()[0]})"
    )
    click.echo(f"{number} not shown, the last of {last}: {advice}.", err=True)


@dataclass(frozen=True, slots=True)
class Redaction:
    """Marks what a reader may not see of SMS: those about a restricted report, and those that would be one."""

    menu: Menu
    reader: Reader
    tickets: frozenset[str]
    labels: tuple[str, ...]

    def hides(self, ticket: str | None, text: str) -> bool:
        """Return True if an SMS belongs to a hidden report, or names one, or names a hidden category."""
        if ticket in self.tickets or not self.tickets.isdisjoint(all_tickets(text)):
            return True
        folded = text.casefold()
        return any(label in folded for label in self.labels)

    def hides_inbound(self, ticket: str | None, text: str) -> bool:
        """Return True if an inbound SMS is hidden, also if it would be a report of a hidden category."""
        if self.hides(ticket, text):
            return True
        return bool(self.reader.hidden) and parse_report(text, self.menu).category in self.reader.hidden


async def redaction_for(
    context: CommandContext, menu: Menu, reader: Reader, listed: Iterable[tuple[str | None, str]]
) -> Redaction:
    """Return what is hidden of these SMS, each a ticket and a text, and record the reading of the others."""
    named = {name for ticket, text in listed for name in (ticket, *all_tickets(text)) if name}
    reports = guard(context)
    hidden = await reports.hidden_among(named, reader)
    await reports.record_reading(named - hidden, reader)
    labels = {
        words.labels.get("category", {}).get(category, "").casefold()
        for words in menu.wordings.values()
        for category in reader.hidden
    }
    return Redaction(menu, reader, hidden, tuple(sorted(filter(None, labels))))
