"""Pure: people as CSV rows, in the columns that `csv_import` reads."""

from __future__ import annotations

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from gateway.people.csv_import import COLUMNS
from gateway.people.person import Person, Role
from gateway.text.csv_rows import FORMULA_STARTS

__all__ = ["COLUMNS", "csv_rows"]


def csv_rows(person: Person, timezone: ZoneInfo, role: Role | None = None) -> Iterator[tuple[str, ...]]:
    """Yield a row under `COLUMNS` for each role of a person, or for `role` alone. The number is not masked."""
    for grant in person.grants:
        if role in (None, grant.role):
            agreed_on = f"{grant.agreed_at.astimezone(timezone):%Y-%m-%d}" if grant.agreed_at else ""
            yield (
                person.phone.e164,
                _not_a_formula(person.name),
                grant.role.value,
                ";".join(grant.areas),
                person.language,
                _not_a_formula(f"{agreed_on} {grant.basis}".strip()),
            )


def _not_a_formula(text: str) -> str:
    """Return `text`, behind an apostrophe where a spreadsheet would execute it as a formula."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
