"""Whole journey behind Debian's PgBouncer in transaction mode: report, SMS, appeal, and every verb on the way."""

from __future__ import annotations

import json
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gateway.accounts.roles import DeskRole
from gateway.accounts.store import AccountStore
from gateway.runtime.clock import Clock
from gateway.runtime.postgres import Database
from tests.helpers.cli_accounts import PASSWORD
from tests.helpers.cli_appeals import NO_QUIET_HOURS
from tests.helpers.journeys import KEYS, StandaloneGateway, run_standalone_gateway, walk
from tests.helpers.migrations import make_tables
from tests.helpers.outages import OwnRedis, own_redis
from tests.helpers.packs import PEKALONGAN
from tests.helpers.pooler import run_pooler
from tests.helpers.program import run_verb
from tests.helpers.settings import write_secret
from tests.helpers.waiting import until

__all__ = ["own_redis"]

SUPERVISORS = ("budi", "wati")  # a strict stage of the pack asks for two


@dataclass(frozen=True, slots=True)
class PooledGateway:
    """Gateway whose PostgreSQL is behind a pooler, and a terminal beside it."""

    gateway: StandaloneGateway
    settings: dict[str, str]

    async def run(self, *verb: str) -> str:
        """Run a verb that must succeed. Returns its stdout."""
        status, out, err = await run_verb(*verb, "--data", str(self.gateway.program.data), **self.settings)
        assert status == 0, err
        assert "Traceback" not in err
        return out

    async def run_as(self, name: str, *verb: str) -> str:
        return await self.run("appeals", *verb, "--as", name)


@pytest.fixture
async def pooled(
    tmp_path: Path, own_redis: OwnRedis, database: Database, database_url: str
) -> AsyncIterator[PooledGateway]:
    """Run a gateway over an empty database behind a pooler, without quiet hours."""
    await make_tables(database, "")
    pack, password = Path(shutil.copytree(PEKALONGAN, tmp_path / "pack")), tmp_path / "password"
    rules = (pack / "rules.yaml").read_text()
    (pack / "rules.yaml").write_text(rules.replace('{from: "20:00", to: "07:00"}', NO_QUIET_HOURS))
    write_secret(password, PASSWORD)
    async with run_pooler(tmp_path, database_url, size=8) as url:
        settings = {"database_url": url, "redis_url": own_redis.url, "pack": str(pack)}
        async with run_standalone_gateway(tmp_path / "var", **settings) as gateway:
            accounts = AccountStore(database, Clock())
            await accounts.add("siti", "Siti", [DeskRole.OPERATOR], PASSWORD, actor="admin")
            for name in SUPERVISORS:
                await accounts.add(name, name, [DeskRole.SUPERVISOR], PASSWORD, actor="admin")
            yield PooledGateway(gateway, settings | {"password_file": str(password)})


async def test_journey_behind_a_pooler(pooled: PooledGateway) -> None:
    gateway = pooled.gateway
    async with gateway.phone() as handset:
        screen = await walk(handset, KEYS["id"])
        assert screen.text.startswith("Terima kasih. No laporan: ")

        async def confirmed() -> bool:
            return [sms["status"] for sms in await gateway.sms_to(handset)] == ["Success"]

        await until(confirmed)

    subscriber = gateway.phone()
    for number, text in enumerate(("LAPOR 3 KLEGO ada keributan", "REG KLEGO"), 1):
        await gateway.sms_from(subscriber, text)

        async def answered(expected: int = number) -> bool:
            return len(await gateway.sms_to(subscriber)) == expected

        await until(answered)

    appeal = await send_appeal(pooled)

    async def appeal_has_arrived() -> bool:
        return len(await gateway.sms_to(subscriber)) == 3

    await until(appeal_has_arrived)
    await check_verbs(pooled, appeal)
    assert "Traceback" not in gateway.program.log.read_text()


async def send_appeal(pooled: PooledGateway) -> str:
    """Draft an appeal to the subscribers, and have it approved. Returns its number."""
    audience = json.dumps({"roles": ["subscriber"]})
    content = ("--purpose", "Damai", "--template", "damai", "--audience", audience)
    number = (await pooled.run_as("siti", "draft", *content)).strip()
    await pooled.run_as("siti", "submit", number)
    for name in SUPERVISORS:
        shown: dict[str, Any] = json.loads(await pooled.run("appeals", "show", number, "--json"))
        if shown["status"] == "waiting":
            await pooled.run_as(name, "approve", number, "--version", str(shown["version"]))
    return number


async def check_verbs(pooled: PooledGateway, appeal: str) -> None:
    """Run verbs of every kind through the pooler: lists, accounts in one snapshot, changes."""
    incidents = json.loads(await pooled.run("incidents", "list", "--json"))
    assert len(incidents) == 2
    await pooled.run("incidents", "move", incidents[0]["ticket"], "checking", "--as", "dewi")

    async def appeal_is_done() -> bool:
        return bool(json.loads(await pooled.run("appeals", "show", appeal, "--json"))["status"] == "done")

    await until(appeal_is_done)
    assert len(json.loads(await pooled.run("messages", "list", "--json"))) >= 4
    for verb in (("appeals", "preview", appeal), ("people", "list"), ("users", "list"), ("purge", "--dry-run")):
        await pooled.run(*verb)
    await pooled.run("check")
    await pooled.run("db", "upgrade")
