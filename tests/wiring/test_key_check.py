"""Start of `waspada web` and `waspada worker` with a wrong vault key."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientSession

from gateway.runtime.clock import Clock
from gateway.runtime.postgres import Database
from gateway.vault.key_check import check_vault_key
from gateway.vault.vault import Vault
from gateway.wiring.key_check import verify_key
from tests.helpers.outages import OwnRedis, PostgresGate, own_redis, postgres
from tests.helpers.program import Program, free_port, run_command, run_program
from tests.helpers.web import serve_gateway

__all__ = ["own_redis", "postgres"]

RIGHT, WRONG = "07" * 32, "08" * 32
REFUSED = "Error: Wrong vault key: this database was encrypted with another one."


@pytest.fixture
async def filled(database: Database) -> Database:
    """Return a database that was encrypted with the key `RIGHT`."""
    await check_vault_key(database, Vault(bytes.fromhex(RIGHT)), Clock())
    return database


@pytest.mark.parametrize("verb", ["web", "worker"])
@pytest.mark.usefixtures("filled")
async def test_wrong_key_is_refused_at_the_start(verb: str, redis_url: str, database_url: str) -> None:
    status, out, err = await run_command(
        verb, redis_url=redis_url, database_url=database_url, vault_key=WRONG, port=str(free_port())
    )

    assert (status, out) == (1, "")
    assert REFUSED in err
    assert "vault.wrong_key" in err
    assert "Traceback" not in err


@pytest.fixture
async def early(
    tmp_path: Path, own_redis: OwnRedis, postgres: PostgresGate, filled: Database
) -> AsyncIterator[Program]:
    """Start a web process with the wrong key during an outage of PostgreSQL."""
    assert filled
    await postgres.close()
    async with run_program(
        "web", data=tmp_path / "web", redis_url=own_redis.url, database_url=postgres.url, vault_key=WRONG
    ) as program:
        yield program


async def test_wrong_key_is_refused_once_the_database_answers(early: Program, postgres: PostgresGate) -> None:
    async with ClientSession() as http:
        assert (await http.get(f"{early.url}/healthz")).status == 200, "residents are served meanwhile"
        assert (await http.get(f"{early.url}/readyz")).status == 503
        await postgres.open()
        async with asyncio.timeout(20):
            assert await early.process.wait() == 1
    log = early.log.read_text()

    assert REFUSED in log
    assert "vault.wrong_key" in log
    assert "Traceback" not in log


async def test_check_is_made_up_for_after_an_outage(own_redis: OwnRedis, postgres: PostgresGate) -> None:
    await postgres.close()
    async with serve_gateway(own_redis.url, postgres.url) as gateway, verify_key(gateway.services) as proof:
        assert not proof.done()

        await postgres.open()
        async with asyncio.timeout(20):
            await proof
