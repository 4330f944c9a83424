"""Residents who dial, and the USSD side of a gateway."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import Any, TextIO

from sqlalchemy import Table

from gateway.carriers.carrier import Screen, Turn
from gateway.cli.incidents.output import incident_json
from gateway.menu.limits import Limits
from gateway.menu.model import Menu
from gateway.menu.pack.loader import load
from gateway.messages.tables import messages
from gateway.runtime.clock import Clock
from gateway.runtime.redis import RedisUnavailable
from gateway.text.json_values import to_json
from gateway.text.phone import Phone
from gateway.ussd.dropped_sessions import LONGEST_SESSION_S
from gateway.ussd.effect_request import EffectRequest
from gateway.ussd.sessions import StoredSession
from gateway.ussd.turn import TurnHandler, UssdService
from gateway.vault.vault import Vault
from gateway.wiring.carriers import CARRIERS
from gateway.wiring.container import Services
from tests.helpers.clocks import ManualClock
from tests.helpers.dialogue import walk
from tests.helpers.gateway import SERVICE_CODES, VAULT_KEY, open_gateway
from tests.helpers.packs import FILES, MENU
from tests.helpers.phones import NUMBER
from tests.helpers.tables import Rows, rows

SERVICE = UssdService("at", SERVICE_CODES["at"], Limits())
SECOND = UssdService("at2", SERVICE_CODES["at2"], Limits())  # another channel
VAULT = Vault(VAULT_KEY)

TTL = 600
DAY_S = 24 * 60 * 60

# Inputs: Indonesian; a clash under way in Podosugih; no danger, over 50 people, seen; described; may be called; send.
TO_DESCRIBE = ("1", "2", "1", "3", "1", "2", "1", "2", "3", "1")
TO_CONFIRM = (*TO_DESCRIBE, "tawuran di pasar", "1")
WHOLE_REPORT = (*TO_CONFIRM, "1")
TO_PLACE = WHOLE_REPORT[:7]  # as far as the question about danger

REQUEST = EffectRequest(
    channel="at",
    session="ATUid_1",
    phone=NUMBER,
    language="jv",
    answers={"category": "gesekan", "area": "33.75.01.1003", "when": "now", "description": "tukaran", "contact": "no"},
    at=datetime(2026, 11, 28, 3, 4, 5, tzinfo=UTC),
)
"""Request to file a finished report, in Javanese."""

_sessions = count(1)


@dataclass(frozen=True, slots=True)
class UssdGateway:
    """Gateway, with access to the data of its USSD side."""

    services: Services

    async def incidents(self) -> Sequence[dict[str, Any]]:
        """Return the incidents, with the answers that the pack declares beside the others."""
        listed = [incident_json(incident) for incident in await self.services.incidents.list_incidents()]
        return [{**dict.fromkeys(MENU.form.answers, ""), **one, **one["answers"]} for one in listed]

    async def confirmations(self) -> Sequence[dict[str, Any]]:
        return [to_json(message) for message in await self.services.outbox.list_messages()]

    async def run_redis(self, *command: Any) -> Any:
        """Return the answer of Redis to `command`."""
        return await self.services.pipeline.run(*command)

    async def reaches_redis(self) -> bool:
        """Return True if Redis answers the gateway, which may take longer than a deadline after an outage."""
        try:
            return bool(await self.run_redis("PING"))
        except RedisUnavailable:
            return False

    async def rows(self, table: Table) -> Rows:
        return await rows(self.services.database, table)

    async def stored(self, phone: Phone = NUMBER) -> StoredSession:
        """Return the session of this phone in Redis."""
        stored = (await self.services.sessions.read(VAULT.lookup(phone)))[1]
        assert stored is not None
        return stored

    async def pending(self) -> dict[bytes, bytes]:
        """Return the entries of the pending reports in Redis."""
        waiting: dict[bytes, bytes] = await self.run_redis("HGETALL", "waspada:unfiled")
        return waiting


@asynccontextmanager
async def ussd_gateway(
    redis_url: str,
    database_url: str,
    clock: Clock | None = None,
    menu: Menu = MENU,
    log: TextIO | None = None,
    **settings: object,
) -> AsyncIterator[UssdGateway]:
    async with open_gateway(redis_url, database_url, clock, menu, log, CARRIERS, **settings) as services:
        yield UssdGateway(services)


def activate_rules(gateway: UssdGateway, rules: str) -> None:
    """Activate a version of the pack with other `rules`."""
    gateway.services.versions.activate(load({**FILES, "rules.yaml": rules}))


class Resident:
    """Phone of a resident as the carrier presents it: transcript of this session, and label of the last screen."""

    def __init__(
        self,
        turns: TurnHandler,
        phone: Phone = NUMBER,
        session: str = "",
        service: UssdService = SERVICE,
        *,
        labelled: bool = True,
    ) -> None:
        """Begin a session. A carrier that is not `labelled` echoes no label."""
        self.session = session or f"ATUid_{next(_sessions):032x}"
        self.text = ""
        self.label: str | None = None
        self._turns = turns
        self._phone = phone
        self._service = service
        self._labelled = labelled

    async def dial(self, code: str = "") -> Screen:
        return await self._remember(await self.callback("", code=code))

    async def answer(self, keys: str) -> Screen:
        """Type `keys` on the screen that is shown."""
        self.text = f"{self.text}*{keys}" if self.text else keys
        return await self._remember(await self.callback(self.text, self.label))

    async def walk(self, inputs: Sequence[str] = WHOLE_REPORT) -> Screen:
        """Dial, and type these inputs one by one. Returns the last screen."""
        screen = await self.dial()
        for keys in inputs:
            screen = await self.answer(keys)
        return screen

    async def callback(self, text: str, label: str | None = None, code: str = "") -> Screen:
        """Send a callback without changing the state of the phone."""
        dialled = code or self._service.service_code
        return await self._turns.handle(self._service, Turn(self.session, self._phone, dialled, "99999", text, label))

    async def _remember(self, screen: Screen) -> Screen:
        self.label = screen.label if self._labelled else None
        return screen


def expected_screen(*inputs: str) -> str:
    """Return the text of the screen that these inputs lead to, by the engine alone."""
    return walk(MENU, inputs, limits=SERVICE.limits, given={"ussd": SERVICE.service_code}).screen


async def drop_session(gateway: UssdGateway, clock: ManualClock, keys: tuple[str, ...] = TO_PLACE) -> Resident:
    """Return a resident whose session dropped so long ago that every network has ended it."""
    resident = Resident(gateway.services.turns)
    await resident.walk(keys)
    clock.advance(seconds=LONGEST_SESSION_S)
    return resident


async def reminders(gateway: UssdGateway) -> list[dict[str, object]]:
    return [row for row in await gateway.rows(messages) if row["class"] == "resume"]


def changed_menu(file: str = "wording/id.yaml", old: str = "Ada kejadian apa?", new: str = "Apa yang terjadi?") -> Menu:
    """Load the pack with one text changed."""
    assert old in FILES[file]
    return load({**FILES, file: FILES[file].replace(old, new)})
