"""Fixtures for all tests: a clock, a vault, and real stores.

One Redis and one PostgreSQL serve the whole run. Each test has a new database and an empty Redis.
"""

from __future__ import annotations

import shutil
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg
import pytest
from hypothesis import HealthCheck, settings
from redis.asyncio import Redis
from sqlalchemy import make_url

from gateway.runtime.embedded import EmbeddedStores
from gateway.runtime.postgres import Database
from gateway.runtime.schema import upgrade
from gateway.vault.vault import Vault
from tests.helpers.clocks import ManualClock
from tests.helpers.databases import copied_database, url_of

MEMORY = Path("/dev/shm")
NEEDED_BYTES = 1024**3  # the stores of a whole run take a tenth of it

_numbers = count()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def vault() -> Vault:
    return Vault(bytes(range(32)))


@pytest.fixture(scope="session")
async def stores(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[EmbeddedStores]:
    """Start the servers of the whole run. A test that kills a server starts its own."""
    with _store_folder(tmp_path_factory) as folder:
        servers = await EmbeddedStores.start(folder)
        yield servers
        await servers.stop()


@pytest.fixture(scope="session")
async def template(stores: EmbeddedStores) -> AsyncIterator[asyncpg.Connection]:
    """Connect as a user who may create databases. The database `migrated` is a template with all tables."""
    url = make_url(stores.database_url)
    connection = await asyncpg.connect(host=str(url.query["host"]), user=url.username, database="postgres")
    await connection.execute("ALTER SYSTEM SET fsync = off")
    await connection.execute("SELECT pg_reload_conf()")
    await connection.execute("CREATE DATABASE migrated")
    await upgrade(url_of(stores, "migrated"))
    yield connection
    await connection.close()


@pytest.fixture(scope="session")
def origin() -> str:
    """Name the database of which each test gets a copy: all tables are empty. A package may override this."""
    return "migrated"


@pytest.fixture
async def database_url(stores: EmbeddedStores, template: asyncpg.Connection, origin: str) -> AsyncIterator[str]:
    """Create a database for one test."""
    async with copied_database(stores, template, origin, f"test_{next(_numbers)}") as url:
        yield url


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = Database(database_url)
    yield opened
    await opened.close()


@pytest.fixture
async def redis_url(stores: EmbeddedStores) -> str:
    """Return the URL of the Redis of the run, emptied for this test."""
    async with Redis.from_url(stores.redis_url) as client:
        await client.flushall()
    return stores.redis_url


@contextmanager
def _store_folder(otherwise: pytest.TempPathFactory) -> Iterator[Path]:
    """Yield a folder in memory, if there is space: every test copies a database of 300 files and removes it.

    On a disk that other programs write to, that takes two to five times as long.
    """
    if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free >= NEEDED_BYTES:
        with TemporaryDirectory(prefix="waspada-", dir=MEMORY) as folder:
            yield Path(folder)
    else:
        yield otherwise.mktemp("stores")


# Processes started by tests must stop at Ctrl-C, also if the shell ignores it for background jobs.
signal.signal(signal.SIGINT, signal.default_int_handler)

# No deadline for an example: the machine may be busy with other work.
settings.register_profile("steady", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("steady")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="rewrite the golden files")
