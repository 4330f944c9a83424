"""Failover of a database, as its clients meet it: the server they reach takes no writes, and then another one does."""

from __future__ import annotations

import asyncpg


async def fail_over(administrator: asyncpg.Connection, database: str, scope: str = "") -> None:
    """Break every connection to `database`. New ones take no writes, as on a standby.

    `scope` is another one of the setting, such as `ROLE name`.
    """
    await administrator.execute(f"ALTER {scope or f'DATABASE {database}'} SET default_transaction_read_only = on")
    await break_connections(administrator, database)


async def end_failover(administrator: asyncpg.Connection, scope: str) -> None:
    """Let new connections write. Open ones still take no writes. `scope` is `DATABASE name` or `ROLE name`."""
    await administrator.execute("SET default_transaction_read_only = off")
    await administrator.execute(f"ALTER {scope} RESET default_transaction_read_only")


async def break_connections(administrator: asyncpg.Connection, database: str) -> None:
    """Terminate every connection to `database`, as a restart of the server does."""
    await administrator.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()",
        database,
    )
