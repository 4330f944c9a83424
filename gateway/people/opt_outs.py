"""Opt-outs of appeals: said to the gateway, reported by a carrier, or learnt from the carrier's refusal of a send.

An opt-out knows a phone by its keyed hash alone, and outlives the person in the directory. The newest wish counts, by
the time at which it was received: a consent lifts the opt-outs older than itself, and an opt-out withdraws the consents
older than itself, in whichever order they are handled. Of two wishes of the same moment the opt-out counts.

The carrier may refuse a phone all the same. Its refusal of the next send, such as the answer to `REG` by SMS, makes an
opt-out again.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Delete,
    cast,
    delete,
    func,
    select,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.people.tables import opt_outs, people

GATEWAY_SENDER = "us"  # the sender of an opt-out that was said to the gateway itself
_LOCK_NAMESPACE = 0x5749534800
"""Key of the first of 256 advisory locks: any number that nothing else uses."""


async def lock_wishes(connection: AsyncConnection, phone_keys: Collection[bytes]) -> None:
    """Take the advisory locks of these phones until the transaction ends, so that their wishes come one by one.

    A stranger has no row to lock. Lock order: these before any row, and sorted, which prevents deadlock. Phones share
    locks, so that a large batch does not fill the lock table of the server.
    """
    locks = sorted({_LOCK_NAMESPACE + key[0] for key in phone_keys})
    await connection.execute(select(func.pg_advisory_xact_lock(func.unnest(cast(locks, ARRAY(BigInteger))))))


async def newest_opt_out(connection: AsyncConnection, phone_key: bytes) -> datetime | None:
    """Return the time of the newest opt-out of this phone, in force or lifted."""
    in_force = select(func.max(opt_outs.c.at)).where(opt_outs.c.phone_key == phone_key).scalar_subquery()
    lifted = select(people.c.opted_out_at).where(people.c.phone_key == phone_key).scalar_subquery()
    newest: datetime | None = (await connection.execute(select(func.greatest(in_force, lifted)))).scalar_one()
    return newest


def lift_statement(phone_key: bytes, consented_at: datetime) -> Delete:
    """Build the DELETE of every opt-out of this phone that is older than its consent, for the transaction of that.

    The caller keeps the time of the newest one in `people.opted_out_at`.
    """
    return delete(opt_outs).where(opt_outs.c.phone_key == phone_key, opt_outs.c.at < consented_at)
