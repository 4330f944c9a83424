"""Restricted reports: who may read them, what everybody else learns, and the record of every reading.

A report is restricted if the pack restricts its category to roles of accounts (`menu.rules.Category`). Everybody else
learns that there are such reports: their number, and the time of the last. No filter changes that number, since a
filter would tell what they are about.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from gateway.audit import INSERT_AUDIT, audit_row
from gateway.incidents.tables import incidents
from gateway.menu.model import Menu
from gateway.runtime.clock import Clock
from gateway.runtime.postgres import Database
from gateway.text.errors import UserError


class ReportWithheld(UserError):
    """Report that somebody may not read. The message names nothing of it."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who reads reports, with the restricted categories that they may and may not read.

    `name` is that of an authenticated account, or a name that nothing proves, which reads nothing restricted.
    """

    name: str
    hidden: frozenset[str]
    readable: frozenset[str]
    roles_needed: tuple[str, ...]  # that may read what is hidden

    def refuse(self) -> ReportWithheld:
        """Return the error about a report that they may not read."""
        roles = " or ".join(self.roles_needed)
        return ReportWithheld(
            f"this report is restricted: only an account with the role {roles} may read it, --as NAME"
        )


def reader_with(menu: Menu, name: str = "", roles: Collection[str] = ()) -> Reader:
    """Return the reader with these roles of accounts. Without a role they read nothing that is restricted."""
    restricted = [category for category in menu.categories.values() if category.is_restricted]
    hidden = [category for category in restricted if category.restricted_to.isdisjoint(roles)]
    return Reader(
        name,
        frozenset(category.name for category in hidden),
        frozenset(category.name for category in restricted if category not in hidden),
        tuple(sorted({role for category in hidden for role in category.restricted_to})),
    )


def reading_roles(menu: Menu) -> frozenset[str]:
    """Return the roles of accounts that may read some restricted report."""
    return frozenset(role for category in menu.categories.values() for role in category.restricted_to)


@dataclass(frozen=True, slots=True)
class Withheld:
    """Number of reports that a reader may not read, and the time of the last. None if there is none."""

    count: int
    last_at: datetime | None


class RestrictedReports:
    """Guard of restricted reports. Every method may raise `DatabaseUnavailable`."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def count_withheld(self, reader: Reader) -> Withheld:
        """Count the reports that the reader may not read, whatever they asked for."""
        hidden = incidents.c.category.in_(sorted(reader.hidden))
        counting = select(func.count(), func.max(incidents.c.received_at)).where(hidden)
        async with self._database.begin() as connection:
            count, last_at = (await connection.execute(counting)).one()
        return Withheld(count, last_at)

    async def check(self, ticket: str, reader: Reader) -> None:
        """Record that the reader opens this report, if it is restricted. Raises `ReportWithheld` if they may not."""
        if await self.hidden_among([ticket], reader):
            raise reader.refuse()
        await self.record_reading([ticket], reader)

    async def hidden_among(self, tickets: Collection[str], reader: Reader) -> frozenset[str]:
        """Return those of these tickets whose reports the reader may not read."""
        return await self._among(tickets, reader.hidden)

    async def record_reading(self, tickets: Collection[str], reader: Reader) -> None:
        """Write into the audit trail that the reader has seen those of these reports that are restricted."""
        read = await self._among(tickets, reader.readable)
        if not read:
            return
        now = self._clock.now()
        rows = [audit_row(now, reader.name, "incident.read", ticket, {}) for ticket in sorted(read)]
        async with self._database.begin() as connection:
            await connection.execute(INSERT_AUDIT, rows)

    async def record_drafts(self, categories: Collection[str], reader: Reader) -> None:
        """Write into the audit trail that the reader has seen drafts, if some of these categories are restricted."""
        count = sum(category in reader.readable for category in categories)
        if count:
            read = audit_row(self._clock.now(), reader.name, "drafts.read", "drafts", {"restricted": count})
            async with self._database.begin() as connection:
                await connection.execute(INSERT_AUDIT, read)

    async def _among(self, tickets: Collection[str], categories: Collection[str]) -> frozenset[str]:
        if not tickets or not categories:
            return frozenset()
        found = select(incidents.c.ticket).where(
            incidents.c.ticket.in_(sorted(set(tickets))), incidents.c.category.in_(sorted(categories))
        )
        async with self._database.begin() as connection:
            return frozenset((await connection.execute(found)).scalars())
