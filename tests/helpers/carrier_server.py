"""Real HTTP servers on this machine that play the other side: a carrier's API, or the gateway's webhooks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl

from aiohttp import web
from multidict import CIMultiDict, CIMultiDictProxy

from gateway.carriers.form_body import FORM_TYPE
from gateway.carriers.local.handset import WebhookUrls

FIXTURES = Path(__file__).parent.parent / "fixtures" / "africastalking"
FORM_HEADERS = CIMultiDict({"Content-Type": FORM_TYPE})

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


def fixture(name: str, carrier: str = "africastalking") -> bytes:
    """Read a captured body of a carrier, `tests/fixtures/<carrier>/<name>.*`."""
    return next(FIXTURES.with_name(carrier).glob(f"{name}.*")).read_bytes()


@asynccontextmanager
async def serve_app(app: web.Application, patience: float = 0.05) -> AsyncIterator[str]:
    """Serve `app` on a free port, and yield its address. At the end its handlers have `patience` seconds to finish."""
    runner = web.AppRunner(app, shutdown_timeout=patience)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        yield f"http://{host}:{port}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def serve_answer(answer: Answer) -> AsyncIterator[str]:
    """Serve a handler for every request on a free port, and yield its address."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    async with serve_app(app) as url:
        yield url


@dataclass(frozen=True, slots=True)
class Call:
    """Request to a webhook, as it came."""

    hook: str
    body: bytes
    headers: CIMultiDictProxy[str]

    @property
    def fields(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True, strict_parsing=True))


@dataclass(slots=True)
class StubGateway:
    """Stub of the gateway's webhooks: keeps all requests, and answers USSD callbacks with `screens` in turn."""

    url: str = ""
    calls: list[Call] = field(default_factory=list)
    screens: list[web.Response] = field(default_factory=list)
    status: int = 200
    delay_s: float = 0.0
    _called: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def hooks(self) -> WebhookUrls:
        return WebhookUrls(
            **{hook: f"{self.url}/{hook}" for hook in ("ussd", "ussd_event", "sms", "receipt", "optout")}
        )

    def calls_of(self, hook: str) -> list[Call]:
        return [call for call in self.calls if call.hook == hook]

    async def wait_for_calls(self, hook: str, number: int) -> list[Call]:
        """Wait for so many calls of a webhook. Returns all of its calls."""
        async with asyncio.timeout(5), self._called:
            await self._called.wait_for(lambda: len(self.calls_of(hook)) >= number)
        return self.calls_of(hook)

    async def handle(self, request: web.Request) -> web.Response:
        call = Call(request.match_info["path"], await request.read(), request.headers)
        async with self._called:
            self.calls.append(call)
            self._called.notify_all()
        await asyncio.sleep(self.delay_s)
        if call.hook == "ussd":
            return self.screens.pop(0)
        return web.Response(status=self.status, text="ok")


@asynccontextmanager
async def stub_gateway() -> AsyncIterator[StubGateway]:
    """Serve a stub of the gateway on a free port."""
    gateway = StubGateway()
    async with serve_answer(gateway.handle) as gateway.url:
        yield gateway
