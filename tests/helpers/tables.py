"""Rows of tables, read past the stores."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Table, select

from gateway.runtime.postgres import Database

Rows = list[dict[str, Any]]


async def rows(database: Database, table: Table) -> Rows:
    """Return all rows of `table`, in the order of its primary key."""
    async with database.begin() as connection:
        found = await connection.execute(select(table).order_by(*table.primary_key))
        return [dict(row) for row in found.mappings()]
