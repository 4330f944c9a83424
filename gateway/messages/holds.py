"""Appeals that are held: paused or called off. From the moment that this is committed no worker claims one of theirs.

A hold is one row, whatever the number of messages that wait, so that it takes effect at once: a claim that picks one of
them makes it what the hold says. The worker of the appeals does the same for the rest of them by and by (`settle`).
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
    """For a statement: the status that a hold gives a row of `messages`; null where nothing holds it."""
    return select(holds.c.becomes).where(holds.c.appeal == messages.c.appeal).correlate(messages).scalar_subquery()


def hold_reason() -> ColumnElement[Any]:
    """For a statement: why a row of `messages` is held."""
    return select(holds.c.reason).where(holds.c.appeal == messages.c.appeal).correlate(messages).scalar_subquery()


async def set_hold(
    connection: AsyncConnection, appeal: int, becomes: MessageStatus, reason: str, now: datetime
) -> None:
    """From now on what waits of this appeal becomes `held`, or `cancelled`."""
    row = {"becomes": becomes.value, "reason": reason, "since": now}
    adding = insert(holds).values(appeal=appeal, **row).on_conflict_do_update(index_elements=["appeal"], set_=row)
    await connection.execute(adding)


async def remove_hold(connection: AsyncConnection, appeal: int) -> None:
    """Hold this appeal no more. What was held waits until `release_some` puts it into the queue again."""
    await connection.execute(delete(holds).where(holds.c.appeal == appeal))


async def apply_hold(connection: AsyncConnection, appeal: int, limit: int, now: datetime) -> int:
    """Make up to `limit` waiting messages of a held appeal what its hold says; how many that were."""
    held = (await connection.execute(select(holds).where(holds.c.appeal == appeal))).mappings().first()
    if held is None:
        return 0
    waiting = [QUEUED] if held["becomes"] == MessageStatus.HELD else [QUEUED, HELD]
    settled = 0
    for status in waiting:
        changing = {"status": held["becomes"], "reason": held["reason"], "updated_at": now}
        settled += await _change_some(connection, appeal, status, limit - settled, changing)
    return settled


async def requeue_held(connection: AsyncConnection, appeal: int, limit: int, due_at: datetime, now: datetime) -> int:
    """Queue up to `limit` held messages of an appeal again, due at that time; how many that were."""
    table = messages.c
    expires_at = literal(due_at, DateTime(timezone=True)) + (table.expires_at - table.due_at)
    changing = {
        "status": MessageStatus.QUEUED,
        "reason": "",
        "due_at": due_at,
        "expires_at": expires_at,
        "updated_at": now,
    }
    return await _change_some(connection, appeal, HELD, limit, changing)


async def _change_some(
    connection: AsyncConnection, appeal: int, status: ColumnElement[str], limit: int, values: dict[str, Any]
) -> int:
    some = select(messages.c.id).where(messages.c.appeal == appeal, messages.c.status == status).limit(limit)
    changing = update(messages).where(messages.c.id.in_(some.with_for_update(skip_locked=True)))
    return (await connection.execute(changing.values(values))).rowcount
