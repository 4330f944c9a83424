"""The gateway's web process, built by the wiring over real stores and served on a free port."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, ClientTimeout, DummyCookieJar
from pydantic import SecretStr
from sqlalchemy import Table, select

from gateway.carriers.form_body import FORM_TYPE
from gateway.runtime import logs
from gateway.settings import ChannelSettings, Settings
from gateway.wiring import Services, open_services, serve, web_app
from tests.helpers.program import free_port

NEW_SECRET, OLD_SECRET = "the-new-secret-of-at", "the-old-secret-of-at"
PACK = Path(__file__).parents[2] / "menus" / "pekalongan"
CODE = "*384*27011#"  # as in the fixtures


@dataclass(frozen=True, slots=True)
class Answer:
    """What the carrier gets."""

    status: int
    text: str
    headers: Mapping[str, str]

    @property
    def label(self) -> str:
        return self.headers["at-ussd-hop-metadata"]


@dataclass(frozen=True, slots=True)
class Gateway:
    """A web process, seen from the carrier's side, from the stores and from its log."""

    url: str
    services: Services
    log: io.StringIO
    http: ClientSession

    async def post(
        self, hook: str, body: bytes, headers: Mapping[str, str] | None = None, *, secret: str = NEW_SECRET
    ) -> Answer:
        """One callback of the channel `at`."""
        return await self.call("POST", f"/hooks/at/{secret}/{hook}", body, headers or {"Content-Type": FORM_TYPE})

    async def call(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        async with self.http.request(method, f"{self.url}{path}", data=body, headers=headers) as response:
            return Answer(response.status, await response.text(), response.headers)

    async def rows(self, table: Table) -> list[dict[str, Any]]:
        async with self.services.database.begin() as connection:
            found = await connection.execute(select(table).order_by(table.c.id))
            return [dict(row) for row in found.mappings()]

    async def keys(self) -> Sequence[bytes]:
        """All that stands in Redis, apart from the tail of the log."""
        keys: list[bytes] = await self.services.pipeline.run("KEYS", "*")
        return [key for key in keys if key != b"waspada:log"]

    def lines(self, event: str = "") -> list[dict[str, Any]]:
        """The lines of the log that begin with this event."""
        logs.flush()
        lines = [json.loads(line) for line in self.log.getvalue().splitlines()]
        return [line for line in lines if line["event"].startswith(event)]


@asynccontextmanager
async def gateway_web(redis_url: str, database_url: str) -> AsyncIterator[Gateway]:
    channel = ChannelSettings(
        carrier="africastalking",
        username="sandbox",
        api_key=SecretStr("key"),
        secret=(SecretStr(NEW_SECRET), SecretStr(OLD_SECRET)),
        service_code=CODE,
    )
    settings = Settings(
        pack=PACK,
        redis_url=SecretStr(redis_url),
        database_url=SecretStr(database_url),
        vault_key=SecretStr("07" * 32),
        channels={"at": channel},
        log_format="json",
    )
    log = io.StringIO()
    async with (
        open_services(settings, log) as services,
        serve(web_app(services), "127.0.0.1", port := free_port()),
        ClientSession(cookie_jar=DummyCookieJar(), timeout=ClientTimeout(total=20)) as http,
    ):
        yield Gateway(f"http://127.0.0.1:{port}", services, log, http)
