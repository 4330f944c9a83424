"""The register of appeals: their rows, as values, and how the audience of one is frozen."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Integer, RowMapping, cast, delete, func, insert, literal, select, update
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
from gateway.people.tables import people
from gateway.text.gsm import Replacement

WORKER = "worker"


class NoSuchAppeal(LookupError):
    """There is no appeal with this number."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


async def find_appeal(connection: AsyncConnection, appeal: int, *, locked: bool = False) -> Appeal:
    """The appeal, held until the transaction ends if `locked`. Raises `NoSuchAppeal`."""
    finding = select(appeals).where(appeals.c.id == appeal)
    row = (await connection.execute(finding.with_for_update() if locked else finding)).mappings().first()
    if row is None:
        raise NoSuchAppeal
    return (await _read(connection, [row]))[0]


async def list_appeals(connection: AsyncConnection, limit: int, status: AppealStatus | None = None) -> Sequence[Appeal]:
    """The newest appeals, the newest first; of one status if it is given."""
    newest = select(appeals).order_by(appeals.c.id.desc()).limit(limit)
    if status is not None:
        newest = newest.where(appeals.c.status == status)
    return await _read(connection, (await connection.execute(newest)).mappings().all())


async def _read(connection: AsyncConnection, rows: Sequence[RowMapping]) -> list[Appeal]:
    table = appeal_approvals.c
    given = select(table.appeal, table.version, table.approver).order_by(table.at, table.approver)
    given = given.where(table.appeal.in_([row["id"] for row in rows]))
    approvals = (await connection.execute(given)).all() if rows else []
    return [
        _appeal(row, tuple(by for appeal, version, by in approvals if (appeal, version) == (row["id"], row["version"])))
        for row in rows
    ]


def draft_from_row(row: RowMapping) -> AppealDraft:
    """What was written, from its row."""
    draft = {name: row[name] for name in ("purpose", "audience", "channel", "template", "texts", "ticket", "starts_at")}
    changes = {language: tuple(Replacement(*one) for one in made) for language, made in row["changes"].items()}
    return AppealDraft(**draft, changes=changes)


def _appeal(row: RowMapping, approvers: tuple[str, ...]) -> Appeal:
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
        max_person_id=row["bound"],
        failures_count_from=row["judged_from"],
        went_out_at=row["went_out_at"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


def draft_columns(draft: AppealDraft, menu: Menu) -> dict[str, Any]:
    """What stands of a draft in its row: the texts as they are now, also those of a template."""
    return {
        "purpose": draft.purpose.strip(),
        "template": draft.template,
        "texts": dict(effective_texts(draft, menu)),
        "changes": {language: list(made) for language, made in draft.changes.items()},
        "ticket": draft.ticket,
        "channel": draft.channel,
        "audience": draft.audience,
        "starts_at": draft.starts_at,
    }


async def update_appeal(
    connection: AsyncConnection, appeal: int, by: str, action: str, now: datetime, detail: str = "", **values: Any
) -> None:
    """Write `values` and who did it."""
    await connection.execute(update(appeals).where(appeals.c.id == appeal).values(**values, updated_at=now))
    told = {"reason": detail} if detail else {}
    await connection.execute(INSERT_AUDIT, audit_row(now, by, f"appeal.{action}", f"appeal {appeal}", told))


async def pause_appeal(connection: AsyncConnection, appeal: int, by: str, reason: str, now: datetime) -> None:
    """Hold what waits of a running appeal."""
    await update_appeal(connection, appeal, by, "paused", now, reason, status=AppealStatus.PAUSED, reason=reason)
    await set_hold(connection, appeal, MessageStatus.HELD, "the appeal is paused", now)


async def cancel_appeal(connection: AsyncConnection, appeal: int, actor: Actor, reason: str, now: datetime) -> None:
    """Call off what waits of an appeal."""
    await update_appeal(
        connection, appeal, actor.name, "cancelled", now, reason, status=AppealStatus.CANCELLED, reason=reason
    )
    await set_hold(connection, appeal, MessageStatus.CANCELLED, REASON_TEXT[SuppressionReason.CALLED_OFF], now)


def audience_query(draft: AppealDraft, menu: Menu) -> AudienceQuery:
    """The audience of `draft` and in which languages it is written to. Raises `WrongAudience`."""
    texts = effective_texts(draft, menu)
    fallback = menu.language if menu.language in texts else ""
    return AudienceQuery(parse_audience(draft.audience, menu.areas, menu.languages), menu.areas, tuple(texts), fallback)


# The frozen audience -------------------------------------------------------------------------------------------


async def freeze_audience(
    connection: AsyncConnection, appeal: int, reach: AudienceQuery, now: datetime, chunk: int
) -> int:
    """Write down who is the audience now, `chunk` people to a row; how many they are."""
    bound = (await connection.execute(select(func.max(people.c.id)))).scalar() or 0
    numbered = (
        select(people.c.id, func.row_number().over(order_by=people.c.id).label("place"))
        .where(reach.matches(), people.c.id <= bound)
        .cte("numbered")
    )
    number = cast((numbered.c.place - 1) // chunk, Integer)
    ids = func.array_agg(aggregate_order_by(numbered.c.id, numbered.c.id))
    chunks = select(literal(appeal, BigInteger), number, ids).group_by(number)
    await connection.execute(insert(appeal_chunks).from_select(["appeal", "number", "people"], chunks))
    counting = select(func.coalesce(func.sum(func.cardinality(appeal_chunks.c.people)), 0))
    frozen = int((await connection.execute(counting.where(appeal_chunks.c.appeal == appeal))).scalar_one())
    values = {"frozen_at": now, "bound": bound, "frozen": frozen}
    await connection.execute(update(appeals).where(appeals.c.id == appeal).values(values))
    return frozen


async def unfreeze_audience(connection: AsyncConnection, appeal: int) -> None:
    """Forget the frozen audience of an appeal of which nothing was sent yet."""
    await connection.execute(delete(appeal_chunks).where(appeal_chunks.c.appeal == appeal))
    await connection.execute(update(appeals).where(appeals.c.id == appeal).values(frozen_at=None, bound=None, frozen=0))
