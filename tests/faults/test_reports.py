"""Delivery reports over real HTTP: early, late, repeated, and of unknown messages."""

from __future__ import annotations

import pytest

from gateway.carriers.local.faults import DuplicateReports, Fault, Faults
from gateway.messages.tables import receipts
from tests.helpers.faults import SendingWorld, expected_calls
from tests.helpers.phones import phone
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
async def test_early_repeated_and_reordered_reports_are_applied_once(world: SendingWorld, faults: Faults) -> None:
    world.local.faults = faults
    await world.put(4)
    await world.send_until(*["delivered"] * 4)
    copies = 1 if faults.duplicate_reports is None else faults.duplicate_reports.copies

    async def all_came() -> bool:
        return len(world.reported) == 4 * 2 * copies

    await until(all_came)
    assert await world.queue.statuses() == ["delivered"] * 4

    kept = await world.queue.rows(receipts)
    assert len(kept) == 4 * 2, "one row for each report, however often it came"
    assert sum(row["applied"] for row in kept) == 4
    assert world.reported.count("repeated") == 8 * (copies - 1)
    assert world.requested == world.taken_up() == expected_calls(4)


async def test_a_report_of_an_unknown_id_changes_nothing(world: SendingWorld) -> None:
    async with world.http.post(
        f"{world.url}/receipt", data={"id": "ATXid_of_nobody", "status": "Success", "phoneNumber": phone(1).e164}
    ) as answer:
        assert answer.status == 200
    await world.put(1)
    await world.send_until("accepted")

    (kept,) = await world.queue.rows(receipts)

    assert (kept["message"], kept["applied"]) == (None, False)
    assert world.requested == world.taken_up() == expected_calls(1)
