"""Command group `incidents`: list reports and drafts, and show one report with everything about it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from gateway.audit import AuditTrail
from gateway.cli.context import CommandContext, open_context
from gateway.cli.errors import run_async
from gateway.cli.incidents.actions import (
    incidents_move,
    incidents_release,
    incidents_reopen,
    incidents_set,
    incidents_take,
)
from gateway.cli.incidents.ask import incidents_ask
from gateway.cli.incidents.options import TypedFilter, filter_options
from gateway.cli.incidents.output import (
    DRAFT_COLUMNS,
    INCIDENT_COLUMNS,
    IncidentFile,
    draft_json,
    draft_row,
    file_json,
    file_rows,
    incident_json,
    incident_row,
)
from gateway.cli.options import gateway_options, json_option, list_options, parse_ticket
from gateway.cli.output import print_row, print_rows
from gateway.cli.packs import load_readable_pack, readable_duty_roles
from gateway.cli.reading import guard, reader_named, reader_option, tell_withheld
from gateway.incidents.desk_questions import DeskQuestions
from gateway.incidents.drafts import DraftStore
from gateway.incidents.store import IncidentStore, NoSuchIncident
from gateway.messages.outbox import Outbox
from gateway.sms.inbound_queue import InboundQueue
from gateway.text.times import format_local
from gateway.wiring.running_instance import locate_gateway


@click.group()
def incidents() -> None:
    """List, show and handle the reports of residents."""


for verb in (incidents_ask, incidents_move, incidents_reopen, incidents_take, incidents_release, incidents_set):
    incidents.add_command(verb)


@incidents.command("list")
@gateway_options
@list_options
@filter_options
@run_async
async def incidents_list(config: Path | None, data: Path | None, as_json: bool, limit: int, typed: TypedFilter) -> None:
    """List incidents, newest first."""
    settings = locate_gateway(config, data)
    menu = load_readable_pack(settings.pack)
    async with open_context(settings) as stores:
        reader = await reader_named(stores, menu, typed.actor)
        wanted = typed.filter_with(menu, stores.clock.now())
        if wanted.since and not as_json:
            click.echo(f"Since {format_local(wanted.since, menu.timezone)}:", err=True)
        listed = await _incident_store(stores).list_incidents(limit, replace(wanted, hidden=reader.hidden))
        await guard(stores).record_reading([incident.ticket for incident in listed], reader)
        withheld = await guard(stores).count_withheld(reader)
    rows = [incident_json(incident, menu) if as_json else incident_row(incident, menu) for incident in listed]
    if_empty = (
        "No report has been filed yet." if not (wanted.conditions() or withheld.count) else "There is no such report."
    )
    print_rows(rows, INCIDENT_COLUMNS, as_json, if_empty)
    tell_withheld(withheld, reader, menu)


@incidents.command("drafts")
@gateway_options
@list_options
@reader_option
@run_async
async def incidents_drafts(config: Path | None, data: Path | None, as_json: bool, limit: int, name: str) -> None:
    """List drafts: reports that were begun and not sent, newest first."""
    settings = locate_gateway(config, data)
    menu = load_readable_pack(settings.pack)
    async with open_context(settings) as stores:
        reader = await reader_named(stores, menu, name)
        store = DraftStore(stores.database, stores.vault, stores.clock, _incident_store(stores))
        listed = await store.list_drafts(limit, reader.hidden)
        await guard(stores).record_drafts([draft.answers.get("category", "") for draft in listed], reader)
        withheld = await store.count_withheld(reader.hidden)
    rows = [draft_json(draft, menu) if as_json else draft_row(draft, menu) for draft in listed]
    print_rows(
        rows, DRAFT_COLUMNS, as_json, "There is no other draft." if withheld.count else "No report is left unfinished."
    )
    tell_withheld(withheld, reader, menu, of="draft")


@incidents.command("show")
@gateway_options
@json_option
@reader_option
@click.argument("ticket")
@run_async
async def incidents_show(config: Path | None, data: Path | None, ticket: str, as_json: bool, name: str) -> None:
    """Show one report: its answers, added details, SMS in both directions, and its history.

    TICKET may be written with or without its dash.
    """
    number = parse_ticket(ticket, "TICKET")
    settings = locate_gateway(config, data)
    menu = load_readable_pack(settings.pack)
    async with open_context(settings) as stores:
        await guard(stores).check(number, await reader_named(stores, menu, name))
        file = await _read_file(stores, number)
    print_row(file_json(file, menu) if as_json else file_rows(file, menu), as_json)


async def _read_file(stores: CommandContext, ticket: str) -> IncidentFile:
    database, vault, clock = stores.database, stores.vault, stores.clock
    incident = await _incident_store(stores).find(ticket)
    if incident is None:
        raise NoSuchIncident
    return IncidentFile(
        incident,
        sent=await Outbox(database, vault, clock).list_messages(ticket=ticket),
        received=await InboundQueue(database, vault, clock).list_inbound(ticket=ticket),
        history=await AuditTrail(database, clock).history(ticket),
        questions=await DeskQuestions(database, vault, clock).list_questions(ticket),
    )


def _incident_store(stores: CommandContext) -> IncidentStore:
    roles = readable_duty_roles(stores.settings.pack)
    return IncidentStore(stores.database, stores.vault, stores.clock, duty_roles=lambda: roles)
