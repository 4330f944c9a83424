"""Numbers at the end of their retention: what is over and old enough keeps its record and loses its number.

What each number is kept for, and when that is over (facts/domain.md 4.1: not while a case is open):

- an incident, to ask its reporter: it is closed or merged, and nothing has changed since;
- an SMS, ours or one to us, to tell what became of it: it is old, and one to us was handled;
- a consent, to send appeals: it was withdrawn;
- a person of the directory, to be written to: no role and no subscription is left.

A refusal (`opt_outs`) stays as a keyed hash for as long as it must be honoured; drafts and dialogues end by themselves.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, ColumnElement, Table, and_, any_, cast, func, not_, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.audit import INSERT_AUDIT, audit_row
from gateway.incidents.incident import LIFECYCLE
from gateway.incidents.tables import incidents
from gateway.messages.erasure import erase_numbers
from gateway.messages.inbox import ERASED_SENDER
from gateway.messages.tables import inbound_messages, messages
from gateway.people.directory import ERASED_PERSON
from gateway.people.filters import has_any_role
from gateway.people.tables import people, subscriptions
from gateway.runtime.clock import Clock
from gateway.runtime.postgres import Database
from gateway.vault.columns import ERASED_PHONE

_BATCH = 1_000  # records of one transaction
_OVER = [status.value for status, further in LIFECYCLE.items() if not further]


@dataclass(frozen=True, slots=True)
class PurgeCounts:
    """Out of how many records numbers were taken, or would be."""

    incidents: int
    messages: int
    received: int  # SMS to us
    subscriptions: int
    people: int

    @property
    def found_any(self) -> bool:
        return any(asdict(self).values())


class Retention:
    """Takes out numbers that were kept long enough. May raise `DatabaseAway`; what is done by then is done."""

    def __init__(self, database: Database, clock: Clock, kept_for: timedelta) -> None:
        self._database = database
        self._clock = clock
        self._kept_for = kept_for

    async def count_due(self) -> PurgeCounts:
        """How much there is to purge now."""
        counts = {}
        async with self._database.begin() as connection:
            for name, (table, over) in _over(self._clock.now() - self._kept_for).items():
                counting = select(func.count()).select_from(table).where(over)
                counts[name] = int((await connection.execute(counting)).scalar_one())
        return PurgeCounts(**counts)

    async def purge(self, actor: str) -> PurgeCounts:
        """Purge all that is due, in short transactions. The audit trail says of which tickets, and how much else."""
        now = self._clock.now()
        counts = dict.fromkeys(_ERASE, 0)
        for name, (table, over) in _over(now - self._kept_for).items():
            last = 0
            while ids := await self._batch(name, table, and_(over, table.c.id > last), actor, now):
                counts[name] += len(ids)
                last = ids[-1]
        purged = PurgeCounts(**counts)
        if purged.found_any:
            async with self._database.begin() as connection:
                await connection.execute(INSERT_AUDIT, audit_row(now, actor, "retention.purged", "", asdict(purged)))
        return purged

    async def _batch(
        self, name: str, table: Table, over: ColumnElement[bool], actor: str, now: datetime
    ) -> Sequence[int]:
        async with self._database.begin() as connection:
            # What somebody else holds is in use: it has its turn another time.
            oldest = select(table.c.id).where(over).order_by(table.c.id).limit(_BATCH)
            ids = (await connection.execute(oldest.with_for_update(skip_locked=True))).scalars().all()
            if ids:
                await _ERASE[name](connection, table.c.id == any_(cast(ids, ARRAY(BigInteger))), actor, now)
        return ids


def _over(before: datetime) -> Mapping[str, tuple[Table, ColumnElement[bool]]]:
    """What loses its number, by the names of `Purged`: the table, and which of its rows."""
    kept = {table: table.c.phone_key.is_not(None) for table in (incidents, messages, subscriptions, people)}
    received = inbound_messages.c
    return {
        "incidents": (incidents, and_(kept[incidents], incidents.c.status.in_(_OVER), incidents.c.updated_at < before)),
        "messages": (messages, and_(kept[messages], messages.c.updated_at < before)),
        "received": (
            inbound_messages,
            and_(received.sender_key.is_not(None), received.handled_at.is_not(None), received.received_at < before),
        ),
        "subscriptions": (subscriptions, and_(kept[subscriptions], subscriptions.c.withdrawn_at < before)),
        "people": (people, and_(kept[people], people.c.updated_at < before, not_(has_any_role()))),
    }


async def _erase_incidents(connection: AsyncConnection, which: ColumnElement[bool], actor: str, now: datetime) -> None:
    erasing = update(incidents).where(which).values(**ERASED_PHONE).returning(incidents.c.ticket)
    tickets = sorted((await connection.execute(erasing)).scalars())
    await connection.execute(
        INSERT_AUDIT, [audit_row(now, actor, "incident.number_erased", ticket, {}) for ticket in tickets]
    )


async def _erase_messages(connection: AsyncConnection, which: ColumnElement[bool], _: str, now: datetime) -> None:
    await erase_numbers(connection, which, now)


async def _erase_received(connection: AsyncConnection, which: ColumnElement[bool], _: str, __: datetime) -> None:
    await connection.execute(update(inbound_messages).where(which).values(ERASED_SENDER))


async def _erase_subscriptions(connection: AsyncConnection, which: ColumnElement[bool], _: str, __: datetime) -> None:
    await connection.execute(update(subscriptions).where(which).values(**ERASED_PHONE))


async def _erase_people(connection: AsyncConnection, which: ColumnElement[bool], _: str, now: datetime) -> None:
    await connection.execute(update(people).where(which).values(**ERASED_PERSON, updated_at=now, erased_at=now))


_Erase = Callable[[AsyncConnection, ColumnElement[bool], str, datetime], Awaitable[None]]
_ERASE: Mapping[str, _Erase] = {
    "incidents": _erase_incidents,
    "messages": _erase_messages,
    "received": _erase_received,
    "subscriptions": _erase_subscriptions,
    "people": _erase_people,
}
