"""Web process of a gateway, built by `wiring` over real stores and served on a free port."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from aiohttp import ClientSession, ClientTimeout, DummyCookieJar
from sqlalchemy import Table, func, insert, select

from gateway.appeals.appeal import AppealStatus
from gateway.appeals.tables import appeals
from gateway.carriers.form_body import FORM_TYPE
from gateway.carriers.local.handset import WebhookUrls
from gateway.runtime import logs
from gateway.runtime.postgres import Database
from gateway.web.handset_page import add_handset_page
from gateway.web.hook_urls import hook_urls
from gateway.web.server import serve
from gateway.wiring.container import Services
from gateway.wiring.processes import web_app
from tests.helpers.gateway import PATIENT, Deadlines, channel_settings, open_gateway
from tests.helpers.local_carrier import local_carrier
from tests.helpers.program import free_port
from tests.helpers.tables import Rows, rows

NEW_SECRET, OLD_SECRET = "the-new-secret-of-at", "the-old-secret-of-at"
CODE = "*384*27011#"  # as in the fixtures
NOON = datetime(2024, 11, 20, 5, tzinfo=UTC)  # of Pekalongan


@dataclass(frozen=True, slots=True)
class Answer:
    """Answer to a callback, as the carrier gets it."""

    status: int
    text: str
    headers: Mapping[str, str]

    @property
    def label(self) -> str:
        return self.headers["at-ussd-hop-metadata"]


@dataclass(frozen=True, slots=True)
class WebGateway:
    """Web process of a gateway: its webhooks, its stores and its log."""

    url: str
    services: Services
    log: io.StringIO
    http: ClientSession

    async def post(
        self, hook: str, body: bytes, headers: Mapping[str, str] | None = None, *, secret: str = NEW_SECRET
    ) -> Answer:
        """Send a callback of the channel `at`."""
        return await self.call("POST", f"/hooks/at/{secret}/{hook}", body, headers or {"Content-Type": FORM_TYPE})

    async def call(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        async with self.http.request(method, f"{self.url}{path}", data=body, headers=headers) as response:
            return Answer(response.status, await response.text(), response.headers)

    async def rows(self, table: Table) -> Rows:
        return await rows(self.services.database, table)

    async def keys(self) -> Sequence[bytes]:
        """Return all keys of Redis, except the stream of the log."""
        keys: list[bytes] = await self.services.pipeline.run("KEYS", "*")
        return [key for key in keys if key != b"waspada:log"]

    def lines(self, event: str = "") -> list[dict[str, Any]]:
        """Return the lines of the log whose event begins with `event`."""
        logs.flush()
        lines = [json.loads(line) for line in self.log.getvalue().splitlines()]
        return [line for line in lines if line["event"].startswith(event)]


@asynccontextmanager
async def serve_gateway(
    redis_url: str, database_url: str, deadlines: Deadlines = PATIENT, *, demo: bool = False, **limits: Any
) -> AsyncIterator[WebGateway]:
    """Serve the web process of a gateway with the one channel `at`, in a `demo` with the built-in carrier beside it.

    `deadlines` are those of its stores, `limits` those of the server.
    """
    channel = channel_settings(CODE, sender=None, secrets=(NEW_SECRET, OLD_SECRET))
    log, port = io.StringIO(), free_port()
    url = f"http://127.0.0.1:{port}"
    async with (
        open_gateway(redis_url, database_url, log=log, channels={"at": channel}, **deadlines) as services,
        ClientSession(cookie_jar=DummyCookieJar(), timeout=ClientTimeout(total=20)) as http,
    ):
        app = web_app(services)
        if demo:
            local_carrier(http, WebhookUrls(**hook_urls(url, "at", NEW_SECRET))).add_to(app)
            add_handset_page(app, CODE)
        async with serve(app, "127.0.0.1", port, **limits):
            yield WebGateway(url, services, log, http)


async def send_raw(url: str, *pieces: bytes) -> tuple[bytes, bytes]:
    """Send these bytes, one piece after the other. Returns head and body of the answer."""
    address = urlsplit(url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    try:
        for piece in pieces:
            writer.write(piece)
            await asyncio.sleep(0.05)
        async with asyncio.timeout(2):
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
            return head, await reader.readexactly(length)
    finally:
        writer.close()
        await writer.wait_closed()


async def add_appeal(database: Database, **values: Any) -> int:
    """Store an appeal that was sent and is done, with other `values`. Returns its id, equal to its public number."""
    row: dict[str, Any] = {
        "status": AppealStatus.DONE,
        "version": 1,
        "purpose": "Damai",
        "template": "",
        "texts": {"id": "Rukun di {kel}. Lapor {ussd}. STOP", "jv": "Rukun. STOP"},
        "ticket": "",
        "channel": "at",
        "audience": {"roles": ["subscriber"], "areas": ["33.75.01.1002"]},
        "starts_at": None,
        "authors": ["siti"],
        "reason": "",
        "frozen_at": NOON,
        "went_out_at": NOON,
        "frozen": 3,
        "expanded": 3,
        "created_at": NOON,
        "updated_at": NOON,
    }
    async with database.begin() as connection:
        newest = (await connection.execute(select(func.coalesce(func.max(appeals.c.public_number), 0)))).scalar_one()
        adding = insert(appeals).values({"public_number": newest + 1} | row | values).returning(appeals.c.id)
        number: int = (await connection.execute(adding)).scalar_one()
    return number
