"""Readiness of PostgreSQL, over real servers that cannot be used."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy import make_url, text

from gateway.runtime.postgres import Database
from gateway.runtime.postgres_errors import READ_ONLY, RUN_UPGRADE
from gateway.runtime.readiness import UNREACHABLE
from gateway.vault.key_check import check_vault_key
from gateway.vault.tables import vault_keys
from gateway.vault.vault import Vault
from gateway.wiring.readiness import faults_of_stores
from tests.helpers.clocks import ManualClock
from tests.helpers.failover import end_failover, fail_over
from tests.helpers.gateway import VAULT_KEY, open_gateway, settings_of
from tests.helpers.pooler import run_pooler
from tests.helpers.program import free_port
from tests.helpers.tables import rows

REFUSED = "It refuses the user or the password of database_url."
NO_DATABASE = "It has no database of the name in database_url."


async def fault(redis_url: str, database_url: str) -> str:
    """Return what `waspada check` says of PostgreSQL, or nothing if it can be used."""
    faults = await faults_of_stores(settings_of(redis_url, database_url))
    assert set(faults) <= {"postgres"}
    return str(faults.get("postgres", ""))


@pytest.fixture
async def noted(database: Database, clock: ManualClock) -> None:
    """Store the fingerprint of the key, as the first start of a gateway does."""
    await check_vault_key(database, Vault(VAULT_KEY), clock)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({}, ""),
        ({"query": {"host": "/nowhere"}}, UNREACHABLE),
        ({"host": "127.0.0.1", "port": free_port(), "query": {}}, UNREACHABLE),
        ({"host": "host.invalid", "query": {}}, UNREACHABLE),
        ({"database": "no_such_database"}, NO_DATABASE),
        ({"username": "stranger"}, REFUSED),
    ],
)
async def test_reason_tells_what_is_wrong_with_the_address(
    redis_url: str, database_url: str, noted: None, change: dict[str, Any], reason: str
) -> None:
    url = make_url(database_url)._replace(**change)
    assert await fault(redis_url, url.render_as_string(hide_password=False)) == reason


async def test_server_without_tls_is_told_from_one_that_is_not_there(
    redis_url: str, database_url: str, tmp_path: Path
) -> None:
    async with run_pooler(tmp_path, database_url) as url:
        assert "does not speak TLS" in await fault(redis_url, f"{url}?sslmode=require")
        assert await fault(redis_url, f"{url}?sslmode=prefer") == ""


async def test_wrong_password_is_told(redis_url: str, database_url: str, tmp_path: Path) -> None:
    async with run_pooler(tmp_path, database_url, password="right") as url:
        assert await fault(redis_url, url.replace("@", ":right@")) == ""
        assert await fault(redis_url, url.replace("@", ":wrong@")) == REFUSED
        assert await fault(redis_url, url) == REFUSED
        assert await fault(redis_url, url.replace("waspada@", "stranger:right@")) == REFUSED
        assert await fault(redis_url, f"{url.replace('@', ':right@')}_not") == NO_DATABASE


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("DROP SCHEMA public CASCADE; CREATE SCHEMA public", RUN_UPGRADE),
        ("DROP TABLE alembic_version", RUN_UPGRADE),
        ("DELETE FROM alembic_version", RUN_UPGRADE),
        ("UPDATE alembic_version SET version_num = '0003'", RUN_UPGRADE),
        ("DROP TABLE vault_keys CASCADE", RUN_UPGRADE),
        ("UPDATE alembic_version SET version_num = '9999'", "The tables are of a newer release"),
    ],
)
async def test_tables_that_are_not_ours_are_told(
    redis_url: str, database_url: str, database: Database, noted: None, change: str, reason: str
) -> None:
    async with database.begin() as connection:
        for statement in change.split("; "):
            await connection.execute(text(statement))

    assert (await fault(redis_url, database_url)).startswith(reason)


async def test_wrong_vault_key_is_told(
    redis_url: str, database_url: str, database: Database, clock: ManualClock
) -> None:
    await check_vault_key(database, Vault(bytes(32)), clock)

    assert (await fault(redis_url, database_url)).startswith("Wrong vault key")


async def test_check_of_a_new_database_stores_nothing(redis_url: str, database_url: str, database: Database) -> None:
    assert await fault(redis_url, database_url) == ""

    assert await rows(database, vault_keys) == []


@pytest.fixture
async def guest_url(template: asyncpg.Connection, database_url: str) -> AsyncIterator[str]:
    """Return the URL of the database for a user who may connect, and nothing else."""
    await template.execute("CREATE ROLE guest LOGIN")
    yield make_url(database_url).set(username="guest").render_as_string()
    await template.execute("DROP ROLE guest")


async def test_user_without_rights_is_told(redis_url: str, guest_url: str) -> None:
    assert (await fault(redis_url, guest_url)).startswith("Its user may not use the tables")


async def test_user_who_may_only_read_is_told(redis_url: str, guest_url: str, database: Database, noted: None) -> None:
    async with database.begin() as connection:
        await connection.execute(text("GRANT SELECT ON ALL TABLES IN SCHEMA public TO guest"))
    said = await fault(redis_url, guest_url)
    async with database.begin() as connection:
        await connection.execute(text("REVOKE SELECT ON ALL TABLES IN SCHEMA public FROM guest"))

    assert said.startswith("Its user may not use the tables")


@pytest.mark.parametrize("scope", ["DATABASE {name}", "ROLE waspada"])
async def test_readiness_follows_a_failover(
    redis_url: str, database_url: str, template: asyncpg.Connection, noted: None, scope: str
) -> None:
    name = str(make_url(database_url).database)
    changed = scope.format(name=name)
    async with open_gateway(redis_url, database_url) as services:
        assert not await services.readiness.faults()
        await fail_over(template, name, changed)
        said = [str((await services.readiness.faults())["postgres"]) for _ in range(3)]
        await end_failover(template, changed)
        await services.readiness.faults()

        assert said[-1] == READ_ONLY
        assert not await services.readiness.faults()
