"""Access of residents to their own reports: read the status, add details, erase their number.

A report is their own if it was filed from their phone. SQL looks for the ticket together with the keyed hash of the
number, so another phone's report and a missing one give the same answer. Once its number is erased, nothing here finds
the report.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.audit import INSERT_AUDIT, audit_row
from gateway.incidents.draft import DraftStatus
from gateway.incidents.drafts import close_drafts
from gateway.incidents.incident import IncidentStatus
from gateway.incidents.report import check_description, check_session
from gateway.incidents.tables import ERASED_REPORTER, drafts, incident_details, incidents
from gateway.messages.erasure import erase_numbers
from gateway.messages.inbox import ERASED_SENDER
from gateway.messages.tables import inbound_messages, messages
from gateway.runtime.clock import Clock
from gateway.runtime.postgres import Database
from gateway.text.phone import Phone
from gateway.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class ReportStatus:
    status: IncidentStatus
    updated_at: datetime
    category: str


class Reporter:
    """Access of residents to their own reports. Every method is one transaction and may raise `DatabaseUnavailable`.

    A resident waits for the answer, so `deadline` in seconds bounds the transaction.
    """

    def __init__(self, database: Database, vault: Vault, clock: Clock) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock

    async def find_status(self, ticket: str, phone: Phone, *, deadline: float | None = None) -> ReportStatus | None:
        """Return the status of this ticket (8 digits, no dash), or None if it is not this phone's."""
        own = incidents.c.ticket == ticket, incidents.c.phone_key == self._vault.lookup(phone)
        finding = select(incidents.c.status, incidents.c.updated_at, incidents.c.category).where(*own)
        async with self._database.begin(deadline=deadline) as connection:
            row = (await connection.execute(finding)).first()
        if row is None:
            return None
        return ReportStatus(IncidentStatus(row.status), row.updated_at, row.category)

    async def add_details(
        self, ticket: str, phone: Phone, text: str, *, channel: str, session: str, deadline: float | None = None
    ) -> bool:
        """Add `text` to the report of this ticket. Returns False if it is not this phone's.

        Idempotent: the same text in the same session adds nothing. The audit trail gets the length of the text alone.
        Raises `ValueError`, which quotes nothing, if `text` is no valid description.
        """
        check_description(text)
        check_session(session)
        now = self._clock.now()
        async with self._database.begin(deadline=deadline) as connection:
            incident = await self._lock_own(connection, ticket, phone)
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
            adding = postgresql_insert(incident_details).values(row).on_conflict_do_nothing()
            if (await connection.execute(adding.returning(incident_details.c.id))).first() is not None:
                noted = audit_row(
                    now, "resident", "incident.details_added", ticket, {"channel": channel, "length": len(text)}
                )
                await connection.execute(INSERT_AUDIT, noted)
                marking = update(incidents).where(incidents.c.id == incident.id)
                await connection.execute(marking.values(updated_at=now, new_details_at=now))
        return True

    async def erase_number(self, ticket: str, phone: Phone, *, deadline: float | None = None) -> bool:
        """Erase the number in the report of this ticket and in every SMS about it. Returns False if it is not theirs.

        Queued and unknown messages about it are cancelled. The drafts that this report settled are erased too, because
        they would bring the number back. The report and the texts of the SMS stay.
        """
        async with self._database.begin(deadline=deadline) as connection:
            return await self.erase_number_within(connection, ticket, phone)

    async def erase_number_within(self, connection: AsyncConnection, ticket: str, phone: Phone) -> bool:
        """Do the same as `erase_number` within the caller's transaction."""
        now, key = self._clock.now(), self._vault.lookup(phone)
        incident = await self._lock_own(connection, ticket, phone)
        if incident is None:
            return False
        erasing = update(incidents).where(incidents.c.id == incident.id)
        await connection.execute(erasing.values(**ERASED_REPORTER))
        await erase_numbers(connection, and_(messages.c.ticket == ticket, messages.c.phone_key == key), now)
        inbound = and_(inbound_messages.c.ticket == ticket, inbound_messages.c.sender_key == key)
        await connection.execute(update(inbound_messages).where(inbound).values(ERASED_SENDER))
        settled = and_(drafts.c.phone_key == key, drafts.c.left_at <= incident.received_at)
        await close_drafts(connection, settled, DraftStatus.SUPERSEDED, now)
        await connection.execute(INSERT_AUDIT, audit_row(now, "resident", "incident.number_erased", ticket, {}))
        return True

    async def _lock_own(self, connection: AsyncConnection, ticket: str, phone: Phone) -> Any:
        """Lock the row of this phone's incident. Returns its id and time, or None if it is not this phone's."""
        own = select(incidents.c.id, incidents.c.received_at).where(
            incidents.c.ticket == ticket, incidents.c.phone_key == self._vault.lookup(phone)
        )
        return (await connection.execute(own.with_for_update())).first()
