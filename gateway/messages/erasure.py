"""Erasure of phone numbers from messages and inbound SMS. Waiting messages of an erased number are cancelled."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Update,
    and_,
    any_,
    case,
    cast,
    literal_column,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.messages.inbox import ERASED_SENDER
from gateway.messages.message import ERASED, MessageClass, MessageStatus, may_cancel
from gateway.messages.tables import inbound_messages, messages
from gateway.vault.columns import ERASED_PHONE


async def erase_numbers(connection: AsyncConnection, which: ColumnElement[bool], now: datetime) -> int:
    """Erase the number of these messages, within the caller's transaction. Returns the number of messages.

    Messages that may be cancelled are. A claimed one stays claimed: its worker records the outcome, and if that is
    another attempt, the next claim cancels the message instead.
    """
    table = messages.c
    # Row locks first, so that the update sees what a worker before us has recorded. Sorted: that is the lock order.
    lock = select(table.id).where(which).order_by(table.id).with_for_update()
    ids = (await connection.execute(lock)).scalars().all()
    if not ids:
        return 0
    waiting = or_(*(and_(table["class"] == kind, table.status.in_(_cancellable(kind))) for kind in MessageClass))
    erasing = (
        update(messages)
        .where(table.id == any_(cast(ids, ARRAY(BigInteger))))
        .values(
            **ERASED_PHONE,
            status=case((waiting, MessageStatus.CANCELLED.value), else_=table.status),
            reason=case((waiting, ERASED), else_=table.reason),
            updated_at=now,
        )
    )
    return (await connection.execute(erasing)).rowcount


def _cancellable(kind: MessageClass) -> list[MessageStatus]:
    return [status for status in MessageStatus if may_cancel(kind, status)]


async def erase_senders(connection: AsyncConnection, sender_key: bytes) -> int:
    """Erase this number from the SMS that came from it, within the caller's transaction. Returns their number.

    The time and the text of each SMS stay.
    """
    erasing = update(inbound_messages).where(inbound_messages.c.sender_key == sender_key)
    return (await connection.execute(erasing.values(ERASED_SENDER))).rowcount


def cancel_reminders_statement(phone_key: ColumnElement[Any], now: ColumnElement[Any]) -> Update:
    """Build the statement that cancels the waiting reminder of an unfinished report to this phone."""
    # All words are written into the statement: it is part of a precompiled one that binds only its own values.
    waiting = text("messages.class = 'resume' AND messages.status = 'queued'")
    cancelled: dict[str, Any] = {
        "status": literal_column("'cancelled'"),
        "reason": literal_column("'its report was filed'"),
    }
    return update(messages).where(waiting, messages.c.phone_key == phone_key).values(**cancelled, updated_at=now)
