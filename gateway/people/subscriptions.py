"""Subscriptions: the consent of a phone to the appeals for an area, its wording, and its withdrawal.

A consent must be proven later (facts/domain.md 4.1): a withdrawn one stays as a row, with the version of the wording
that was agreed to. A phone has at most one active subscription per area. The statement that subscribes a phone also
adds it to the directory (`tables.people`) and lifts its opt-outs (`opt_outs`).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ARRAY,
    LargeBinary,
    any_,
    cast,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.dml import ReturningInsert

from gateway.people.opt_outs import lift_statement
from gateway.people.tables import NOT_WITHDRAWN, people, subscriptions
from gateway.runtime.clock import Clock
from gateway.runtime.postgres import INSERTED, Database
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
        self, phone: Phone, area: str, *, language: str, channel: str, wording: str, deadline: float | None = None
    ) -> bool:
        """Subscribe this phone to the appeals for `area`, and lift its opt-outs. Returns True if that is new.

        An active subscription continues in `language`. Its consent, and the time of it, stay as they were.
        """
        now = self._clock.now()
        number = {"phone_sealed": self._vault.seal(phone), "phone_key": self._vault.lookup(phone)}
        row = {
            **number,
            "area": area,
            "language": language,
            "channel": channel,
            "wording": wording,
            "consented_at": now,
        }
        person = insert(people).values(
            **number, name="", language=language, source=channel, added_at=now, updated_at=now
        )
        upsert_person = person.on_conflict_do_update(
            index_elements=["phone_key"],
            set_={"language": language, "updated_at": now},
            where=people.c.language != language,
        )
        upsert: ReturningInsert[Any] = (
            insert(subscriptions)
            .values(row)
            .on_conflict_do_update(
                index_elements=["phone_key", "area"], index_where=NOT_WITHDRAWN, set_={"language": language}
            )
            .returning(INSERTED.label("new"))
            .add_cte(upsert_person.cte("person"), lift_statement([number["phone_key"]]).cte("lifted"))
        )
        async with self._database.begin(deadline=deadline) as connection:
            return bool((await connection.execute(upsert)).scalar_one())

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


async def withdraw_subscriptions(connection: AsyncConnection, phone_keys: Collection[bytes], now: datetime) -> int:
    """Withdraw every active subscription of these phones, in the caller's transaction. Returns how many there were.

    Lock order, as of every writer: the people first. So no import subscribes them in between.
    """
    keys = cast(sorted(phone_keys), ARRAY(LargeBinary))
    lock = select(people.c.id).where(people.c.phone_key == any_(keys)).order_by(people.c.phone_key)
    await connection.execute(lock.with_for_update())
    of_keys = update(subscriptions).where(subscriptions.c.phone_key == any_(keys), NOT_WITHDRAWN)
    return (await connection.execute(of_keys.values(withdrawn_at=now))).rowcount
