"""The migrations make exactly the tables that the stores declare."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, inspect

from gateway.incidents import book
from gateway.messages import inbox, ledger
from gateway.runtime.postgres import Database, metadata

DECLARED = {
    *(book.incidents, book.audit, ledger.messages, ledger.receipts),
    *(inbox.inbound_messages, inbox.opt_outs, inbox.session_ends),
}


def _differences(connection: Connection) -> list[Any]:
    context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
    return list(compare_metadata(context, metadata))


def _partial_indexes(connection: Connection) -> Mapping[str, str]:
    found = inspect(connection).get_indexes("messages")
    return {str(index["name"]): index["dialect_options"].get("postgresql_where", "") for index in found}


async def test_a_migrated_database_has_the_declared_tables(database: Database) -> None:
    async with database.begin() as connection:
        assert await connection.run_sync(_differences) == []
    assert {table.name for table in DECLARED} <= set(metadata.tables)


async def test_partial_indexes_have_the_declared_condition(database: Database) -> None:
    async with database.begin() as connection:
        migrated = await connection.run_sync(_partial_indexes)
    declared = {str(index.name): str(index.dialect_options["postgresql"]["where"]) for index in ledger.messages.indexes}
    assert {name: _plain(condition) for name, condition in migrated.items()} == declared


def _plain(condition: str) -> str:
    """PostgreSQL's spelling of a condition in ours."""
    return condition.strip("()").replace("::text", "")
