"""Expansion of an appeal: turn a chunk of the frozen audience into messages, in one transaction that marks the chunk.

One statement makes the messages inside PostgreSQL: it copies the sealed numbers, so no number passes through here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    DateTime,
    Integer,
    TableValuedAlias,
    Text,
    Time,
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
from gateway.appeals.terms import Terms
from gateway.appeals.texts import Rendering
from gateway.appeals.weekly_cap import at_weekly_cap
from gateway.messages.message import CLASSES, MessageClass, MessageStatus
from gateway.messages.tables import messages
from gateway.people.tables import people

_LOCK = 0x48494D42
"""Key of the advisory lock of expansions: any number that nothing else uses."""
_RULES = CLASSES[MessageClass.APPEAL]
_TIME = DateTime(timezone=True)


@dataclass(frozen=True, slots=True)
class Expansion:
    """Input of an expansion. If the appeal was `cancelled`, every message is made suppressed."""

    appeal: Appeal
    query: AudienceQuery
    texts: Sequence[Rendering]
    due_at: datetime
    terms: Terms
    cancelled: bool = False


async def try_expansion_lock(connection: AsyncConnection) -> bool:
    """Take the advisory lock of expansions until the transaction ends. Returns False if another one has it.

    Two expansions at once could both miss the other one's messages and break the frequency cap.
    """
    return bool((await connection.execute(select(func.pg_try_advisory_xact_lock(_LOCK)))).scalar_one())


async def expand_next_chunk(connection: AsyncConnection, expansion: Expansion, now: datetime) -> int:
    """Make the messages of the next chunk. Returns the number of people in it, 0 if none is left.

    The caller has locked the row of the appeal, and has the expansion lock unless the appeal was cancelled.
    """
    table = appeal_chunks.c
    remaining = (
        select(table.number, table.people)
        .where(table.appeal == expansion.appeal.id, table.expanded_at.is_(None))
        .order_by(table.number)
        .limit(1)
        .with_for_update()
    )
    chunk = (await connection.execute(remaining)).first()
    if chunk is None:
        return 0
    queued_for = await _insert_messages(connection, expansion, chunk.people, now)
    expanded = {
        "expanded_at": now,
        "first": queued_for.first,
        "queued_for": queued_for.bits,
        "due_at": expansion.due_at,
    }
    is_chunk = table.appeal == expansion.appeal.id, table.number == chunk.number
    await connection.execute(update(appeal_chunks).where(*is_chunk).values(expanded))
    progress = {"expanded": appeals.c.expanded + len(chunk.people), "updated_at": now}
    await connection.execute(update(appeals).where(appeals.c.id == expansion.appeal.id).values(progress))
    return len(chunk.people)


async def _insert_messages(
    connection: AsyncConnection, expansion: Expansion, person_ids: Sequence[int], now: datetime
) -> IdBitmap:
    """Insert one message for each person, queued or suppressed. Returns the people whose message is queued."""
    if expansion.cancelled:
        reason: ColumnElement[Any] = literal(REASON_TEXT[SuppressionReason.CALLED_OFF], Text)
    else:
        capped = await at_weekly_cap(
            connection, expansion.terms.per_week, expansion.due_at, expansion.appeal.id, person_ids
        )
        reason = expansion.query.suppression_reason(capped, frozen=True)
    inserted = expand_statement(expansion, person_ids, reason, now).cte("inserted")
    queued = select(func.array_agg(inserted.c.person)).where(inserted.c.status == MessageStatus.QUEUED)
    return IdBitmap.of((await connection.execute(queued)).scalar() or ())


def expand_statement(
    expansion: Expansion, person_ids: Sequence[int], suppression_reason: ColumnElement[Any], now: datetime
) -> ReturningInsert[tuple[int, str]]:
    """Build the INSERT that makes one message for each person. It returns their ids and message statuses.

    A person with a `suppression_reason` gets a suppressed message, all others a queued one. The statement is
    idempotent: a person who has a message of this appeal already is skipped.
    """
    recipients = _recipients(expansion.query, person_ids, suppression_reason)
    texts = _texts_table(expansion.texts)
    areas_with_text = cast(sorted({rendering.area for rendering in expansion.texts}), ARRAY(Text))
    # The text of the person's area if it has one of its own, otherwise that of every area (`""`).
    text_area = case((recipients.c.area == any_(areas_with_text), recipients.c.area), else_="")
    has_text = (texts.c.language == recipients.c.language) & (texts.c.area == text_area)
    row = {
        **_shared_columns(expansion, now),
        "status": case(
            (recipients.c.suppression_reason.is_(None), MessageStatus.QUEUED.value),
            else_=MessageStatus.SUPPRESSED.value,
        ),
        "reason": func.coalesce(recipients.c.suppression_reason, ""),
        "phone_sealed": recipients.c.phone_sealed,
        "phone_key": recipients.c.phone_key,
        "language": recipients.c.language,
        # An outer join: a person without a text gets a suppressed message, which needs an empty one.
        "text": func.coalesce(texts.c.text, ""),
        "encoding": func.coalesce(texts.c.encoding, ""),
        "parts": func.coalesce(texts.c.parts, 0),
        "person": recipients.c.id,
        "area": recipients.c.area,
    }
    rows = select(*(value.label(name) for name, value in row.items())).select_from(
        recipients.outerjoin(texts, has_text)
    )
    insert = insert_or_ignore(messages).from_select(list(row), rows).on_conflict_do_nothing()
    return insert.returning(messages.c.person, messages.c.status)


def _recipients(query: AudienceQuery, person_ids: Sequence[int], suppression_reason: ColumnElement[Any]) -> CTE:
    """Select these people with the language, area and suppression reason of each.

    MATERIALIZED, since each of the three is used several times: inlined, PostgreSQL would compute its subqueries at
    every use.
    """
    chunk = func.unnest(cast(person_ids, ARRAY(BigInteger))).table_valued("id").render_derived("chunk")
    return (
        select(
            people.c.id,
            people.c.phone_sealed,
            people.c.phone_key,
            query.language().label("language"),
            query.area().label("area"),
            suppression_reason.label("suppression_reason"),
        )
        .select_from(chunk.join(people, people.c.id == chunk.c.id))
        .cte("recipients")
        .prefix_with("MATERIALIZED", dialect="postgresql")
    )


def _shared_columns(expansion: Expansion, now: datetime) -> dict[str, ColumnElement[Any]]:
    """Return the columns of `messages` that have the same value in every row."""
    own_hours = expansion.terms.own_hours
    return {
        "class": literal(MessageClass.APPEAL.value, Text),
        "channel": literal(expansion.appeal.draft.channel, Text),
        "priority": literal(expansion.terms.priority, Integer),
        "quiet_from": literal(own_hours.first if own_hours else None, Time),
        "quiet_to": literal(own_hours.last if own_hours else None, Time),
        "due_at": literal(expansion.due_at, _TIME),
        "expires_at": literal(expansion.due_at + _RULES.expiry, _TIME),
        "attempts": literal(0, Integer),
        "unknowns": literal(0, Integer),
        "created_at": literal(now, _TIME),
        "updated_at": literal(now, _TIME),
        "appeal": literal(expansion.appeal.id, BigInteger),
    }


def _texts_table(texts: Sequence[Rendering]) -> TableValuedAlias:
    """Return the rendered texts as a table.

    Each column is one array parameter, so that the statement is the same for any number of texts.
    """
    return (
        func.unnest(
            cast([rendering.language for rendering in texts], ARRAY(Text)),
            cast([rendering.area for rendering in texts], ARRAY(Text)),
            cast([rendering.text for rendering in texts], ARRAY(Text)),
            cast([rendering.encoding for rendering in texts], ARRAY(Text)),
            cast([rendering.parts for rendering in texts], ARRAY(Integer)),
        )
        .table_valued("language", "area", "text", "encoding", "parts")
        .render_derived("texts")
    )
