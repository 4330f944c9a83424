"""Subscriptions: the consent of a phone to the appeals for an area, its wording, and its withdrawal.

A consent must be proven later (facts/domain.md 4.1): a withdrawn one stays as a row, with the version of the wording
that was agreed to. A phone has at most one active subscription per area. The statement that subscribes a phone also
adds it to the directory (`tables.people`) and lifts its older opt-outs. Which wish counts: see `opt_outs`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ARRAY,
    LargeBinary,
    and_,
    any_,
    case,
    cast,
    exists,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.people.opt_outs import lift_statement, lock_wishes, newest_opt_out
from gateway.people.tables import NOT_WITHDRAWN, people, subscriptions
from gateway.runtime.clock import Clock
from gateway.runtime.postgres import Database
from gateway.text.phone import Phone
from gateway.vault.vault import Vault


class Subscriptions:
    """Store of subscriptions. Every method is one transaction and may raise `DatabaseUnavailable`.

    `deadline` is the most seconds that a call may take, since a resident waits for the answer.
    """

    def __init__(self, database: Database, vault: Vault, clock: Clock) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock

    async def subscribe(
        self,
        phone: Phone,
        area: str,
        *,
        language: str,
        channel: str,
        wording: str,
        at: datetime | None = None,
        deadline: float | None = None,
    ) -> bool:
        """Subscribe this phone to the appeals for `area`, and lift its older opt-outs.

        `at` is when the wish was received, now if unset. Returns False, and changes nothing, if an opt-out was received
        since. An active subscription continues in `language`; its first consent, and the time of it, stay as they were.
        """
        now = self._clock.now()
        agreed_at, key = at or now, self._vault.lookup(phone)
        row = {
            "phone_sealed": self._vault.seal(phone),
            "phone_key": key,
            "area": area,
            "language": language,
            "channel": channel,
            "wording": wording,
            "consented_at": agreed_at,
            "agreed_at": agreed_at,
        }
        async with self._database.begin(deadline=deadline) as connection:
            await lock_wishes(connection, [key])
            opted_out_at = await newest_opt_out(connection, key)
            if opted_out_at is not None and opted_out_at >= agreed_at:
                return False
            await connection.execute(_subscribe_statement(row, opted_out_at, now))
        return True

    async def set_language(self, connection: AsyncConnection, phone: Phone, language: str) -> None:
        """Set the language of this phone, if it is in the directory, in the caller's transaction. Idempotent."""
        key, changed = self._vault.lookup(phone), {"language": language}
        person = update(people).where(people.c.phone_key == key, people.c.language != language)
        await connection.execute(person.values(**changed, updated_at=self._clock.now()))
        await connection.execute(
            update(subscriptions).where(subscriptions.c.phone_key == key, NOT_WITHDRAWN).values(**changed)
        )

    async def active_areas(self, phone: Phone, *, deadline: float | None = None) -> Sequence[str]:
        """Return the areas that this phone is subscribed to, the oldest subscription first."""
        areas = (
            select(subscriptions.c.area)
            .where(subscriptions.c.phone_key == self._vault.lookup(phone), NOT_WITHDRAWN)
            .order_by(subscriptions.c.id)
        )
        async with self._database.begin(deadline=deadline) as connection:
            return (await connection.execute(areas)).scalars().all()


def _subscribe_statement(row: Mapping[str, Any], opted_out_at: datetime | None, now: datetime) -> Insert:
    """Build the statement that subscribes a phone, adds it to the directory and lifts the opt-outs older than that.

    A language that was chosen with a newer consent stays.
    """
    key, agreed_at = row["phone_key"], row["agreed_at"]
    newer = exists().where(subscriptions.c.phone_key == key, NOT_WITHDRAWN, subscriptions.c.agreed_at > agreed_at)
    person = insert(people).values(
        phone_sealed=row["phone_sealed"],
        phone_key=key,
        name="",
        language=row["language"],
        source=row["channel"],
        added_at=now,
        updated_at=now,
        opted_out_at=opted_out_at,
    )
    language = case((newer, people.c.language), else_=person.excluded.language)
    changed = or_(
        people.c.language.is_distinct_from(language),
        people.c.opted_out_at.is_distinct_from(person.excluded.opted_out_at),
    )
    upsert_person = person.on_conflict_do_update(
        index_elements=["phone_key"],
        set_={"language": language, "opted_out_at": person.excluded.opted_out_at, "updated_at": now},
        where=changed,
    )
    upsert = insert(subscriptions).values(row)
    updated = {
        "language": case((subscriptions.c.agreed_at > agreed_at, subscriptions.c.language), else_=row["language"]),
        "agreed_at": func.greatest(subscriptions.c.agreed_at, agreed_at),
    }
    return upsert.on_conflict_do_update(
        index_elements=["phone_key", "area"], index_where=NOT_WITHDRAWN, set_=updated
    ).add_cte(upsert_person.cte("person"), lift_statement(key, agreed_at).cte("lifted"))


async def withdraw_subscriptions(
    connection: AsyncConnection, phone_keys: Collection[bytes], at: datetime
) -> set[bytes]:
    """Withdraw the active subscriptions of these phones whose consent is not newer than `at`.

    In the caller's transaction. Returns the keys of phones with a newer consent. Lock order, as of every writer: the
    people first. So no import subscribes them in between.
    """
    keys = cast(sorted(phone_keys), ARRAY(LargeBinary))
    lock = select(people.c.id).where(people.c.phone_key == any_(keys)).order_by(people.c.phone_key)
    await connection.execute(lock.with_for_update())
    active = and_(subscriptions.c.phone_key == any_(keys), NOT_WITHDRAWN)
    older = or_(subscriptions.c.agreed_at.is_(None), subscriptions.c.agreed_at <= at)
    await connection.execute(update(subscriptions).where(active, older).values(withdrawn_at=at))
    return set((await connection.execute(select(subscriptions.c.phone_key).where(active).distinct())).scalars())
