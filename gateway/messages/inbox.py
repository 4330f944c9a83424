"""Inbox of callbacks outside dialogues: inbound SMS, opt-outs and session ends.

Each is committed before its callback is answered. Carriers repeat callbacks for up to twelve hours (facts/protocols.md
B.6), so storing is idempotent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zlib import crc32

from sqlalchemy import Table, exists, select
from sqlalchemy.dialects.postgresql import insert

from gateway.carriers.carrier import Inbound, OptOut, SessionEnd
from gateway.messages.suppression import OnOptOut, add_opt_outs
from gateway.messages.tables import inbound_messages, session_ends
from gateway.runtime.clock import Clock
from gateway.runtime.postgres import Database
from gateway.text.phone import Phone, mask_in
from gateway.text.repair import storable
from gateway.vault.vault import Vault

_MAX_NAME_LENGTH = 200
_MAX_ERROR_LENGTH = 500


ERASED_SENDER: Mapping[str, Any] = {"sender_sealed": None, "sender_key": None}
"""Column values of an inbound SMS whose number was erased."""


class Inbox:
    """Store of callbacks. Every method returns True if the callback was new, and may raise `DatabaseUnavailable`."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        clock: Clock,
        on_opt_out: OnOptOut | None = None,
        deadline: float | None = None,
    ) -> None:
        """`on_opt_out` is called for each opt-out that a carrier reports.

        `deadline`: seconds that storing may take until PostgreSQL counts as unavailable.
        """
        self._database = database
        self._vault = vault
        self._clock = clock
        self._on_opt_out = on_opt_out
        self._deadline = deadline

    async def store_sms(self, channel: str, inbound: Inbound) -> bool:
        """Store an inbound SMS. The number of its sender is encrypted; a short code or a name is not.

        Without an id of the carrier, a repetition cannot be told from a second SMS, so each is new. An id that another
        sender has used already is stored with a mark of this one.
        """
        row: dict[str, Any] = {
            "channel": channel,
            "carrier_id": _name(inbound.id) or f"none-{self._clock.new_id()}",
            "recipient": _name(inbound.recipient),
            "text": storable(inbound.text),
            "network": _name(inbound.network),
            "sent_at": inbound.sent_at,
            "received_at": self._clock.now(),
        }
        if isinstance(inbound.sender, Phone):
            row["sender_sealed"] = self._vault.seal(inbound.sender)
            row["sender_key"] = self._vault.lookup(inbound.sender)
        else:
            row["sender_name"] = _name(inbound.sender)  # empty: nobody knows who sent it
        if await self._insert_once(inbound_messages, row):
            return True
        if not await self._has_other_sender(row):
            return False
        sender = row["sender_key"].hex() if "sender_key" in row else row["sender_name"]
        row["carrier_id"] = f"{row['carrier_id'][: _MAX_NAME_LENGTH - 17]} {crc32(sender.encode()):x}"
        return await self._insert_once(inbound_messages, row)

    async def _has_other_sender(self, row: Mapping[str, Any]) -> bool:
        """Return True if the SMS that has this id is surely of another sender. One that was erased may be anybody."""
        table = inbound_messages.c
        earlier = select(table.sender_key, table.sender_name).where(
            table.channel == row["channel"], table.carrier_id == row["carrier_id"]
        )
        async with self._database.begin(deadline=self._deadline) as connection:
            found = (await connection.execute(earlier)).first()
        sender = (row.get("sender_key"), row.get("sender_name"))
        return found is not None and any(found) and tuple(found) != sender and any(sender)

    async def store_opt_out(self, channel: str, opt_out: OptOut) -> bool:
        """Store an opt-out from this sender, and suppress the waiting appeals to its phone."""
        key, sender, now = self._vault.lookup(opt_out.phone), _name(opt_out.sender), self._clock.now()
        async with self._database.begin(deadline=self._deadline) as connection:
            stored = await add_opt_outs(connection, channel, [key], sender, now, now)
            if self._on_opt_out:
                await self._on_opt_out(connection, key, now)
            return stored.new > 0

    async def store_session_end(self, channel: str, end: SessionEnd) -> bool:
        """Store the end of a session. The first report of it counts."""
        row = {
            "channel": channel,
            "session": _name(end.session),
            "ending": end.ending,
            "hops": _count_or_none(end.hops),
            "duration_ms": _count_or_none(end.duration_ms),
            "network": _name(end.network),
            "cost": _name(end.cost),
            "error": storable(mask_in(end.error))[:_MAX_ERROR_LENGTH],
            "received_at": self._clock.now(),
        }
        return await self._insert_once(session_ends, row)

    async def has_ended(self, channel: str, session: str) -> bool:
        """Return True if the carrier has reported the end of this session. Most carriers report few."""
        ended = exists().where(session_ends.c.channel == channel, session_ends.c.session == _name(session))
        async with self._database.begin(deadline=self._deadline) as connection:
            return bool((await connection.execute(select(ended))).scalar_one())

    async def _insert_once(self, table: Table, row: dict[str, Any]) -> bool:
        insert_row = insert(table).values(row).on_conflict_do_nothing().returning(table.c.id)
        async with self._database.begin(deadline=self._deadline) as connection:
            return (await connection.execute(insert_row)).first() is not None


def _name(text: str) -> str:
    return storable(text)[:_MAX_NAME_LENGTH]


def _count_or_none(number: int | None) -> int | None:
    """Return the number if the column can store it. Carriers send others, which are no counts."""
    return number if number is not None and 0 <= number < 2**31 else None
