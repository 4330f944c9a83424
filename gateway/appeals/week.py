"""Who has had the appeals of a week, and gets no more of them.

The messages know it, but a million people have three million of them. So each chunk keeps as a crowd whom a message
was queued for when it was expanded; of these only the few are looked up that came to nothing. The answer is exact.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import BigInteger, ColumnElement, any_, cast, func, or_, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.appeals.appeal import PER_WEEK, WEEK, Status
from gateway.appeals.crowd import NOBODY, Crowd, in_at_least, union
from gateway.appeals.records import appeal_chunks, appeals
from gateway.messages.ledger import CAME_TO_NOTHING, messages
from gateway.messages.message import Status as Sent

_NOTHING = (Sent.SUPPRESSED, Sent.CANCELLED, Sent.REFUSED)


async def had_enough(
    connection: AsyncConnection, until: datetime, but: int = 0, among: Sequence[int] | None = None
) -> Crowd:
    """Who has, by `until`, had the appeals of a week beside the appeal `but`.

    `among` are the ids that are asked for, ascending, where those are few.
    """
    since = until - WEEK
    week = await _appeals_of(connection, since, but)
    if len(week) < PER_WEEK:
        return NOBODY
    between = (among[0], among[-1]) if among else None
    crowds, straddling = await _queued_for(connection, week, since, between)
    if straddling:
        late = [messages.c.due_at > since, messages.c.status.not_in([status.value for status in _NOTHING])]
        for appeal, ids in (await _people(connection, straddling, late, between)).items():
            crowds[appeal].append(Crowd.of(ids))
    nothing = await _people(connection, week, [CAME_TO_NOTHING], between)
    return in_at_least(PER_WEEK, [union(crowds[appeal]).without(nothing[appeal]) for appeal in week])


async def _appeals_of(connection: AsyncConnection, since: datetime, but: int) -> Sequence[int]:
    """Those that may have reached people since then: they go out, or did so until later."""
    table = appeals.c
    unfinished = table.status.in_([Status.RUNNING.value, Status.PAUSED.value])
    found = select(table.id).where(table.id != but, table.expanded > 0, or_(unfinished, table.updated_at > since))
    return (await connection.execute(found)).scalars().all()


async def _queued_for(
    connection: AsyncConnection, week: Sequence[int], since: datetime, between: tuple[int, int] | None
) -> tuple[defaultdict[int, list[Crowd]], list[int]]:
    """Whom messages were queued for that were due since then, and which appeals have messages that were due before.

    A message's time may only become later: in quiet hours, after a pause, at a second try.
    """
    table = appeal_chunks.c
    chunks = select(table.appeal, table.first, table.queued_for, (table.due_at > since).label("lately")).where(
        table.appeal == any_(cast(week, ARRAY(BigInteger))), table.queued_for.is_not(None)
    )
    if between:
        end = table.first + func.octet_length(table.queued_for) * 8
        chunks = chunks.where(table.first <= between[1], end > between[0])
    crowds: defaultdict[int, list[Crowd]] = defaultdict(list)
    straddling = set()
    for chunk in await connection.execute(chunks):
        if chunk.lately:
            crowds[chunk.appeal].append(Crowd(chunk.first, chunk.queued_for))
        else:
            straddling.add(chunk.appeal)
    return crowds, sorted(straddling)


async def _people(
    connection: AsyncConnection,
    week: Sequence[int],
    which: Sequence[ColumnElement[bool]],
    between: tuple[int, int] | None,
) -> defaultdict[int, list[int]]:
    """The people of some messages, by appeal."""
    table = messages.c
    found = select(table.appeal, table.person).where(table.appeal == any_(cast(week, ARRAY(BigInteger))), *which)
    if between:
        found = found.where(table.person.between(*between))
    people: defaultdict[int, list[int]] = defaultdict(list)
    for appeal, person in (await connection.execute(found)).all():
        people[appeal].append(person)
    return people
