"""Suppression of appeals to people who have opted out.

An opt-out counts on every channel. It withdraws every older subscription, and suppresses waiting appeals at once and
later ones when a worker claims them. Withdrawing a subscription suppresses the appeals that were queued before it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, LargeBinary, any_, cast, exists, func, literal_column, text, update
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.dml import ReturningInsert

from gateway.messages.message import OPTED_OUT, MessageStatus
from gateway.messages.tables import messages
from gateway.people.opt_outs import GATEWAY_SENDER, lock_wishes
from gateway.people.subscriptions import withdraw_subscriptions
from gateway.people.tables import opt_outs, people, subscriptions
from gateway.runtime.clock import Clock
from gateway.runtime.postgres import INSERTED, Database
from gateway.text.phone import Phone
from gateway.vault.vault import Vault

OnOptOut = Callable[[AsyncConnection, bytes, datetime], Awaitable[object]]
"""Callback that counts opt-outs: called in the transaction of each, with the key of its phone and its time."""

# Written into the statement, not bound: PostgreSQL must see the words to use the partial index made for them.
_WAITING_APPEAL = text("messages.class = 'appeal' AND messages.status IN ('queued', 'held')")


class StoredOptOuts(NamedTuple):
    """Counts of opt-outs: those that were not stored before, and those that no newer consent outweighs."""

    new: int
    in_force: int


def recipient_opted_out() -> ColumnElement[bool]:
    """Build the SQL condition that a row of `messages` is an appeal whose recipient has opted out."""
    opted_out = exists().where(opt_outs.c.phone_key == messages.c.phone_key)
    withdrawn = exists().where(
        subscriptions.c.phone_key == messages.c.phone_key, subscriptions.c.withdrawn_at >= messages.c.created_at
    )
    either = opted_out.correlate(messages) | withdrawn.correlate(messages)
    return (messages.c["class"] == literal_column("'appeal'")) & either


async def add_opt_outs(
    connection: AsyncConnection, channel: str, phone_keys: Collection[bytes], sender: str, at: datetime, now: datetime
) -> StoredOptOuts:
    """Store opt-outs of these phones from `sender`, received `at`, and suppress the waiting appeals of those in force.

    Subscriptions older than `at` are withdrawn. A newer consent outweighs an opt-out, which is then noted as lifted.
    Idempotent: an upsert of each opt-out. Lock order: wishes, people, subscriptions, messages, the same as in the
    erasure of a person, which prevents deadlock.
    """
    await lock_wishes(connection, phone_keys)
    outweighed = await withdraw_subscriptions(connection, phone_keys, at)
    if outweighed:
        agreed_again = people.c.phone_key == any_(cast(sorted(outweighed), ARRAY(LargeBinary)))
        await connection.execute(
            update(people).where(agreed_again).values(opted_out_at=func.greatest(people.c.opted_out_at, at))
        )
    in_force = sorted(set(phone_keys) - outweighed)
    if not in_force:
        return StoredOptOuts(0, 0)
    rows = [{"channel": channel, "phone_key": key, "sender": sender, "at": at} for key in in_force]
    inserting = insert(opt_outs).values(rows)
    upsert: ReturningInsert[tuple[bool]] = inserting.on_conflict_do_update(
        index_elements=["phone_key", "channel", "sender"],
        set_={"at": func.greatest(opt_outs.c.at, inserting.excluded.at)},
    ).returning(INSERTED)
    added = (await connection.execute(upsert)).scalars().all().count(True)
    suppressing = (
        update(messages)
        .where(_WAITING_APPEAL, messages.c.phone_key == any_(cast(in_force, ARRAY(LargeBinary))))
        .values(status=MessageStatus.SUPPRESSED, reason=OPTED_OUT, updated_at=now)
    )
    await connection.execute(suppressing)
    return StoredOptOuts(added, len(in_force))


class OptOuts:
    """Opt-outs that residents send to the gateway itself. A later consent lifts them (`people.subscriptions`)."""

    def __init__(self, database: Database, vault: Vault, clock: Clock, on_opt_out: OnOptOut | None = None) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock
        self._on_opt_out = on_opt_out

    async def add(
        self, phone: Phone, channel: str, *, at: datetime | None = None, deadline: float | None = None
    ) -> bool:
        """Store an opt-out of this phone, withdraw its older subscriptions, and suppress its waiting appeals.

        `at` is when it was received, now if unset. Returns False if a newer consent outweighs it.
        """
        key, now = self._vault.lookup(phone), self._clock.now()
        async with self._database.begin(deadline=deadline) as connection:
            stored = await add_opt_outs(connection, channel, [key], GATEWAY_SENDER, at or now, now)
            if self._on_opt_out:
                await self._on_opt_out(connection, key, at or now)
        return stored.in_force > 0
