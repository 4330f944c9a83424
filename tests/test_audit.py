"""Audit trail: it takes new rows only, and masks numbers."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from gateway.audit import AuditTrail, audit
from gateway.runtime.postgres import Database
from tests.helpers.clocks import ManualClock
from tests.helpers.phones import NUMBER
from tests.helpers.tables import rows


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE audit SET actor = 'nobody'",
        "UPDATE audit SET actor = 'nobody' WHERE false",
        "DELETE FROM audit",
        "TRUNCATE audit",
        "TRUNCATE audit RESTART IDENTITY CASCADE",
    ],
)
async def test_audit_trail_cannot_be_changed(database: Database, clock: ManualClock, change: str) -> None:
    await AuditTrail(database, clock).add("dewi", "people.exported", {"people": 3})
    before = await rows(database, audit)

    with pytest.raises(DBAPIError, match="takes new rows only"):
        async with database.begin() as connection:
            await connection.execute(text(change))

    assert await rows(database, audit) == before


async def test_audit_trail_masks_numbers(database: Database, clock: ManualClock) -> None:
    detail: dict[str, str | int] = {"reason": f"asked by {NUMBER.e164}", "people": 3}
    await AuditTrail(database, clock).add("dewi", "people.exported", detail)

    (row,) = await rows(database, audit)

    assert (row["actor"], row["action"], row["at"]) == ("dewi", "people.exported", clock.now())
    assert row["detail"] == {"reason": f"asked by {NUMBER.masked}", "people": 3}
