"""Command `incidents`: list reports and drafts, and move incidents."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.cli.context import locate_gateway, open_context
from gateway.cli.errors import run_async
from gateway.cli.options import gateway_options, list_options, parse_ticket
from gateway.cli.output import print_rows
from gateway.incidents.draft import ListedDraft
from gateway.incidents.drafts import DraftStore
from gateway.incidents.incident import Incident, IncidentStatus, Veracity, check_veracity
from gateway.incidents.store import IncidentStore
from gateway.text import ticket as tickets

_FINDINGS = [veracity.value for veracity in Veracity if veracity is not Veracity.UNVERIFIED]
_DRAFT_ANSWERS = ("category", "area", "when", "danger", "description")


@click.group()
def incidents() -> None:
    """List and move the reports of residents."""


@incidents.command("list")
@gateway_options
@list_options
@run_async
async def incidents_list(config: Path | None, data: Path | None, as_json: bool, limit: int) -> None:
    """List incidents, newest first."""
    async with open_context(locate_gateway(config, data)) as stores:
        listed = await IncidentStore(stores.database, stores.vault, stores.clock).list_incidents(limit)
    columns = ["ticket", "category", "area", "when", "status", "veracity", "language", "received_at", "phone"]
    print_rows([incident_json(incident) for incident in listed], columns, as_json, "No report has been filed yet.")


@incidents.command("drafts")
@gateway_options
@list_options
@run_async
async def incidents_drafts(config: Path | None, data: Path | None, as_json: bool, limit: int) -> None:
    """List drafts: reports that were begun and not sent, newest first."""
    async with open_context(locate_gateway(config, data)) as stores:
        store = IncidentStore(stores.database, stores.vault, stores.clock)
        listed = await DraftStore(stores.database, stores.vault, stores.clock, store).list_drafts(limit)
    columns = ["left_at", "marked", "category", "area", "when", "danger", "language", "channel", "phone"]
    print_rows([draft_json(draft) for draft in listed], columns, as_json, "No report is left unfinished.")


@incidents.command("move")
@gateway_options
@click.argument("ticket")
@click.argument("status", type=click.Choice([status.value for status in IncidentStatus]))
@click.option("--as", "actor", required=True, help="Your name, for the audit trail.")
@click.option("--reason", default="", help="The reason, for the audit trail.")
@click.option("--found", type=click.Choice(_FINDINGS), help="The finding, with the status closed.")
@run_async
async def incidents_move(
    config: Path | None, data: Path | None, ticket: str, status: str, actor: str, reason: str, found: str | None
) -> None:
    """Move an incident along its lifecycle.

    Without --found, a closed incident stays unverified. An appeal can say that a rumour was checked only if its
    incident is closed and was found true, partly or untrue.
    """
    number = parse_ticket(ticket, "TICKET")
    to, result = IncidentStatus(status), Veracity(found) if found else None
    try:
        check_veracity(to, result)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--found") from None
    async with open_context(locate_gateway(config, data)) as stores:
        await IncidentStore(stores.database, stores.vault, stores.clock).move(number, to, actor, reason, result)
    click.echo(f"{tickets.with_dash(number)} is now {status}{f', found {found}' if found else ''}.")


def incident_json(incident: Incident) -> dict[str, str | bool | list[str] | None]:
    report = incident.report
    return {
        "ticket": incident.ticket,
        "category": report.category,
        "area": report.area,
        "when": report.when,
        "when_date": report.when_date.isoformat() if report.when_date else None,
        "danger": report.danger,
        "size": report.size,
        "seen": report.seen,
        "description": report.description,
        "details": list(incident.details),
        "contact": report.contact,
        "status": incident.status.value,
        "veracity": incident.veracity.value,
        "language": report.language,
        "channel": report.channel,
        "session": report.session,
        "received_at": report.received_at.isoformat(),
        "phone": incident.phone,
    }


def draft_json(draft: ListedDraft) -> dict[str, str | bool]:
    answers = {name: draft.answers.get(name, "") for name in _DRAFT_ANSWERS}
    return {
        "channel": draft.channel,
        "session": draft.session,
        "marked": draft.mentions_danger,
        **answers,
        "language": draft.language,
        "left_at": draft.left_at.isoformat(),
        "phone": draft.phone,
    }
