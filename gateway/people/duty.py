"""People with a duty to report: found by the key of their number, and their all-quiet reports.

A person reports a day as all quiet once per place, however often the SMS is handled.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import any_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.people.filters import text_array
from gateway.people.tables import people, person_roles, quiet_reports


@dataclass(frozen=True, slots=True)
class PersonOnDuty:
    """Person with one of the roles that were looked for. `areas` are those of these roles."""

    id: int
    name: str = field(repr=False)
    language: str
    roles: tuple[str, ...]
    areas: tuple[str, ...]


async def find_on_duty(connection: AsyncConnection, phone_key: bytes, roles: Collection[str]) -> PersonOnDuty | None:
    """Return the person of this number if they have one of these roles, or None."""
    if not roles:
        return None
    columns = people.c.id, people.c.name, people.c.language, person_roles.c.role, person_roles.c.areas
    held = select(*columns).join_from(people, person_roles, person_roles.c.person == people.c.id)
    held = held.where(people.c.phone_key == phone_key, person_roles.c.role == any_(text_array(roles)))
    rows = (await connection.execute(held.order_by(person_roles.c.role))).all()
    if not rows:
        return None
    areas = tuple(dict.fromkeys(area for row in rows for area in row.areas))
    return PersonOnDuty(rows[0].id, rows[0].name, rows[0].language, tuple(row.role for row in rows), areas)


async def record_quiet(
    connection: AsyncConnection, person: int, area: str, day: date, at: datetime, channel: str
) -> None:
    """Record that this person reports the day as all quiet, for `area` or, without one, for all.

    Idempotent: in the caller's transaction, a second report of the day changes nothing.
    """
    row = {"person": person, "area": area, "day": day, "at": at, "channel": channel}
    await connection.execute(insert(quiet_reports).values(row).on_conflict_do_nothing())
