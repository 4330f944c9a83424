"""Databases of the run's server: copies of a template, and their addresses."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
from sqlalchemy import make_url

from gateway.runtime.embedded import EmbeddedStores


@asynccontextmanager
async def copied_database(
    stores: EmbeddedStores, template: asyncpg.Connection, origin: str, name: str
) -> AsyncIterator[str]:
    """Copy the database `origin`, to which nobody may be connected, while the block lasts. Yields the copy's URL."""
    await template.execute(f"CREATE DATABASE {name} TEMPLATE {origin} STRATEGY file_copy")
    yield url_of(stores, name)
    await template.execute(f"DROP DATABASE {name} WITH (FORCE)")


def url_of(stores: EmbeddedStores, database: str) -> str:
    return make_url(stores.database_url).set(database=database).render_as_string(hide_password=False)
