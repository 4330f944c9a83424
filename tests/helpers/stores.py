"""Embedded stores of a test: started in this process or in one of their own, and marks that survive in them."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from redis.asyncio import Redis
from sqlalchemy import text

from gateway.runtime import drop_root
from gateway.runtime.embedded import EmbeddedStores
from gateway.runtime.postgres import Database

LAUNCHER = [sys.executable, "-I", "-S", str(Path(drop_root.__file__)), str(os.getpid()), str(int(signal.SIGTERM))]


@asynccontextmanager
async def run_stores(data: Path) -> AsyncIterator[EmbeddedStores]:
    """Run the stores of a data folder while the block lasts."""
    stores = await EmbeddedStores.start(data)
    try:
        yield stores
    finally:
        await stores.stop()


async def write_marks(redis_url: str, database_url: str) -> None:
    """Leave a mark in both stores."""
    async with Redis.from_url(redis_url) as client:
        await client.set("mark", "kept")
    database = Database(database_url)
    async with database.begin() as connection:
        await connection.execute(text("CREATE TABLE mark AS SELECT 'kept' AS mark"))
    await database.close()


async def read_marks(redis_url: str, database_url: str) -> tuple[Any, Any]:
    """Return the marks in both stores."""
    database = Database(database_url)
    try:
        async with Redis.from_url(redis_url, decode_responses=True) as client, database.begin() as connection:
            return await client.get("mark"), await connection.scalar(text("SELECT mark FROM mark"))
    finally:
        await database.close()


def let_others_reach(folder: Path) -> None:
    """Let other users pass through the folders that pytest created above `folder`."""
    for parent in folder.parents[:-2]:
        parent.chmod(0o711)
