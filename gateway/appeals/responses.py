"""Answers to appeals: what somebody says to us soon after one belongs to it, and is counted there.

Every opt-out is a `stop`, by whichever way it came: an SMS, the USSD menu, or the carrier. Every other SMS is `other`.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.appeals.appeal import RESPONSE_WINDOW, ResponseKind
from gateway.appeals.tables import appeal_answers
from gateway.messages.message import MessageStatus
from gateway.messages.tables import messages

_LEFT = (
    MessageStatus.SENDING,
    MessageStatus.ACCEPTED,
    MessageStatus.DELIVERED,
    MessageStatus.UNDELIVERED,
    MessageStatus.UNKNOWN,
)


async def record_response(
    connection: AsyncConnection, phone_key: bytes, kind: ResponseKind, now: datetime
) -> int | None:
    """Tie an answer to the last appeal to this phone, and count it there; the appeal, None if there was none lately.

    Somebody's answers of one kind count once. That `stop` ends the appeals to somebody is the
    work of `messages/suppression.py`: here it is a number in an account.
    """
    table = messages.c
    last = (
        select(table.appeal, table.person)
        .where(
            table.phone_key == phone_key,
            table.appeal.is_not(None),
            table.status.in_([status.value for status in _LEFT]),
            table.updated_at > now - RESPONSE_WINDOW,
        )
        .order_by(table.updated_at.desc(), table.id.desc())
        .limit(1)
    )
    found = (await connection.execute(last)).first()
    if found is None:
        return None
    adding = insert(appeal_answers).values(appeal=found.appeal, person=found.person, kind=kind, at=now)
    again = adding.on_conflict_do_update(index_elements=["appeal", "person", "kind"], set_={"at": now})
    await connection.execute(again)
    appeal: int = found.appeal
    return appeal


async def record_stop(connection: AsyncConnection, phone_key: bytes, now: datetime) -> None:
    """Count that somebody wants no more of this; for who takes opt-outs (`messages.optouts.Heard`)."""
    await record_response(connection, phone_key, ResponseKind.STOP, now)
