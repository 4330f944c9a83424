"""Store of appeals: rows to values and back, status changes with their audit entry, and freezing of the audience.

Every function works in the transaction of its caller.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Integer, RowMapping, cast, delete, func, insert, literal, or_, select, update
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.appeals.appeal import REASON_TEXT, Actor, Appeal, AppealDraft, AppealStatus, SuppressionReason
from gateway.appeals.audience import parse_audience
from gateway.appeals.audience_sql import AudienceQuery
from gateway.appeals.tables import appeal_approvals, appeal_chunks, appeals
from gateway.appeals.texts import effective_texts
from gateway.audit import INSERT_AUDIT, audit_row
from gateway.menu.model import Menu
from gateway.messages.holds import set_hold
from gateway.messages.message import MessageStatus
from gateway.messages.tables import HELD, QUEUED, SENDING, messages
from gateway.people.tables import people
from gateway.text.errors import ExplainedError
from gateway.text.gsm import Replacement

WORKER = "worker"
"""Actor of the worker's entries in the audit trail."""


_NUMBER_LOCK = 0x4E4F4D4F
"""Key of the advisory lock of public numbers: any number that nothing else uses."""


class NoSuchAppeal(ExplainedError, LookupError):
    """There is no appeal with this number."""


async def find_appeal(connection: AsyncConnection, appeal: int, *, locked: bool = False) -> Appeal:
    """Find an appeal. With `locked` its row stays locked until the transaction ends. Raises `NoSuchAppeal`."""
    query = select(appeals).where(appeals.c.id == appeal)
    row = (await connection.execute(query.with_for_update() if locked else query)).mappings().first()
    if row is None:
        raise NoSuchAppeal
    return (await _with_approvers(connection, [row]))[0]


async def list_appeals(connection: AsyncConnection, limit: int, status: AppealStatus | None = None) -> Sequence[Appeal]:
    """List the newest appeals, newest first, of one status if it is given."""
    newest = select(appeals).order_by(appeals.c.id.desc()).limit(limit)
    if status is not None:
        newest = newest.where(appeals.c.status == status)
    return await _with_approvers(connection, (await connection.execute(newest)).mappings().all())


async def read_progress(connection: AsyncConnection) -> tuple[int, int]:
    """Return the number of people of running and paused appeals who were sent to, and of those who still wait."""
    table, of_running = messages.c, appeals.c.status.in_((AppealStatus.RUNNING, AppealStatus.PAUSED))
    mine = table.appeal.in_(select(appeals.c.id).where(of_running))
    waits = or_(table.status == QUEUED, table.status == HELD, table.status == SENDING)
    unexpanded = select(func.coalesce(func.sum(appeals.c.frozen - appeals.c.expanded), 0)).where(of_running)
    counted = select(
        select(func.count()).where(mine, table.sent_at.is_not(None), ~waits).scalar_subquery(),
        select(func.count()).where(mine, waits).scalar_subquery(),
        unexpanded.scalar_subquery(),
    )
    sent, queued, not_expanded = (await connection.execute(counted)).one()
    return int(sent), int(queued) + int(not_expanded)


async def _with_approvers(connection: AsyncConnection, rows: Sequence[RowMapping]) -> list[Appeal]:
    if not rows:
        return []
    table = appeal_approvals.c
    given = select(table.appeal, table.version, table.approver).order_by(table.at, table.approver)
    approvers: defaultdict[tuple[int, int], list[str]] = defaultdict(list)
    for appeal, version, approver in await connection.execute(
        given.where(table.appeal.in_([row["id"] for row in rows]))
    ):
        approvers[appeal, version].append(approver)
    # Approvals of an earlier version count no more.
    return [_appeal_from_row(row, tuple(approvers[row["id"], row["version"]])) for row in rows]


def _appeal_from_row(row: RowMapping, approvers: tuple[str, ...]) -> Appeal:
    return Appeal(
        id=row["id"],
        status=AppealStatus(row["status"]),
        draft=draft_from_row(row),
        version=row["version"],
        authors=tuple(row["authors"]),
        approvers=approvers,
        reason=row["reason"],
        audience_size=row["frozen"],
        expanded=row["expanded"],
        failures_count_from=row["judged_from"],
        went_out_at=row["went_out_at"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        public_number=row["public_number"],
    )


def draft_from_row(row: RowMapping) -> AppealDraft:
    return AppealDraft(
        purpose=row["purpose"],
        audience=row["audience"],
        channel=row["channel"],
        template=row["template"],
        texts=row["texts"],
        ticket=row["ticket"],
        starts_at=row["starts_at"],
        slots=row["slots"],
        changes={
            language: tuple(Replacement(*fields) for fields in replacements)
            for language, replacements in row["changes"].items()
        },
    )


def draft_columns(draft: AppealDraft, menu: Menu) -> dict[str, Any]:
    """Return the columns of a draft. They keep the texts as they are now, also those of a template."""
    return {
        "purpose": draft.purpose.strip(),
        "template": draft.template,
        "texts": dict(effective_texts(draft, menu)),
        "changes": {language: list(replacements) for language, replacements in draft.changes.items()},
        "slots": dict(draft.slots),
        "ticket": draft.ticket,
        "channel": draft.channel,
        "audience": draft.audience,
        "starts_at": draft.starts_at,
    }


# Changes -------------------------------------------------------------------------------------------------------


async def update_appeal(
    connection: AsyncConnection, appeal: int, by: str, action: str, now: datetime, detail: str = "", **values: Any
) -> None:
    """Write `values` to the row of an appeal, and `action` with its `detail` to the audit trail."""
    await connection.execute(update(appeals).where(appeals.c.id == appeal).values(**values, updated_at=now))
    reason = {"reason": detail} if detail else {}
    await connection.execute(INSERT_AUDIT, audit_row(now, by, f"appeal.{action}", f"appeal {appeal}", reason))


async def give_public_number(connection: AsyncConnection, appeal: int) -> int:
    """Give an appeal that begins the next running number. Returns it.

    Numbers have no gaps: each is given in the transaction of the beginning, and these follow one another.
    """
    await connection.execute(select(func.pg_advisory_xact_lock(_NUMBER_LOCK)))
    newest = select(func.coalesce(func.max(appeals.c.public_number), 0))
    number = int((await connection.execute(newest)).scalar_one()) + 1
    await connection.execute(update(appeals).where(appeals.c.id == appeal).values(public_number=number))
    return number


async def pause_appeal(connection: AsyncConnection, appeal: int, by: str, reason: str, now: datetime) -> None:
    await update_appeal(connection, appeal, by, "paused", now, reason, status=AppealStatus.PAUSED, reason=reason)
    await set_hold(connection, appeal, MessageStatus.HELD, "the appeal is paused", now)


async def cancel_appeal(connection: AsyncConnection, appeal: int, actor: Actor, reason: str, now: datetime) -> None:
    cancelled = {"status": AppealStatus.CANCELLED, "reason": reason}
    await update_appeal(connection, appeal, actor.name, "cancelled", now, reason, **cancelled)
    await set_hold(connection, appeal, MessageStatus.CANCELLED, REASON_TEXT[SuppressionReason.CALLED_OFF], now)


# Audience ------------------------------------------------------------------------------------------------------


def audience_query(draft: AppealDraft, menu: Menu) -> AudienceQuery:
    """Build the audience of `draft` as SQL, with the languages of its texts. Raises `InvalidAudience`."""
    texts = effective_texts(draft, menu)
    fallback = menu.language if menu.language in texts else ""
    audience = parse_audience(draft.audience, menu.areas, menu.languages)
    return AudienceQuery(audience, menu.areas, tuple(texts), fallback)


async def freeze_audience(
    connection: AsyncConnection, appeal: int, query: AudienceQuery, now: datetime, chunk_size: int
) -> int:
    """Freeze the audience: store the ids of its people, `chunk_size` to a row. Returns the number of people."""
    max_person_id = (await connection.execute(select(func.max(people.c.id)))).scalar() or 0
    numbered = (
        select(people.c.id, func.row_number().over(order_by=people.c.id).label("position"))
        .where(query.matches(), people.c.id <= max_person_id)
        .cte("numbered")
    )
    number = cast((numbered.c.position - 1) // chunk_size, Integer)
    # The ids stay inside the database: a million of them would cost a round trip and memory here.
    ids = func.array_agg(aggregate_order_by(numbered.c.id, numbered.c.id))
    chunks = select(literal(appeal, BigInteger), number, ids).group_by(number)
    await connection.execute(insert(appeal_chunks).from_select(["appeal", "number", "people"], chunks))
    sizes = select(func.coalesce(func.sum(func.cardinality(appeal_chunks.c.people)), 0))
    size = int((await connection.execute(sizes.where(appeal_chunks.c.appeal == appeal))).scalar_one())
    values = {"frozen_at": now, "bound": max_person_id, "frozen": size}
    await connection.execute(update(appeals).where(appeals.c.id == appeal).values(values))
    return size


async def unfreeze_audience(connection: AsyncConnection, appeal: int) -> None:
    """Delete the frozen audience of an appeal that has sent nothing yet."""
    await connection.execute(delete(appeal_chunks).where(appeal_chunks.c.appeal == appeal))
    await connection.execute(update(appeals).where(appeals.c.id == appeal).values(frozen_at=None, bound=None, frozen=0))
