"""Running `waspada run`, with phones on its built-in carrier and a look into its database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, DummyCookieJar
from sqlalchemy import Table

from gateway.carriers.local.handset import Display, Handset, WebhookUrls
from gateway.runtime.clock import Clock
from gateway.runtime.postgres import Database
from gateway.runtime.store_urls import store_urls
from gateway.settings import Settings
from gateway.text.phone import Phone
from gateway.wiring.running_instance import channel_urls, locate
from tests.helpers.program import Program, run_program
from tests.helpers.tables import Rows, rows

CODE = "*384*3375#"
KEYS = {  # of whole journeys, as in tests/dialogues
    "id": ["1", "2", "1", "3", "3", "1", "1", "2", "3", "1", "tawuran di depan pasar", "1", "1"],
    "jv": ["2", "2", "1", "6", "1", "6", "3", "1", "0", "1", "1"],
    "en": ["3", "2", "1", "98", "8", "1", "5", "1", "2", "2", "1", "5*5 m of water", "2", "1"],
}

_numbers = count(10)


@dataclass(frozen=True, slots=True)
class StandaloneGateway:
    """`waspada run` with its built-in carrier."""

    program: Program
    hooks: WebhookUrls
    http: ClientSession

    def phone(self) -> Handset:
        """Return a phone with a number of its own."""
        number = Phone(f"+2547110001{next(_numbers)}")
        return Handset(self.http, self.hooks, number, Clock(), service_code=CODE)

    async def get(self, path: str) -> Any:
        async with self.http.get(f"{self.program.url}{path}") as response:
            assert response.status == 200
            return await response.json()

    async def sms_from(self, handset: Handset, text: str) -> None:
        """Send an SMS from this phone to the service."""
        sms = {"phone": handset.phone.e164, "text": text}
        async with self.http.post(f"{self.program.url}/local/sms", json=sms) as response:
            assert response.status == 200, await response.text()

    async def sms_to(self, handset: Handset) -> list[dict[str, str]]:
        """Return the messages that the carrier was asked to send to this phone."""
        return [message for message in await self.get("/local/messages") if message["to"] == handset.phone.e164]

    async def rows(self, table: Table) -> Rows:
        """Return all rows of a table, read past the gateway."""
        database = Database(store_urls(self.program.data).database, pool_size=1)
        try:
            return await rows(database, table)
        finally:
            await database.close()


@asynccontextmanager
async def run_standalone_gateway(data: Path, *options: str, **settings: str) -> AsyncIterator[StandaloneGateway]:
    async with (
        run_program("run", *options, data=data, port=0, **settings) as program,
        ClientSession(cookie_jar=DummyCookieJar()) as http,
    ):
        hooks = WebhookUrls(**channel_urls(locate(Settings(data=data)), "local"))
        yield StandaloneGateway(program, hooks, http)


async def walk(handset: Handset, keys: Sequence[str]) -> Display:
    """Dial and press these keys. Returns the last screen."""
    screen = await handset.dial(CODE)
    for pressed in keys:
        assert screen.open, screen.text
        screen = await handset.answer(pressed)
    return screen
