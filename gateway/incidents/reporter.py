"""What a resident may do with his own report: see how it stands, add to it, have his number erased from it.

His own is what was filed from his phone: the ticket is found together with the keyed hash of the number, in SQL, so
that a report of another phone and one that does not exist are the same answer. Once the number is erased the report
is nobody's; then nothing here finds it any more, for him either.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, select, update
from sqlalchemy.dialects.postgresql import insert as insert_or_ignore
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.audit import INSERT_AUDIT, audit_row
from gateway.incidents.draft import DraftStatus
from gateway.incidents.drafts import close_drafts
from gateway.incidents.incident import IncidentStatus, check_description, check_session
from gateway.incidents.tables import drafts, incident_details, incidents
from gateway.messages.erasure import erase_numbers
from gateway.messages.inbox import ERASED_SENDER
from gateway.messages.tables import inbound_messages, messages
from gateway.runtime.clock import Clock
from gateway.runtime.postgres import Database
from gateway.text.phone import Phone
from gateway.vault.columns import ERASED_PHONE
from gateway.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class ReportStatus:
    """How a report stands, and since when."""

    status: IncidentStatus
    updated_at: datetime


class Reporter:
    """The reporter's side of an incident. Every method is one transaction and may raise `DatabaseAway`.

    A resident waits for the answer: `deadline` in seconds is the most that it may take.
    """

    def __init__(self, database: Database, vault: Vault, clock: Clock) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock

    async def find_status(self, ticket: str, phone: Phone, *, deadline: float | None = None) -> ReportStatus | None:
        """How the report of this ticket (8 digits, no dash) stands; None where it is not his."""
        table = incidents.c
        own = table.ticket == ticket, table.phone_key == self._vault.lookup(phone)
        standing = select(table.status, table.updated_at).where(*own)
        async with self._database.begin(deadline=deadline) as connection:
            row = (await connection.execute(standing)).first()
        if row is None:
            return None
        return ReportStatus(IncidentStatus(row.status), row.updated_at)

    async def add_details(
        self, ticket: str, phone: Phone, text: str, *, channel: str, session: str, deadline: float | None = None
    ) -> bool:
        """Put what he tells now beside his report; False where it is not his.

        The same text in the same session again adds nothing. The audit trail gets its length and not a word of it.
        Raises `ValueError`, which quotes nothing, where `text` is not what a description may be.
        """
        check_description(text)
        check_session(session)
        now = self._clock.now()
        async with self._database.begin(deadline=deadline) as connection:
            incident = await self._own(connection, ticket, phone)
            if incident is None:
                return False
            row = {
                "incident": incident.id,
                "channel": channel,
                "session": session,
                "text": text,
                "digest": hashlib.sha256(text.encode()).digest(),
                "at": now,
            }
            adding = insert_or_ignore(incident_details).values(row).on_conflict_do_nothing()
            if (await connection.execute(adding.returning(incident_details.c.id))).first() is not None:
                noted = audit_row(
                    now, "resident", "incident.details_added", ticket, {"channel": channel, "length": len(text)}
                )
                await connection.execute(INSERT_AUDIT, noted)
        return True

    async def erase_number(self, ticket: str, phone: Phone, *, deadline: float | None = None) -> bool:
        """Take his number out of his report and of everything sent about it; False where it is not his.

        What waits to be sent about it is cancelled, and so is what may have been sent and may not. A draft that this
        report has overtaken goes as well: it would bring the number back. The report itself stays, and so do the SMS
        that were written about it.
        """
        async with self._database.begin(deadline=deadline) as connection:
            return await self.erase_number_within(connection, ticket, phone)

    async def erase_number_within(self, connection: AsyncConnection, ticket: str, phone: Phone) -> bool:
        """`erase_number` in the transaction of `connection`."""
        now, key = self._clock.now(), self._vault.lookup(phone)
        incident = await self._own(connection, ticket, phone)
        if incident is None:
            return False
        erasing = update(incidents).where(incidents.c.id == incident.id)
        await connection.execute(erasing.values(**ERASED_PHONE))
        await erase_numbers(connection, and_(messages.c.ticket == ticket, messages.c.phone_key == key), now)
        letters = and_(inbound_messages.c.ticket == ticket, inbound_messages.c.sender_key == key)
        await connection.execute(update(inbound_messages).where(letters).values(ERASED_SENDER))
        overtaken = and_(drafts.c.phone_key == key, drafts.c.left_at <= incident.received_at)
        await close_drafts(connection, overtaken, DraftStatus.SUPERSEDED, now)
        await connection.execute(INSERT_AUDIT, audit_row(now, "resident", "incident.number_erased", ticket, {}))
        return True

    async def _own(self, connection: AsyncConnection, ticket: str, phone: Phone) -> Any:
        """His incident's id and time, held until the transaction ends; None where it is not his."""
        own = select(incidents.c.id, incidents.c.received_at).where(
            incidents.c.ticket == ticket, incidents.c.phone_key == self._vault.lookup(phone)
        )
        return (await connection.execute(own.with_for_update())).first()
