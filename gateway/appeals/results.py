"""Results of an appeal: the outcome for each person of the frozen audience, and totals that always add up.

frozen audience = delivered + accepted + failed + unknown + suppressed + waiting
"""

from __future__ import annotations

import csv
import io
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import RowMapping, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.appeals.appeal import (
    APPROVED_UNFINISHED,
    COUNTED_AS,
    MAYBE_SENT,
    REASON_BY_TEXT,
    Appeal,
    AppealStatus,
    SuppressionReason,
    Total,
)
from gateway.appeals.store import find_appeal
from gateway.appeals.tables import appeal_answers
from gateway.messages.message import MessageStatus
from gateway.messages.tables import messages
from gateway.runtime.postgres import Database
from gateway.vault.vault import Vault

COLUMNS = ("person", "phone", "language", "area", "channel", "status", "counted_as", "reason", "parts", "at")
UNKNOWN_AREA = "unknown"
"""Area of a person who has left the audience and whose former area is unknown. An empty area means everywhere."""
_PAGE = 1_000

# Every query of the transaction sees the data of one moment: without it, totals would not add up while workers work.
ONE_SNAPSHOT = text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")

Totals = Mapping[Total, int]


@dataclass(frozen=True, slots=True)
class AppealResults:
    """Results of an appeal. Each group has the totals of its people who have a message by now.

    Hours are the local hours of sending, such as `2026-11-25 14:00`. Messages that were never sent have no hour, so the
    hours have no totals of suppressed and waiting people.
    """

    audience_size: int
    totals: Totals
    suppressed: Mapping[str, int]  # by reason
    languages: Mapping[str, Totals]
    areas: Mapping[str, Totals]
    channels: Mapping[str, Totals]
    hours: Mapping[str, Totals]
    responses: Mapping[str, int]  # by kind
    parts: int  # sent

    @property
    def adds_up(self) -> bool:
        """True if the totals add up to the frozen audience."""
        return self.audience_size == sum(self.totals.values())


@dataclass(frozen=True, slots=True)
class AppealOverview:
    """Appeal with its results, both of one moment."""

    appeal: Appeal
    results: AppealResults
    approvals_needed: int | None = None  # in all, None once it is done or cancelled
    held_until: datetime | None = None  # end of the quiet hours that hold it back

    @property
    def makes_progress(self) -> bool:
        """True while the results may still change by themselves, or after a resume."""
        return self.appeal.status in APPROVED_UNFINISHED


@dataclass(frozen=True, slots=True)
class PersonResult:
    """Result of one person of the audience. The phone number is masked."""

    person: int
    phone: str
    language: str
    area: str
    channel: str
    status: MessageStatus
    counted_as: Total
    reason: str
    parts: int  # sent
    sent_at: datetime | None


class ResultsStore:
    """Store of the results of people, read only. Every method may raise `DatabaseUnavailable` and `NoSuchAppeal`."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    async def list_person_results(self, appeal: int, limit: int = _PAGE, after: int = 0) -> Sequence[PersonResult]:
        """List the results of people with a higher id than `after`, by id."""
        page = select(messages).where(messages.c.appeal == appeal, messages.c.person > after)
        async with self._database.begin() as connection:
            await find_appeal(connection, appeal)
            rows = (await connection.execute(page.order_by(messages.c.person).limit(limit))).mappings().all()
        return [self._person_result(row) for row in rows]

    def _person_result(self, row: RowMapping) -> PersonResult:
        status = MessageStatus(row["status"])
        return PersonResult(
            person=row["person"],
            phone=self._vault.masked(row["phone_sealed"], row["phone_key"]),
            language=row["language"],
            area=_area_key(row["area"]),
            channel=row["channel"],
            status=status,
            counted_as=COUNTED_AS[status],
            reason=row["reason"],
            parts=row["parts"] if status in MAYBE_SENT else 0,
            sent_at=row["sent_at"],
        )

    async def export_csv(self, appeal: int) -> AsyncIterator[str]:
        """Yield the results of all people as CSV with the header `COLUMNS`, a page at a time."""
        yield _csv([COLUMNS])
        last = 0
        while page := await self.list_person_results(appeal, _PAGE, last):
            yield _csv([_csv_row(result) for result in page])
            last = page[-1].person


async def read_results(connection: AsyncConnection, appeal: Appeal, timezone: ZoneInfo) -> AppealResults:
    """Read the results of an appeal in the caller's transaction, which must have begun with `ONE_SNAPSHOT`.

    Hours are those of `timezone`.
    """
    counted = await _count_messages(connection, appeal.id, timezone)
    # People who are not expanded yet have no message. Those of a cancelled appeal will never get one.
    unexpanded = appeal.audience_size - sum(counted.totals.values())
    if appeal.status is AppealStatus.CANCELLED:
        counted.totals[Total.SUPPRESSED] += unexpanded
        counted.suppressed[SuppressionReason.CALLED_OFF.value] += unexpanded
    else:
        counted.totals[Total.WAITING] += unexpanded
    kinds = select(appeal_answers.c.kind, func.count()).where(appeal_answers.c.appeal == appeal.id)
    responses = (await connection.execute(kinds.group_by(appeal_answers.c.kind))).all()
    return AppealResults(
        audience_size=appeal.audience_size,
        totals=counted.totals,
        suppressed={reason: count for reason, count in counted.suppressed.items() if count},
        languages=_sorted(counted.languages),
        areas=_sorted(counted.areas),
        channels=_sorted(counted.channels),
        hours=_sorted(counted.hours),
        responses={row[0]: row[1] for row in responses},
        parts=counted.parts,
    )


def _sorted(groups: Mapping[str, Totals]) -> Mapping[str, Totals]:
    return dict(sorted(groups.items()))


def _csv_row(result: PersonResult) -> Sequence[object]:
    """Return the values of `COLUMNS`."""
    return (
        result.person,
        result.phone,
        result.language,
        result.area,
        result.channel,
        result.status.value,
        result.counted_as.value,
        result.reason,
        result.parts,
        result.sent_at.isoformat() if result.sent_at else "",
    )


def _csv(rows: Sequence[Sequence[object]]) -> str:
    output = io.StringIO()
    csv.writer(output, lineterminator="\n").writerows(rows)
    return output.getvalue()


def _area_key(area: str | None) -> str:
    return UNKNOWN_AREA if area is None else area


# Counting ------------------------------------------------------------------------------------------------------


def _zeros() -> Counter[Total]:
    return Counter(dict.fromkeys(Total, 0))


def _zeros_by_key() -> defaultdict[str, Counter[Total]]:
    return defaultdict(_zeros)


@dataclass(slots=True)
class _MessageCounts:
    totals: Counter[Total] = field(default_factory=_zeros)
    suppressed: Counter[str] = field(default_factory=Counter)
    languages: defaultdict[str, Counter[Total]] = field(default_factory=_zeros_by_key)
    areas: defaultdict[str, Counter[Total]] = field(default_factory=_zeros_by_key)
    channels: defaultdict[str, Counter[Total]] = field(default_factory=_zeros_by_key)
    hours: defaultdict[str, Counter[Total]] = field(default_factory=_zeros_by_key)
    parts: int = 0


async def _count_messages(connection: AsyncConnection, appeal: int, timezone: ZoneInfo) -> _MessageCounts:
    """Count messages by all groups at once, so that the table is read one time.

    The answer has as many rows as there are combinations, a few thousand, which are added up here.
    """
    table = messages.c
    hour = func.date_trunc("hour", func.timezone(timezone.key, table.sent_at)).label("hour")
    by = (table.status, table.reason, table.language, table.area, table.channel, hour)
    counting = select(*by, func.count(), func.sum(table.parts)).where(table.appeal == appeal).group_by(*by)
    counts = _MessageCounts()
    for status, reason, language, area, channel, sent, people, parts in (await connection.execute(counting)).all():
        total = COUNTED_AS[MessageStatus(status)]
        counts.totals[total] += people
        counts.languages[language][total] += people
        counts.areas[_area_key(area)][total] += people
        counts.channels[channel][total] += people
        if total is Total.SUPPRESSED:
            counts.suppressed[REASON_BY_TEXT.get(reason, reason)] += people
        elif total is not Total.WAITING:
            counts.hours[f"{sent:%Y-%m-%d %H:00}" if sent else ""][total] += people
            if status in MAYBE_SENT:
                counts.parts += parts
    return counts
