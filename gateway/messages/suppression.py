"""What becomes of the appeals to who wants none (`people.refusals`).

An opt-out counts on every channel. It ends every subscription, stops what waits at once, and what is queued later when
a worker claims it. A subscription that was withdrawn since an appeal was queued stops that one too.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from datetime import datetime

from sqlalchemy import ColumnElement, LargeBinary, any_, cast, exists, literal_column, text, update
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.dml import ReturningInsert

from gateway.messages.message import OPTED_OUT, MessageStatus
from gateway.messages.tables import messages
from gateway.people.opt_outs import GATEWAY_SENDER
from gateway.people.subscriptions import withdraw_subscriptions
from gateway.people.tables import opt_outs, subscriptions
from gateway.runtime.clock import Clock
from gateway.runtime.postgres import INSERTED, Database
from gateway.text.phone import Phone
from gateway.vault.vault import Vault

OnOptOut = Callable[[AsyncConnection, bytes, datetime], Awaitable[object]]
"""What somebody does who counts opt-outs: in the transaction of each, with the key of the phone that said it."""

# Written out, so that PostgreSQL sees the words of the partial index made for it.
_WAITING_APPEAL = text("messages.class = 'appeal' AND messages.status IN ('queued', 'held')")


def recipient_opted_out() -> ColumnElement[bool]:
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
    """Note that these phones want nothing more from `sender`, end what they subscribed to, and suppress what waits.

    Answers how many opt-outs were new. Messages are held last: so does who erases a person.
    """
    await withdraw_subscriptions(connection, phone_keys, now)
    rows = [{"channel": channel, "phone_key": key, "sender": sender, "at": now} for key in sorted(set(phone_keys))]
    adding = insert(opt_outs).values(rows)
    newest: ReturningInsert[tuple[bool]] = adding.on_conflict_do_update(
        index_elements=["phone_key", "channel", "sender"], set_={"at": adding.excluded.at}
    ).returning(INSERTED)
    added = (await connection.execute(newest)).scalars().all().count(True)
    keys = cast([row["phone_key"] for row in rows], ARRAY(LargeBinary))
    suppressing = (
        update(messages)
        .where(_WAITING_APPEAL, messages.c.phone_key == any_(keys))
        .values(status=MessageStatus.SUPPRESSED, reason=OPTED_OUT, updated_at=now)
    )
    await connection.execute(suppressing)
    return added


class OptOuts:
    """What residents say to the gateway itself. Who subscribes again takes it back (`people.subscriptions`)."""

    def __init__(self, database: Database, vault: Vault, clock: Clock, on_opt_out: OnOptOut | None = None) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock
        self._on_opt_out = on_opt_out

    async def add(self, phone: Phone, channel: str, *, deadline: float | None = None) -> None:
        """This phone wants no appeals: it subscribes to none, and those that wait for it are suppressed."""
        key, now = self._vault.lookup(phone), self._clock.now()
        async with self._database.begin(deadline=deadline) as connection:
            await add_opt_outs(connection, channel, [key], GATEWAY_SENDER, now)
            if self._on_opt_out:
                await self._on_opt_out(connection, key, now)
