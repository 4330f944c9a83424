"""`appeals`: himbauan, from the first draft to the account of everybody.

Authors and approvers are authenticated accounts (`cli/authentication.py`), so nobody approves their own appeal.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click
from rich.console import Console

from gateway.accounts.roles import Right
from gateway.appeals.appeal import WRITE, AppealStatus, check_rights
from gateway.appeals.texts import public_heading
from gateway.audit import AuditTrail
from gateway.cli.appeals.context import legible, open_appeals
from gateway.cli.appeals.options import AT_HELP, Typed, appeal_options, moment, time_typed
from gateway.cli.appeals.output import by_the_clock, print_list, print_look, print_preview, told_approved
from gateway.cli.authentication import account_option
from gateway.cli.errors import run_async
from gateway.cli.options import gateway_options, json_option, list_options
from gateway.cli.output import open_output, print_row


def _said(_: click.Context, __: click.Parameter, reason: str) -> str:
    if not reason.strip():
        raise click.BadParameter("say why")
    return reason.strip()


_NUMBER = click.argument("number", type=click.IntRange(1, 2**63 - 1))
_REASON = click.option("--reason", required=True, callback=_said, help="Why; it stands in the audit trail.")


@click.group()
def appeals() -> None:
    """Appeals to the people of an area (himbauan): written, approved by somebody else, sent, accounted for."""


# Writing -------------------------------------------------------------------------------------------------------


@appeals.command("draft")
@gateway_options
@account_option
@appeal_options(anew=True)
@json_option
@run_async
async def appeals_draft(config: Path | None, data: Path | None, name: str, typed: Typed, as_json: bool) -> None:
    """Begin an appeal, and print its number; on stderr, what its texts cost and which characters were replaced.

    Nothing goes out before it is submitted, and approved by somebody else.
    """
    async with open_appeals(config, data) as desk:
        draft = typed.draft(desk.menu, desk.channels)
        actor = await desk.actor(name, Right.WRITE_APPEALS)
        number = await desk.workflow.draft(actor, draft)
        await desk.tell_costs(number, str(number), as_json)


@appeals.command("edit")
@gateway_options
@account_option
@appeal_options(anew=False)
@json_option
@_NUMBER
@run_async
async def appeals_edit(
    config: Path | None, data: Path | None, name: str, number: int, typed: Typed, as_json: bool
) -> None:
    """Change an appeal that has not begun; what is not given stays. It is a draft again, and must be approved anew.

    --text replaces the text of its language, and takes it away if it is empty. A template's texts are those that the
    pack has now. On stderr stands what the texts cost and which characters were replaced.
    """
    async with open_appeals(config, data) as desk:
        actor = await desk.actor(name, Right.WRITE_APPEALS)
        await desk.workflow.edit(number, actor, lambda stands: typed.over(stands, desk.menu))
        await desk.tell_costs(number, f"Appeal {number} is changed, and a draft.", as_json)


@appeals.command("submit")
@gateway_options
@account_option
@json_option
@_NUMBER
@run_async
async def appeals_submit(config: Path | None, data: Path | None, name: str, number: int, as_json: bool) -> None:
    """Ask for the approval of a draft."""
    async with open_appeals(config, data) as desk:
        await desk.workflow.submit(number, await desk.actor(name, Right.WRITE_APPEALS))
        await desk.tell(number, f"Appeal {number} waits for approval.", as_json)


# Approving -----------------------------------------------------------------------------------------------------


@appeals.command("return")
@gateway_options
@account_option
@_REASON
@json_option
@_NUMBER
@run_async
async def appeals_return(
    config: Path | None, data: Path | None, name: str, number: int, reason: str, as_json: bool
) -> None:
    """Give an appeal that waits for approval back to its author, who may change it."""
    async with open_appeals(config, data) as desk:
        await desk.workflow.return_to_author(number, await desk.actor(name, Right.APPROVE_APPEALS), reason)
        await desk.tell(number, f"Appeal {number} is a draft again.", as_json)


@appeals.command("approve")
@gateway_options
@account_option
@click.option(
    "--version",
    type=click.IntRange(1, 2**31 - 1),
    metavar="N",
    help="The version that you have seen: `preview` and `show` tell it [asked for in a terminal].",
)
@click.option(
    "--follow/--no-follow", "following", default=None, help="Show how far it comes, until it is done [in a terminal]."
)
@json_option
@_NUMBER
@run_async
async def appeals_approve(
    config: Path | None,
    data: Path | None,
    name: str,
    number: int,
    version: int | None,
    following: bool | None,
    as_json: bool,
) -> None:
    """Approve an appeal that somebody else has written. With the last approval its audience is fixed.

    What is approved is the version that you have seen; if it was edited since, it is refused. Without --version a
    terminal shows it, and asks. Ctrl-C ends the showing only.
    """
    async with open_appeals(config, data) as desk:
        actor = await desk.actor(name, Right.APPROVE_APPEALS)
        enough = await desk.workflow.approve(number, actor, version or await desk.agreed(number, as_json))
        appeal = await desk.workflow.find(number)
        await desk.tell(number, told_approved(appeal, enough), as_json)
        if enough and not appeal.audience_size:
            click.echo(f"Warning: nobody is in the audience of appeal {number}, so nothing goes out.", err=True)
        later = appeal.draft.starts_at is not None and appeal.draft.starts_at > desk.clock.now()
        going = appeal.status is not AppealStatus.PAUSED and not later
        wanted = Console().is_terminal and going if following is None else following
        if enough and wanted and not as_json:
            await desk.follow(number)


@appeals.command("schedule")
@gateway_options
@account_option
@click.option("--at", type=time_typed, metavar="ISO", required=True, help=f"When it begins, {AT_HELP}.")
@json_option
@_NUMBER
@run_async
async def appeals_schedule(
    config: Path | None, data: Path | None, name: str, number: int, at: datetime, as_json: bool
) -> None:
    """Set when an approved appeal begins. Who has written in it edits it instead, which takes the approvals back."""
    async with open_appeals(config, data) as desk:
        begins = moment(at, desk.menu) or at
        await desk.workflow.schedule(number, await desk.actor(name, Right.APPROVE_APPEALS), begins)
        await desk.tell(number, f"Appeal {number} begins at {by_the_clock(begins, desk.menu.timezone)}.", as_json)


# While it goes out ---------------------------------------------------------------------------------------------


@appeals.command("pause")
@gateway_options
@account_option
@_REASON
@json_option
@_NUMBER
@run_async
async def appeals_pause(
    config: Path | None, data: Path | None, name: str, number: int, reason: str, as_json: bool
) -> None:
    """Hold an appeal at once; `resume` lets it go on."""
    async with open_appeals(config, data) as desk:
        await desk.workflow.pause(number, await desk.actor(name), reason)
        await desk.tell(number, f"Appeal {number} is paused.", as_json)


@appeals.command("resume")
@gateway_options
@account_option
@json_option
@_NUMBER
@run_async
async def appeals_resume(config: Path | None, data: Path | None, name: str, number: int, as_json: bool) -> None:
    """Let a paused appeal go on, whatever has paused it."""
    async with open_appeals(config, data) as desk:
        await desk.workflow.resume(number, await desk.actor(name, Right.APPROVE_APPEALS))
        await desk.tell(number, f"Appeal {number} goes on.", as_json)


@appeals.command("cancel")
@gateway_options
@account_option
@_REASON
@json_option
@_NUMBER
@run_async
async def appeals_cancel(
    config: Path | None, data: Path | None, name: str, number: int, reason: str, as_json: bool
) -> None:
    """Call an appeal off for good. What has left has left."""
    async with open_appeals(config, data) as desk:
        await desk.workflow.cancel(number, await desk.actor(name), reason)
        await desk.tell(number, f"Appeal {number} is cancelled.", as_json)


# Looking -------------------------------------------------------------------------------------------------------


@appeals.command("list")
@gateway_options
@list_options
@click.option("--status", type=click.Choice([status.value for status in AppealStatus]), help="Only those that are so.")
@run_async
async def appeals_list(config: Path | None, data: Path | None, as_json: bool, limit: int, status: str | None) -> None:
    """List the appeals, the newest first."""
    async with open_appeals(config, data, legible) as desk:
        wanted = AppealStatus(status) if status else None
        listed = await desk.workflow.list_appeals(limit, wanted)
        rows = [(appeal, desk.held_until(appeal)) for appeal in listed]
    print_list(rows, desk.menu, as_json, wanted)


@appeals.command("preview")
@gateway_options
@json_option
@_NUMBER
@run_async
async def appeals_preview(config: Path | None, data: Path | None, number: int, as_json: bool) -> None:
    """Show what an appeal would do now: how many people, parts and costs by language, who gets nothing, and why."""
    async with open_appeals(config, data) as desk:
        appeal = await desk.workflow.find(number)
        preview = await desk.workflow.preview(appeal.draft, number)
    if as_json:
        told = {"number": number, "version": appeal.version, "public_heading": public_heading(appeal.draft, desk.menu)}
        print_row({**told, **preview.for_json()}, as_json)
    else:
        print_preview(appeal, preview, desk.menu)


@appeals.command("show")
@gateway_options
@json_option
@click.option("-f", "--follow", "following", is_flag=True, help="Go on until it is done or cancelled, or Ctrl-C.")
@_NUMBER
@run_async
async def appeals_show(config: Path | None, data: Path | None, number: int, following: bool, as_json: bool) -> None:
    """Show an appeal, who has approved it, and what became of everybody.

    With --json and -f there is one object per line, whenever something has changed.
    """
    async with open_appeals(config, data, legible) as desk:
        if following:
            await desk.follow(number, as_json=as_json)
            return
        look = await desk.look(number)
        if as_json:
            print_row(look.for_json(), as_json)
        else:
            print_look(look, desk.menu)


@appeals.command("export")
@gateway_options
@account_option
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="The file to write [stdout].")
@_NUMBER
@run_async
async def appeals_export(config: Path | None, data: Path | None, name: str, number: int, output: Path | None) -> None:
    """Write what became of each person as CSV, with the numbers masked. Only its owner can read the file."""
    async with open_appeals(config, data) as desk:
        actor = await desk.actor(name)
        check_rights(actor, "export", WRITE)
        await desk.workflow.find(number)
        await AuditTrail(desk.database, desk.clock).add(actor.name, "appeal.exported", {}, f"appeal {number}")
        with open_output(output) as file:
            async for page in desk.results.export_csv(number):
                file.write(page)
    if output is not None:
        click.echo(f"Appeal {number} is written to {output}.", err=True)
