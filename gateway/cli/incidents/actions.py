"""Verbs `incidents move`, `reopen`, `take`, `release` and `set`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import click

from gateway.cli.context import open_context
from gateway.cli.errors import run_async
from gateway.cli.incidents.answer_option import answer_given
from gateway.cli.incidents.options import actor_option, from_option, reason_option
from gateway.cli.options import gateway_options, parse_ticket
from gateway.cli.packs import load_readable_pack
from gateway.cli.reading import guard, reader_named
from gateway.incidents.incident import IncidentStatus, Veracity, check_veracity
from gateway.incidents.operator_actions import Asked, IncidentActions, Question
from gateway.incidents.question import has_question, question_text
from gateway.settings import Settings
from gateway.text import ticket as tickets
from gateway.wiring.running_instance import locate_gateway

_FINDINGS = [veracity.value for veracity in Veracity if veracity is not Veracity.UNVERIFIED]
_ASKED = {
    Asked.QUEUED: "; the reporter is asked by SMS",
    Asked.ERASED: "; the reporter is not asked: their number was erased",
    Asked.DECLINED: "; the reporter is not asked: they do not want to be contacted",
}
_NO_QUESTION = "; the reporter is not asked: the pack has no SMS for it"


@click.command("move")
@gateway_options
@click.argument("ticket")
@click.argument("status", type=click.Choice([status.value for status in IncidentStatus]))
@actor_option
@click.option("--reason", default="", help="The reason, for the audit trail.")
@click.option("--found", type=click.Choice(_FINDINGS), help="The finding, with the status closed.")
@click.option("--ask", default="", metavar="TEXT", help="A question of your own, with the status info: one SMS part.")
@run_async
async def incidents_move(
    config: Path | None,
    data: Path | None,
    ticket: str,
    status: str,
    actor: str,
    reason: str,
    found: str | None,
    ask: str,
) -> None:
    """Move an incident along its lifecycle.

    With the status info the reporter is asked by SMS, unless they do not want to be contacted. Without --found, a
    closed incident stays unverified. An appeal can say that a rumour was checked only if its incident is closed and
    was found true, partly or untrue.
    """
    number = parse_ticket(ticket, "TICKET")
    to, result = IncidentStatus(status), Veracity(found) if found else None
    if ask and to is not IncidentStatus.INFO:
        raise click.BadParameter('a question needs the status "info"', param_hint="--ask")
    try:
        check_veracity(to, result)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--found") from None
    settings = locate_gateway(config, data)
    question = _question(settings, ask.strip()) if to is IncidentStatus.INFO else None
    async with _open_report(settings, number, actor) as (actions, author):
        asked = await actions.move(number, to, author, reason, result, question)
    remark = _ASKED[asked] if asked else _NO_QUESTION if to is IncidentStatus.INFO else ""
    finding = f", found {found}" if found else ""
    click.echo(f"{tickets.with_dash(number)} is now {status}{finding}{remark}.")


@click.command("reopen")
@gateway_options
@click.argument("ticket")
@actor_option
@reason_option
@run_async
async def incidents_reopen(config: Path | None, data: Path | None, ticket: str, actor: str, reason: str) -> None:
    """Reopen an incident that was closed or merged by a slip. Its finding is withdrawn, and nobody is told by SMS."""
    number = parse_ticket(ticket, "TICKET")
    async with _open_report(locate_gateway(config, data), number, actor) as (actions, author):
        await actions.reopen(number, author, reason)
    click.echo(f"{tickets.with_dash(number)} is open again, and being checked.")


@click.command("take")
@gateway_options
@click.argument("ticket")
@actor_option
@from_option
@run_async
async def incidents_take(config: Path | None, data: Path | None, ticket: str, actor: str, taken_from: str) -> None:
    """Take an incident, so that others see that you work on it. Somebody else's needs --from."""
    number = parse_ticket(ticket, "TICKET")
    async with _open_report(locate_gateway(config, data), number, actor) as (actions, author):
        await actions.take(number, author, taken_from)
    click.echo(f"{tickets.with_dash(number)} is taken by {actor}.")


@click.command("release")
@gateway_options
@click.argument("ticket")
@actor_option
@from_option
@run_async
async def incidents_release(config: Path | None, data: Path | None, ticket: str, actor: str, taken_from: str) -> None:
    """Give an incident back, so that somebody else can take it. Somebody else's needs --from."""
    number = parse_ticket(ticket, "TICKET")
    async with _open_report(locate_gateway(config, data), number, actor) as (actions, author):
        await actions.release(number, author, taken_from)
    click.echo(f"{tickets.with_dash(number)} is taken by nobody.")


@click.command("set")
@gateway_options
@click.argument("ticket")
@click.argument("answers", nargs=-1, required=True, metavar="NAME=VALUE...")
@actor_option
@run_async
async def incidents_set(
    config: Path | None, data: Path | None, ticket: str, answers: tuple[str, ...], actor: str
) -> None:
    """Set answers that you know: of the pack, as tps=12, or known_date=30/11/2026. An empty one, as tps=, is removed.

    known_date is the day since when the reporter knows, from which a deadline counts, and when_date that of the event.
    """
    number = parse_ticket(ticket, "TICKET")
    settings = locate_gateway(config, data)
    menu = load_readable_pack(settings.pack)
    given = dict(answer_given(menu, typed, datetime.now(UTC)) for typed in answers)
    async with _open_report(settings, number, actor) as (actions, author):
        await actions.set_answers(number, given, author, menu.form)
    click.echo(f"{tickets.with_dash(number)} now has {', '.join(given)} as you say.")


@asynccontextmanager
async def _open_report(settings: Settings, ticket: str, actor: str) -> AsyncIterator[tuple[IncidentActions, str]]:
    """Open the acts on a report, if `actor` may read it, with the name for the audit trail.

    An account that reads restricted reports is authenticated. Raises `ReportWithheld`.
    """
    menu = load_readable_pack(settings.pack)
    async with open_context(settings) as stores:
        reader = await reader_named(stores, menu, actor)
        await guard(stores).check(ticket, reader)
        yield IncidentActions(stores.database, stores.vault, stores.clock), reader.name


def _question(settings: Settings, own: str) -> Question | None:
    """Return the function that words the question, None if the pack has no words and the desk gives none."""
    menu = load_readable_pack(settings.pack)
    if not own and not has_question(menu):
        return None
    codes = {name: channel.service_code for name, channel in settings.channels.items()}
    return partial(question_text, menu=menu, service_codes=codes, own=own)
