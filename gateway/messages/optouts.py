"""Who wants no appeals: said to us or to a carrier, which calls us back, or learnt from its refusal of a send.

An opt-out counts on every channel. It stops what waits at once, and what is queued later when a worker claims it. A
subscription that was withdrawn since an appeal was queued stops that one too.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    DateTime,
    Identity,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    any_,
    cast,
    delete,
    exists,
    literal_column,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.messages.ledger import messages
from gateway.messages.message import OPTED_OUT, Status
from gateway.people.subscriptions import subscriptions
from gateway.people.vault import Vault
from gateway.runtime.clock import Clock
from gateway.runtime.postgres import Database, metadata
from gateway.text.phone import Phone

Heard = Callable[[AsyncConnection, bytes, datetime], Awaitable[object]]
"""What somebody does who counts opt-outs: in the transaction of each, with the key of the phone that said it."""

OURS = "us"  # the sender of an opt-out that was said to the gateway itself, and can be taken back there

opt_outs = Table(
    "opt_outs",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("channel", Text, nullable=False),
    Column("phone_key", LargeBinary, nullable=False),
    Column("sender", Text, nullable=False),  # empty: the carrier did not say which
    Column("at", DateTime(timezone=True), nullable=False),
    UniqueConstraint("phone_key", "channel", "sender"),
)

# Written out, so that PostgreSQL sees the words of the partial index made for it.
_WAITING_APPEAL = text("messages.class = 'appeal' AND messages.status IN ('queued', 'held')")


def is_unwanted() -> ColumnElement[bool]:
    """Whether a row of `messages` is an appeal to somebody who has opted out."""
    opted_out = exists().where(opt_outs.c.phone_key == messages.c.phone_key)
    withdrawn = exists().where(
        subscriptions.c.phone_key == messages.c.phone_key, subscriptions.c.withdrawn_at >= messages.c.created_at
    )
    wants_none = opted_out.correlate(messages) | withdrawn.correlate(messages)
    return (messages.c["class"] == literal_column("'appeal'")) & wants_none


async def add_opt_outs(
    connection: AsyncConnection, channel: str, phone_keys: Collection[bytes], sender: str, now: datetime
) -> int:
    """Note that these phones want nothing more from `sender`, and suppress the appeals that wait for them.

    Answers how many opt-outs were new.
    """
    rows = [{"channel": channel, "phone_key": key, "sender": sender, "at": now} for key in sorted(set(phone_keys))]
    adding = insert(opt_outs).values(rows).on_conflict_do_nothing().returning(opt_outs.c.id)
    added = len((await connection.execute(adding)).all())
    keys = cast([row["phone_key"] for row in rows], ARRAY(LargeBinary))
    suppressing = (
        update(messages)
        .where(_WAITING_APPEAL, messages.c.phone_key == any_(keys))
        .values(status=Status.SUPPRESSED, reason=OPTED_OUT, updated_at=now)
    )
    await connection.execute(suppressing)
    return added


class OptOuts:
    """What residents say to the gateway itself. Each is one transaction and may raise `DatabaseAway`."""

    def __init__(self, database: Database, vault: Vault, clock: Clock, heard: Heard | None = None) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock
        self._heard = heard

    async def add(self, phone: Phone, channel: str, *, deadline: float | None = None) -> None:
        """This phone wants no appeals; those that wait for it are suppressed."""
        key, now = self._vault.lookup(phone), self._clock.now()
        async with self._database.begin(deadline=deadline) as connection:
            await add_opt_outs(connection, channel, [key], OURS, now)
            if self._heard:
                await self._heard(connection, key, now)

    async def lift(self, phone: Phone, *, deadline: float | None = None) -> None:
        """It wants them again. What it said to a carrier stands: only there can it be taken back."""
        said_here = (opt_outs.c.phone_key == self._vault.lookup(phone)) & (opt_outs.c.sender == OURS)
        async with self._database.begin(deadline=deadline) as connection:
            await connection.execute(delete(opt_outs).where(said_here))
