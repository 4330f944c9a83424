"""The account of an appeal: what became of each person of its frozen audience, in totals that always add up.

frozen audience = delivered + accepted + failed + unknown + suppressed + waiting
"""

from __future__ import annotations

import csv
import io
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, RowMapping, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.appeals.appeal import BY_SENTENCE, COUNTED_AS, Reason, Status, Total
from gateway.appeals.records import appeal_answers
from gateway.appeals.register import find
from gateway.messages.ledger import messages
from gateway.messages.message import Status as Sent
from gateway.people.vault import Vault
from gateway.runtime.postgres import Database

COLUMNS = ("person", "phone", "language", "area", "channel", "status", "counted_as", "reason", "parts", "at")
_PAGE = 1_000
_NOTHING_LEFT = (Total.SUPPRESSED, Total.WAITING)

_ONE_MOMENT = text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")

Totals = Mapping[Total, int]


@dataclass(frozen=True, slots=True)
class Account:
    """What became of an appeal. Each of the groups has the totals of those people who have a message by now.

    Hours are those of the pack's clocks in which something was sent, as `2026-11-25 14:00`.
    """

    frozen: int
    totals: Totals
    suppressed: Mapping[str, int]  # by reason
    languages: Mapping[str, Totals]
    areas: Mapping[str, Totals]
    channels: Mapping[str, Totals]
    hours: Mapping[str, Totals]
    answers: Mapping[str, int]  # by kind
    parts: int  # of what has left

    @property
    def adds_up(self) -> bool:
        return self.frozen == sum(self.totals.values())

    def for_json(self) -> dict[str, Any]:
        """The account in lists and JSON."""
        grouped = {name: getattr(self, name) for name in ("languages", "areas", "channels", "hours")}
        return {
            "frozen": self.frozen,
            "totals": _plain(self.totals),
            "suppressed": dict(self.suppressed),
            **{name: {key: _plain(totals) for key, totals in groups.items()} for name, groups in grouped.items()},
            "answers": dict(self.answers),
            "parts": self.parts,
        }


def _plain(totals: Totals) -> dict[str, int]:
    return {total.value: totals[total] for total in Total}


class Ledger:
    """Reads accounts. Every method may raise `DatabaseAway` and `NoSuchAppeal`."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    async def account(self, appeal: int, timezone: ZoneInfo) -> Account:
        """The account as it stands, all of it of one moment."""
        async with self._database.begin() as connection:
            await connection.execute(_ONE_MOMENT)
            stands = await find(connection, appeal)
            totals, suppressed, parts = await _totals(connection, appeal)
            unexpanded = stands.frozen - sum(totals.values())
            if stands.status is Status.CANCELLED:
                totals[Total.SUPPRESSED] += unexpanded
                suppressed[Reason.CALLED_OFF.value] += unexpanded
            else:
                totals[Total.WAITING] += unexpanded
            hour = func.to_char(func.timezone(timezone.key, messages.c.updated_at), "YYYY-MM-DD HH24:00")
            counting = select(appeal_answers.c.kind, func.count()).where(appeal_answers.c.appeal == appeal)
            answers = (await connection.execute(counting.group_by(appeal_answers.c.kind))).all()
            return Account(
                frozen=stands.frozen,
                totals=totals,
                suppressed={reason: count for reason, count in suppressed.items() if count},
                languages=await _grouped(connection, appeal, messages.c.language),
                areas=await _grouped(connection, appeal, messages.c.area),
                channels=await _grouped(connection, appeal, messages.c.channel),
                hours=_that_left(await _grouped(connection, appeal, hour)),
                answers={row[0]: row[1] for row in answers},
                parts=parts,
            )

    async def lines(self, appeal: int, limit: int = _PAGE, after: int = 0) -> Sequence[dict[str, Any]]:
        """What became of each person with a higher id than `after`, in the order of ids. Numbers are masked."""
        page = select(messages).where(messages.c.appeal == appeal, messages.c.person > after)
        async with self._database.begin() as connection:
            await find(connection, appeal)
            rows = (await connection.execute(page.order_by(messages.c.person).limit(limit))).mappings().all()
        return [self._line(row) for row in rows]

    def _line(self, row: RowMapping) -> dict[str, Any]:
        return {
            "person": row["person"],
            "phone": self._vault.masked(row["phone_sealed"]),
            "language": row["language"],
            "area": row["area"] or "",
            "channel": row["channel"],
            "status": row["status"],
            "counted_as": COUNTED_AS[Sent(row["status"])].value,
            "reason": row["reason"],
            "parts": row["parts"],
            "at": row["updated_at"].isoformat(),
        }

    async def export(self, appeal: int) -> AsyncIterator[str]:
        """The lines as CSV, a page at a time, under `COLUMNS`. Numbers are masked."""
        yield _csv([list(COLUMNS)])
        last = 0
        while lines := await self.lines(appeal, _PAGE, last):
            yield _csv([[str(line[name]) for name in COLUMNS] for line in lines])
            last = int(lines[-1]["person"])


def _csv(rows: Sequence[Sequence[str]]) -> str:
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows(rows)
    return written.getvalue()


async def _totals(connection: AsyncConnection, appeal: int) -> tuple[Counter[Total], Counter[str], int]:
    table = messages.c
    counting = (
        select(table.status, table.reason, func.count(), func.sum(table.parts))
        .where(table.appeal == appeal)
        .group_by(table.status, table.reason)
    )
    totals = Counter(dict.fromkeys(Total, 0))
    suppressed: Counter[str] = Counter()
    left = 0
    for status, reason, count, parts in (await connection.execute(counting)).all():
        total = COUNTED_AS[Sent(status)]
        totals[total] += count
        if total is Total.SUPPRESSED:
            suppressed[BY_SENTENCE.get(reason, reason)] += count
        if total not in _NOTHING_LEFT:
            left += parts
    return totals, suppressed, left


async def _grouped(connection: AsyncConnection, appeal: int, by: ColumnElement[Any]) -> dict[str, Totals]:
    key = by.label("key")
    counting = select(key, messages.c.status, func.count()).where(messages.c.appeal == appeal)
    groups: defaultdict[str, Counter[Total]] = defaultdict(lambda: Counter(dict.fromkeys(Total, 0)))
    for name, status, count in (await connection.execute(counting.group_by(key, messages.c.status))).all():
        groups[name or ""][COUNTED_AS[Sent(status)]] += count
    return dict(sorted(groups.items()))


def _that_left(groups: Mapping[str, Totals]) -> dict[str, Totals]:
    """The groups in which something was sent, without what never left."""
    sent = {
        key: {total: 0 if total in _NOTHING_LEFT else totals[total] for total in Total}
        for key, totals in groups.items()
    }
    return {key: totals for key, totals in sent.items() if any(totals.values())}
