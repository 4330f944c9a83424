"""`waspada purge`: numbers whose retention is over, counted or removed."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from sqlalchemy import update

from gateway.incidents.tables import incidents
from gateway.runtime.postgres import Database
from tests.helpers.cli import Shell
from tests.helpers.phones import NUMBER


@pytest.fixture
async def long_over(tickets: list[str], database: Database) -> None:
    """Close the oldest report long ago."""
    over = {"status": "closed", "updated_at": datetime(2026, 1, 1, tzinfo=UTC)}
    async with database.begin() as connection:
        await connection.execute(update(incidents).where(incidents.c.ticket == tickets[0]).values(over))


def test_purge_counts_in_a_dry_run_and_removes_once(shell: Shell, long_over: None) -> None:
    counts = {"incidents": 1, "messages": 0, "received": 0, "subscriptions": 0, "people": 0}
    counts |= {"called_off": 0, "quiet_reports": 0}
    dry = shell.run("purge", "--dry-run", "--json")

    assert json.loads(dry.stdout) == {"dry_run": True, "retention_days": 90, **counts}
    assert shell.run("purge", "--dry-run").stdout == "Dry run, nothing is changed. Numbers are due in: incidents 1.\n"
    assert shell.run("purge").stdout == "Removed the numbers of: incidents 1.\n"
    assert [one["phone"] for one in shell.list_json("incidents", "list")] == [NUMBER.masked] * 2 + [""]
    assert shell.run("purge").stdout == "No number has been kept for more than 90 days after it was needed.\n"
