"""Answers to appeals: an SMS that comes soon after one belongs to it, and is counted there."""

from __future__ import annotations

import re
from datetime import datetime

from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.appeals.appeal import ANSWERS_WITHIN, SAID, Reason
from gateway.appeals.reach import STOP
from gateway.appeals.records import appeal_answers
from gateway.messages.ledger import messages
from gateway.messages.message import Status

_KIND = re.compile(r"[a-z][a-z0-9_]{0,31}")
_LEFT = (Status.SENDING, Status.ACCEPTED, Status.DELIVERED, Status.UNDELIVERED, Status.UNKNOWN)
# Written out, so that PostgreSQL sees the words of the partial index made for them.
_WAITING = text("messages.class = 'appeal' AND messages.status IN ('queued', 'held')")


async def note_answer(connection: AsyncConnection, phone_key: bytes, kind: str, now: datetime) -> int | None:
    """Tie an answer to the last appeal to this phone, and count it there; the appeal, None if there was none lately.

    Somebody's answers of one kind count once. After `stop` nothing that waits for the phone is sent, and nothing is
    queued for it until it has subscribed again.
    """
    if not _KIND.fullmatch(kind):
        raise ValueError("the kind of an answer is a short word")
    table = messages.c
    last = (
        select(table.appeal, table.person)
        .where(
            table.phone_key == phone_key,
            table.appeal.is_not(None),
            table.status.in_([status.value for status in _LEFT]),
            table.updated_at > now - ANSWERS_WITHIN,
        )
        .order_by(table.updated_at.desc(), table.id.desc())
        .limit(1)
    )
    found = (await connection.execute(last)).first()
    if kind == STOP:
        unwanted = {"status": Status.SUPPRESSED, "reason": SAID[Reason.OPTED_OUT], "updated_at": now}
        await connection.execute(update(messages).where(_WAITING, table.phone_key == phone_key).values(unwanted))
    if found is None:
        return None
    adding = insert(appeal_answers).values(appeal=found.appeal, person=found.person, kind=kind, at=now)
    again = adding.on_conflict_do_update(index_elements=["appeal", "person", "kind"], set_={"at": now})
    await connection.execute(again)
    appeal: int = found.appeal
    return appeal
