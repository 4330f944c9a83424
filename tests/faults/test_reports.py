"""Delivery reports that come early, late, again, or for a stranger, over real HTTP."""

from __future__ import annotations

import pytest

from gateway.carriers.local.faults import DuplicateReports, Fault, Faults
from gateway.messages.tables import receipts
from tests.helpers.faults import Field, each, phone
from tests.helpers.waiting import until


@pytest.mark.parametrize(
    "faults",
    [
        Faults(early_reports=Fault()),
        Faults(duplicate_reports=DuplicateReports(copies=3)),
        Faults(reordered_reports=Fault()),
        Faults(early_reports=Fault(), reordered_reports=Fault(), duplicate_reports=DuplicateReports()),
    ],
    ids=["early", "repeated", "reordered", "all at once"],
)
async def test_reports_that_come_as_they_like(here: Field, faults: Faults) -> None:
    here.local.faults = faults
    await here.put(4)
    await here.work(*["delivered"] * 4)
    copies = 1 if faults.duplicate_reports is None else faults.duplicate_reports.copies

    async def all_came() -> bool:
        return len(here.reported) == 4 * 2 * copies

    await until(all_came)
    assert await here.stage.statuses() == ["delivered"] * 4
    kept = await here.stage.rows(receipts)
    assert len(kept) == 4 * 2, "one row for each report, however often it came"
    assert sum(row["applied"] for row in kept) == 4
    assert here.reported.count("repeated") == 8 * (copies - 1)
    assert here.requested == here.asked() == each(4)


async def test_a_report_for_a_stranger(here: Field) -> None:
    async with here.http.post(
        f"{here.url}/receipt", data={"id": "ATXid_of_nobody", "status": "Success", "phoneNumber": phone(1).e164}
    ) as answer:
        assert answer.status == 200
    await here.put(1)
    await here.work("accepted")
    (kept,) = await here.stage.rows(receipts)
    assert (kept["message"], kept["applied"]) == (None, False)
    assert here.requested == here.asked() == each(1)
