"""Erasure of one phone number from every table that has it, on request, in one transaction.

Reports stay and belong to no one. An opt-out that a carrier sent on stays as a keyed hash (`opt_outs`): it must still
be honoured, and only someone who knows the number can find it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.audit import INSERT_AUDIT, audit_row
from gateway.incidents.calling_off import delete_marks
from gateway.incidents.draft import DraftStatus
from gateway.incidents.drafts import close_drafts
from gateway.incidents.tables import ERASED_REPORTER, called_off, drafts, incidents
from gateway.messages.erasure import erase_numbers, erase_senders
from gateway.messages.tables import messages
from gateway.people.directory import erase_person
from gateway.runtime.clock import Clock
from gateway.runtime.postgres import Database
from gateway.text.phone import Phone
from gateway.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class ErasureCounts:
    """Number of records that lost the number, or were deleted with it."""

    incidents: int
    drafts: int
    messages: int
    received: int  # inbound SMS
    subscriptions: int
    roles: int
    people: int

    @property
    def found_any(self) -> bool:
        return any(asdict(self).values())


class Eraser:
    """Erasure of a number on request. May raise `DatabaseUnavailable`."""

    def __init__(self, database: Database, vault: Vault, clock: Clock) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock

    async def erase(self, phone: Phone, actor: str) -> ErasureCounts:
        """Erase this number in incidents, drafts, messages, inbound SMS and the directory, in one transaction.

        Queued messages to it are cancelled. The audit trail records the erasure, the counts and the tickets. It gets
        nothing that could identify the number. Idempotent: a second call finds nothing.
        """
        now, key = self._clock.now(), self._vault.lookup(phone)
        async with self._database.begin() as connection:
            tickets = await erase_in_incidents(connection, incidents.c.phone_key == key)
            closed = await close_drafts(connection, drafts.c.phone_key == key, DraftStatus.DELETED, now)
            await delete_marks(connection, called_off.c.phone_key == key)
            directory = await erase_person(connection, key, now)
            counts = ErasureCounts(
                incidents=len(tickets),
                drafts=closed,
                messages=await erase_numbers(connection, messages.c.phone_key == key, now),
                received=await erase_senders(connection, key),
                subscriptions=directory.subscriptions,
                roles=directory.roles,
                people=directory.people,
            )
            if counts.found_any:
                of_person = audit_row(now, actor, "person.erased", "", asdict(counts))
                await connection.execute(INSERT_AUDIT, [*erased_incident_rows(tickets, actor, now), of_person])
        return counts


async def erase_in_incidents(connection: AsyncConnection, which: ColumnElement[bool]) -> list[str]:
    """Erase the number in these incidents. Returns their tickets, sorted."""
    erasing = update(incidents).where(which).values(**ERASED_REPORTER).returning(incidents.c.ticket)
    return sorted((await connection.execute(erasing)).scalars())


def erased_incident_rows(tickets: Iterable[str], actor: str, now: datetime) -> list[dict[str, Any]]:
    """Build the audit rows of incidents whose number was erased."""
    return [audit_row(now, actor, "incident.number_erased", ticket, {}) for ticket in tickets]
