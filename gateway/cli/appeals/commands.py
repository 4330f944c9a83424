"""Command group `appeals`: himbauan, from the first draft to the results of each person.

Authors and approvers are authenticated accounts (`cli/authentication.py`), so nobody approves their own appeal.
"""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console

from gateway.accounts.roles import Right
from gateway.appeals.appeal import WRITE, AppealStatus, check_rights
from gateway.appeals.approval import NextStep
from gateway.appeals.texts import public_heading
from gateway.audit import AuditTrail
from gateway.cli.appeals.context import open_appeals
from gateway.cli.appeals.draft import appeals_draft, appeals_edit
from gateway.cli.appeals.json_objects import overview_json, preview_json
from gateway.cli.appeals.options import START_HELP, number_argument, parse_start, reason_option
from gateway.cli.appeals.output import approval_sentence, local_time, print_list, print_overview, print_preview
from gateway.cli.authentication import account_option
from gateway.cli.errors import run_async
from gateway.cli.options import gateway_options, json_option, list_options, output_option
from gateway.cli.output import open_output, print_row
from gateway.cli.packs import load_readable_pack
from gateway.text.times import TypedTime


@click.group()
def appeals() -> None:
    """Write, approve, send and account for appeals to the people of an area (himbauan)."""


appeals.add_command(appeals_draft)
appeals.add_command(appeals_edit)


# Approval ------------------------------------------------------------------------------------------------------


@appeals.command("submit")
@gateway_options
@account_option
@json_option
@number_argument
@run_async
async def appeals_submit(config: Path | None, data: Path | None, name: str, number: int, as_json: bool) -> None:
    """Submit a draft for approval."""
    async with open_appeals(config, data) as context:
        await context.workflow.submit(number, await context.authenticate(name))
        await context.print_outcome(number, f"Appeal {number} waits for approval.", as_json)


@appeals.command("return")
@gateway_options
@account_option
@reason_option
@json_option
@number_argument
@run_async
async def appeals_return(
    config: Path | None, data: Path | None, name: str, number: int, reason: str, as_json: bool
) -> None:
    """Return an appeal that waits for approval to its author, who may change it."""
    async with open_appeals(config, data) as context:
        actor = await context.authenticate(name)
        await context.workflow.return_to_author(number, actor, reason)
        await context.print_outcome(number, f"Appeal {number} is a draft again.", as_json)


@appeals.command("approve")
@gateway_options
@account_option
@click.option(
    "--version",
    type=click.IntRange(1, 2**31 - 1),
    metavar="N",
    help="Version that you have seen; `preview` and `show` print it [asked for in a terminal].",
)
@click.option("--follow/--no-follow", default=None, help="Show the progress until the appeal is done [in a terminal].")
@json_option
@number_argument
@run_async
async def appeals_approve(
    config: Path | None,
    data: Path | None,
    name: str,
    number: int,
    version: int | None,
    follow: bool | None,
    as_json: bool,
) -> None:
    """Approve an appeal that somebody else wrote. The last approval that it needs freezes its audience.

    You approve the version that you have seen. If it was edited since, the approval is refused. Without --version a
    terminal shows the appeal and asks. Ctrl-C ends the display of progress only.
    """
    async with open_appeals(config, data) as context:
        actor = await context.authenticate(name, Right.APPROVE_APPEALS)
        if version is None:
            version = await context.confirm_version(number, as_json)
        approval = await context.workflow.approve(number, actor, version)
        await context.print_outcome(number, approval_sentence(approval), as_json)
        if approval.reaches_nobody:
            click.echo(f"Warning: nobody is in the audience of appeal {number}, so nothing goes out.", err=True)
        if follow is None:
            follow = Console().is_terminal and approval.next_step is NextStep.SEND
        if follow and approval.is_complete and not as_json:
            await context.follow(number)


@appeals.command("schedule")
@gateway_options
@account_option
@click.option("--at", type=parse_start, metavar="TIME", required=True, help=f"Start, {START_HELP}.")
@json_option
@number_argument
@run_async
async def appeals_schedule(
    config: Path | None, data: Path | None, name: str, number: int, at: TypedTime, as_json: bool
) -> None:
    """Set the start of an approved appeal. Its authors use `edit` instead, which takes the approvals back."""
    async with open_appeals(config, data) as context:
        starts_at = at.at(context.menu.timezone, context.clock.now())
        actor = await context.authenticate(name)
        await context.workflow.schedule(number, actor, starts_at)
        start = local_time(starts_at, context.menu.timezone)
        await context.print_outcome(number, f"Appeal {number} begins at {start}.", as_json)


# Running appeals -----------------------------------------------------------------------------------------------


@appeals.command("pause")
@gateway_options
@account_option
@reason_option
@json_option
@number_argument
@run_async
async def appeals_pause(
    config: Path | None, data: Path | None, name: str, number: int, reason: str, as_json: bool
) -> None:
    """Pause a running appeal at once. `resume` continues it."""
    async with open_appeals(config, data) as context:
        await context.workflow.pause(number, await context.authenticate(name), reason)
        await context.print_outcome(number, f"Appeal {number} is paused.", as_json)


@appeals.command("resume")
@gateway_options
@account_option
@json_option
@number_argument
@run_async
async def appeals_resume(config: Path | None, data: Path | None, name: str, number: int, as_json: bool) -> None:
    """Continue a paused appeal, whatever the reason of the pause."""
    async with open_appeals(config, data) as context:
        await context.workflow.resume(number, await context.authenticate(name))
        await context.print_outcome(number, f"Appeal {number} goes on.", as_json)


@appeals.command("cancel")
@gateway_options
@account_option
@reason_option
@json_option
@number_argument
@run_async
async def appeals_cancel(
    config: Path | None, data: Path | None, name: str, number: int, reason: str, as_json: bool
) -> None:
    """Cancel an appeal for good. Messages that were sent cannot be called back."""
    async with open_appeals(config, data) as context:
        await context.workflow.cancel(number, await context.authenticate(name), reason)
        await context.print_outcome(number, f"Appeal {number} is cancelled.", as_json)


# Display -------------------------------------------------------------------------------------------------------


@appeals.command("list")
@gateway_options
@list_options
@click.option("--status", type=click.Choice([status.value for status in AppealStatus]), help="Only this status.")
@run_async
async def appeals_list(config: Path | None, data: Path | None, as_json: bool, limit: int, status: str | None) -> None:
    """List the appeals, newest first."""
    async with open_appeals(config, data, load_readable_pack) as context:
        wanted = AppealStatus(status) if status else None
        listed = await context.workflow.list_appeals(limit, wanted)
        rows = [(appeal, context.workflow.held_until(appeal)) for appeal in listed]
    print_list(rows, context.menu, as_json, wanted)


@appeals.command("preview")
@gateway_options
@json_option
@number_argument
@run_async
async def appeals_preview(config: Path | None, data: Path | None, number: int, as_json: bool) -> None:
    """Preview an appeal as of now: people, parts and cost by language, and suppressed people by reason."""
    async with open_appeals(config, data) as context:
        appeal = await context.workflow.find(number)
        preview = await context.workflow.preview(appeal.draft, number)
    if as_json:
        heading = public_heading(appeal.draft, context.menu)
        print_row({"number": number, "version": appeal.version, "heading": heading, **preview_json(preview)}, as_json)
    else:
        print_preview(appeal, preview, context.menu)


@appeals.command("show")
@gateway_options
@json_option
@click.option("-f", "--follow", is_flag=True, help="Continue until it is done or cancelled, or Ctrl-C.")
@number_argument
@run_async
async def appeals_show(config: Path | None, data: Path | None, number: int, follow: bool, as_json: bool) -> None:
    """Show an appeal, its approvers and its results.

    With --json and -f it prints one object per line, whenever something has changed.
    """
    async with open_appeals(config, data, load_readable_pack) as context:
        if follow:
            await context.follow(number, as_json=as_json)
            return
        overview = await context.workflow.overview(number)
        if as_json:
            print_row(overview_json(overview), as_json)
        else:
            print_overview(overview, context.menu)


@appeals.command("export")
@gateway_options
@account_option
@output_option("File to write [stdout].")
@number_argument
@run_async
async def appeals_export(config: Path | None, data: Path | None, name: str, number: int, output: Path | None) -> None:
    """Write the results of each person as CSV, with masked numbers. Only its owner can read the file."""
    async with open_appeals(config, data) as context:
        actor = await context.authenticate(name)
        check_rights(actor, "export", WRITE)
        await context.workflow.find(number)
        await AuditTrail(context.database, context.clock).add(actor.name, "appeal.exported", {}, f"appeal {number}")
        with open_output(output) as file:
            async for page in context.results.export_csv(number):
                file.write(page)
    if output is not None:
        click.echo(f"Appeal {number} is written to {output}.", err=True)
