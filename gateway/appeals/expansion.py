"""How a chunk of a frozen audience becomes messages: one transaction, which marks the chunk as done.

One statement makes them, inside PostgreSQL: the sealed numbers are copied, and no number passes through here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    DateTime,
    Integer,
    Text,
    any_,
    case,
    cast,
    func,
    literal,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as insert_or_ignore
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.dml import ReturningInsert

from gateway.appeals.appeal import REASON_TEXT, Appeal, SuppressionReason
from gateway.appeals.audience_sql import AudienceQuery
from gateway.appeals.bitmap import IdBitmap
from gateway.appeals.tables import appeal_chunks, appeals
from gateway.appeals.texts import Rendering
from gateway.appeals.weekly_cap import at_weekly_cap
from gateway.messages.message import CLASSES, MessageClass, MessageStatus
from gateway.messages.tables import messages
from gateway.people.tables import people

_LOCK = 0x48494D42
"""The advisory lock of an expansion: any number that nothing else uses."""
_RULES = CLASSES[MessageClass.APPEAL]


@dataclass(frozen=True, slots=True)
class Expansion:
    """What is needed to make the messages of an appeal. When it was called `off`, none of them is to be sent."""

    appeal: Appeal
    query: AudienceQuery
    texts: Sequence[Rendering]
    due_at: datetime
    cancelled: bool = False


async def try_expansion_lock(connection: AsyncConnection) -> bool:
    """Whether this transaction may expand. One at a time may: two would both see the same week of a person."""
    return bool((await connection.execute(select(func.pg_try_advisory_xact_lock(_LOCK)))).scalar_one())


async def expand_next_chunk(connection: AsyncConnection, expansion: Expansion, now: datetime) -> int:
    """Make the messages of the next chunk; how many people there are in it, 0 when none is left.

    The caller holds the row of the appeal, and has taken its turn unless that was called off.
    """
    table = appeal_chunks.c
    left = (
        select(table.number, table.people)
        .where(table.appeal == expansion.appeal.id, table.expanded_at.is_(None))
        .order_by(table.number)
        .limit(1)
        .with_for_update()
    )
    chunk = (await connection.execute(left)).first()
    if chunk is None:
        return 0
    queued_for = await _add(connection, expansion, chunk.people, now)
    done = {
        "expanded_at": now,
        "first": queued_for.first,
        "queued_for": queued_for.bits,
        "due_at": expansion.due_at,
    }
    this = table.appeal == expansion.appeal.id, table.number == chunk.number
    await connection.execute(update(appeal_chunks).where(*this).values(done))
    more = {"expanded": appeals.c.expanded + len(chunk.people), "updated_at": now}
    await connection.execute(update(appeals).where(appeals.c.id == expansion.appeal.id).values(more))
    return len(chunk.people)


async def _add(connection: AsyncConnection, expansion: Expansion, ids: Sequence[int], now: datetime) -> IdBitmap:
    """Make one message for each of these people: queued, or suppressed with the reason. Whom one was queued for."""
    if expansion.cancelled:
        verdict: Any = literal(REASON_TEXT[SuppressionReason.CALLED_OFF], Text)
    else:
        tired = await at_weekly_cap(connection, expansion.due_at, expansion.appeal.id, ids)
        verdict = expansion.query.suppression_reason(tired, frozen=True)
    added = _adding(expansion, ids, verdict, now).cte("added")
    queued = select(func.array_agg(added.c.person)).where(added.c.status == MessageStatus.QUEUED)
    return IdBitmap.of((await connection.execute(queued)).scalar() or ())


def _adding(
    expansion: Expansion, ids: Sequence[int], verdict: ColumnElement[Any], now: datetime
) -> ReturningInsert[tuple[int, str]]:
    """The statement that makes the messages, by what `verdict` says of each; it gives their people and statuses."""
    reach = expansion.query
    listed = func.unnest(cast(ids, ARRAY(BigInteger))).table_valued("id").render_derived("listed")
    somebody = (
        select(
            people.c.id,
            people.c.phone_sealed,
            people.c.phone_key,
            reach.language().label("language"),
            reach.area().label("area"),
            verdict.label("verdict"),
        )
        .select_from(listed.join(people, people.c.id == listed.c.id))
        .cte("somebody")
        .prefix_with("MATERIALIZED", dialect="postgresql")
    )
    said, known = _said(expansion.texts)
    area = case((somebody.c.area == any_(known), somebody.c.area), else_="")
    row = {
        **_same(expansion, now),
        "status": case(
            (somebody.c.verdict.is_(None), MessageStatus.QUEUED.value), else_=MessageStatus.SUPPRESSED.value
        ),
        "reason": func.coalesce(somebody.c.verdict, ""),
        "phone_sealed": somebody.c.phone_sealed,
        "phone_key": somebody.c.phone_key,
        "language": somebody.c.language,
        "text": func.coalesce(said.c.text, ""),
        "encoding": func.coalesce(said.c.encoding, ""),
        "parts": func.coalesce(said.c.parts, 0),
        "person": somebody.c.id,
        "area": somebody.c.area,
    }
    joined = somebody.outerjoin(said, (said.c.language == somebody.c.language) & (said.c.area == area))
    rows = select(*row.values()).select_from(joined)
    adding = insert_or_ignore(messages).from_select(list(row), rows).on_conflict_do_nothing()
    return adding.returning(messages.c.person, messages.c.status)


def _same(expansion: Expansion, now: datetime) -> dict[str, Any]:
    """The columns that are the same for everybody."""
    at = DateTime(timezone=True)
    return {
        "class": literal(MessageClass.APPEAL.value, Text),
        "channel": literal(expansion.appeal.draft.channel, Text),
        "priority": literal(_RULES.priority, Integer),
        "due_at": literal(expansion.due_at, at),
        "expires_at": literal(expansion.due_at + _RULES.expiry, at),
        "attempts": literal(0, Integer),
        "unknowns": literal(0, Integer),
        "created_at": literal(now, at),
        "updated_at": literal(now, at),
        "appeal": literal(expansion.appeal.id, BigInteger),
    }


def _said(texts: Sequence[Rendering]) -> tuple[Any, Any]:
    """The texts as a table, and the areas that have one of their own."""
    table = (
        func.unnest(
            cast([one.language for one in texts], ARRAY(Text)),
            cast([one.area for one in texts], ARRAY(Text)),
            cast([one.text for one in texts], ARRAY(Text)),
            cast([one.encoding for one in texts], ARRAY(Text)),
            cast([one.parts for one in texts], ARRAY(Integer)),
        )
        .table_valued("language", "area", "text", "encoding", "parts")
        .render_derived("said")
    )
    return table, cast(sorted({one.area for one in texts}), ARRAY(Text))
