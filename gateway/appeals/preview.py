"""What an appeal would do, counted before anybody approves it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, literal_column, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.appeals.appeal import REASON_BY_TEXT, Price, SuppressionReason
from gateway.appeals.audience_sql import AudienceQuery
from gateway.appeals.bitmap import IdBitmap
from gateway.appeals.texts import Rendering, TextCost


@dataclass(frozen=True, slots=True)
class LanguageShare:
    """What goes out in one language. `cost` is empty where no price is set."""

    people: int = 0
    parts: int = 0
    cost: str = ""


@dataclass(frozen=True, slots=True)
class Preview:
    """How many people an appeal is for, what goes out, and who gets nothing and why.

    Of an appeal that was approved they are those who would be in its audience now; a note says so.
    `begins_at` is when the first of it leaves; it is later than asked for where quiet hours hold it back. `obstacles`
    are what keeps it from going out then; `notes` keep it from nothing. `cost` is that
    of all parts, and empty where no price is set.
    """

    people: int
    languages: Mapping[str, LanguageShare]
    suppressed: Mapping[SuppressionReason, int]
    begins_at: datetime
    held_back: bool
    approvals: int
    texts: Sequence[TextCost] = field(default_factory=tuple)
    obstacles: Sequence[str] = field(default_factory=tuple)
    notes: Sequence[str] = field(default_factory=tuple)
    cost: str = ""

    @property
    def parts(self) -> int:
        return sum(share.parts for share in self.languages.values())

    @property
    def reached(self) -> int:
        return sum(share.people for share in self.languages.values())

    def for_json(self) -> dict[str, Any]:
        """The preview in lists and JSON."""
        shares = {
            language: {"people": share.people, "parts": share.parts, "cost": share.cost}
            for language, share in self.languages.items()
        }
        return {
            "people": self.people,
            "reached": self.reached,
            "parts": self.parts,
            "cost": self.cost,
            "languages": shares,
            "suppressed": {reason.value: count for reason, count in self.suppressed.items()},
            "begins_at": self.begins_at.isoformat(),
            "held_back": self.held_back,
            "approvals": self.approvals,
            "texts": {one.language: one.for_json() for one in self.texts},
            "obstacles": list(self.obstacles),
            "notes": list(self.notes),
        }


@dataclass(frozen=True, slots=True)
class AudienceCount:
    """The people of an audience, by what they get."""

    people: int
    languages: Mapping[str, LanguageShare]
    suppressed: Mapping[SuppressionReason, int]
    cost: str  # in all; empty where no price is set


async def count_audience(
    connection: AsyncConnection, reach: AudienceQuery, tired: IdBitmap, texts: Sequence[Rendering], price: Price | None
) -> AudienceCount:
    """Count a whole audience, of whom those in `tired` have had the appeals of a week.

    A million people take about a second: the tables are hashed in memory, not walked.
    """
    parts = {(one.language, one.area): one.parts for one in texts}
    lengths: defaultdict[str, set[int]] = defaultdict(set)
    for one in texts:
        lengths[one.language].add(one.parts)
    by_area = any(len(found) > 1 for found in lengths.values())
    await connection.execute(text("SET LOCAL work_mem = '256MB'"))
    suppressed: Counter[SuppressionReason] = Counter()
    reached: Counter[str] = Counter()
    needed: Counter[str] = Counter()
    total = 0
    for language, area, verdict, number in (await connection.execute(_grouped(reach, tired, by_area))).all():
        total += number
        if verdict is not None:
            suppressed[REASON_BY_TEXT[verdict]] += number
            continue
        reached[language] += number
        needed[language] += number * (
            parts.get((language, area)) or parts.get((language, "")) or max(lengths[language])
        )
    shares = {
        language: LanguageShare(reached[language], needed[language], price.cost_of(needed[language]) if price else "")
        for language in sorted(reached)
    }
    return AudienceCount(total, shares, dict(suppressed), price.cost_of(needed.total()) if price else "")


def _grouped(reach: AudienceQuery, tired: IdBitmap, by_area: bool) -> Select[Any]:
    area: ColumnElement[str] = reach.area() if by_area else literal_column("''")
    columns = (reach.language().label("language"), area.label("area"), reach.suppression_reason(tired).label("verdict"))
    audience = select(*columns).where(reach.matches()).subquery("audience")
    return select(*audience.c, func.count()).group_by(*audience.c)
