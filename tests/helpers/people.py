"""People of the tests about the directory, and a list that imports them."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any

from gateway.people.directory import Directory, ImportCounts
from gateway.people.person import ListedPerson, RoleGrant
from gateway.people.tables import people, person_roles, subscriptions
from gateway.runtime.postgres import Database
from gateway.text.phone import Phone
from tests.helpers.phones import phone
from tests.helpers.tables import Rows, rows

THIRD, FOURTH = phone(3), phone(9)
PODOSUGIH, MEDONO, KAUMAN = "33.75.01.1003", "33.75.01.1002", "33.75.02.1003"
BARAT, TIMUR = "33.75.01", "33.75.02"
AT = datetime(2026, 3, 1, tzinfo=UTC)

OFFICER = RoleGrant("officer", (BARAT,), "surat tugas 12")
SUBSCRIBER = RoleGrant("subscriber", (PODOSUGIH, MEDONO), "formulir RW 3", AT)

OptOutPhone = Callable[[Phone], Coroutine[Any, Any, None]]
"""Opts a phone out of appeals, as by STOP."""


async def import_list(directory: Directory, *entries: ListedPerson, dry_run: bool = False) -> ImportCounts:
    """Import these people from `list.csv`, in Indonesian unless they say otherwise."""
    return await directory.import_people(entries, source="list.csv", language="id", dry_run=dry_run)


async def directory_rows(database: Database) -> list[Rows]:
    """Return the rows of people, roles and subscriptions."""
    return [await rows(database, table) for table in (people, person_roles, subscriptions)]
