"""A post room over stores that a test may take away, people who write to it, and what they get."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any, TextIO

from sqlalchemy import Table

from gateway.appeals.responses import record_stop
from gateway.carriers.carrier import Inbound
from gateway.incidents.reporter import Reporter
from gateway.incidents.ticket_attempts import TicketAttempts
from gateway.menu.model import Menu
from gateway.messages.inbox import Inbox
from gateway.messages.suppression import OptOuts
from gateway.messages.tables import inbound_messages, messages
from gateway.people.directory import Directory
from gateway.runtime.clock import Clock
from gateway.runtime.postgres import Database
from gateway.sms.commands import Commands
from gateway.sms.handler import InboundHandler
from gateway.sms.inbound_queue import ClaimedSms, InboundQueue
from gateway.text.phone import Phone
from tests.helpers.clocks import ManualClock
from tests.helpers.gateway import SERVICE_CODES as CODES
from tests.helpers.packs import MENU
from tests.helpers.phones import NUMBER, OTHER
from tests.helpers.ussd import SERVICE, TO_DESCRIBE, VAULT, Resident, UssdGateway, ussd_gateway

__all__ = ["MENU", "NUMBER", "OTHER", "SERVICE"]

OWN_NUMBER = Phone("+254711000199")  # that we send from
KLEGO, MEDONO = "33.75.02.1008", "33.75.01.1002"

_ids = count(1)


class Killed(BaseException):
    """The worker was killed here. Nothing that it does about errors is done."""


class MortalLetters(InboundQueue):
    """Letters whose worker dies as often as `deaths` says, when all is done and nothing is committed.

    `opened` is what happens when one has been taken up.
    """

    deaths = 0
    opened: Callable[[], Awaitable[None]] | None = None

    @asynccontextmanager
    async def claim_next(self, skip: Collection[int] = ()) -> AsyncIterator[ClaimedSms | None]:
        async with super().claim_next(skip) as opened:
            if opened and self.opened:
                await self.opened()
            yield opened
            if opened and self.deaths:
                self.deaths -= 1
                raise Killed


@dataclass(slots=True)
class Room:
    """The post room, with what stands behind it, and the USSD side of the same gateway."""

    gateway: UssdGateway
    letters: MortalLetters
    post: InboundHandler
    inbox: Inbox
    seen: set[int] = field(default_factory=set)

    async def receive(self, text: str, sender: Phone | str = NUMBER, to: str = "3375", channel: str = "at") -> None:
        """An SMS comes in."""
        assert await self.inbox.store_sms(channel, Inbound(f"ATXid_{next(_ids)}", sender, to, text, None, "51001"))

    async def says(self, text: str, sender: Phone | str = NUMBER, **where: str) -> str:
        """Send an SMS and have it handled: the one reply, empty for none."""
        await self.receive(text, sender, **where)
        assert await self.post.handle_all() == 1
        return "\n".join(await self.replies(sender))

    async def replies(self, to: Phone | str = NUMBER) -> list[str]:
        """What was queued for this number since it was last asked for."""
        new = [row for row in await self.rows(messages) if row["id"] not in self.seen]
        mine = [row for row in new if isinstance(to, Phone) and row["phone_key"] == VAULT.lookup(to)]
        self.seen |= {row["id"] for row in mine}
        return [row["text"] for row in mine]

    async def made(self) -> list[str]:
        """What was made of every letter, in order."""
        return [row["made"] for row in await self.rows(inbound_messages)]

    async def rows(self, table: Table) -> list[dict[str, Any]]:
        return await self.gateway.rows(table)

    async def incidents(self) -> Sequence[dict[str, Any]]:
        return await self.gateway.incidents()

    async def ticket(self) -> str:
        """Of the newest incident, as a person writes it."""
        ticket = str((await self.incidents())[0]["ticket"])
        return f"{ticket[:4]}-{ticket[4:]}"


@asynccontextmanager
async def room(
    redis_url: str, database_url: str, clock: Clock, menu: Menu = MENU, log: TextIO | None = None
) -> AsyncIterator[Room]:
    """Built as `wiring` builds it."""
    async with ussd_gateway(redis_url, database_url, clock, menu, log) as gateway:
        database = gateway.services.database
        letters = MortalLetters(database, VAULT, clock)
        answers = Commands(
            gateway.services.incidents,
            Reporter(database, VAULT, clock),
            gateway.services.subscriptions,
            OptOuts(database, VAULT, clock, record_stop),
            TicketAttempts(gateway.services.pipeline, VAULT),
        )
        post = InboundHandler(
            letters,
            answers,
            gateway.services.dropped_sessions,
            Directory(database, VAULT, clock),
            gateway.services.sessions,
            gateway.services.versions,
            VAULT,
            clock,
            CODES,
            own_numbers=["3375", OWN_NUMBER.e164],
        )
        yield Room(gateway, letters, post, Inbox(database, VAULT, clock, record_stop))


@asynccontextmanager
async def refusing(database: Database, table: Table, change: str, when: str) -> AsyncIterator[None]:
    """While this lasts, PostgreSQL refuses such a change of the table's rows, as a fault within it would."""
    async with database.begin() as connection:
        for statement in (
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$",
            f"CREATE TRIGGER refuse BEFORE {change} ON {table.name} FOR EACH ROW WHEN ({when}) "
            "EXECUTE FUNCTION refuse()",
        ):
            await connection.exec_driver_sql(statement)
    try:
        yield
    finally:
        async with database.begin() as connection:
            await connection.exec_driver_sql("DROP FUNCTION refuse() CASCADE")


def sms(name: str, language: str = "id", **values: str) -> str:
    """The pack's SMS of that name."""
    return MENU.sms_text(name, language, values, {"ussd": SERVICE.service_code})


async def reported(desk: Room, text: str = "LAPOR 3 KLEGO tawuran") -> str:
    """A report of `NUMBER`; its ticket."""
    await desk.says(text)
    return await desk.ticket()


async def drop(desk: Room, clock: ManualClock, keys: Sequence[str] = TO_DESCRIBE) -> None:
    """`NUMBER` dials, tells nearly all, and is cut off; the worker has looked."""
    await Resident(desk.gateway.services.turns).walk(keys)
    clock.advance(minutes=5)
    assert await desk.gateway.services.dropped_sessions.sweep() == 1
    await desk.replies()
