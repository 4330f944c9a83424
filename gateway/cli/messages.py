"""`messages`: outgoing and inbound SMS."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from gateway.cli.context import CommandContext, open_context
from gateway.cli.errors import run_async
from gateway.cli.inbox import inbox
from gateway.cli.options import gateway_options, json_option, list_options, parse_ticket
from gateway.cli.output import print_row, print_rows, with_local_times
from gateway.cli.packs import load_readable_pack
from gateway.cli.reading import HIDDEN, Redaction, guard, reader_named, reader_option, redaction_for
from gateway.menu.model import Menu
from gateway.messages.message import MessageClass, MessageStatus
from gateway.messages.operator_actions import MessageDetails, OperatorActions
from gateway.messages.outbox import MessageSummary, Outbox
from gateway.text import ticket as tickets
from gateway.text.json_values import to_json
from gateway.text.phone import mask_in
from gateway.text.times import format_local
from gateway.wiring.running_instance import locate_gateway

_NUMBER = click.argument("message", type=click.IntRange(1, 2**63 - 1), metavar="ID")
_ACTOR = click.option("--as", "actor", default="cli", show_default=True, help="Your name, for the audit trail.")
_UNSEEN = {"ticket": None, "to": "", "text": HIDDEN, "reason": ""}
"""Fields of a message that are hidden with a restricted report. The others tell if it went out."""


@click.group()
def messages() -> None:
    """Show, resend and cancel SMS, and list and sort inbound SMS."""


messages.add_command(inbox)


@messages.command("list")
@gateway_options
@list_options
@click.option(
    "--class", "kind", type=click.Choice([kind.value for kind in MessageClass]), help="Only messages of this class."
)
@click.option(
    "--status", type=click.Choice([status.value for status in MessageStatus]), help="Only messages with this status."
)
@click.option("--ticket", default="", help="Only messages about this report.")
@reader_option
@run_async
async def messages_list(
    config: Path | None,
    data: Path | None,
    as_json: bool,
    limit: int,
    kind: str | None,
    status: str | None,
    ticket: str,
    name: str,
) -> None:
    """List messages, newest first."""
    number = parse_ticket(ticket, "--ticket") if ticket else ""
    settings = locate_gateway(config, data)
    menu = load_readable_pack(settings.pack)
    async with open_context(settings) as stores:
        reader = await reader_named(stores, menu, name)
        if number:
            await guard(stores).check(number, reader)
        outbox = Outbox(stores.database, stores.vault, stores.clock)
        listed = await outbox.list_messages(
            limit,
            kind=MessageClass(kind) if kind else None,
            status=MessageStatus(status) if status else None,
            ticket=number,
        )
        seen = await redaction_for(stores, menu, reader, ((message.ticket, message.text) for message in listed))
    columns = ["id", "created_at", "class", "status", "reason", "ticket", "to", "parts", "attempts", "channel", "text"]
    if_empty = "There is no such message." if kind or status or ticket else "No message has been written yet."
    rows = [_json(message, seen) if as_json else _row(message, seen) for message in listed]
    print_rows(rows, columns, as_json, if_empty)


@messages.command("show")
@gateway_options
@json_option
@reader_option
@_NUMBER
@run_async
async def messages_show(config: Path | None, data: Path | None, message: int, as_json: bool, name: str) -> None:
    """Show one message with its delivery reports and its history."""
    settings = locate_gateway(config, data)
    menu = load_readable_pack(settings.pack)
    async with open_context(settings) as stores:
        _, details = await _open_message(stores, menu, message, name)
    shown = _details_json(details)
    print_row(shown if as_json else with_local_times(shown, menu.timezone), as_json)


@messages.command("resend")
@gateway_options
@json_option
@_ACTOR
@_NUMBER
@run_async
async def messages_resend(config: Path | None, data: Path | None, message: int, actor: str, as_json: bool) -> None:
    """Send a message once more, as a new one.

    It must be undelivered, refused, unknown or cancelled.
    """
    settings = locate_gateway(config, data)
    async with open_context(settings) as stores:
        author, _ = await _open_message(stores, load_readable_pack(settings.pack), message, actor)
        actions = OperatorActions(stores.database, stores.vault, stores.clock)
        details = await actions.get_message(await actions.resend(message, author))
    if as_json:
        print_row(_details_json(details), as_json)
    else:
        click.echo(f"Message {message} is sent once more, as {details.id}.")


@messages.command("cancel")
@gateway_options
@json_option
@_ACTOR
@click.option("--reason", default="", help="Why, for the audit trail.")
@_NUMBER
@run_async
async def messages_cancel(
    config: Path | None, data: Path | None, message: int, actor: str, reason: str, as_json: bool
) -> None:
    """Cancel a message that is queued or unknown.

    An unknown message of an appeal may have arrived, and cannot be cancelled.
    """
    settings = locate_gateway(config, data)
    async with open_context(settings) as stores:
        author, _ = await _open_message(stores, load_readable_pack(settings.pack), message, actor)
        actions = OperatorActions(stores.database, stores.vault, stores.clock)
        await actions.cancel(message, author, reason)
        details = await actions.get_message(message)
    if as_json:
        print_row(_details_json(details), as_json)
    else:
        click.echo(f"Message {message} is now cancelled.")


async def _open_message(stores: CommandContext, menu: Menu, message: int, name: str) -> tuple[str, MessageDetails]:
    """Return the name for the audit trail, and the message. Raises `ReportWithheld` for one that they may not read."""
    reader = await reader_named(stores, menu, name)
    details = await OperatorActions(stores.database, stores.vault, stores.clock).get_message(message)
    if (await redaction_for(stores, menu, reader, [(details.ticket, details.text)])).hides(
        details.ticket, details.text
    ):
        raise reader.refuse()
    return reader.name, details


def _row(message: MessageSummary, seen: Redaction) -> dict[str, Any]:
    """Return the cells of a message in a table, with local time."""
    row = _json(message, seen)
    ticket = tickets.with_dash(row["ticket"]) if row["ticket"] else ""
    return {**row, "ticket": ticket, "created_at": format_local(message.created_at, seen.menu.timezone)}


def _json(message: MessageSummary, seen: Redaction) -> dict[str, Any]:
    """Return the JSON of a message in a list. A number in its text is masked; `messages show` has it whole."""
    row = {**to_json(message), "text": mask_in(message.text)}
    if message.class_ is MessageClass.RESUME and seen.reader.hidden:
        row["to"] = ""  # its time and that of a restricted draft would tell whose it is
    return row | _UNSEEN if seen.hides(message.ticket, message.text) else row


def _details_json(details: MessageDetails) -> dict[str, Any]:
    """Return the JSON of a message. An entry of its history has only the fields that its event has."""
    json: dict[str, Any] = to_json(details)
    json["history"] = [{name: value for name, value in entry.items() if value is not None} for entry in json["history"]]
    return json
