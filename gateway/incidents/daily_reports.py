"""Reports of the day that are due: people whose role has an hour for it, and who have not reported by then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, any_, exists, select

from gateway.incidents.tables import incidents
from gateway.menu.definitions.roles import Roles
from gateway.people.filters import text_array
from gateway.people.tables import people, person_roles, quiet_reports
from gateway.runtime.postgres import Database
from gateway.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class DueReport:
    """Person who has not reported. `phone` is masked, `role` the one whose hour came first, `areas` those of it."""

    name: str = field(repr=False)
    role: str
    areas: tuple[str, ...]
    due_at: datetime
    phone: str


class DailyReports:
    """Store of due reports. May raise `DatabaseUnavailable`."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    async def list_due(self, roles: Roles, day: date, zone: ZoneInfo, at: datetime, limit: int) -> Sequence[DueReport]:
        """Return the people who had not reported `day` by the moment `at`, although an hour of theirs had passed.

        The earliest hour comes first. Nobody who was added to the directory after their hour is among them.
        """
        hours = {
            role.key: datetime.combine(day, role.daily_report_by, zone)
            for role in roles.values()
            if role.daily_report_by is not None
        }
        passed = {key: due_at for key, due_at in hours.items() if due_at <= at}
        if not passed:
            return []
        async with self._database.begin() as connection:
            rows = (await connection.execute(_silent_people(passed.keys(), day, zone, at))).all()
        rows = sorted(rows, key=lambda row: (passed[row.role], row.name, row.id, list(roles).index(row.role)))
        due: dict[int, DueReport] = {}
        for row in rows:
            if row.added_at <= passed[row.role] and row.id not in due:
                phone = self._vault.masked(row.phone_sealed, row.phone_key)
                due[row.id] = DueReport(row.name, row.role, tuple(row.areas), passed[row.role].astimezone(UTC), phone)
        return list(due.values())[:limit]


def _silent_people(roles: Any, day: date, zone: ZoneInfo, at: datetime) -> Select[Any]:
    """Build the SELECT of the grants of these roles whose people have not reported on `day` by the moment `at`."""
    begins, ends = (datetime.combine(one, time(), zone) for one in (day, day + timedelta(days=1)))
    quiet = exists().where(quiet_reports.c.person == people.c.id, quiet_reports.c.day == day, quiet_reports.c.at <= at)
    filed = exists().where(
        incidents.c.phone_key == people.c.phone_key,
        incidents.c.received_at >= begins,
        incidents.c.received_at < ends,
        incidents.c.received_at <= at,
    )
    columns = people.c.id, people.c.name, people.c.phone_sealed, people.c.phone_key, people.c.added_at
    held = select(*columns, person_roles.c.role, person_roles.c.areas)
    held = held.join_from(people, person_roles, person_roles.c.person == people.c.id)
    return held.where(people.c.phone_key.is_not(None), person_roles.c.role == any_(text_array(roles)), ~quiet, ~filed)
