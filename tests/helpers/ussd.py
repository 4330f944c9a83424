"""Residents who dial, and the USSD side of a gateway over stores that a test may take away."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import Table, select

from gateway.appeals.responses import note_stop
from gateway.carriers.carrier import Screen, Turn
from gateway.incidents.drafts import Drafts
from gateway.incidents.reporter import Reporter
from gateway.incidents.store import IncidentStore
from gateway.incidents.ticket_attempts import TicketAttempts
from gateway.menu.limits import Limits
from gateway.menu.model import Menu
from gateway.menu.pack.loader import load
from gateway.messages.outbox import Outbox
from gateway.messages.suppression import OptOuts
from gateway.messages.tables import messages
from gateway.people.subscriptions import Subscriptions
from gateway.runtime.clock import Clock
from gateway.runtime.metrics import Metrics
from gateway.runtime.pack_folder import read_pack
from gateway.runtime.postgres import Database
from gateway.runtime.redis import Pipeline
from gateway.text.phone import Phone
from gateway.ussd.dropped_sessions import LONGEST_SESSION_S, DroppedSessions
from gateway.ussd.effects import Effects
from gateway.ussd.filing import Filing
from gateway.ussd.menu_versions import MenuVersions
from gateway.ussd.pending_reports import PendingReports
from gateway.ussd.sessions import Sessions, Stored
from gateway.ussd.turn import Service, TurnDeps, Turns
from gateway.vault.vault import Vault
from gateway.wiring import redis_client
from tests.helpers.clocks import StandingClock
from tests.helpers.dialogue import walk

PACKS = Path(__file__).parents[2] / "menus"
FILES = read_pack(PACKS / "pekalongan")
MENU: Menu = load(FILES)
SERVICE = Service("at", "*384*3375#", Limits())
SECOND = Service("at2", "*1*2#", Limits())  # another channel
CODES = {service.channel: service.service_code for service in (SERVICE, SECOND)}
VAULT = Vault(bytes(range(32)))
NUMBER = Phone("+6281230004567")
OTHER = Phone("+6285712340008")
TTL = 600

# Indonesian; a clash that goes on in Podosugih; no danger, more than 50, seen; told in words; may be called; send.
TO_DESCRIBE = ("1", "1", "1", "3", "1", "2", "1", "2", "3", "1")
TO_CONFIRM = (*TO_DESCRIBE, "tawuran di pasar", "1")
WHOLE = (*TO_CONFIRM, "1")
TO_PLACE = WHOLE[:7]  # a clash that goes on in Podosugih; is anybody hurt?

_sessions = count(1)

DAY_S = 24 * 60 * 60


@dataclass(frozen=True, slots=True)
class Ussd:
    """The USSD side of a gateway, with what stands behind it."""

    turns: Turns
    sessions: Sessions
    unfiled: PendingReports
    filing: Filing
    book: IncidentStore
    outbox: Outbox
    batcher: Pipeline
    editions: MenuVersions
    drafts: Drafts
    dropped: DroppedSessions
    subscriptions: Subscriptions
    database: Database

    async def incidents(self) -> Sequence[dict[str, Any]]:
        return await self.book.list()

    async def confirmations(self) -> Sequence[dict[str, Any]]:
        return await self.outbox.list()

    async def ask(self, *command: Any) -> Any:
        """What Redis answers to `command`."""
        return await self.batcher.run(*command)

    async def rows(self, table: Table) -> list[dict[str, Any]]:
        """What stands in this table."""
        async with self.database.begin() as connection:
            found = await connection.execute(select(table).order_by(table.c.id))
            return [dict(row) for row in found.mappings()]

    async def stored(self, phone: Phone = NUMBER) -> Stored:
        """What Redis holds of this phone."""
        stored = (await self.sessions.read(VAULT.lookup(phone)))[1]
        assert stored is not None
        return stored

    async def kept(self) -> dict[bytes, bytes]:
        """The reports in Redis that wait for PostgreSQL."""
        waiting: dict[bytes, bytes] = await self.ask("HGETALL", "waspada:unfiled")
        return waiting


@asynccontextmanager
async def ussd(redis_url: str, database_url: str, clock: Clock | None = None, menu: Menu = MENU) -> AsyncIterator[Ussd]:
    """Built as `wiring` builds it, with its deadlines."""
    clock = clock or Clock()
    client = redis_client(redis_url)
    batcher = Pipeline(client, 0.3)
    database = Database(database_url)
    book = IncidentStore(database, VAULT, clock)
    unfiled = PendingReports(batcher, VAULT)
    editions = MenuVersions(menu)
    filing = Filing(editions, book, unfiled, CODES, 0.9)
    sessions = Sessions(batcher)
    drafts = Drafts(database, VAULT, clock, book)
    dropped = DroppedSessions(batcher, sessions, editions, drafts, VAULT, clock, CODES)
    reporter = Reporter(database, VAULT, clock)
    subscriptions = Subscriptions(database, VAULT, clock)
    opt_outs = OptOuts(database, VAULT, clock, note_stop)
    effects = Effects(filing, reporter, drafts, subscriptions, opt_outs, TicketAttempts(batcher, VAULT), 0.9)
    means = TurnDeps(editions, sessions, effects, dropped, VAULT, clock, Metrics())
    try:
        yield Ussd(
            Turns(means, TTL),
            sessions,
            unfiled,
            filing,
            book,
            Outbox(database, VAULT, clock),
            batcher,
            editions,
            drafts,
            dropped,
            subscriptions,
            database,
        )
    finally:
        await batcher.close()
        await client.aclose()
        await database.close()


def with_rules(gateway: Ussd, rules: str) -> None:
    """Put an edition of the pack in force that settles this instead."""
    gateway.editions.put(load({**FILES, "rules.yaml": rules}))


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
    return walk(MENU, inputs, limits=SERVICE.limits, given={"ussd": SERVICE.service_code}).screen


async def dropped(gateway: Ussd, clock: StandingClock, keys: tuple[str, ...] = TO_PLACE) -> Resident:
    """A resident whose session broke off so long ago that no network still holds it."""
    resident = Resident(gateway.turns)
    await resident.walk(keys)
    clock.pass_time(seconds=LONGEST_SESSION_S)
    return resident


async def reminders(gateway: Ussd) -> list[dict[str, object]]:
    return [row for row in await gateway.rows(messages) if row["class"] == "resume"]
