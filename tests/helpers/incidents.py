"""Helpers of the tests about reports: one to file, the SMS that confirms it, and what then stands in a table."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Table, select

from gateway.incidents.incident import Report
from gateway.runtime.postgres import Database
from gateway.text import ticket as tickets
from gateway.text.phone import Phone

PHONE = Phone("+6281230004567")
OTHER = Phone("+6285712340008")
AT = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


def report(session: str = "ATUid_1", **changes: Any) -> Report:
    facts: dict[str, Any] = {
        "category": "gesekan",
        "area": "33.75.01.1008",
        "language": "id",
        "channel": "at",
        "received_at": AT,
        "when": "before",
        "when_date": date(2026, 11, 20),
        "danger": "no",
        "size": "some",
        "seen": "self",
        "description": "Ribut di depan balai",
        "contact": True,
    }
    return Report(session=session, **{**facts, **changes})


def confirmation(ticket: str) -> str:
    return f"Laporan {tickets.with_dash(ticket)} diterima"


async def rows(database: Database, table: Table) -> list[dict[str, Any]]:
    async with database.begin() as connection:
        return [dict(row) for row in (await connection.execute(select(table).order_by(table.c.id))).mappings()]
