"""Responses to appeals: an inbound SMS or an opt-out soon after an appeal is counted as a response to it.

Every opt-out is a `stop`, whether it came by SMS, by the USSD menu or from the carrier. Every other SMS is `other`.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.appeals.appeal import MAYBE_SENT, RESPONSE_WINDOW, ResponseKind
from gateway.appeals.tables import appeal_answers
from gateway.messages.message import MessageStatus
from gateway.messages.tables import messages

_SENT = sorted(MAYBE_SENT | {MessageStatus.SENDING})


async def record_response(
    connection: AsyncConnection, phone_key: bytes, kind: ResponseKind, now: datetime
) -> int | None:
    """Count a response to the last appeal that was sent to this phone. Returns the appeal, None if none was recent.

    Responses of one kind count once per person. That `stop` ends the appeals to a person is the work of
    `messages/suppression.py`: here it is only counted.
    """
    table = messages.c
    last_message = (
        select(table.appeal, table.person)
        .where(
            table.phone_key == phone_key,
            table.appeal.is_not(None),
            table.status.in_([status.value for status in _SENT]),
            table.updated_at > now - RESPONSE_WINDOW,
        )
        .order_by(table.updated_at.desc(), table.id.desc())
        .limit(1)
    )
    message = (await connection.execute(last_message)).first()
    if message is None:
        return None
    response = insert(appeal_answers).values(appeal=message.appeal, person=message.person, kind=kind, at=now)
    upsert = response.on_conflict_do_update(index_elements=["appeal", "person", "kind"], set_={"at": now})
    await connection.execute(upsert)
    appeal: int = message.appeal
    return appeal


async def record_stop(connection: AsyncConnection, phone_key: bytes, now: datetime) -> None:
    """Count a `stop`, as the callback of an opt-out (`messages.suppression`)."""
    await record_response(connection, phone_key, ResponseKind.STOP, now)
