"""Who has had the appeals of a week, and gets no more of them.

The messages know it, but a million people have three million of them. So each chunk keeps as a crowd whom a message
was queued for when it was expanded; of these only the few are looked up that came to nothing. The answer is exact.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import BigInteger, ColumnElement, any_, cast, func, or_, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.appeals.appeal import MAX_PER_WEEK, WEEK, AppealStatus
from gateway.appeals.bitmap import EMPTY, IdBitmap, in_at_least, union
from gateway.appeals.tables import appeal_chunks, appeals
from gateway.messages.message import MessageStatus
from gateway.messages.tables import NOT_SENT, messages

_ANY_ID = 2**63 - 1
_NOTHING = (MessageStatus.SUPPRESSED, MessageStatus.CANCELLED, MessageStatus.REFUSED)


async def at_weekly_cap(
    connection: AsyncConnection, until: datetime, excluding: int = 0, person_ids: Sequence[int] | None = None
) -> IdBitmap:
    """Who has, by `until`, had the appeals of a week beside the appeal `but`.

    `among` are the ids that are asked for, ascending, where those are few.
    """
    since = until - WEEK
    week = await _appeals_of(connection, since, excluding)
    if len(week) < MAX_PER_WEEK:
        return EMPTY
    first, end = (person_ids[0], person_ids[-1] + 1) if person_ids else (0, _ANY_ID)
    queued_for, earlier = await _queued_for(connection, week, since, first, end)
    for appeal, crowd in earlier.items():
        put_off = [messages.c.due_at > since, messages.c.status.not_in([status.value for status in _NOTHING])]
        within = max(first, crowd.first), min(end, crowd.end)
        for ids in (await _people(connection, [appeal], put_off, *within)).values():
            queued_for[appeal].append(IdBitmap.of(ids))
    # By its index, of which PostgreSQL thinks too little just after a large appeal: it would read all messages instead.
    await connection.execute(text("SET LOCAL enable_seqscan = off"))
    nothing = await _people(connection, week, [NOT_SENT], first, end)
    await connection.execute(text("SET LOCAL enable_seqscan = default"))
    return in_at_least(MAX_PER_WEEK, [union(queued_for[appeal]).without(nothing.get(appeal, ())) for appeal in week])


async def _appeals_of(connection: AsyncConnection, since: datetime, but: int) -> Sequence[int]:
    """Those that may have reached people since then: they go out, or did so until later."""
    table = appeals.c
    unfinished = table.status.in_([AppealStatus.RUNNING.value, AppealStatus.PAUSED.value])
    found = select(table.id).where(table.id != but, table.expanded > 0, or_(unfinished, table.updated_at > since))
    return (await connection.execute(found)).scalars().all()


async def _queued_for(
    connection: AsyncConnection, week: Sequence[int], since: datetime, first: int, end: int
) -> tuple[defaultdict[int, list[IdBitmap]], dict[int, IdBitmap]]:
    """Whom messages were queued for that were due since then, by appeal; and whom others that were due earlier.

    Of the latter some may be due since then all the same: a message's time becomes later in quiet hours, after a
    pause, at a second try. It never becomes earlier.
    """
    table = appeal_chunks.c
    chunks = select(table.appeal, table.first, table.queued_for, (table.due_at > since).label("lately")).where(
        table.appeal == any_(cast(week, ARRAY(BigInteger))),
        table.first < end,
        table.first + func.octet_length(table.queued_for) * 8 > first,
    )
    lately: defaultdict[int, list[IdBitmap]] = defaultdict(list)
    earlier: defaultdict[int, list[IdBitmap]] = defaultdict(list)
    for chunk in await connection.execute(chunks):
        (lately if chunk.lately else earlier)[chunk.appeal].append(IdBitmap(chunk.first, chunk.queued_for))
    return lately, {appeal: union(crowds) for appeal, crowds in earlier.items()}


async def _people(
    connection: AsyncConnection, week: Sequence[int], which: Sequence[ColumnElement[bool]], first: int, end: int
) -> Mapping[int, Sequence[int]]:
    """The people of some messages, by appeal; of those with an id from `first` up to `end`."""
    table = messages.c
    found = (
        select(table.appeal, func.array_agg(table.person))
        .where(table.appeal == any_(cast(week, ARRAY(BigInteger))), table.person >= first, table.person < end, *which)
        .group_by(table.appeal)
    )
    return {row[0]: row[1] for row in await connection.execute(found)}
