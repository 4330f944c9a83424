"""Writes that wait or fail inside PostgreSQL, so that a test can kill the writer at a known step."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from sqlalchemy import Table, text
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.runtime.postgres import Database


@asynccontextmanager
async def stuck_writes(
    database: Database, table: Table, change: str = "UPDATE", when: str = "true", *, at_commit: bool = False
) -> AsyncIterator[Callable[[], Awaitable[bool]]]:
    """Let such changes of `table` wait until the block ends, or the commits of their transactions.

    Yields a function that returns True while one of them waits.
    """
    body = "PERFORM pg_advisory_xact_lock_shared(1); RETURN NEW;"
    async with _trigger(database, table, change, when, body, at_commit=at_commit), database.begin() as holder:
        await holder.execute(text("SELECT pg_advisory_xact_lock(1)"))

        async def one_waits() -> bool:
            return await _waiting_locks(holder) > 0

        yield one_waits


@asynccontextmanager
async def failing_writes(database: Database, table: Table, change: str, when: str) -> AsyncIterator[None]:
    """Let PostgreSQL refuse such changes of `table` until the block ends, as a fault within it would."""
    async with _trigger(database, table, change, when, "RAISE 'no';"):
        yield


@asynccontextmanager
async def _trigger(
    database: Database, table: Table, change: str, when: str, body: str, *, at_commit: bool = False
) -> AsyncIterator[None]:
    kind, moment = ("CONSTRAINT TRIGGER", "AFTER") if at_commit else ("TRIGGER", "BEFORE")
    deferred = "DEFERRABLE INITIALLY DEFERRED" if at_commit else ""
    statements = (
        f"CREATE FUNCTION intercept() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$",
        f"CREATE {kind} intercept {moment} {change} ON {table.name} {deferred} FOR EACH ROW WHEN ({when}) "
        "EXECUTE FUNCTION intercept()",
    )
    async with database.begin() as connection:
        for statement in statements:
            await connection.exec_driver_sql(statement)
    try:
        yield
    finally:
        async with database.begin() as connection:
            await connection.exec_driver_sql("DROP FUNCTION intercept() CASCADE")


async def _waiting_locks(connection: AsyncConnection) -> int:
    return int((await connection.execute(text("SELECT count(*) FROM pg_locks WHERE NOT granted"))).scalar_one())
