"""Filter and order of lists of incidents, as SQL conditions."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import ge, gt, le, lt
from typing import Any

from sqlalchemy import ColumnElement, Integer, Text, case, cast

from gateway.incidents.incident import OPEN_STATUSES
from gateway.incidents.tables import incidents
from gateway.menu.definitions.report_form import IN_DANGER

COMPARISONS: Mapping[str, Callable[[Any, Any], Any]] = {">=": ge, "<=": le, ">": gt, "<": lt}


@dataclass(frozen=True, slots=True)
class AnswerTest:
    """Test of an answer that the pack declares: it is one of `values`, or compares with the first of them."""

    name: str
    values: Collection[str]
    comparison: str = "="
    is_number: bool = False
    is_personal: bool = False

    def condition(self) -> ColumnElement[bool]:
        column = incidents.c.personal_answers if self.is_personal else incidents.c.answers
        answer: ColumnElement[Any] = column[self.name].astext
        if self.comparison == "=":
            return answer.in_(sorted(self.values))
        (bound,) = self.values
        if not self.is_number:
            return COMPARISONS[self.comparison](answer, cast(bound, Text))  # type: ignore[no-any-return]
        # An answer of an earlier edition of the pack may be no number.
        number = case((answer.regexp_match("^[0-9]{1,6}$"), cast(answer, Integer)))
        return COMPARISONS[self.comparison](number, int(bound))  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True)
class IncidentFilter:
    """Filter of a list. An empty value filters nothing. `areas` are codes of kelurahan.

    The newest report comes first; with `by_update` the one that was changed last, by the desk or by its reporter.
    `since` counts by the same time as the order.
    """

    open_only: bool = False
    danger_only: bool = False
    new_details_only: bool = False
    areas: Collection[str] = ()
    category: str = ""
    taken_by: str = ""
    since: datetime | None = None
    by_update: bool = False
    answers: Sequence[AnswerTest] = ()
    hidden: Collection[str] = ()  # categories that the reader may not read

    def conditions(self) -> list[ColumnElement[bool]]:
        table = incidents.c
        wanted: list[ColumnElement[bool]] = []
        if self.hidden:
            wanted.append(table.category.not_in(sorted(self.hidden)))
        if self.open_only:
            wanted.append(is_open())
        if self.danger_only:
            wanted.append(table.danger == IN_DANGER)
        if self.new_details_only:
            wanted.append(table.new_details_at.is_not(None))
        if self.areas:
            wanted.append(table.area.in_(sorted(self.areas)))
        if self.category:
            wanted.append(table.category == self.category)
        if self.taken_by:
            wanted.append(table.taken_by == self.taken_by)
        if self.since:
            wanted.append((table.updated_at if self.by_update else table.received_at) >= self.since)
        return [*wanted, *(answer.condition() for answer in self.answers)]

    def order(self) -> list[ColumnElement[Any]]:
        newest = incidents.c.id.desc()
        return [incidents.c.updated_at.desc(), newest] if self.by_update else [newest]


ANY = IncidentFilter()


def is_open() -> ColumnElement[bool]:
    """Build the condition that an incident is neither closed nor merged."""
    return incidents.c.status.in_(sorted(OPEN_STATUSES))
