"""A person's number, taken out of everything that PostgreSQL holds of him, with one stroke.

What he reported stays and is nobody's. A refusal that his operator has sent on (`opt_outs`) stays as a keyed hash:
it must be honoured, and only who knows the number can find it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.audit import INSERT_AUDIT, audit_row
from gateway.incidents.draft import DraftStatus
from gateway.incidents.drafts import close_drafts
from gateway.incidents.tables import drafts, incidents
from gateway.messages.erasure import erase_numbers, erase_senders
from gateway.messages.tables import messages
from gateway.people.directory import erase_person
from gateway.runtime.clock import Clock
from gateway.runtime.postgres import Database
from gateway.text.phone import Phone
from gateway.vault.columns import ERASED_PHONE
from gateway.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class ErasureCounts:
    """How many records the number was taken out of, or that went with it."""

    incidents: int
    drafts: int
    messages: int
    received: int  # SMS to us
    subscriptions: int
    roles: int
    people: int

    @property
    def found_any(self) -> bool:
        return any(asdict(self).values())


class Eraser:
    """Erases numbers. May raise `DatabaseAway`."""

    def __init__(self, database: Database, vault: Vault, clock: Clock) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock

    async def erase(self, phone: Phone, actor: str) -> ErasureCounts:
        """Take this number out of incidents, drafts, messages both ways, and the directory, in one transaction.

        What waits to be sent to it is cancelled. The audit trail says that it was done, how much there was and for
        which tickets, and nothing by which the number could be known. A second time finds nothing.
        """
        now, key = self._clock.now(), self._vault.lookup(phone)
        async with self._database.begin() as connection:
            tickets = await _erase_from_incidents(connection, key, now)
            unsent = await close_drafts(connection, drafts.c.phone_key == key, DraftStatus.DELETED, now)
            forgotten = await erase_person(connection, key, now)
            erased = ErasureCounts(
                incidents=len(tickets),
                drafts=unsent,
                messages=await erase_numbers(connection, messages.c.phone_key == key, now),
                received=await erase_senders(connection, key),
                subscriptions=forgotten.subscriptions,
                roles=forgotten.roles,
                people=forgotten.people,
            )
            if erased.found_any:
                noted = [audit_row(now, actor, "incident.number_erased", ticket, {}) for ticket in tickets]
                await connection.execute(
                    INSERT_AUDIT, [*noted, audit_row(now, actor, "person.erased", "", asdict(erased))]
                )
        return erased


async def _erase_from_incidents(connection: AsyncConnection, phone_key: bytes, now: datetime) -> list[str]:
    """The tickets of the reports that were his."""
    erasing = (
        update(incidents).where(incidents.c.phone_key == phone_key).values(**ERASED_PHONE).returning(incidents.c.ticket)
    )
    return sorted((await connection.execute(erasing)).scalars())
