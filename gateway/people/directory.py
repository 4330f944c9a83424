"""Directory of everybody the gateway may write to: find, list, import, export and erase them.

An import is an idempotent upsert of a thousand people at a time, each chunk a transaction: their state is loaded and
locked, `person.plan_change` computes the difference, and that alone is written. So an import that broke off in the
middle may be run again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Select,
    any_,
    cast,
    delete,
    func,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.menu.definitions.roles import SUBSCRIBER
from gateway.people.filters import has_any_role, has_role, is_subscribed
from gateway.people.loading import PersonSummary, list_people, load_known, load_people
from gateway.people.person import UNKNOWN_PERSON, Effect, ListedPerson, Person, PersonChange, plan_change
from gateway.people.saving import write_changes
from gateway.people.tables import people, person_roles, quiet_reports, subscriptions
from gateway.runtime.clock import Clock
from gateway.runtime.postgres import Database
from gateway.text.phone import Phone
from gateway.vault.columns import ERASED_PHONE
from gateway.vault.vault import Vault

_CHUNK = 1000
ERASED_PERSON: Mapping[str, Any] = {**ERASED_PHONE, "name": "", "language": "", "opted_out_at": None}
"""Column values of a row whose person was erased."""
_IMPORT_LOCK = 0x4C495354
"""Key of the advisory lock of an import: any number that nothing else uses."""


@dataclass(frozen=True, slots=True)
class ImportCounts:
    """People that an import has added or changed. `declined` counts those whose opt-out is newer than the consent."""

    new: int = 0
    updated: int = 0
    unchanged: int = 0
    declined: int = 0


@dataclass(frozen=True, slots=True)
class ErasedCounts:
    people: int = 0
    roles: int = 0
    subscriptions: int = 0


class Directory:
    """Store of people. Every method may raise `DatabaseUnavailable`."""

    def __init__(self, database: Database, vault: Vault, clock: Clock) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock

    async def import_people(
        self, entries: Sequence[ListedPerson], *, source: str, language: str, dry_run: bool = False
    ) -> ImportCounts:
        """Add and correct these people, each number once. A second time the same changes nothing.

        `language` is the default of new people. `dry_run` counts the changes without writing them.
        """
        effects: Counter[Effect] = Counter()
        declined = 0
        for start in range(0, len(entries), _CHUNK):
            keyed = {self._vault.lookup(entry.phone): entry for entry in entries[start : start + _CHUNK]}
            async with self._database.begin() as connection:
                changes = await self._plan_changes(connection, keyed, language)
                if not dry_run:
                    await write_changes(connection, changes, self._vault, self._clock.now(), source)
            effects.update(change.effect for change in changes.values())
            declined += sum(change.declined for change in changes.values())
        return ImportCounts(effects[Effect.NEW], effects[Effect.UPDATED], effects[Effect.UNCHANGED], declined)

    async def _plan_changes(
        self, connection: AsyncConnection, entries: dict[bytes, ListedPerson], language: str
    ) -> dict[bytes, PersonChange]:
        # One import at a time: two with the same people in another order would deadlock.
        await connection.execute(select(func.pg_advisory_xact_lock(_IMPORT_LOCK)))
        known = await load_known(connection, list(entries))
        return {key: plan_change(known.get(key, UNKNOWN_PERSON), entry, language) for key, entry in entries.items()}

    async def find(self, phone: Phone) -> Person | None:
        """Return the person of this number, or None. Raises `CannotOpen`."""
        of_number = people.c.phone_key == self._vault.lookup(phone)
        async with self._database.begin() as connection:
            found = await load_people(connection, _newest(of_number, limit=1), self._vault)
        return found[0] if found else None

    async def held_roles(self) -> frozenset[str]:
        """Return the roles that people have, also those that the pack no longer has. A subscriber's is not stored."""
        async with self._database.begin() as connection:
            return frozenset((await connection.execute(select(person_roles.c.role).distinct())).scalars())

    async def list_people(
        self, limit: int = 1000, role: str | None = None, areas: Collection[str] = ()
    ) -> Sequence[PersonSummary]:
        """Return the people of `role` in one of `areas`, the last added first. Without them: of any role, anywhere."""
        async with self._database.begin() as connection:
            return await list_people(connection, _newest(_matching(role, areas), limit), self._vault)

    async def export(self, role: str | None = None, areas: Collection[str] = ()) -> AsyncIterator[Person]:
        """Yield everybody with a role, in the order in which they were added, loaded a thousand at a time.

        Raises `CannotOpen`: a list that silently lacks a person would be taken for complete.
        """
        wanted = _matching(role, areas) if role or areas else has_any_role()
        last = 0
        while True:
            async with self._database.begin() as connection:
                page = select(people.c.id).where(wanted, people.c.phone_key.is_not(None), people.c.id > last)
                ids = (await connection.execute(page.order_by(people.c.id).limit(_CHUNK))).scalars().all()
                if not ids:
                    return
                of_page = people.c.id == any_(cast(ids, ARRAY(BigInteger)))
                found = await load_people(connection, _newest(of_page), self._vault)
            for person in reversed(found):
                yield person
            last = ids[-1]


async def erase_person(connection: AsyncConnection, phone_key: bytes, now: datetime) -> ErasedCounts:
    """Erase a number and its person from the directory, in the caller's transaction.

    The rows of their consents stay, withdrawn and without the number.
    """
    erase = (
        update(people)
        .where(people.c.phone_key == phone_key)
        .values(**ERASED_PERSON, updated_at=now, erased_at=now)
        .returning(people.c.id)
    )
    ids = (await connection.execute(erase)).scalars().all()
    roles = (await connection.execute(delete(person_roles).where(person_roles.c.person.in_(ids)))).rowcount
    await connection.execute(delete(quiet_reports).where(quiet_reports.c.person.in_(ids)))
    withdraw = (
        update(subscriptions)
        .where(subscriptions.c.phone_key == phone_key)
        .values(
            **ERASED_PHONE,
            withdrawn_at=func.coalesce(subscriptions.c.withdrawn_at, now),
        )
    )
    consents = (await connection.execute(withdraw)).rowcount
    return ErasedCounts(len(ids), roles, consents)


def _newest(which: ColumnElement[bool], limit: int | None = None) -> Select[Any]:
    return select(people).where(which, people.c.phone_key.is_not(None)).order_by(people.c.id.desc()).limit(limit)


def _matching(role: str | None, areas: Collection[str]) -> ColumnElement[bool]:
    if role == SUBSCRIBER:
        return is_subscribed(areas)
    if role is not None:
        return has_role([role], areas)
    if areas:
        return or_(has_role((), areas), is_subscribed(areas))
    return true()
