"""Who has agreed to get appeals for an area, in which words, and until when.

A consent must be shown later (facts/domain.md 4.1): a withdrawn one stays as a row, with the version of the wording
that was agreed to. A phone has at most one standing subscription per area. Whoever subscribes is one of the people
(`records.people`) from then on, and has refused nothing any more (`refusals`), in the same statement.
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
    """Takes and lists subscriptions. Every method is one transaction and may raise `DatabaseAway`.

    A resident waits for the answer: `deadline` in seconds is the most that it may take.
    """

    def __init__(self, database: Database, vault: Vault, clock: Clock) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock

    async def subscribe(
        self, phone: Phone, area: str, *, language: str, channel: str, wording: str, deadline: float | None = None
    ) -> bool:
        """Subscribe this phone to the appeals for `area`; whether that is new.

        Where it stands already it goes on in `language`, and what was agreed to, and when, stays as it was. A `STOP`
        of before, to whomever, is taken back.
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
        spoken = person.on_conflict_do_update(
            index_elements=["phone_key"],
            set_={"language": language, "updated_at": now},
            where=people.c.language != language,
        )
        adding: ReturningInsert[Any] = (
            insert(subscriptions)
            .values(row)
            .on_conflict_do_update(
                index_elements=["phone_key", "area"], index_where=NOT_WITHDRAWN, set_={"language": language}
            )
            .returning(INSERTED.label("new"))
            .add_cte(spoken.cte("person"), lift_statement([number["phone_key"]]).cte("lifted"))
        )
        async with self._database.begin(deadline=deadline) as connection:
            return bool((await connection.execute(adding)).scalar_one())

    async def set_language(self, connection: AsyncConnection, phone: Phone, language: str) -> None:
        """Write to this phone in `language` from now on, if it is one of the people's, in the transaction of the wish.

        Nothing else in the directory changes, so that a second time changes nothing.
        """
        key, other = self._vault.lookup(phone), {"language": language}
        person = update(people).where(people.c.phone_key == key, people.c.language != language)
        await connection.execute(person.values(**other, updated_at=self._clock.now()))
        await connection.execute(
            update(subscriptions).where(subscriptions.c.phone_key == key, NOT_WITHDRAWN).values(**other)
        )

    async def active_areas(self, phone: Phone, *, deadline: float | None = None) -> Sequence[str]:
        """The areas that this phone is subscribed to, the first one first."""
        areas = (
            select(subscriptions.c.area)
            .where(subscriptions.c.phone_key == self._vault.lookup(phone), NOT_WITHDRAWN)
            .order_by(subscriptions.c.id)
        )
        async with self._database.begin(deadline=deadline) as connection:
            return (await connection.execute(areas)).scalars().all()


async def withdraw_subscriptions(connection: AsyncConnection, phone_keys: Collection[bytes], now: datetime) -> int:
    """Withdraw every standing subscription of these phones, in the transaction of the fact; how many there were.

    First the people are held, as by everybody who writes here: no list subscribes them in between.
    """
    keys = cast(sorted(phone_keys), ARRAY(LargeBinary))
    held = select(people.c.id).where(people.c.phone_key == any_(keys)).order_by(people.c.phone_key)
    await connection.execute(held.with_for_update())
    of_keys = update(subscriptions).where(subscriptions.c.phone_key == any_(keys), NOT_WITHDRAWN)
    return (await connection.execute(of_keys.values(withdrawn_at=now))).rowcount
