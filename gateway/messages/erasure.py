"""Taking numbers out of messages: what has not left never will, and what is on its way ends without a number."""

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
    """Remove the number from these messages, in the transaction of the fact; how many there were.

    What may be called off is cancelled. What a worker holds stays its own: it can say how the send ended, and where
    that would be another try, the outbox cancels it instead.
    """
    table = messages.c
    # Locked first, so that the change is of what a worker that was before us has made of them.
    held = select(table.id).where(which).order_by(table.id).with_for_update()
    ids = (await connection.execute(held)).scalars().all()
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
    """Remove this number from the SMS that came from it, in the transaction of the fact; how many there were.

    When they came and what they said stays.
    """
    erasing = update(inbound_messages).where(inbound_messages.c.sender_key == sender_key)
    return (await connection.execute(erasing.values(ERASED_SENDER))).rowcount


def cancel_reminders_statement(phone_key: ColumnElement[Any], now: ColumnElement[Any]) -> Update:
    """Cancel the SMS that waits to remind this phone of an unfinished report, as part of the statement that ends it."""
    # All words are written out, so that the statement takes no parameters but these two.
    waiting = text("messages.class = 'resume' AND messages.status = 'queued'")
    cancelled: dict[str, Any] = {
        "status": literal_column("'cancelled'"),
        "reason": literal_column("'its report was filed'"),
    }
    return update(messages).where(waiting, messages.c.phone_key == phone_key).values(**cancelled, updated_at=now)
