"""Residents who dial, and the USSD side of a gateway over stores that a test may take away."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from gateway.carriers.carrier import Screen, Turn
from gateway.incidents.book import Book
from gateway.menu import engine
from gateway.menu.definition import Menu
from gateway.menu.engine import Limits
from gateway.menu.loading import load
from gateway.messages.outbox import Outbox
from gateway.people.vault import Vault
from gateway.runtime.clock import Clock
from gateway.runtime.metrics import Metrics
from gateway.runtime.packs import read_pack
from gateway.runtime.postgres import Database
from gateway.runtime.redis import Batcher
from gateway.text.phone import Phone
from gateway.ussd.filing import Filing
from gateway.ussd.sessions import Sessions
from gateway.ussd.turn import Service, Turns
from gateway.ussd.unfiled import UnfiledReports
from gateway.wiring import redis_client

MENU: Menu = load(read_pack(Path(__file__).parents[2] / "menus" / "pekalongan"))
SERVICE = Service("at", "*384*3375#", Limits())
VAULT = Vault(bytes(range(32)))
NUMBER = Phone("+6281230004567")
OTHER = Phone("+6285712340008")
TTL = 600

# Indonesian; a clash that goes on in Podosugih; no danger, more than 50, seen; told in words; may be called; send.
TO_DESCRIBE = ("1", "1", "1", "3", "1", "2", "1", "2", "3", "1")
TO_CONFIRM = (*TO_DESCRIBE, "tawuran di pasar", "1")
WHOLE = (*TO_CONFIRM, "1")

_sessions = count(1)


@dataclass(frozen=True, slots=True)
class Ussd:
    """The USSD side of a gateway, with what stands behind it."""

    turns: Turns
    sessions: Sessions
    unfiled: UnfiledReports
    filing: Filing
    book: Book
    outbox: Outbox
    batcher: Batcher

    async def incidents(self) -> Sequence[dict[str, Any]]:
        return await self.book.list()

    async def confirmations(self) -> Sequence[dict[str, Any]]:
        return await self.outbox.list()

    async def ask(self, *command: Any) -> Any:
        """What Redis answers to `command`."""
        return await self.batcher.run(*command)

    async def kept(self) -> dict[bytes, bytes]:
        """The reports in Redis that wait for PostgreSQL."""
        waiting: dict[bytes, bytes] = await self.ask("HGETALL", "waspada:unfiled")
        return waiting


@asynccontextmanager
async def ussd(redis_url: str, database_url: str) -> AsyncIterator[Ussd]:
    """Built as `wiring` builds it, with its deadlines."""
    clock = Clock()
    client = redis_client(redis_url)
    batcher = Batcher(client, 0.3)
    database = Database(database_url)
    book = Book(database, VAULT, clock)
    unfiled = UnfiledReports(batcher, VAULT)
    filing = Filing(MENU, book, unfiled, 0.9)
    sessions = Sessions(batcher, TTL)
    turns = Turns(MENU, sessions, filing, VAULT, clock, Metrics())
    try:
        yield Ussd(turns, sessions, unfiled, filing, book, Outbox(database, VAULT, clock), batcher)
    finally:
        await batcher.close()
        await client.aclose()
        await database.close()


class Resident:
    """A phone as the carrier presents it: all that was typed in this session, and the label of the last screen."""

    def __init__(self, turns: Turns, phone: Phone = NUMBER, session: str = "", service: Service = SERVICE) -> None:
        self.session = session or f"ATUid_{next(_sessions):032x}"
        self.text = ""
        self.label: str | None = None
        self._turns = turns
        self._phone = phone
        self._service = service

    async def dial(self, code: str = "") -> Screen:
        return await self._shown(await self.callback("", code=code))

    async def answer(self, keys: str) -> Screen:
        """Type `keys` on what the display shows."""
        self.text = f"{self.text}*{keys}" if self.text else keys
        return await self._shown(await self.callback(self.text, self.label))

    async def walk(self, inputs: Sequence[str] = WHOLE) -> Screen:
        """Dial, and give these answers one by one; the last screen."""
        screen = await self.dial()
        for keys in inputs:
            screen = await self.answer(keys)
        return screen

    async def callback(self, text: str, label: str | None = None, code: str = "") -> Screen:
        """One callback just as it says; it leaves the phone as it is."""
        dialled = code or self._service.service_code
        return await self._turns.take(self._service, Turn(self.session, self._phone, dialled, "99999", text, label))

    async def _shown(self, screen: Screen) -> Screen:
        self.label = screen.label
        return screen


def expected(*inputs: str) -> str:
    """The screen that these inputs lead to, from the menu itself."""
    return engine.replay(MENU, inputs, SERVICE.limits, given={"ussd": SERVICE.service_code}).screen
