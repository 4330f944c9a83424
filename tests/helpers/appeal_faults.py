"""A stage for faults of appeals: a town and its desk, the built-in carrier, and the gateway's own workers to be killed.

The workers are `waspada worker`, with the settings of this stage: what is lost with a worker counts as unknown after
ten seconds unless a test says otherwise, and no appeal pauses itself, since killing workers is what these tests do.
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

from gateway.appeals.appeal import AutoPause
from gateway.appeals.workflow import AppealSettings
from gateway.carriers.local.carrier import LocalCarrier
from gateway.carriers.local.faults import Fault, Faults
from gateway.carriers.local.handset import WebhookUrls
from gateway.menu.pack.loader import load
from gateway.runtime.clock import Clock
from gateway.runtime.pack_folder import read_pack
from gateway.runtime.postgres import Database, DatabaseUnavailable
from gateway.vault.vault import Vault
from tests.faults.worker_program import KEY
from tests.helpers.appeals import CODE, PEKALONGAN, Office
from tests.helpers.carrier_server import serve_app
from tests.helpers.program import Program, run_program

BATCH = 100  # messages of one claim
QUIET = Faults(no_reports=Fault())  # nobody listens to them here
ROUNDS = 3  # claims that a worker may hold at the same time (messages/sending/worker.py)
_TERMS = AppealSettings({"at": CODE}, auto_pause=AutoPause(max_failed_share=1.0), chunk_size=500)
_HOOKS = WebhookUrls(**dict.fromkeys(("ussd", "ussd_event", "sms", "receipt", "optout"), "http://127.0.0.1:9/"))
_RULES = 'quiet_hours: {from: "00:00", to: "00:00"}\nresume: {sms: true}\n'  # a test runs at any time of the day
_AWAY_S = 0.1

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Stage:
    """What a test sees of it. `seen` is whom the carrier was asked to send to, as its wire has it, and how often."""

    office: Office
    carrier: LocalCarrier
    seen: Counter[str]
    log: Path  # of all workers
    _folder: Path
    _config: Path
    _stack: AsyncExitStack

    async def start(self) -> Program:
        """One more worker, at work."""
        name = self._folder / "workers"
        return await self._stack.enter_async_context(run_program("worker", data=name, config=str(self._config)))

    async def has_seen(self, people: int) -> None:
        """Return when the carrier was asked to send to so many people."""
        while len(self.seen) < people:  # noqa: ASYNC110 - the carrier tells nobody
            await asyncio.sleep(0.01)


@asynccontextmanager
async def staged(
    folder: Path,
    redis_url: str,
    database_url: str,
    *,
    rate: int | None = None,
    recipients: int = 25,
    lost_after_s: int = 10,
) -> AsyncIterator[Stage]:
    """A stage over these stores, from which `rate` parts leave in a second at the most, `recipients` with a call."""
    pack = shutil.copytree(PEKALONGAN, folder / "pack")
    (pack / "rules.yaml").write_text(_RULES)
    seen: Counter[str] = Counter()
    app = web.Application(middlewares=[_noting(seen)])
    async with AsyncExitStack() as stack:
        database = Database(database_url)
        stack.push_async_callback(database.close)
        http = await stack.enter_async_context(ClientSession(cookie_jar=DummyCookieJar()))
        carrier = LocalCarrier(
            http, _HOOKS, Clock(), username="sandbox", api_key="key", service_code=CODE, short_code="3375"
        )
        carrier.faults = QUIET
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
        office = Office(database, Vault(KEY), Clock(), load(read_pack(pack)), _TERMS)
        yield Stage(office, carrier, seen, folder / "workers.log", folder, config, stack)


def _noting(seen: Counter[str]) -> Callable[..., Awaitable[web.StreamResponse]]:
    """Counts the numbers of every request to send, before the carrier has a look at it."""

    @web.middleware
    async def note(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        if request.path.endswith("/messaging"):
            seen.update(str((await request.post())["to"]).split(","))
        return await handler(request)

    return note


async def patiently(work: Callable[[], Awaitable[T]]) -> T:
    """What comes of it, tried again while PostgreSQL is away."""
    while True:
        try:
            return await work()
        except DatabaseUnavailable:
            await asyncio.sleep(_AWAY_S)
