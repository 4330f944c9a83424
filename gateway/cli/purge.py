"""Command `purge`: remove the numbers whose retention is over. The worker does so too, four times a day."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from pathlib import Path

import click

from gateway.cli.authentication import system_user
from gateway.cli.context import open_context
from gateway.cli.errors import run_async
from gateway.cli.options import gateway_options, json_option
from gateway.cli.output import print_row
from gateway.privacy.retention import PurgeCounts, Retention
from gateway.wiring.running_instance import locate_gateway


@click.command()
@gateway_options
@click.option("--dry-run", is_flag=True, help="Count the numbers that are due, and change nothing.")
@json_option
@run_async
async def purge(config: Path | None, data: Path | None, dry_run: bool, as_json: bool) -> None:
    """Remove the phone numbers whose retention (setting `retention_days`) is over.

    Closed and merged incidents, messages, inbound SMS, withdrawn consents, and people without a role or a subscription
    keep their record and lose their number. It cannot be undone.
    """
    settings = locate_gateway(config, data)
    async with open_context(settings) as stores:
        retention = Retention(stores.database, stores.clock, timedelta(days=settings.retention_days))
        purged = await (retention.count_due() if dry_run else retention.purge(system_user()))
    if as_json:
        print_row({"dry_run": dry_run, "retention_days": settings.retention_days, **asdict(purged)}, as_json)
    else:
        click.echo(_summary(purged, settings.retention_days, dry_run))


def _summary(purged: PurgeCounts, days: int, dry_run: bool) -> str:
    if not purged.found_any:
        return f"No number has been kept for more than {days} days after it was needed."
    counts = {
        "incidents": purged.incidents,
        "messages": purged.messages,
        "subscriptions": purged.subscriptions,
        "people": purged.people,
        "inbound SMS": purged.received,
        "reports called off": purged.called_off,
        "all-quiet reports": purged.quiet_reports,
    }
    listed = ", ".join(f"{name} {count}" for name, count in counts.items() if count)
    if dry_run:
        return f"Dry run, nothing is changed. Numbers are due in: {listed}."
    return f"Removed the numbers of: {listed}."
