"""Many reports of one number within a day: marked for the desk, never refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from sqlalchemy import ARRAY, BigInteger, RowMapping, and_, any_, cast, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.incidents.tables import incidents

MANY_A_DAY = 5
_DAY = timedelta(days=1)


async def load_repeats(connection: AsyncConnection, rows: Sequence[RowMapping]) -> Mapping[int, int]:
    """Return how many reports came from the number of each incident in the day up to it.

    By the id of the incident, and only from `MANY_A_DAY` up: fewer are no flood.
    """
    if not rows:
        return {}
    earlier = incidents.alias("earlier")
    of_its_day = and_(
        earlier.c.phone_key == incidents.c.phone_key,
        earlier.c.received_at <= incidents.c.received_at,
        earlier.c.received_at > incidents.c.received_at - _DAY,
    )
    ids = cast([row["id"] for row in rows], ARRAY(BigInteger))
    counted = select(incidents.c.id, func.count().label("reports")).join_from(incidents, earlier, of_its_day)
    counted = counted.where(incidents.c.id == any_(ids)).group_by(incidents.c.id).having(func.count() >= MANY_A_DAY)
    return {row.id: row.reports for row in (await connection.execute(counted)).all()}
