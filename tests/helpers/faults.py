"""A worker and the built-in carrier, which is told its faults and counts what it was asked for, over real HTTP."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from aiohttp import ClientSession, DummyCookieJar, web

from gateway.carriers.africastalking.carrier import AfricasTalking
from gateway.carriers.local.carrier import LocalCarrier
from gateway.carriers.local.faults import Fault, Faults
from gateway.carriers.local.handset import WebhookUrls
from gateway.messages.channel_state import Channels
from gateway.messages.message import MessageClass
from gateway.messages.outbox import Outbox
from gateway.messages.receipts import Receipts
from gateway.messages.sending.sender import Sender, SenderOptions
from gateway.runtime.clock import Clock
from gateway.runtime.postgres import Database
from gateway.text.phone import Phone
from gateway.vault.vault import Vault
from tests.faults.worker_program import KEY
from tests.helpers.messages import Stage
from tests.helpers.program import free_port
from tests.helpers.waiting import until

PACE = SenderOptions(
    idle_poll=timedelta(milliseconds=20),
    paused_poll=timedelta(milliseconds=20),
    requeue_unknown_after=timedelta(0),
    sweep_interval=timedelta(milliseconds=50),
    outage_retry=timedelta(milliseconds=100),
)
REPLY, CONFIRMATION = MessageClass.REPLY, MessageClass.CONFIRMATION


def phone(number: int) -> Phone:
    return Phone(f"+6281230{number:06}")


@dataclass(slots=True)
class Field:
    """A carrier on this machine, a gateway that sends by it, and a queue."""

    local: LocalCarrier
    http: ClientSession
    database: Database
    url: str
    reported: list[str] = field(default_factory=list)
    requested: Counter[tuple[str, str]] = field(default_factory=Counter)  # number and text, of whatever request came

    @property
    def stage(self) -> Stage:
        return Stage(self.database, Vault(KEY), Clock())

    @property
    def channels(self) -> Channels:
        return Channels(self.database, Clock())

    def account(self) -> AfricasTalking:
        return AfricasTalking("at", "sandbox", "key", self.http, api_url=f"{self.url}/local", total_seconds=0.4)

    async def put(self, count: int, kind: MessageClass = REPLY, words: str = "Halo") -> None:
        for number in range(count):
            await self.stage.put(words, to=phone(number), kind=kind)

    @asynccontextmanager
    async def worker(self, pace: SenderOptions = PACE) -> AsyncIterator[None]:
        outbox = Outbox(self.database, Vault(KEY), Clock())
        sender = Sender(outbox, self.channels, {"at": self.account()}, Clock(), "w1", pace)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(sender.run())
            try:
                yield
            finally:
                sender.stop()

    async def work(self, *statuses: str) -> None:
        """Let a worker work until the messages have come to these."""
        async with self.worker():
            await self.are(*statuses)

    async def are(self, *statuses: str) -> None:
        async def they_are() -> bool:
            return await self.stage.statuses() == list(statuses)

        await until(they_are)

    async def is_paused(self, reason: str) -> None:
        async def it_is() -> bool:
            stands = await self.channels.status_of("at")
            return stands.paused and stands.reason == reason

        await until(it_is)

    def asked(self) -> Counter[tuple[str, str]]:
        """Number and text of all that the carrier took up; a request that fails as a whole is none of it."""
        return Counter((sms.to, sms.text) for sms in self.local.messages)

    async def counts(self) -> list[tuple[int, int]]:
        """Attempts and times unknown of each message."""
        return [(row["attempts"], row["unknowns"]) for row in await self.stage.rows()]


def each(count: int, times: int = 1, words: str = "Halo") -> Counter[tuple[str, str]]:
    return Counter({(phone(number).e164, words): times for number in range(count)})


FIELD = web.AppKey("field", Field)


@web.middleware
async def note_request(request: web.Request, handler: Callable[[web.Request], Awaitable[Any]]) -> Any:
    """Count what is asked for before any fault."""
    fields = await request.post()
    if {"to", "message"} <= fields.keys():
        numbers = str(fields["to"]).split(",")
        request.app[FIELD].requested.update((number, str(fields["message"])) for number in numbers)
    return await handler(request)


@asynccontextmanager
async def a_field(database: Database) -> AsyncIterator[Field]:
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(ClientSession(cookie_jar=DummyCookieJar()))
        app = web.Application(middlewares=[note_request])
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        hooks = WebhookUrls(ussd="", ussd_event="", sms="", receipt=f"{url}/receipt", optout="")
        local = LocalCarrier(
            http,
            hooks,
            Clock(),
            username="sandbox",
            api_key="key",
            service_code="*384*3375#",
            short_code="3375",
            report_seconds=0.02,
        )
        local.faults = Faults(no_reports=Fault())
        made = app[FIELD] = Field(local, http, database, url)

        async def take(request: web.Request) -> web.Response:
            receipt = made.account().read_receipt(await request.read(), request.headers)
            made.reported.append((await Receipts(database, Clock()).store("at", receipt)).value)
            return web.Response(text="ok")

        app.router.add_post("/receipt", take)
        local.add_to(app)
        runner = web.AppRunner(app, shutdown_timeout=1)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield made


async def here_is_asked(here: Field, times: int) -> None:
    async def it_is() -> bool:
        return here.asked().total() >= times

    await until(it_is)
