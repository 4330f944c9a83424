"""Preview of an appeal: people, parts and cost by language, and suppressed people by reason, before its approval."""

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
    """People and parts of one language. `cost` is empty if no price is set."""

    people: int = 0
    parts: int = 0
    cost: str = ""


@dataclass(frozen=True, slots=True)
class Preview:
    """Preview of an appeal, as if it were approved now. For an approved appeal a note tells its frozen audience.

    `begins_at` is the time of its first send, and `held_back` is True if quiet hours make it later than asked for.
    `obstacles` are the reasons that it cannot go out then. `notes` prevent nothing. `cost` is that of all parts, empty
    if no price is set. An `urgent` one waits for neither quiet hours nor the weekly limit.
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
    urgent: bool = False

    @property
    def parts(self) -> int:
        return sum(share.parts for share in self.languages.values())

    @property
    def reached(self) -> int:
        return sum(share.people for share in self.languages.values())


@dataclass(frozen=True, slots=True)
class AudienceCount:
    """Number of people in an audience, by language or by suppression reason, and the cost of all parts."""

    people: int
    languages: Mapping[str, LanguageShare]
    suppressed: Mapping[SuppressionReason, int]
    cost: str  # empty if no price is set


async def count_audience(
    connection: AsyncConnection,
    query: AudienceQuery,
    capped: IdBitmap,
    texts: Sequence[Rendering],
    price: Price | None,
) -> AudienceCount:
    """Count a whole audience. `capped` are the people at the frequency cap.

    A million people take about a second: PostgreSQL hashes the tables in memory, which needs the larger `work_mem`.
    """
    await connection.execute(text("SET LOCAL work_mem = '256MB'"))
    needed = _NeededParts(texts)
    suppressed: Counter[SuppressionReason] = Counter()
    reached: Counter[str] = Counter()
    parts: Counter[str] = Counter()
    total = 0
    rows = await connection.execute(preview_statement(query, capped, by_area=needed.differ_by_area))
    for language, area, reason, number in rows.all():
        total += number
        if reason is not None:
            suppressed[REASON_BY_TEXT[reason]] += number
            continue
        reached[language] += number
        parts[language] += number * needed.by_person(language, area)
    shares = {
        language: LanguageShare(reached[language], parts[language], _cost(price, parts[language]))
        for language in sorted(reached)
    }
    return AudienceCount(total, shares, dict(suppressed), _cost(price, parts.total()))


class _NeededParts:
    """Parts of the text that a person gets, by language and area."""

    def __init__(self, texts: Sequence[Rendering]) -> None:
        self._parts = {(rendering.language, rendering.area): rendering.parts for rendering in texts}
        self._of_language: defaultdict[str, set[int]] = defaultdict(set)
        for rendering in texts:
            self._of_language[rendering.language].add(rendering.parts)

    @property
    def differ_by_area(self) -> bool:
        """True if the texts of one language have different numbers of parts."""
        return any(len(numbers) > 1 for numbers in self._of_language.values())

    def by_person(self, language: str, area: str | None) -> int:
        """Return the parts of a person: of their area, else of every area, else the most of their language."""
        own = self._parts.get((language, area or ""))
        return own or self._parts.get((language, "")) or max(self._of_language[language])


def _cost(price: Price | None, parts: int) -> str:
    return price.cost_of(parts) if price else ""


def preview_statement(query: AudienceQuery, capped: IdBitmap, *, by_area: bool) -> Select[Any]:
    """Build the SELECT that counts an audience by language, area and suppression reason.

    Without `by_area` the area is empty in every row, which spares its subqueries for each person.
    """
    area: ColumnElement[str] = query.area() if by_area else literal_column("''")
    audience = (
        select(
            query.language().label("language"),
            area.label("area"),
            query.suppression_reason(capped).label("suppression_reason"),
        )
        .where(query.matches())
        .subquery("audience")
    )
    return select(*audience.c, func.count()).group_by(*audience.c)
