"""`reports`: reports of the day that are due from people whose duty it is to report."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import click

from gateway.cli.context import open_context
from gateway.cli.errors import run_async
from gateway.cli.options import gateway_options, list_options
from gateway.cli.output import print_rows
from gateway.cli.packs import area_name, load_readable_pack
from gateway.incidents.daily_reports import DailyReports, DueReport
from gateway.menu.definitions.roles import label_of
from gateway.menu.model import Menu
from gateway.runtime.clock import Clock
from gateway.text.diagnostics import quoted
from gateway.text.json_values import to_json
from gateway.text.times import NotATime, format_local, parse_time
from gateway.wiring.running_instance import locate_gateway

_COLUMNS = ["name", "role", "areas", "due_at", "phone"]


@click.group()
def reports() -> None:
    """Show the reports of the day of people whose duty it is to report."""


def _parse_day(_: click.Context, __: click.Parameter, value: str | None) -> date | None:
    try:
        return date.fromisoformat(value) if value is not None else None
    except ValueError:
        raise click.BadParameter(f"{quoted(value)} is no day; expected one like 2026-11-30") from None


def _parse_clock(_: click.Context, __: click.Parameter, value: str | None) -> time | None:
    try:
        typed = parse_time(value) if value is not None else None
    except NotATime:
        typed = None
    if value is not None and (typed is None or typed.day or typed.zone):
        raise click.BadParameter(
            f"{quoted(value)} is no time of day; expected one like 16:00, by the clocks of the pack"
        )
    return typed.clock if typed else None


@reports.command("due")
@gateway_options
@list_options
@click.option("--date", "day", callback=_parse_day, metavar="DAY", help="The day, such as 2026-11-30 [today].")
@click.option("--at", "clock", callback=_parse_clock, metavar="HH:MM", help="As it was at this time of that day [now].")
@run_async
async def reports_due(
    config: Path | None, data: Path | None, as_json: bool, limit: int, day: date | None, clock: time | None
) -> None:
    """List who has not reported, although the hour of their role has passed.

    A report counts, and so does NIHIL (all quiet) by SMS. The hour is `daily_report_by` of the pack's roles.yaml. The
    earliest hour comes first.
    """
    settings = locate_gateway(config, data)
    menu, now = load_readable_pack(settings.pack), Clock().now()
    today = now.astimezone(menu.timezone).date()
    wanted = day or today
    if wanted > today:
        raise click.BadParameter(f"{wanted} is still to come", param_hint="--date")
    at = min(now, _moment(menu, wanted, clock))
    async with open_context(settings) as context:
        listed = await DailyReports(context.database, context.vault).list_due(
            menu.roles, wanted, menu.timezone, at, limit
        )
    rows = [to_json(due) if as_json else _row(due, menu) for due in listed]
    print_rows(rows, _COLUMNS, as_json, "Nobody's report is due.")


def _moment(menu: Menu, day: date, clock: time | None) -> datetime:
    """Return that time of the day, or its end."""
    if clock is not None:
        return datetime.combine(day, clock, menu.timezone)
    return datetime.combine(day + timedelta(days=1), time(), menu.timezone)


def _row(due: DueReport, menu: Menu) -> dict[str, Any]:
    return {
        "name": due.name,
        "role": label_of(menu.roles, due.role, menu.language),
        "areas": ", ".join(area_name(menu, code) for code in due.areas),
        "due_at": format_local(due.due_at, menu.timezone),
        "phone": due.phone,
    }
