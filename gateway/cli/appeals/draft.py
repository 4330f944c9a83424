"""Verbs `appeals draft` and `appeals edit`: the content of an appeal as options."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import click

from gateway.appeals.appeal import AppealDraft
from gateway.appeals.draft_edit import DraftEdit
from gateway.cli.appeals.context import open_appeals
from gateway.cli.appeals.options import (
    START_HELP,
    by_language,
    by_slot,
    channel_or_only_one,
    number_argument,
    parse_audience_json,
    parse_start_or_approval,
    slot_option,
    template_option,
    text_option,
    ticket_option,
)
from gateway.cli.authentication import account_option
from gateway.cli.errors import run_async
from gateway.cli.options import gateway_options, json_option
from gateway.text.times import TypedTime

_PURPOSE_HELP = "Purpose, shown to the desk; also to everybody, once texts of your own have gone out."
_AUDIENCE_HELP = "People it is for; see `deploy/README.md`, Appeals."


@click.command("draft")
@gateway_options
@account_option
@click.option("--purpose", required=True, help=_PURPOSE_HELP)
@template_option
@ticket_option
@slot_option
@text_option
@click.option("--audience", type=parse_audience_json, metavar="JSON|@FILE", required=True, help=_AUDIENCE_HELP)
@click.option("--channel", help="Channel it goes out by [the only one].")
@click.option("--at", type=parse_start_or_approval, metavar="TIME", help=f"Start, {START_HELP} [on approval].")
@json_option
@run_async
async def appeals_draft(
    config: Path | None,
    data: Path | None,
    name: str,
    purpose: str,
    template: str | None,
    ticket: str | None,
    slots: tuple[tuple[str, str], ...],
    texts: tuple[tuple[str, str], ...],
    audience: Any,
    channel: str | None,
    at: TypedTime | Literal[""] | None,
    as_json: bool,
) -> None:
    """Create an appeal and print its number, and on stderr the cost of its texts and the replaced characters.

    Nothing goes out before it is submitted, and approved by somebody else.
    """
    async with open_appeals(config, data) as context:
        own_texts = by_language(texts)
        if bool(own_texts) == bool(template):
            raise click.UsageError("give either --template, or --text once for each language")
        draft = AppealDraft(
            purpose=purpose,
            audience=audience,
            channel=channel_or_only_one(channel, context.channels),
            template=template or "",
            texts=own_texts,
            ticket=ticket or "",
            starts_at=context.start_at(at),
            slots=by_slot(slots),
        )
        actor = await context.authenticate(name)
        number = await context.workflow.draft(actor, draft)
        await context.print_draft_outcome(number, str(number), as_json)


@click.command("edit")
@gateway_options
@account_option
@click.option("--purpose", help=_PURPOSE_HELP)
@template_option
@ticket_option
@slot_option
@text_option
@click.option("--audience", type=parse_audience_json, metavar="JSON|@FILE", help=_AUDIENCE_HELP)
@click.option("--channel", help="Channel it goes out by.")
@click.option("--at", type=parse_start_or_approval, metavar="TIME", help=f'Start, {START_HELP}; "" is on approval.')
@json_option
@number_argument
@run_async
async def appeals_edit(
    config: Path | None,
    data: Path | None,
    name: str,
    number: int,
    purpose: str | None,
    template: str | None,
    ticket: str | None,
    slots: tuple[tuple[str, str], ...],
    texts: tuple[tuple[str, str], ...],
    audience: Any,
    channel: str | None,
    at: TypedTime | Literal[""] | None,
    as_json: bool,
) -> None:
    """Change the given options of an appeal that has not begun. It is a draft again, and must be approved anew.

    --text replaces the text of its language, and an empty one removes it. A template's texts become those that the
    pack has now. The cost of the texts and the replaced characters are printed on stderr.
    """
    async with open_appeals(config, data) as context:
        actor = await context.authenticate(name)

        def change(draft: AppealDraft) -> AppealDraft:
            edit = DraftEdit(
                purpose=purpose,
                template=template,
                ticket=ticket,
                channel=channel,
                audience=audience,
                texts=_texts_of_edit(texts, template),
                slots=by_slot(slots),
                starts_at=context.start_at(at),
                changes_start=at is not None,
            )
            if edit == DraftEdit():
                raise click.UsageError("name at least one option to change")
            return edit.apply_to(draft)

        await context.workflow.edit(number, actor, change)
        await context.print_draft_outcome(number, f"Appeal {number} is changed, and a draft.", as_json)


def _texts_of_edit(texts: tuple[tuple[str, str], ...], template: str | None) -> Mapping[str, str]:
    own_texts = by_language(texts)
    if own_texts and template:
        raise click.UsageError("give either --template, or --text once for each language")
    return own_texts
