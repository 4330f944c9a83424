"""Command group `messages inbox`: inbound SMS are listed, and sorted by operators."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from gateway.cli.context import open_context
from gateway.cli.errors import run_async
from gateway.cli.incidents.options import category_named, parse_actor
from gateway.cli.incidents.places import place_named
from gateway.cli.options import gateway_options, list_options
from gateway.cli.output import print_rows
from gateway.cli.packs import load_readable_pack
from gateway.cli.reading import HIDDEN, Redaction, guard, reader_named, reader_option, redaction_for
from gateway.incidents.restricted import Reader, RestrictedReports
from gateway.incidents.store import IncidentStore
from gateway.menu.model import Menu
from gateway.sms.desk_inbox import REASONS, DeskInbox
from gateway.sms.inbound_queue import HandledSms, InboundQueue
from gateway.text import ticket as tickets
from gateway.text.phone import mask_in
from gateway.text.times import format_local
from gateway.wiring.running_instance import locate_gateway

_ACTOR = click.option(
    "--as", "actor", default="cli", show_default=True, callback=parse_actor, help="Your name, for the audit trail."
)
_NUMBER = click.argument("sms", type=click.IntRange(1, 2**63 - 1), metavar="ID")
_UNSEEN = {"made": "", "ticket": None, "from": "", "text": HIDDEN, "reason": "", "sorted_by": ""}
"""Fields of an inbound SMS that are hidden with a restricted report. It may still be one to sort."""
_COLUMNS = ("id", "received_at", "to_sort", "reason", "ticket", "from", "channel", "sorted_by", "text")


@click.group("inbox", invoke_without_command=True)
@gateway_options
@list_options
@click.option("--to-sort", is_flag=True, help="Only SMS that an operator must still read.")
@reader_option
@click.pass_context
def inbox(
    context: click.Context, config: Path | None, data: Path | None, as_json: bool, limit: int, to_sort: bool, name: str
) -> None:
    """List inbound SMS and their results, newest first. With a verb, sort one of them."""
    if context.invoked_subcommand is None:
        _list_inbound(config, data, as_json, limit, to_sort, name)


@run_async
async def _list_inbound(
    config: Path | None, data: Path | None, as_json: bool, limit: int, to_sort: bool, name: str
) -> None:
    settings = locate_gateway(config, data)
    menu = load_readable_pack(settings.pack)
    async with open_context(settings) as stores:
        reader = await reader_named(stores, menu, name)
        listed = await InboundQueue(stores.database, stores.vault, stores.clock).list_inbound(limit, to_sort=to_sort)
        seen = await redaction_for(stores, menu, reader, ((sms.ticket, sms.text) for sms in listed))
    if_empty = "No SMS is to sort." if to_sort else "No SMS has come in yet."
    print_rows([_json(sms, seen) if as_json else _row(sms, seen) for sms in listed], _COLUMNS, as_json, if_empty)


@inbox.command("done")
@gateway_options
@_ACTOR
@_NUMBER
@run_async
async def inbox_done(config: Path | None, data: Path | None, sms: int, actor: str) -> None:
    """Take an SMS off the list of those to sort, because nothing more is to be done."""
    async with _open_sms(config, data, sms, actor) as opened:
        await opened.desk.mark_done(sms, opened.reader.name)
    click.echo(f"SMS {sms} is done.")


@inbox.command("report")
@gateway_options
@_ACTOR
@click.option("--kind", default="", help="A kind: its key, name or SMS code [what was understood of the text].")
@click.option("--area", default="", metavar="NAME|CODE", help="A kelurahan [what was understood of the text].")
@_NUMBER
@run_async
async def inbox_report(config: Path | None, data: Path | None, sms: int, actor: str, kind: str, area: str) -> None:
    """Make a report of an SMS. Its sender gets the usual confirmation by SMS."""
    from gateway.wiring.live_log import live_log  # noqa: PLC0415 - it takes Redis' client, which no other verb here needs

    async with _open_sms(config, data, sms, actor) as opened, live_log(locate_gateway(config, data)):
        category = category_named(opened.menu, kind) if kind else ""
        place = place_named(opened.menu, area) if area else ""
        filed = await opened.desk.make_report(sms, opened.reader.name, category, place)
        hidden = await opened.reports.hidden_among([filed.ticket], opened.reader)
    if hidden:
        click.echo(f"SMS {sms} is a restricted report.")
        return
    ticket = tickets.with_dash(filed.ticket)
    click.echo(f"SMS {sms} is report {ticket}." if filed.new else f"SMS {sms} belongs to report {ticket} already.")


@inbox.command("answer")
@gateway_options
@_ACTOR
@click.option("--again", is_flag=True, help="Also if the SMS is answered, done or a report already.")
@_NUMBER
@click.argument("text")
@run_async
async def inbox_answer(config: Path | None, data: Path | None, sms: int, actor: str, again: bool, text: str) -> None:
    """Send TEXT to the sender of an SMS, in up to three parts."""
    async with _open_sms(config, data, sms, actor) as opened:
        sent = await opened.desk.answer(sms, opened.reader.name, text, again=again)
    click.echo(f"SMS {sms} is answered by message {sent.message}, parts: {sent.parts}.")


@dataclass(frozen=True, slots=True)
class _Sorting:
    """Acts on inbound SMS, by somebody who may read the one that they are about."""

    desk: DeskInbox
    reader: Reader
    menu: Menu
    reports: RestrictedReports


@asynccontextmanager
async def _open_sms(config: Path | None, data: Path | None, sms: int, actor: str) -> AsyncIterator[_Sorting]:
    """Open the acts on inbound SMS. Raises `ReportWithheld` if `actor` may not read this one."""
    settings = locate_gateway(config, data)
    menu = load_readable_pack(settings.pack)
    codes = {name: channel.service_code for name, channel in settings.channels.items()}
    async with open_context(settings) as stores:
        reader = await reader_named(stores, menu, actor)
        queue = InboundQueue(stores.database, stores.vault, stores.clock)
        listed = await queue.list_inbound(1, number=sms)
        seen = await redaction_for(stores, menu, reader, ((found.ticket, found.text) for found in listed))
        if any(seen.hides_inbound(found.ticket, found.text) for found in listed):
            raise reader.refuse()
        incidents = IncidentStore(stores.database, stores.vault, stores.clock, is_restricted=menu.is_restricted)
        desk = DeskInbox(stores.database, stores.vault, stores.clock, incidents, lambda: menu, codes)
        yield _Sorting(desk, reader, menu, guard(stores))


def _row(sms: HandledSms, seen: Redaction) -> dict[str, Any]:
    hidden = seen.hides_inbound(sms.ticket, sms.text)
    row = {
        "id": str(sms.id),
        "received_at": format_local(sms.received_at, seen.menu.timezone),
        "to_sort": "to sort" if sms.to_sort else "",
        "reason": REASONS[sms.disposition],
        "ticket": tickets.with_dash(sms.ticket) if sms.ticket else "",
        "from": sms.sender,
        "channel": sms.channel,
        "sorted_by": sms.sorted_by,
        "text": mask_in(sms.text),
    }
    return row | {**_UNSEEN, "ticket": ""} if hidden else row


def _json(sms: HandledSms, seen: Redaction) -> dict[str, Any]:
    row = {
        "id": sms.id,
        "made": sms.disposition or "",
        "to_sort": sms.to_sort,
        "ticket": sms.ticket,
        "from": sms.sender,
        "text": mask_in(sms.text),
        "channel": sms.channel,
        "received_at": sms.received_at.isoformat(),
        "reason": REASONS[sms.disposition],
        "sorted_by": sms.sorted_by,
    }
    return row | _UNSEEN if seen.hides_inbound(sms.ticket, sms.text) else row
