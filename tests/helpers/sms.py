"""Gateway whose SMS side a test looks into: people who write to it, and the replies that they get."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import TextIO

import pytest

from gateway.carriers.carrier import Inbound
from gateway.menu.model import Menu
from gateway.messages.tables import inbound_messages, messages
from gateway.runtime.clock import Clock
from gateway.sms.handler import InboundHandler
from gateway.sms.inbound_queue import InboundQueue
from gateway.text.phone import Phone
from tests.helpers.clocks import ManualClock
from tests.helpers.gateway import PATIENT, SERVICE_CODES, Deadlines, channel_settings, open_gateway
from tests.helpers.packs import MENU
from tests.helpers.phones import NUMBER, OTHER
from tests.helpers.stuck_writes import stuck_writes
from tests.helpers.ussd import SERVICE, TO_DESCRIBE, VAULT, Resident, UssdGateway
from tests.helpers.waiting import until

__all__ = ["MENU", "NUMBER", "OTHER", "SERVICE"]

OWN_NUMBER = Phone("+254711000199")  # sender of the second channel
KLEGO, MEDONO = "33.75.02.1008", "33.75.01.1002"

_ids = count(1)


@dataclass(frozen=True, slots=True)
class SmsWorld(UssdGateway):
    """Gateway over real stores, with its handler of inbound SMS and its USSD side."""

    _seen: set[int] = field(default_factory=set)

    @property
    def handler(self) -> InboundHandler:
        return self.services.inbound_handler

    @property
    def queue(self) -> InboundQueue:
        return self.services.inbound_queue

    async def store_sms(self, text: str, sender: Phone | str = NUMBER, to: str = "3375", channel: str = "at") -> None:
        """Store an inbound SMS, as a webhook does, a moment after everything before it."""
        if isinstance(self.services.clock, ManualClock):
            self.services.clock.advance(milliseconds=1)
        inbound = Inbound(f"ATXid_{next(_ids)}", sender, to, text, None, "51001")
        assert await self.services.inbox.store_sms(channel, inbound)

    async def send_sms(self, text: str, sender: Phone | str = NUMBER, to: str = "3375", channel: str = "at") -> str:
        """Store an inbound SMS and have it handled. Returns the one reply, empty for none."""
        await self.store_sms(text, sender, to, channel)
        assert await self.handler.handle_all() == 1
        return "\n".join(await self.replies(sender))

    async def handle_and_kill(self) -> None:
        """Handle an inbound SMS by a worker that dies when everything is done and nothing is committed."""
        async with stuck_writes(self.services.database, inbound_messages, at_commit=True) as one_waits:
            worker = asyncio.create_task(self.handler.handle_all())
            await until(one_waits)
            worker.cancel()
            with pytest.raises(asyncio.CancelledError):
                await worker

            async def rolled_back() -> bool:
                return not await one_waits()

            await until(rolled_back)

    async def replies(self, to: Phone | str = NUMBER) -> list[str]:
        """Return the texts queued for this number since the last call."""
        new = [row for row in await self.rows(messages) if row["id"] not in self._seen]
        own = [row for row in new if isinstance(to, Phone) and row["phone_key"] == VAULT.lookup(to)]
        self._seen.update(row["id"] for row in own)
        return [row["text"] for row in own]

    async def dispositions(self) -> list[str]:
        """Return the disposition of every inbound SMS, oldest first."""
        return [row["made"] for row in await self.rows(inbound_messages)]

    async def newest_ticket(self) -> str:
        """Return the ticket of the newest incident, with its dash."""
        ticket = str((await self.incidents())[0]["ticket"])
        return f"{ticket[:4]}-{ticket[4:]}"


@asynccontextmanager
async def open_sms_world(
    redis_url: str,
    database_url: str,
    clock: Clock,
    menu: Menu = MENU,
    log: TextIO | None = None,
    deadlines: Deadlines = PATIENT,
) -> AsyncIterator[SmsWorld]:
    """Open a gateway that sends from a short code on one channel, and from a number on the other."""
    channels = {
        "at": channel_settings(SERVICE_CODES["at"]),
        "at2": channel_settings(SERVICE_CODES["at2"], sender=OWN_NUMBER.e164),
    }
    async with open_gateway(redis_url, database_url, clock, menu, log, channels=channels, **deadlines) as services:
        yield SmsWorld(services)


def pack_sms(name: str, language: str = "id", **values: str) -> str:
    """Return an SMS text of the pack."""
    return MENU.sms_text(name, language, values, {"ussd": SERVICE.service_code})


async def file_report(world: SmsWorld, text: str = "LAPOR 3 KLEGO tawuran") -> str:
    """File a report of `NUMBER` by SMS. Returns its ticket."""
    await world.send_sms(text)
    return await world.newest_ticket()


async def drop_session(world: SmsWorld, clock: ManualClock, keys: Sequence[str] = TO_DESCRIBE) -> None:
    """Let the session of `NUMBER` drop before its end, and the worker offer to file the draft."""
    await Resident(world.services.turns).walk(keys)
    clock.advance(minutes=5)
    assert await world.services.dropped_sessions.sweep() == 1
    await world.replies()
