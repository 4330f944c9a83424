"""Pure: people as the lines of a list that `importing` reads again."""

from __future__ import annotations

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from gateway.people.csv_import import COLUMNS
from gateway.people.person import Person, Role

__all__ = ["COLUMNS", "csv_rows"]

_FORMULA = ("=", "+", "-", "@")


def csv_rows(person: Person, timezone: ZoneInfo, role: Role | None = None) -> Iterator[tuple[str, ...]]:
    """One line for each role of the person, under `COLUMNS`, with the whole number; or for `role` alone."""
    for part in person.grants:
        if role in (None, part.role):
            given = f"{part.agreed_at.astimezone(timezone):%Y-%m-%d}" if part.agreed_at else ""
            yield (
                person.phone.e164,
                _harmless(person.name),
                part.role.value,
                ";".join(part.areas),
                person.language,
                _harmless(f"{given} {part.basis}".strip()),
            )


def _harmless(text: str) -> str:
    """`text`, which a spreadsheet would otherwise take for a formula where it begins like one."""
    return f"'{text}" if text.startswith(_FORMULA) else text
