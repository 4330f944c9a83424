"""Names of people who report by duty, looked up in the directory when the desk reads their reports.

Nothing of it is stored with the report. So a name is gone when its person, or the number in the report, is erased.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import ARRAY, LargeBinary, RowMapping, any_, cast, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.incidents.incident import NamedReporter
from gateway.people.filters import text_array
from gateway.people.tables import people, person_roles


async def load_reporters(
    connection: AsyncConnection, rows: Sequence[RowMapping], roles: Collection[str]
) -> Mapping[bytes, NamedReporter]:
    """Return the reporters of these rows of `incidents` who have one of `roles`, by the key of their number.

    Of several roles it is the first in the order of `roles`.
    """
    keys = {row["phone_key"] for row in rows} - {None}
    if not keys or not roles:
        return {}
    held = select(people.c.phone_key, people.c.name, person_roles.c.role)
    held = held.join_from(people, person_roles, person_roles.c.person == people.c.id).where(
        people.c.phone_key == any_(cast(sorted(keys), ARRAY(LargeBinary))),
        person_roles.c.role == any_(text_array(roles)),
    )
    order = list(roles)
    found = sorted((await connection.execute(held)).all(), key=lambda row: order.index(row.role), reverse=True)
    return {row.phone_key: NamedReporter(row.name, row.role) for row in found}
