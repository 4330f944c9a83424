"""Appeal holds: rows that hold back all queued messages of a paused or cancelled appeal.

A hold is one row, whatever the number of messages, so that it takes effect with its commit. A claim gives a message of
a held appeal the status of the hold instead of sending it. The worker of the appeals does the same for the other
messages in the background (`apply_hold`).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, DateTime, delete, literal, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.messages.message import MessageStatus
from gateway.messages.tables import HELD, QUEUED, holds, messages


def hold_status() -> ColumnElement[Any]:
    """Build the SQL expression of the status that a hold gives a row of `messages`. NULL without a hold."""
    return select(holds.c.becomes).where(holds.c.appeal == messages.c.appeal).correlate(messages).scalar_subquery()


def hold_reason() -> ColumnElement[Any]:
    """Build the SQL expression of the reason that a hold gives a row of `messages`. NULL without a hold."""
    return select(holds.c.reason).where(holds.c.appeal == messages.c.appeal).correlate(messages).scalar_subquery()


async def set_hold(
    connection: AsyncConnection, appeal: int, becomes: MessageStatus, reason: str, now: datetime
) -> None:
    """Hold the queued messages of this appeal: they become `becomes`, which is held or cancelled. An upsert."""
    row = {"becomes": becomes.value, "reason": reason, "since": now}
    adding = insert(holds).values(appeal=appeal, **row).on_conflict_do_update(index_elements=["appeal"], set_=row)
    await connection.execute(adding)


async def remove_hold(connection: AsyncConnection, appeal: int) -> None:
    """Remove the hold of this appeal. Its held messages stay held until `requeue_held` queues them."""
    await connection.execute(delete(holds).where(holds.c.appeal == appeal))


async def apply_hold(connection: AsyncConnection, appeal: int, limit: int, now: datetime) -> int:
    """Give up to `limit` waiting messages of a held appeal the status of its hold. Returns their number."""
    found = (await connection.execute(select(holds).where(holds.c.appeal == appeal))).mappings().first()
    if found is None:
        return 0
    values = {"status": found["becomes"], "reason": found["reason"], "updated_at": now}
    waiting = [QUEUED] if found["becomes"] == MessageStatus.HELD else [QUEUED, HELD]
    changed = 0
    for status in waiting:
        changed += await _change_some(connection, appeal, status, limit - changed, values)
    return changed


async def requeue_held(connection: AsyncConnection, appeal: int, limit: int, due_at: datetime, now: datetime) -> int:
    """Queue up to `limit` held messages of an appeal again, due at `due_at`. Returns their number."""
    table = messages.c
    expires_at = literal(due_at, DateTime(timezone=True)) + (table.expires_at - table.due_at)
    values = {
        "status": MessageStatus.QUEUED,
        "reason": "",
        "due_at": due_at,
        "expires_at": expires_at,
        "updated_at": now,
    }
    return await _change_some(connection, appeal, HELD, limit, values)


async def _change_some(
    connection: AsyncConnection, appeal: int, status: ColumnElement[str], limit: int, values: dict[str, Any]
) -> int:
    some = select(messages.c.id).where(messages.c.appeal == appeal, messages.c.status == status).limit(limit)
    # Rows that another transaction has locked are left to the next pass.
    change = update(messages).where(messages.c.id.in_(some.with_for_update(skip_locked=True)))
    return (await connection.execute(change.values(values))).rowcount
