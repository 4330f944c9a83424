"""An appeal keeps to the hours of the pack, and to masa tenang when that comes while it goes out."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gateway.appeals.appeal import AppealStatus
from gateway.appeals.tables import appeal_chunks
from tests.helpers.appeals import BUDI, DRAFT, RINI, SITI, WRITTEN, Desk, changed
from tests.helpers.clocks import ManualClock


def _at(clock: ManualClock, text: str) -> None:
    """Set the clock to a local time."""
    clock.time = clock.time.fromisoformat(f"{text}+07:00")


async def test_quiet_hours_hold_back_and_drop_nothing(desk: Desk) -> None:
    await desk.settle(20)
    _at(desk.clock, "2026-11-19T19:59:59")
    appeal = await desk.approved()
    await desk.work()
    assert len(await desk.send(most=5)) == 5
    _at(desk.clock, "2026-11-19T20:00:00")
    assert await desk.send() == [], "what was due already is put off as well"
    assert await desk.statuses(appeal) == {"accepted": 5, "queued": 15}
    _at(desk.clock, "2026-11-20T06:59:59")
    assert await desk.send() == []
    _at(desk.clock, "2026-11-20T07:00:00")
    assert len(await desk.send()) == 15


async def test_what_is_expanded_in_quiet_hours_is_due_after_them(desk: Desk) -> None:
    await desk.settle(3)
    _at(desk.clock, "2026-11-20T02:00:00")
    preview = await desk.workflow.preview(DRAFT)
    appeal = await desk.approved()
    await desk.work()
    due = {row["due_at"].astimezone(desk.menu.timezone).isoformat() for row in await desk.rows(appeal)}
    assert due == {"2026-11-20T07:00:00+07:00"} == {preview.begins_at.astimezone(desk.menu.timezone).isoformat()}
    assert preview.held_back


async def test_a_written_text_stops_when_masa_tenang_comes(desk: Desk) -> None:
    await desk.settle(20)
    _at(desk.clock, "2026-11-23T19:59:00")
    written, one = await desk.approved(WRITTEN), await desk.approved()
    both = await desk.workflow.draft(SITI, changed(DRAFT, starts_at=desk.clock.now() + timedelta(hours=15)))
    await desk.workflow.submit(both, SITI)
    assert not await desk.workflow.approve(both, BUDI), "it goes out in masa tenang: one is not enough"
    assert await desk.workflow.approve(both, RINI)
    await desk.work()
    await desk.send(most=10)
    _at(desk.clock, "2026-11-23T20:00:00")  # the next that leaves would leave in masa tenang
    await desk.work()
    reasons = [(await desk.workflow.find(appeal)).reason for appeal in (written, one)]
    assert reasons == [
        "in masa_tenang only approved texts of the pack go out: until masa_tenang is over it can only be cancelled",
        "in masa_tenang an appeal needs 2 approvals: another person must approve it before it is resumed",
    ]
    _at(desk.clock, "2026-11-24T12:00:00")
    await desk.work()
    sent = await desk.send()
    assert len(sent) == 20 == (await desk.statuses(both))["accepted"]
    _at(desk.clock, "2026-11-27T07:00:00")
    await desk.workflow.resume(written, BUDI)
    await desk.work()
    assert (await desk.workflow.find(written)).status is AppealStatus.RUNNING


async def test_masa_tenang_begins_and_a_second_person_lets_it_go_on(desk: Desk) -> None:
    await desk.settle(20)
    appeal = await desk.approved()
    await desk.work()
    await desk.send(most=5)
    with pytest.raises(ValueError, match="this appeal is running; one can approve it while it is waiting, paused"):
        await desk.workflow.approve(appeal, RINI)
    _at(desk.clock, "2026-11-24T09:00:00")
    await desk.work()
    with pytest.raises(ValueError, match="needs 2 approvals: another person must approve it before it is resumed"):
        await desk.workflow.resume(appeal, RINI)
    for nobody, why in ((SITI, "siti may not approve"), (BUDI, "budi has approved this appeal already")):
        with pytest.raises(ValueError, match=why):
            await desk.workflow.approve(appeal, nobody)
    assert await desk.workflow.approve(appeal, RINI)
    stands = await desk.workflow.find(appeal)
    assert (stands.status, stands.approvers, stands.audience_size) == (AppealStatus.PAUSED, ("budi", "rini"), 20)
    assert stands.reason == "it has all the approvals that it needs: resume lets it go on"
    await desk.workflow.resume(appeal, RINI)
    await desk.work()
    assert len(await desk.send()) == 15
    await desk.work()
    assert (await desk.workflow.find(appeal)).status is AppealStatus.DONE
    assert await desk.count(appeal_chunks) == 3, "its audience is what it was"


async def test_another_reason_of_a_pause_stays_with_the_second_approval(desk: Desk) -> None:
    await desk.settle(3)
    appeal = await desk.approved()
    await desk.work()
    await desk.workflow.pause(appeal, SITI, "the kelurahan is wrong")
    _at(desk.clock, "2026-11-24T09:00:00")
    assert await desk.workflow.approve(appeal, RINI)
    assert (await desk.workflow.find(appeal)).reason == "the kelurahan is wrong"


async def test_a_second_approval_days_later_is_of_the_pause_as_it_was(desk: Desk) -> None:
    await desk.settle(3)
    appeal = await desk.approved()
    await desk.work()
    _at(desk.clock, "2026-11-23T20:30:00")  # the next that leaves would leave in masa tenang
    await desk.work()
    assert (await desk.workflow.find(appeal)).status is AppealStatus.PAUSED
    _at(desk.clock, "2026-11-26T12:00:00")
    assert await desk.workflow.approve(appeal, RINI)
    assert (await desk.workflow.find(appeal)).reason.endswith("resume lets it go on")


async def test_a_paused_one_takes_no_approval_that_it_does_not_need(desk: Desk) -> None:
    await desk.settle(3)
    appeal, written = await desk.approved(), await desk.approved(WRITTEN)
    await desk.work()
    await desk.workflow.pause(appeal, SITI, "wait")
    with pytest.raises(ValueError, match="has all the approvals that it needs"):
        await desk.workflow.approve(appeal, RINI)
    assert (await desk.workflow.find(appeal)).approvers == ("budi",)
    _at(desk.clock, "2026-11-24T09:00:00")
    await desk.work()
    with pytest.raises(ValueError, match="until masa_tenang is over it can only be cancelled"):
        await desk.workflow.approve(written, RINI)


async def test_it_cannot_be_resumed_within(desk: Desk) -> None:
    await desk.settle(3)
    appeal = await desk.approved(WRITTEN)
    await desk.work()
    _at(desk.clock, "2026-11-24T09:00:00")
    await desk.work()
    assert await desk.send() == []
    with pytest.raises(ValueError, match="only approved texts"):
        await desk.workflow.resume(appeal, BUDI)
