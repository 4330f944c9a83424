"""Sender and built-in carrier over real HTTP. The carrier has the faults of a test, and counts its requests."""

from __future__ import annotations

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
from gateway.vault.vault import Vault
from tests.faults.worker_program import KEY
from tests.helpers.messages import MessageQueue
from tests.helpers.phones import phone
from tests.helpers.program import free_port
from tests.helpers.senders import running
from tests.helpers.waiting import until

OPTIONS = SenderOptions(
    idle_poll=timedelta(milliseconds=20),
    paused_poll=timedelta(milliseconds=20),
    requeue_unknown_after=timedelta(0),
    sweep_interval=timedelta(milliseconds=50),
    outage_retry=timedelta(milliseconds=100),
)
REPLY, CONFIRMATION = MessageClass.REPLY, MessageClass.CONFIRMATION


@dataclass(slots=True)
class SendingWorld:
    """Carrier on this machine, a sender that calls it, and the queue of messages."""

    local: LocalCarrier
    http: ClientSession
    database: Database
    url: str
    call_seconds: float = 15.0  # after which the sender gives up a call, as in the product
    reported: list[str] = field(default_factory=list)
    requested: Counter[tuple[str, str]] = field(default_factory=Counter)  # number and text, of every request

    @property
    def queue(self) -> MessageQueue:
        return MessageQueue(self.database, Vault(KEY), Clock())

    @property
    def channels(self) -> Channels:
        return Channels(self.database, Clock())

    def carrier(self) -> AfricasTalking:
        url, seconds = f"{self.url}/local", self.call_seconds
        return AfricasTalking("at", "sandbox", "key", self.http, api_url=url, total_seconds=seconds)

    async def put(self, count: int, kind: MessageClass = REPLY, words: str = "Halo") -> None:
        """Queue `count` messages, each to another number."""
        for number in range(count):
            await self.queue.put(words, to=phone(number), kind=kind)

    @asynccontextmanager
    async def worker(self, options: SenderOptions = OPTIONS) -> AsyncIterator[None]:
        """Run a sender while the block lasts."""
        outbox = Outbox(self.database, Vault(KEY), Clock())
        sender = Sender(outbox, self.channels, {"at": self.carrier()}, Clock(), "w1", options)
        async with running(sender):
            yield

    async def send_until(self, *statuses: str) -> None:
        """Run a sender until the messages have these statuses."""
        async with self.worker():
            await self.wait_for_statuses(*statuses)

    async def wait_for_statuses(self, *statuses: str) -> None:
        async def reached() -> bool:
            return await self.queue.statuses() == list(statuses)

        await until(reached)

    async def wait_until_paused(self, reason: str) -> None:
        async def paused() -> bool:
            status = await self.channels.status_of("at")
            return status.paused and status.reason == reason

        await until(paused)

    async def wait_for_calls(self, messages: int) -> None:
        """Wait until the carrier has taken up so many messages."""
        await until(lambda: self.taken_up().total() >= messages)

    def taken_up(self) -> Counter[tuple[str, str]]:
        """Count number and text of all that the carrier took up. Requests that failed as a whole do not count."""
        return Counter((sms.to, sms.text) for sms in self.local.messages)

    async def attempts_and_unknowns(self) -> list[tuple[int, int]]:
        return [(row["attempts"], row["unknowns"]) for row in await self.queue.rows()]


def expected_calls(count: int, times: int = 1, words: str = "Halo") -> Counter[tuple[str, str]]:
    return Counter({(phone(number).e164, words): times for number in range(count)})


WORLD = web.AppKey("world", SendingWorld)


@web.middleware
async def note_request(request: web.Request, handler: Callable[[web.Request], Awaitable[Any]]) -> Any:
    """Count the request before any fault of the carrier."""
    fields = await request.post()
    if {"to", "message"} <= fields.keys():
        numbers = str(fields["to"]).split(",")
        request.app[WORLD].requested.update((number, str(fields["message"])) for number in numbers)
    return await handler(request)


@asynccontextmanager
async def open_sending_world(database: Database) -> AsyncIterator[SendingWorld]:
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
        world = app[WORLD] = SendingWorld(local, http, database, url)

        async def take(request: web.Request) -> web.Response:
            receipt = world.carrier().read_receipt(await request.read(), request.headers)
            world.reported.append((await Receipts(database, Clock()).store("at", receipt)).value)
            return web.Response(text="ok")

        app.router.add_post("/receipt", take)
        local.add_to(app)
        runner = web.AppRunner(app, shutdown_timeout=1)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield world
