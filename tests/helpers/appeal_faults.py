"""World of the tests about faults of appeals: people, the built-in carrier, and real workers that a test may kill.

The workers are `waspada worker` with the settings of this world: a claim lost with a worker counts as unknown after ten
seconds unless a test says otherwise. No appeal pauses itself, since these tests kill workers on purpose.
"""

from __future__ import annotations

import asyncio
import shutil
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from aiohttp import ClientSession, DummyCookieJar, web
from pydantic import SecretStr

from gateway.carriers.local.carrier import LocalCarrier
from gateway.carriers.local.faults import Fault, Faults
from gateway.carriers.local.handset import WebhookUrls
from gateway.menu.pack.loader import load
from gateway.runtime.clock import Clock
from gateway.runtime.pack_folder import read_pack
from gateway.runtime.postgres import DatabaseUnavailable
from tests.faults.worker_program import KEY
from tests.helpers.appeals import CODE, AppealWorld, open_appeal_gateway
from tests.helpers.carrier_server import serve_app
from tests.helpers.packs import PEKALONGAN
from tests.helpers.program import Program, run_program
from tests.helpers.waiting import until

BATCH = 100  # messages of one claim
WITHOUT_REPORTS = Faults(no_reports=Fault())  # nothing receives them here
CLAIMS = 3  # claims that a worker may hold at the same time (messages/sending/worker.py)
_HOOKS = WebhookUrls(**dict.fromkeys(("ussd", "ussd_event", "sms", "receipt", "optout"), "http://127.0.0.1:9/"))
_RULES = 'quiet_hours: {from: "00:00", to: "00:00"}\nresume: {sms: true}\n'  # a test runs at any time of the day
_RETRY_S = 0.1

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class WorkerWorld:
    """World of appeals with real workers and the built-in carrier.

    `requested` counts how often the carrier was asked to send to each number, as it is on the wire.
    """

    appeals: AppealWorld
    carrier: LocalCarrier
    requested: Counter[str]
    log: Path  # of all workers
    _folder: Path
    _config: Path
    _stack: AsyncExitStack

    async def start_worker(self) -> Program:
        """Start one more worker."""
        name = self._folder / "workers"
        return await self._stack.enter_async_context(run_program("worker", data=name, config=str(self._config)))

    async def wait_for_requests(self, people: int) -> None:
        """Return when the carrier was asked to send to so many people."""
        await until(lambda: len(self.requested) >= people)


@asynccontextmanager
async def open_worker_world(
    folder: Path,
    redis_url: str,
    database_url: str,
    *,
    rate: int | None = None,
    recipients: int = 25,
    lost_after_s: int = 10,
) -> AsyncIterator[WorkerWorld]:
    """Open a world over these stores. Its channel sends at most `rate` parts a second, to `recipients` per call."""
    pack = shutil.copytree(PEKALONGAN, folder / "pack")
    (pack / "rules.yaml").write_text(_RULES)
    requested: Counter[str] = Counter()
    app = web.Application(middlewares=[_count_requests(requested)])
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(ClientSession(cookie_jar=DummyCookieJar()))
        carrier = LocalCarrier(
            http, _HOOKS, Clock(), username="sandbox", api_key="key", service_code=CODE, short_code="3375"
        )
        carrier.faults = WITHOUT_REPORTS
        carrier.add_to(app)
        url = await stack.enter_async_context(serve_app(app))
        config = folder / "waspada.toml"
        config.write_text(
            f'redis_url = "{redis_url}"\ndatabase_url = "{database_url}"\nvault_key = "{KEY.hex()}"\npack = "{pack}"\n'
            f"claim_timeout_s = {lost_after_s}\nsend_batch = {BATCH}\nsend_recipients = {recipients}\n"
            "appeal_ahead = 2000\nappeal_pause_share = 1.0\n"
            f'[channels.at]\ncarrier = "africastalking"\nusername = "sandbox"\napi_key = "key"\n'
            + (f"rate = {rate}\n" if rate else "")
            + f'api_url = "{url}/local"\nsecret = "a-secret-of-the-webhooks"\nservice_code = "{CODE}"\n'
        )
        services = await stack.enter_async_context(
            open_appeal_gateway(
                redis_url,
                database_url,
                Clock(),
                load(read_pack(pack)),
                vault_key=SecretStr(KEY.hex()),
                appeal_pause_share=1.0,
            )
        )
        world = AppealWorld(services, chunk_size=500)
        yield WorkerWorld(world, carrier, requested, folder / "workers.log", folder, config, stack)


def _count_requests(requested: Counter[str]) -> Callable[..., Awaitable[web.StreamResponse]]:
    """Count the numbers of every request to send, before the carrier handles it."""

    @web.middleware
    async def note(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        if request.path.endswith("/messaging"):
            requested.update(str((await request.post())["to"]).split(","))
        return await handler(request)

    return note


async def retry_while_unavailable(work: Callable[[], Awaitable[T]]) -> T:
    """Return the result of `work`, tried again while PostgreSQL is unavailable."""
    while True:
        try:
            return await work()
        except DatabaseUnavailable:
            await asyncio.sleep(_RETRY_S)
