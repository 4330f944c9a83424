"""The account of an appeal: what became of each person of its frozen audience, in totals that always add up.

frozen audience = delivered + accepted + failed + unknown + suppressed + waiting
"""

from __future__ import annotations

import csv
import io
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import RowMapping, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.appeals.appeal import COUNTED_AS, MAYBE_SENT, REASON_BY_TEXT, AppealStatus, SuppressionReason, Total
from gateway.appeals.store import find_appeal
from gateway.appeals.tables import appeal_answers
from gateway.messages.message import MessageStatus
from gateway.messages.tables import messages
from gateway.runtime.postgres import Database
from gateway.vault.vault import Vault

COLUMNS = ("person", "phone", "language", "area", "channel", "status", "counted_as", "reason", "parts", "at")
UNKNOWN_AREA = "unknown"
"""The area of who has left the audience: nothing says any more where he was. Empty is another thing: everywhere."""
_PAGE = 1_000
_GROUPS = ("languages", "areas", "channels", "hours")

_ONE_MOMENT = text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")

Totals = Mapping[Total, int]


@dataclass(frozen=True, slots=True)
class AppealResults:
    """What became of an appeal. Each of the groups has the totals of those people who have a message by now.

    Hours are those of the pack's clocks in which something was sent, as `2026-11-25 14:00`. What was never sent has
    none: the hours together have the totals of all the rest, and of suppressed and waiting nothing.
    """

    audience_size: int
    totals: Totals
    suppressed: Mapping[str, int]  # by reason
    languages: Mapping[str, Totals]
    areas: Mapping[str, Totals]
    channels: Mapping[str, Totals]
    hours: Mapping[str, Totals]
    responses: Mapping[str, int]  # by kind
    parts: int  # of what has left

    @property
    def adds_up(self) -> bool:
        return self.audience_size == sum(self.totals.values())

    def for_json(self) -> dict[str, Any]:
        """The account in lists and JSON."""
        grouped = {name: getattr(self, name) for name in _GROUPS}
        return {
            "frozen": self.audience_size,
            "totals": _plain(self.totals),
            "suppressed": dict(self.suppressed),
            **{name: {key: _plain(totals) for key, totals in groups.items()} for name, groups in grouped.items()},
            "answers": dict(self.responses),
            "parts": self.parts,
        }


def _plain(totals: Totals) -> dict[str, int]:
    return {total.value: totals[total] for total in Total}


class ResultsStore:
    """Reads accounts. Every method may raise `DatabaseAway` and `NoSuchAppeal`."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    async def load_results(self, appeal: int, timezone: ZoneInfo) -> AppealResults:
        """The account as it stands, all of it of one moment."""
        async with self._database.begin() as connection:
            await connection.execute(_ONE_MOMENT)
            stands = await find_appeal(connection, appeal)
            counted = await _counted(connection, appeal, timezone)
            unexpanded = stands.audience_size - sum(counted.totals.values())
            if stands.status is AppealStatus.CANCELLED:
                counted.totals[Total.SUPPRESSED] += unexpanded
                counted.suppressed[SuppressionReason.CALLED_OFF.value] += unexpanded
            else:
                counted.totals[Total.WAITING] += unexpanded
            counting = select(appeal_answers.c.kind, func.count()).where(appeal_answers.c.appeal == appeal)
            answers = (await connection.execute(counting.group_by(appeal_answers.c.kind))).all()
        return AppealResults(
            audience_size=stands.audience_size,
            totals=counted.totals,
            suppressed={reason: count for reason, count in counted.suppressed.items() if count},
            **{name: dict(sorted(groups.items())) for name, groups in counted.groups.items()},
            responses={row[0]: row[1] for row in answers},
            parts=counted.parts,
        )

    async def list_person_results(self, appeal: int, limit: int = _PAGE, after: int = 0) -> Sequence[dict[str, Any]]:
        """What became of each person with a higher id than `after`, in the order of ids. Numbers are masked.

        `at` is when it was sent, empty if it was not; `parts` are those that have left.
        """
        page = select(messages).where(messages.c.appeal == appeal, messages.c.person > after)
        async with self._database.begin() as connection:
            await find_appeal(connection, appeal)
            rows = (await connection.execute(page.order_by(messages.c.person).limit(limit))).mappings().all()
        return [self._line(row) for row in rows]

    def _line(self, row: RowMapping) -> dict[str, Any]:
        return {
            "person": row["person"],
            "phone": self._vault.masked(row["phone_sealed"]),
            "language": row["language"],
            "area": _area(row["area"]),
            "channel": row["channel"],
            "status": row["status"],
            "counted_as": COUNTED_AS[MessageStatus(row["status"])].value,
            "reason": row["reason"],
            "parts": row["parts"] if row["status"] in MAYBE_SENT else 0,
            "at": row["sent_at"].isoformat() if row["sent_at"] else "",
        }

    async def export_csv(self, appeal: int) -> AsyncIterator[str]:
        """The lines as CSV, a page at a time, under `COLUMNS`. Numbers are masked."""
        yield _csv([list(COLUMNS)])
        last = 0
        while lines := await self.list_person_results(appeal, _PAGE, last):
            yield _csv([[str(line[name]) for name in COLUMNS] for line in lines])
            last = int(lines[-1]["person"])


def _csv(rows: Sequence[Sequence[str]]) -> str:
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows(rows)
    return written.getvalue()


def _area(area: str | None) -> str:
    return UNKNOWN_AREA if area is None else area


def _none() -> Counter[Total]:
    return Counter(dict.fromkeys(Total, 0))


@dataclass(slots=True)
class _Counted:
    """The people who have a message by now."""

    totals: Counter[Total] = field(default_factory=_none)
    suppressed: Counter[str] = field(default_factory=Counter)
    groups: Mapping[str, defaultdict[str, Counter[Total]]] = field(
        default_factory=lambda: {name: defaultdict(_none) for name in _GROUPS}
    )
    parts: int = 0


async def _counted(connection: AsyncConnection, appeal: int, timezone: ZoneInfo) -> _Counted:
    """Count them by everything at once: the table is read one time, and a few thousand rows are added up here."""
    table = messages.c
    hour = func.date_trunc("hour", func.timezone(timezone.key, table.sent_at)).label("hour")
    by = (table.status, table.reason, table.language, table.area, table.channel, hour)
    counting = select(*by, func.count(), func.sum(table.parts)).where(table.appeal == appeal).group_by(*by)
    counted = _Counted()
    for status, reason, language, area, channel, sent, people, parts in (await connection.execute(counting)).all():
        total = COUNTED_AS[MessageStatus(status)]
        counted.totals[total] += people
        keys = {"languages": language, "areas": _area(area), "channels": channel}
        if total is Total.SUPPRESSED:
            counted.suppressed[REASON_BY_TEXT.get(reason, reason)] += people
        elif total is not Total.WAITING:
            counted.parts += parts if status in MAYBE_SENT else 0
            keys["hours"] = f"{sent:%Y-%m-%d %H:00}" if sent else ""
        for name, key in keys.items():
            counted.groups[name][key][total] += people
    return counted
