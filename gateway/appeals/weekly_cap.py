"""Frequency cap: people who already got the most appeals that are allowed in seven days.

Counting `messages` would be exact but slow: a million people have three million rows. So each chunk keeps a bitmap of
the people it queued a message for. Only the few whose message was not sent are looked up in `messages`. The result is
exact.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, any_, cast, func, or_, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.appeals.appeal import WEEK, AppealStatus
from gateway.appeals.bitmap import EMPTY, IdBitmap, in_at_least, union
from gateway.appeals.tables import appeal_chunks, appeals
from gateway.messages.message import MessageStatus
from gateway.messages.tables import NOT_SENT, messages

_UNSENT = (MessageStatus.SUPPRESSED, MessageStatus.CANCELLED, MessageStatus.REFUSED)


@dataclass(frozen=True, slots=True)
class _IdRange:
    """Person ids from `first` up to, and without, `end`."""

    first: int = 0
    end: int = 2**63 - 1


async def at_weekly_cap(
    connection: AsyncConnection,
    limit: int | None,
    until: datetime,
    excluding: int = 0,
    person_ids: Sequence[int] | None = None,
) -> IdBitmap:
    """Return the people who have got `limit` appeals by `until`, not counting the appeal `excluding`.

    `person_ids`, ascending, restricts the search to the range of these ids, which is fast where they are few. Nobody is
    at the cap if `limit` is None.
    """
    if limit is None:
        return EMPTY
    since = until - WEEK
    recent = await _recent_appeals(connection, since, excluding)
    if len(recent) < limit:
        return EMPTY
    ids = _IdRange(person_ids[0], person_ids[-1] + 1) if person_ids else _IdRange()
    queued_for, earlier = await _queued_bitmaps(connection, recent, since, ids)
    for appeal, bitmap in earlier.items():
        postponed = [messages.c.due_at > since, messages.c.status.not_in([status.value for status in _UNSENT])]
        within = _IdRange(max(ids.first, bitmap.first), min(ids.end, bitmap.end))
        for people in (await _people_of_messages(connection, [appeal], postponed, within)).values():
            queued_for[appeal].append(IdBitmap.of(people))
    # Just after a large appeal PostgreSQL's statistics are old: it would scan all messages instead of using the index.
    await connection.execute(text("SET LOCAL enable_seqscan = off"))
    not_sent = await _people_of_messages(connection, recent, [NOT_SENT], ids)
    await connection.execute(text("SET LOCAL enable_seqscan = default"))
    bitmaps = [union(queued_for[appeal]).without(not_sent.get(appeal, ())) for appeal in recent]
    return in_at_least(limit, bitmaps)


async def _recent_appeals(connection: AsyncConnection, since: datetime, excluding: int) -> Sequence[int]:
    """Return the appeals that may have reached people since then: unfinished, or updated later."""
    table = appeals.c
    unfinished = table.status.in_([AppealStatus.RUNNING.value, AppealStatus.PAUSED.value])
    recent = select(table.id).where(
        table.id != excluding, table.expanded > 0, or_(unfinished, table.updated_at > since)
    )
    return (await connection.execute(recent)).scalars().all()


async def _queued_bitmaps(
    connection: AsyncConnection, recent: Sequence[int], since: datetime, ids: _IdRange
) -> tuple[defaultdict[int, list[IdBitmap]], dict[int, IdBitmap]]:
    """Return the people whose messages were due since then, and those whose messages were due earlier, by appeal.

    Some of the latter may be due since then all the same: quiet hours, a pause or a retry postpone a message. Nothing
    makes it earlier.
    """
    queued_for: defaultdict[int, list[IdBitmap]] = defaultdict(list)
    earlier: defaultdict[int, list[IdBitmap]] = defaultdict(list)
    for chunk in await connection.execute(weekly_cap_statement(recent, since, ids.first, ids.end)):
        by_appeal = queued_for if chunk.is_recent else earlier
        by_appeal[chunk.appeal].append(IdBitmap(chunk.first, chunk.queued_for))
    return queued_for, {appeal: union(bitmaps) for appeal, bitmaps in earlier.items()}


def weekly_cap_statement(recent: Sequence[int], since: datetime, first: int, end: int) -> Select[Any]:
    """Build the SELECT of the chunk bitmaps of these appeals that have ids from `first` up to `end`.

    `is_recent` tells the chunks whose messages were due since then.
    """
    table = appeal_chunks.c
    return select(table.appeal, table.first, table.queued_for, (table.due_at > since).label("is_recent")).where(
        table.appeal == any_(cast(recent, ARRAY(BigInteger))),
        table.first < end,
        table.first + func.octet_length(table.queued_for) * 8 > first,  # eight people to a byte
    )


async def _people_of_messages(
    connection: AsyncConnection, recent: Sequence[int], conditions: Sequence[ColumnElement[bool]], ids: _IdRange
) -> Mapping[int, Sequence[int]]:
    """Return the people whose messages meet `conditions`, by appeal."""
    table = messages.c
    found = (
        select(table.appeal, func.array_agg(table.person))
        .where(
            table.appeal == any_(cast(recent, ARRAY(BigInteger))),
            table.person >= ids.first,
            table.person < ids.end,
            *conditions,
        )
        .group_by(table.appeal)
    )
    return {row[0]: row[1] for row in await connection.execute(found)}
