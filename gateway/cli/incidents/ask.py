"""Verb `incidents ask`: a question of the desk to people with a duty in the area of a report."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.carriers.numbers import read_number
from gateway.cli.context import open_context
from gateway.cli.errors import run_async
from gateway.cli.incidents.options import actor_option
from gateway.cli.options import gateway_options, parse_ticket
from gateway.cli.packs import load_readable_pack
from gateway.incidents.desk_questions import DeskQuestions
from gateway.incidents.question import duty_question_text, has_duty_question
from gateway.incidents.report import Report
from gateway.menu.model import Menu
from gateway.text import ticket as tickets
from gateway.text.diagnostics import unknown
from gateway.text.phone import NotAPhoneNumber, Phone
from gateway.wiring.running_instance import locate_gateway

_ASK = "-"


@click.command("ask")
@gateway_options
@click.argument("ticket")
@click.argument("question", default="")
@click.option("--role", "roles", multiple=True, metavar="ROLE", help="Those of this role in the area of the report.")
@click.option("--person", metavar="PHONE", help="Only this person of the directory; - asks for the number.")
@actor_option
@run_async
async def incidents_ask(
    config: Path | None,
    data: Path | None,
    ticket: str,
    question: str,
    roles: tuple[str, ...],
    person: str | None,
    actor: str,
) -> None:
    """Ask people with a duty by SMS whether a report is true. Their answer 1, 2 or 3 is shown by `incidents show`.

    QUESTION is one SMS part with how to answer it; without one it is that of the pack. An answer counts for 24 hours,
    and only to the newest question. Its reporter is never asked.
    """
    number = parse_ticket(ticket, "TICKET")
    if bool(roles) == (person is not None):
        raise click.UsageError("say whom to ask: --role ROLE, or --person PHONE")
    settings = locate_gateway(config, data)
    menu = load_readable_pack(settings.pack)
    if not has_duty_question(menu):
        raise click.ClickException("this pack has no texts for a question (is_true, how_to_answer in the wordings)")
    askable = [role.key for role in menu.roles.values() if role.may_be_asked]
    for role in roles:
        if role not in askable:
            raise click.BadParameter(f"{unknown('role with a duty', role, askable)}", param_hint="--role")

    def words(ticket: str, report: Report, language: str) -> str:
        return duty_question_text(ticket, report, language, menu, question.strip())

    phone = _phone(person, menu) if person is not None else None
    async with open_context(settings) as stores:
        asked = await DeskQuestions(stores.database, stores.vault, stores.clock).ask(
            number, actor, roles or askable, words, menu, person=phone
        )
    people = "1 person is" if asked == 1 else f"{asked} people are"
    click.echo(f"{people} asked about {tickets.with_dash(number)}.")


def _phone(written: str, menu: Menu) -> Phone:
    typed = click.prompt("Number", err=True) if written == _ASK else written
    try:
        return read_number(typed.strip(), menu.region)
    except NotAPhoneNumber as error:
        raise click.BadParameter(str(error), param_hint="--person") from None
