"""Audit trail over a real PostgreSQL: what is recorded, masked and never changed."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from gateway.audit import AuditTrail, audit, audit_row
from gateway.runtime.postgres import Database
from tests.helpers.clocks import ManualClock
from tests.helpers.phones import NUMBER
from tests.helpers.tables import rows


async def test_add_records_author_time_and_subject(database: Database, clock: ManualClock) -> None:
    await AuditTrail(database, clock).add("dewi", "channel.paused", {"tries": 3}, subject="channel at")

    (row,) = await rows(database, audit)
    row.pop("id")
    assert row == audit_row(clock.now(), "dewi", "channel.paused", "channel at", {"tries": 3})


async def test_add_masks_phone_numbers_in_author_and_detail(database: Database, clock: ManualClock) -> None:
    detail: dict[str, str | int] = {"reason": f"asked by {NUMBER.e164}", "people": 3}
    await AuditTrail(database, clock).add(NUMBER.e164, "people.exported", detail)

    (row,) = await rows(database, audit)
    assert (row["actor"], row["action"], row["at"]) == (NUMBER.masked, "people.exported", clock.now())
    assert row["detail"] == {"reason": f"asked by {NUMBER.masked}", "people": 3}


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


@pytest.mark.parametrize(
    "written",
    [
        "2026-11-30 081230004567 minta dihapus",
        "session 62812300045671796029540",
        "0812/3000/4567 dan 0812_3000_4567",
        "1796029540.6281230004567",
    ],
)
def test_row_has_no_number_however_it_is_written(clock: ManualClock, written: str) -> None:
    row = audit_row(clock.now(), f"dewi {written}", "incident.moved", "73402817", {"reason": written, "people": 3})

    assert "30004567" not in re.sub(r"[^0-9]", "", f"{row['actor']} {row['detail']}")
    assert row["detail"]["people"] == 3
