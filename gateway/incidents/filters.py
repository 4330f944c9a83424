"""Filter and order of lists of incidents, as SQL conditions."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement

from gateway.incidents.draft import IN_DANGER
from gateway.incidents.incident import OPEN_STATUSES
from gateway.incidents.tables import incidents


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

    def conditions(self) -> list[ColumnElement[bool]]:
        table, wanted = incidents.c, []
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
        return wanted

    def order(self) -> list[ColumnElement[Any]]:
        newest = incidents.c.id.desc()
        return [incidents.c.updated_at.desc(), newest] if self.by_update else [newest]


ANY = IncidentFilter()


def is_open() -> ColumnElement[bool]:
    """Build the condition that an incident is neither closed nor merged."""
    return incidents.c.status.in_(sorted(OPEN_STATUSES))
