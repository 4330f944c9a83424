"""`waspada run` over a PostgreSQL that fails over: no report is lost, and no restart is needed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import make_url

from gateway.incidents.tables import incidents
from gateway.runtime.postgres import Database
from gateway.runtime.postgres_errors import READ_ONLY
from tests.helpers.failover import break_connections, end_failover, fail_over
from tests.helpers.gateway import VAULT_KEY
from tests.helpers.journeys import KEYS, StandaloneGateway, run_standalone_gateway, walk
from tests.helpers.outages import OwnRedis, own_redis
from tests.helpers.tables import rows
from tests.helpers.waiting import until

__all__ = ["own_redis"]

KEPT = "Laporan Anda sudah tersimpan."
TICKET = "Terima kasih. No laporan: "


@pytest.fixture
async def gateway(tmp_path: Path, own_redis: OwnRedis, database_url: str) -> AsyncIterator[StandaloneGateway]:
    settings = {"redis_url": own_redis.url, "database_url": database_url, "vault_key": VAULT_KEY.hex()}
    async with run_standalone_gateway(tmp_path / "var", **settings) as started:
        yield started


async def report(gateway: StandaloneGateway) -> str:
    """Report from a new phone. Returns the last screen."""
    async with gateway.phone() as handset:
        return (await walk(handset, KEYS["id"])).text


async def away(gateway: StandaloneGateway) -> dict[str, str]:
    async with gateway.http.get(f"{gateway.program.url}/readyz") as response:
        reasons: dict[str, str] = (await response.json())["away"]
        return reasons


async def test_reports_wait_until_writes_are_possible_again(
    gateway: StandaloneGateway, database: Database, database_url: str, template: asyncpg.Connection
) -> None:
    name = str(make_url(database_url).database)
    assert (await report(gateway)).startswith(TICKET)

    await fail_over(template, name)
    for _ in range(3):
        assert (await report(gateway)).startswith(KEPT)
    assert (await away(gateway))["postgres"] == READ_ONLY

    await end_failover(template, f"DATABASE {name}")

    async def is_ready() -> bool:
        return not await away(gateway)

    async def all_are_filed() -> bool:
        return len(await rows(database, incidents)) == 4

    await until(is_ready)
    await until(all_are_filed)
    assert (await report(gateway)).startswith(TICKET)

    phone = gateway.phone()
    await gateway.sms_from(phone, "LAPOR 3 KLEGO ada keributan")

    async def the_sms_is_filed_and_answered() -> bool:
        return len(await rows(database, incidents)) == 6 and bool(await gateway.sms_to(phone))

    await until(the_sms_is_filed_and_answered)
    assert "Traceback" not in gateway.program.log.read_text()


async def test_restart_of_the_server_costs_no_report(
    gateway: StandaloneGateway, database: Database, database_url: str, template: asyncpg.Connection
) -> None:
    for _ in range(3):
        assert await report(gateway)
        await break_connections(template, str(make_url(database_url).database))

    async def all_are_filed() -> bool:
        return len(await rows(database, incidents)) == 3

    await until(all_are_filed)
    assert "Traceback" not in gateway.program.log.read_text()
