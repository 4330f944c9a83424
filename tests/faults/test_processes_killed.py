"""`waspada web` and `waspada worker` as separate processes over the same stores. The worker is killed."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, DummyCookieJar, web
from sqlalchemy import select

from gateway.carriers.local.carrier import LocalCarrier
from gateway.carriers.local.faults import Faults, NoAnswer
from gateway.carriers.local.handset import Handset, WebhookUrls
from gateway.messages.tables import messages
from gateway.runtime.clock import Clock
from gateway.runtime.postgres import Database
from gateway.web.hook_urls import hook_urls
from tests.helpers.carrier_server import serve_app
from tests.helpers.journeys import CODE, KEYS, walk
from tests.helpers.messages import expire_claims
from tests.helpers.phones import NUMBER
from tests.helpers.program import Program, free_port, run_program
from tests.helpers.waiting import until

SECRET = "a-secret-of-the-webhooks"

Start = Callable[[str], Awaitable[Program]]


@dataclass(frozen=True, slots=True)
class ProcessWorld:
    """Carrier in this process, and the processes of the gateway around it."""

    carrier: LocalCarrier
    handset: Handset
    database: Database
    start: Start

    async def file_report(self) -> None:
        """File a report as a resident, up to the ticket."""
        shown = await walk(self.handset, KEYS["id"])
        assert shown.text.startswith("Terima kasih.")

    async def row(self) -> dict[str, Any]:
        """Return the one message of this test."""
        async with self.database.begin() as connection:
            (row,) = (await connection.execute(select(messages))).mappings().all()
        return dict(row)

    async def wait_for_status(self, status: str, attempts: int) -> None:
        async def reached() -> bool:
            row = await self.row()
            return (row["status"], row["attempts"]) == (status, attempts)

        await until(reached)

    async def wait_for_calls(self, times: int) -> None:
        async def called() -> bool:
            return len(self.carrier.messages) == times

        await until(called)

    async def expire_claims(self) -> None:
        """Let the claim of the killed worker expire."""
        await expire_claims(self.database)


@pytest.fixture
async def world(tmp_path: Path, redis_url: str, database_url: str, database: Database) -> AsyncIterator[ProcessWorld]:
    """Run the web process. The test starts workers."""
    port = free_port()
    hooks = WebhookUrls(**hook_urls(f"http://127.0.0.1:{port}", "at", SECRET))
    app = web.Application()
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(ClientSession(cookie_jar=DummyCookieJar()))
        carrier = LocalCarrier(
            http, hooks, Clock(), username="sandbox", api_key="key", service_code=CODE, short_code="3375"
        )
        carrier.add_to(app)
        carrier_url = await stack.enter_async_context(serve_app(app))
        config = tmp_path / "waspada.toml"
        config.write_text(
            f'redis_url = "{redis_url}"\ndatabase_url = "{database_url}"\nvault_key = "{"07" * 32}"\n'
            "claim_timeout_s = 10\nunknown_resend_after_s = 0\n"
            f'[channels.at]\ncarrier = "africastalking"\nusername = "sandbox"\napi_key = "key"\n'
            f'api_url = "{carrier_url}/local"\nsecret = "{SECRET}"\nservice_code = "{CODE}"\n'
        )

        async def start(verb: str) -> Program:
            data = tmp_path / verb
            return await stack.enter_async_context(run_program(verb, data=data, port=port, config=str(config)))

        await start("web")
        handset = await stack.enter_async_context(Handset(http, hooks, NUMBER, Clock(), service_code=CODE))
        yield ProcessWorld(carrier, handset, database, start)


async def test_a_worker_killed_between_send_and_record(world: ProcessWorld) -> None:
    """The carrier has sent it without an answer: the message is unknown, and as a confirmation resent once."""
    world.carrier.faults = Faults(no_answer=NoAnswer())
    worker = await world.start("worker")
    await world.file_report()
    await world.wait_for_calls(1)

    await worker.end_with(signal.SIGKILL)
    assert (await world.row())["status"] == "sending"

    world.carrier.faults = Faults()
    await world.expire_claims()
    second = await world.start("worker")
    await world.wait_for_status("delivered", attempts=2)
    assert [sms.to for sms in world.carrier.messages] == [NUMBER.e164] * 2
    assert (await world.row())["unknowns"] == 1
    assert await second.end_with(signal.SIGTERM) == 0


async def test_a_worker_killed_before_it_claims(world: ProcessWorld) -> None:
    worker = await world.start("worker")
    await worker.end_with(signal.SIGKILL)

    await world.file_report()
    assert (await world.row())["status"] == "queued"

    await world.start("worker")
    await world.wait_for_status("delivered", attempts=1)
    assert len(world.carrier.messages) == 1
