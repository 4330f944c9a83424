"""Pure: people as CSV rows, in the columns that `csv_import` reads.

A spreadsheet opens them without loss, and runs none: what it would execute or convert has an apostrophe before it.
"""

from __future__ import annotations

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from gateway.people.headings import COLUMNS
from gateway.people.person import Person, shown_area
from gateway.text.csv_rows import guarded

__all__ = ["COLUMNS", "csv_rows"]


def csv_rows(person: Person, timezone: ZoneInfo, role: str | None = None) -> Iterator[tuple[str, ...]]:
    """Yield a row under `COLUMNS` for each role of a person, or for `role` alone. The number is not masked."""
    for grant in person.grants:
        if role in (None, grant.role):
            agreed_on = f"{grant.agreed_at.astimezone(timezone):%Y-%m-%d}" if grant.agreed_at else ""
            cells = (
                person.phone.e164,
                person.name,
                grant.role,
                ";".join(map(shown_area, grant.areas)),
                person.language,
                f"{agreed_on} {grant.basis}".strip(),
            )
            yield tuple(map(guarded, cells))
