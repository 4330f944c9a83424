"""Purge of phone numbers at the end of their retention: old, finished records stay and lose their number.

Each number has a purpose, and is kept for `retention_days` after that has ended (facts/domain.md 4.1: not while a case
is open):

- incident, to ask its reporter: it is closed or merged, and has not changed since;
- SMS, outbound or inbound, to trace its delivery: it is old, and an inbound one was handled;
- consent, to send appeals: it was withdrawn;
- person of the directory, to be written to: no role and no subscription is left;
- mark of a report that was called off: it is old. It has the keyed hash alone, and goes as a whole;
- all-quiet report, to know who has reported: it is old, and deleted as a whole.

An opt-out stays as a keyed hash for as long as it must be honoured. Drafts and sessions expire by themselves.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, ColumnElement, Table, and_, any_, cast, delete, func, not_, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.audit import INSERT_AUDIT, audit_row
from gateway.incidents.calling_off import delete_marks
from gateway.incidents.incident import LIFECYCLE
from gateway.incidents.tables import called_off, incidents
from gateway.messages.erasure import erase_numbers
from gateway.messages.inbox import ERASED_SENDER
from gateway.messages.tables import inbound_messages, messages
from gateway.people.directory import ERASED_PERSON
from gateway.people.filters import has_any_role
from gateway.people.tables import people, quiet_reports, subscriptions
from gateway.privacy.erasure import erase_in_incidents, erased_incident_rows
from gateway.runtime.clock import Clock
from gateway.runtime.postgres import Database
from gateway.vault.columns import ERASED_PHONE

ROWS_PER_TRANSACTION = 1_000
_FINAL_STATUSES = [status.value for status, targets in LIFECYCLE.items() if not targets]


@dataclass(frozen=True, slots=True)
class PurgeCounts:
    """Number of records that lost their number, or are due to."""

    incidents: int
    messages: int
    received: int  # inbound SMS
    subscriptions: int
    people: int
    called_off: int  # marks of reports that were called off
    quiet_reports: int = 0  # deleted

    @property
    def found_any(self) -> bool:
        return any(asdict(self).values())


class Retention:
    """Purge of numbers whose retention is over. May raise `DatabaseUnavailable` after part of the work is done."""

    def __init__(
        self, database: Database, clock: Clock, kept_for: timedelta, rows_per_transaction: int = ROWS_PER_TRANSACTION
    ) -> None:
        self._database = database
        self._clock = clock
        self._kept_for = kept_for
        self._rows_per_transaction = rows_per_transaction

    async def count_due(self) -> PurgeCounts:
        """Count the numbers that are due now, and change nothing."""
        counts = {}
        async with self._database.begin() as connection:
            for name, (table, is_due) in _due_rows(self._clock.now() - self._kept_for).items():
                counting = select(func.count()).select_from(table).where(is_due)
                counts[name] = int((await connection.execute(counting)).scalar_one())
        return PurgeCounts(**counts)

    async def purge(self, actor: str) -> PurgeCounts:
        """Purge all numbers that are due, in short transactions.

        The audit trail records each ticket that lost its number, and the counts of everything. Two purges at once share
        the work.
        """
        now = self._clock.now()
        counts = dict.fromkeys(_ERASE, 0)
        for name, (table, is_due) in _due_rows(now - self._kept_for).items():
            last = 0
            while ids := await self._purge_some(name, table, and_(is_due, table.c.id > last), actor, now):
                counts[name] += len(ids)
                last = ids[-1]
        purged = PurgeCounts(**counts)
        if purged.found_any:
            async with self._database.begin() as connection:
                await connection.execute(INSERT_AUDIT, audit_row(now, actor, "retention.purged", "", asdict(purged)))
        return purged

    async def _purge_some(
        self, name: str, table: Table, is_due: ColumnElement[bool], actor: str, now: datetime
    ) -> Sequence[int]:
        """Purge the oldest rows in one transaction. Returns their ids."""
        async with self._database.begin() as connection:
            # A row that another transaction has locked is in use: skipped, and purged by a later run.
            oldest = select(table.c.id).where(is_due).order_by(table.c.id).limit(self._rows_per_transaction)
            ids = (await connection.execute(oldest.with_for_update(skip_locked=True))).scalars().all()
            if ids:
                await _ERASE[name](connection, table.c.id == any_(cast(ids, ARRAY(BigInteger))), actor, now)
        return ids


def _due_rows(before: datetime) -> Mapping[str, tuple[Table, ColumnElement[bool]]]:
    """Return the table and the condition of its due rows, by the names of `PurgeCounts`."""
    has_phone = {table: table.c.phone_key.is_not(None) for table in (incidents, messages, subscriptions, people)}
    is_final = incidents.c.status.in_(_FINAL_STATUSES)
    received = inbound_messages.c
    return {
        "incidents": (incidents, and_(has_phone[incidents], is_final, incidents.c.updated_at < before)),
        "messages": (messages, and_(has_phone[messages], messages.c.updated_at < before)),
        "received": (
            inbound_messages,
            and_(received.sender_key.is_not(None), received.handled_at.is_not(None), received.received_at < before),
        ),
        "subscriptions": (subscriptions, and_(has_phone[subscriptions], subscriptions.c.withdrawn_at < before)),
        "called_off": (called_off, called_off.c.at < before),
        "people": (people, and_(has_phone[people], people.c.updated_at < before, not_(has_any_role()))),
        "quiet_reports": (quiet_reports, quiet_reports.c.at < before),
    }


async def _erase_incidents(connection: AsyncConnection, which: ColumnElement[bool], actor: str, now: datetime) -> None:
    tickets = await erase_in_incidents(connection, which)
    await connection.execute(INSERT_AUDIT, erased_incident_rows(tickets, actor, now))


async def _erase_messages(connection: AsyncConnection, which: ColumnElement[bool], _: str, now: datetime) -> None:
    await erase_numbers(connection, which, now)


async def _erase_received(connection: AsyncConnection, which: ColumnElement[bool], _: str, __: datetime) -> None:
    await connection.execute(update(inbound_messages).where(which).values(ERASED_SENDER))


async def _erase_subscriptions(connection: AsyncConnection, which: ColumnElement[bool], _: str, __: datetime) -> None:
    await connection.execute(update(subscriptions).where(which).values(**ERASED_PHONE))


async def _erase_people(connection: AsyncConnection, which: ColumnElement[bool], _: str, now: datetime) -> None:
    await connection.execute(update(people).where(which).values(**ERASED_PERSON, updated_at=now, erased_at=now))


async def _erase_called_off(connection: AsyncConnection, which: ColumnElement[bool], _: str, __: datetime) -> None:
    await delete_marks(connection, which)


async def _delete_quiet(connection: AsyncConnection, which: ColumnElement[bool], _: str, __: datetime) -> None:
    await connection.execute(delete(quiet_reports).where(which))


_Erase = Callable[[AsyncConnection, ColumnElement[bool], str, datetime], Awaitable[None]]
_ERASE: Mapping[str, _Erase] = {
    "incidents": _erase_incidents,
    "messages": _erase_messages,
    "received": _erase_received,
    "subscriptions": _erase_subscriptions,
    "people": _erase_people,
    "called_off": _erase_called_off,
    "quiet_reports": _delete_quiet,
}
