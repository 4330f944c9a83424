"""`messages`: the SMS that were or are to be sent, one by one or all."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.cli.context import locate_gateway, open_context
from gateway.cli.errors import run_async
from gateway.cli.options import gateway_options, json_option, list_options, parse_ticket
from gateway.cli.output import print_row, print_rows
from gateway.messages.message import MessageClass, MessageStatus
from gateway.messages.operator_actions import OperatorActions
from gateway.messages.outbox import Outbox
from gateway.sms.inbound_queue import InboundQueue

_NUMBER = click.argument("message", type=click.IntRange(1, 2**63 - 1), metavar="ID")
_ACTOR = click.option("--as", "actor", default="cli", show_default=True, help="Who does it, for the audit trail.")


@click.group()
def messages() -> None:
    """The SMS that are or were to be sent."""


@messages.command("list")
@gateway_options
@list_options
@click.option(
    "--class", "kind", type=click.Choice([kind.value for kind in MessageClass]), help="Only those of this class."
)
@click.option(
    "--status", type=click.Choice([status.value for status in MessageStatus]), help="Only those that stand so."
)
@click.option("--ticket", default="", help="Only those about this report.")
@run_async
async def messages_list(
    config: Path | None,
    data: Path | None,
    as_json: bool,
    limit: int,
    kind: str | None,
    status: str | None,
    ticket: str,
) -> None:
    """List messages, the newest first."""
    number = parse_ticket(ticket, "--ticket") if ticket else ""
    async with open_context(locate_gateway(config, data)) as stores:
        outbox = Outbox(stores.database, stores.vault, stores.clock)
        of_kind, standing = MessageClass(kind) if kind else None, MessageStatus(status) if status else None
        listed = await outbox.list_messages(limit, kind=of_kind, status=standing, ticket=number)
    columns = ["id", "class", "status", "ticket", "to", "parts", "attempts", "channel", "text"]
    found = "There is no such message." if kind or status or ticket else "No message has been written yet."
    print_rows(listed, columns, as_json, found)


@messages.command("inbox")
@gateway_options
@list_options
@click.option("--to-sort", is_flag=True, help="Only what somebody at the desk must read.")
@run_async
async def messages_inbox(config: Path | None, data: Path | None, as_json: bool, limit: int, to_sort: bool) -> None:
    """List the SMS that came in and what was made of them, the newest first."""
    async with open_context(locate_gateway(config, data)) as stores:
        listed = await InboundQueue(stores.database, stores.vault, stores.clock).list_inbound(limit, to_sort=to_sort)
    columns = ["id", "made", "to_sort", "ticket", "from", "channel", "received_at", "text"]
    print_rows(listed, columns, as_json, "No SMS has come in yet.")


@messages.command("show")
@gateway_options
@json_option
@_NUMBER
@run_async
async def messages_show(config: Path | None, data: Path | None, message: int, as_json: bool) -> None:
    """Show one message, its delivery reports and all that befell it."""
    async with open_context(locate_gateway(config, data)) as stores:
        desk = OperatorActions(stores.database, stores.vault, stores.clock)
        shown = await desk.get_message(message)
    print_row(shown, as_json)


@messages.command("resend")
@gateway_options
@json_option
@_ACTOR
@_NUMBER
@run_async
async def messages_resend(config: Path | None, data: Path | None, message: int, actor: str, as_json: bool) -> None:
    """Send a message once more, as a new one: one that is undelivered, refused, unknown or cancelled."""
    async with open_context(locate_gateway(config, data)) as stores:
        desk = OperatorActions(stores.database, stores.vault, stores.clock)
        shown = await desk.get_message(await desk.resend(message, actor))
    if as_json:
        print_row(shown, as_json)
    else:
        click.echo(f"Message {message} is sent once more, as {shown['id']}.")


@messages.command("cancel")
@gateway_options
@json_option
@_ACTOR
@click.option("--reason", default="", help="Why; it stands in the audit trail.")
@_NUMBER
@run_async
async def messages_cancel(
    config: Path | None, data: Path | None, message: int, actor: str, reason: str, as_json: bool
) -> None:
    """Call off a message that has not left: one that is queued or unknown.

    An unknown one of an appeal may have arrived, and stays as it is.
    """
    async with open_context(locate_gateway(config, data)) as stores:
        desk = OperatorActions(stores.database, stores.vault, stores.clock)
        await desk.cancel(message, actor, reason)
        shown = await desk.get_message(message)
    if as_json:
        print_row(shown, as_json)
    else:
        click.echo(f"Message {message} is now cancelled.")
