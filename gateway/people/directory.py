"""The directory: everybody the gateway may write to, found by number, role and area; and what a list changes of them.

A list is read in by a thousand people at a time, each a transaction: what stands is read and held, `person.change`
says what is different, and that alone is written. So a list may be read in again after it broke off in the middle.
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

from gateway.people.filters import has_any_role, has_role, is_subscribed
from gateway.people.loading import list_people, load_known, load_people
from gateway.people.person import UNKNOWN_PERSON, Effect, ListedPerson, Person, PersonChange, Role, plan_change
from gateway.people.saving import write_changes
from gateway.people.tables import people, person_roles, subscriptions
from gateway.runtime.clock import Clock
from gateway.runtime.postgres import Database
from gateway.text.phone import Phone
from gateway.vault.columns import ERASED_PHONE
from gateway.vault.vault import Vault

_CHUNK = 1000
ERASED_PERSON: Mapping[str, Any] = {**ERASED_PHONE, "name": "", "language": ""}
"""What a row without its person holds in his place."""
_IMPORT_LOCK = 0x4C495354
"""The advisory lock of a list that is read in: any number that nothing else uses."""


@dataclass(frozen=True, slots=True)
class ImportCounts:
    """How many people a list has made or changed. `declined` of them said STOP after the consent that it has."""

    new: int = 0
    updated: int = 0
    unchanged: int = 0
    declined: int = 0


@dataclass(frozen=True, slots=True)
class ErasedCounts:
    """How much was erased of a number here."""

    people: int = 0
    roles: int = 0
    subscriptions: int = 0


class Directory:
    """Finds, lists and reads in people. Every method may raise `DatabaseAway`."""

    def __init__(self, database: Database, vault: Vault, clock: Clock) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock

    async def import_people(
        self, entries: Sequence[ListedPerson], *, source: str, language: str, dry_run: bool = False
    ) -> ImportCounts:
        """Add and correct these people, each number once; `dry_run` only says what that would do.

        `language` is for whoever is new and has none. A second time the same changes nothing.
        """
        effects: Counter[Effect] = Counter()
        declined = 0
        for start in range(0, len(entries), _CHUNK):
            keyed = {self._vault.lookup(entry.phone): entry for entry in entries[start : start + _CHUNK]}
            async with self._database.begin() as connection:
                changes = await self._changes(connection, keyed, language)
                if not dry_run:
                    await write_changes(connection, changes, self._vault, self._clock.now(), source)
            effects.update(made.effect for made in changes.values())
            declined += sum(made.declined for made in changes.values())
        return ImportCounts(effects[Effect.NEW], effects[Effect.UPDATED], effects[Effect.UNCHANGED], declined)

    async def _changes(
        self, connection: AsyncConnection, entries: dict[bytes, ListedPerson], language: str
    ) -> dict[bytes, PersonChange]:
        # One list at a time: two with the same people in another order would wait for each other in a ring.
        await connection.execute(select(func.pg_advisory_xact_lock(_IMPORT_LOCK)))
        known = await load_known(connection, list(entries))
        return {key: plan_change(known.get(key, UNKNOWN_PERSON), entry, language) for key, entry in entries.items()}

    async def find(self, phone: Phone) -> Person | None:
        """The person of this number, if the gateway knows one."""
        async with self._database.begin() as connection:
            found = await self._people(connection, people.c.phone_key == self._vault.lookup(phone), limit=1)
        return found[0] if found else None

    async def list_people(
        self, limit: int = 1000, role: Role | None = None, areas: Collection[str] = ()
    ) -> Sequence[dict[str, str | list[str]]]:
        """The people that were added last, the newest first, for lists and JSON.

        Of `role`, and in one of `areas`, where these are given. Numbers are masked, and `?` where one cannot be opened.
        """
        async with self._database.begin() as connection:
            return await list_people(connection, _newest(_matching(role, areas), limit), self._vault)

    async def export(self, role: Role | None = None, areas: Collection[str] = ()) -> AsyncIterator[Person]:
        """Everybody with a role, in the order of their adding, a thousand at a time.

        Raises `CannotOpen`: a list without somebody would be taken for the whole.
        """
        wanted = _matching(role, areas) if role or areas else has_any_role()
        last = 0
        while True:
            async with self._database.begin() as connection:
                page = select(people.c.id).where(wanted, people.c.phone_key.is_not(None), people.c.id > last)
                ids = (await connection.execute(page.order_by(people.c.id).limit(_CHUNK))).scalars().all()
                found = await self._people(connection, people.c.id == any_(cast(ids, ARRAY(BigInteger)))) if ids else []
            if not ids:
                return
            for person in reversed(found):
                yield person
            last = ids[-1]

    async def _people(
        self, connection: AsyncConnection, which: ColumnElement[bool], limit: int | None = None
    ) -> Sequence[Person]:
        return await load_people(connection, _newest(which, limit), self._vault)


async def erase_person(connection: AsyncConnection, phone_key: bytes, now: datetime) -> ErasedCounts:
    """Take a number and its person out of the directory, in the transaction of the fact.

    The rows of his consents stay, withdrawn and nobody's.
    """
    wiping = (
        update(people)
        .where(people.c.phone_key == phone_key)
        .values(**ERASED_PERSON, updated_at=now, erased_at=now)
        .returning(people.c.id)
    )
    ids = (await connection.execute(wiping)).scalars().all()
    roles = (await connection.execute(delete(person_roles).where(person_roles.c.person.in_(ids)))).rowcount
    withdrawing = (
        update(subscriptions)
        .where(subscriptions.c.phone_key == phone_key)
        .values(
            **ERASED_PHONE,
            withdrawn_at=func.coalesce(subscriptions.c.withdrawn_at, now),
        )
    )
    withdrawn = (await connection.execute(withdrawing)).rowcount
    return ErasedCounts(len(ids), roles, withdrawn)


# Which people --------------------------------------------------------------------------------------------------


def _newest(which: ColumnElement[bool], limit: int | None) -> Select[Any]:
    return select(people).where(which, people.c.phone_key.is_not(None)).order_by(people.c.id.desc()).limit(limit)


def _matching(role: Role | None, areas: Collection[str]) -> ColumnElement[bool]:
    if role is Role.SUBSCRIBER:
        return is_subscribed(areas)
    if role is not None:
        return has_role([role], areas)
    if areas:
        return or_(has_role((), areas), is_subscribed(areas))
    return true()
