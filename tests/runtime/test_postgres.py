"""Connection pool over a real PostgreSQL: transactions, outages, deadlines and recovery."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import IntegrityError

from gateway.runtime.embedded import EmbeddedStores
from gateway.runtime.postgres import Database, DatabaseUnavailable, TablesOutdated, metadata
from gateway.runtime.schema import check_tables, upgrade
from gateway.runtime.store_urls import store_urls


@pytest.fixture
async def marks(database: Database) -> Database:
    """Open a database with one table to write to."""
    async with database.begin() as connection:
        await connection.execute(text("CREATE TABLE marks (mark text PRIMARY KEY)"))
    return database


@asynccontextmanager
async def opened(url: str, pool_size: int = 5, timeout: float = 10.0) -> AsyncIterator[Database]:  # noqa: ASYNC109
    database = Database(url, pool_size=pool_size, timeout=timeout)
    try:
        yield database
    finally:
        await database.close()


async def mark(database: Database, name: str) -> None:
    async with database.begin() as connection:
        await connection.execute(text("INSERT INTO marks VALUES (:name)"), {"name": name})


async def all_marks(database: Database) -> list[str]:
    async with database.begin() as connection:
        return list(await connection.scalars(text("SELECT mark FROM marks ORDER BY mark")))


async def others(database: Database, select: str) -> list[object]:
    """Run `select` for each connection to this database except this one."""
    query = f"SELECT {select} FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    async with database.begin() as connection:
        return list(await connection.scalars(text(query)))


async def becomes(database: Database, answering: bool) -> bool:
    """Return True if the database answers, or stops answering, within five seconds."""
    for _ in range(500):
        try:
            await database.ping()
            answered = True
        except DatabaseUnavailable:
            answered = False
        if answered is answering:
            return True
        await asyncio.sleep(0.01)
    return False


@contextmanager
def hanging(stores: EmbeddedStores) -> Iterator[None]:
    """Stop PostgreSQL with SIGSTOP: the kernel accepts connections, and nothing answers."""
    server = psutil.Process(stores.postgres_pid)
    processes = [server, *server.children()]
    for process in processes:
        process.suspend()
    try:
        yield
    finally:
        for process in processes:
            process.resume()


async def test_block_is_committed_at_its_end_and_rolled_back_by_an_error(marks: Database) -> None:
    await mark(marks, "kept")
    with pytest.raises(ZeroDivisionError):
        async with marks.begin() as connection:
            await connection.execute(text("INSERT INTO marks VALUES ('lost')"))
            _ = 1 / 0

    assert await all_marks(marks) == ["kept"]


async def test_integrity_error_is_no_outage_and_shows_no_values(marks: Database) -> None:
    await mark(marks, "once")

    with pytest.raises(IntegrityError) as caught:
        await mark(marks, "once")

    assert "[SQL parameters hidden" in str(caught.value)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"query": {"host": "/nowhere"}}, "No such file"),
        ({"host": "127.0.0.1", "port": 1, "query": {}}, "refused|Connect call failed"),
        ({"database": "no_such_database"}, "does not exist"),
        ({"username": "stranger"}, "does not exist"),
    ],
)
async def test_refused_login_is_an_outage(database_url: str, change: dict[str, Any], reason: str) -> None:
    url = make_url(database_url)._replace(**change)
    async with opened(url.render_as_string(hide_password=False)) as database:
        with pytest.raises(DatabaseUnavailable, match=reason):
            await database.ping()


async def test_connections_closed_by_the_server_are_replaced(marks: Database) -> None:
    """After a restart of PostgreSQL every connection of the pool is dead."""
    blocks = [marks.begin() for _ in range(3)]
    for block in blocks:
        await (await block.__aenter__()).execute(text("SELECT 1"))
    for block in blocks:
        await block.__aexit__(None, None, None)
    async with marks.begin() as connection:
        await connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
                " AND pid <> pg_backend_pid()"
            )
        )
    await asyncio.sleep(0.05)

    await asyncio.gather(*(mark(marks, str(number)) for number in range(3)))

    assert await all_marks(marks) == ["0", "1", "2"]


async def test_connection_lost_in_a_block_is_an_outage_and_rolls_back(marks: Database) -> None:
    with pytest.raises(DatabaseUnavailable):
        async with marks.begin() as connection:
            await connection.execute(text("INSERT INTO marks VALUES ('lost')"))
            await connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    assert await all_marks(marks) == []


async def test_killed_server_is_an_outage_until_it_is_back(tmp_path: Path) -> None:
    stores = await EmbeddedStores.start(tmp_path)
    try:
        async with opened(stores.database_url) as database:
            await database.ping()
            psutil.Process(stores.postgres_pid).kill()
            assert await becomes(database, answering=False)
            assert await becomes(database, answering=True)
    finally:
        await stores.stop()


async def test_deadline_ends_the_block_and_the_statement(database: Database) -> None:
    began = time.monotonic()
    with pytest.raises(DatabaseUnavailable):
        async with database.begin(deadline=0.2) as connection:
            await connection.execute(text("SELECT pg_sleep(30)"))
    assert time.monotonic() - began < 1.5

    for _ in range(100):
        if "active" not in await others(database, "state"):
            return
        await asyncio.sleep(0.02)
    pytest.fail("the statement still runs after two seconds")


async def test_deadline_counts_the_time_between_statements(marks: Database) -> None:
    with pytest.raises(DatabaseUnavailable):
        async with marks.begin(deadline=0.1) as connection:
            await connection.execute(text("INSERT INTO marks VALUES ('lost')"))
            await asyncio.sleep(5)

    assert await all_marks(marks) == []


async def test_deadline_that_is_met_changes_nothing(marks: Database) -> None:
    async with marks.begin(deadline=0.2) as connection:
        await connection.execute(text("INSERT INTO marks VALUES ('kept')"))
    await asyncio.sleep(0.4)  # past the time at which the connection would have been closed

    await mark(marks, "too")

    assert await all_marks(marks) == ["kept", "too"]
    assert len(await others(marks, "pid")) == 0


async def test_hanging_server_is_an_outage_at_the_deadline(stores: EmbeddedStores, marks: Database) -> None:
    """The first block takes a connection of the pool, the second must open one."""
    with hanging(stores):
        for _ in range(2):
            began = time.monotonic()
            with pytest.raises(DatabaseUnavailable):
                async with marks.begin(deadline=0.3) as connection:
                    await connection.execute(text("INSERT INTO marks VALUES ('lost')"))
            assert time.monotonic() - began < 1.5

    assert await all_marks(marks) == []


async def test_statement_has_a_time_limit_without_a_deadline(stores: EmbeddedStores, database_url: str) -> None:
    async with opened(database_url, timeout=0.3) as database:
        with pytest.raises(DatabaseUnavailable):
            async with database.begin() as connection:
                await connection.execute(text("SELECT pg_sleep(30)"))

        await database.ping()
        with hanging(stores), pytest.raises(DatabaseUnavailable):
            await database.ping()

        await database.ping()


async def test_exhausted_pool_is_an_outage_and_not_stuck(database_url: str) -> None:
    async with opened(database_url, pool_size=1, timeout=0.2) as database, database.begin() as connection:
        await connection.execute(text("SELECT 1"))
        with pytest.raises(DatabaseUnavailable, match="limit of size 1"):
            await database.ping()


async def test_cancelled_block_leaves_the_pool_in_order(marks: Database) -> None:
    async def long_one() -> None:
        async with marks.begin() as connection:
            await connection.execute(text("INSERT INTO marks VALUES ('lost')"))
            await connection.execute(text("SELECT pg_sleep(30)"))

    for _ in range(10):
        task = asyncio.create_task(long_one())
        await asyncio.sleep(0.02)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    assert await all_marks(marks) == []


async def test_error_raised_by_the_block_itself_passes_through(database: Database) -> None:
    with pytest.raises(LookupError):
        async with database.begin() as connection:
            await connection.execute(text("SELECT 1"))
            raise LookupError


async def test_concurrent_upgrades_wait_for_each_other(
    stores: EmbeddedStores, marks: Database, database_url: str
) -> None:
    async with marks.begin() as connection:
        await connection.execute(text("DROP SCHEMA public CASCADE"))
        await connection.execute(text("CREATE SCHEMA public"))
    with pytest.raises(TablesOutdated):
        await check_tables(marks)

    await asyncio.gather(*(upgrade(database_url) for _ in range(3)))

    await check_tables(marks)


async def test_upgrade_without_a_server_is_an_outage(tmp_path: Path) -> None:
    url = store_urls(tmp_path).database
    with pytest.raises(DatabaseUnavailable):
        await upgrade(url)


def test_constraints_have_names_that_a_migration_can_drop() -> None:
    assert set(metadata.naming_convention) >= {"ix", "uq", "ck", "fk", "pk"}
