"""Store of appeals: the frozen audience."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from gateway.appeals.appeal import AppealStatus, Total
from gateway.appeals.store import read_progress
from gateway.appeals.tables import appeal_chunks
from tests.helpers.appeals import BUDI, DRAFT, AppealWorld


async def test_frozen_audience_has_no_people_who_come_later(world: AppealWorld) -> None:
    await world.add_subscribers(3)
    appeal = await world.approved_appeal(replace(DRAFT, starts_at=world.clock.now() + timedelta(hours=1)))
    await world.add_subscribers(3, first=3)

    await world.run_appeal_worker()

    assert await world.messages_of(appeal) == []
    assert (await world.load_results(appeal)).totals[Total.WAITING] == 3

    world.clock.advance(hours=1)
    await world.run_appeal_worker()

    assert len(await world.send_due_messages()) == 3


async def test_frozen_audience_is_stored_in_chunks(world: AppealWorld) -> None:
    await world.add_subscribers(15)

    appeal = await world.approved_appeal()

    assert (await world.appeal(appeal)).audience_size == 15
    assert await world.count(appeal_chunks) == 3


async def test_edit_unfreezes_the_audience(world: AppealWorld) -> None:
    await world.add_subscribers(2)
    appeal = await world.approved_appeal()

    await world.workflow.edit(appeal, BUDI, lambda draft: replace(draft, template="uang"))

    edited = await world.appeal(appeal)
    assert (edited.status, edited.approvers, edited.audience_size) == (AppealStatus.DRAFT, (), 0)
    assert await world.count(appeal_chunks) == 0


async def test_progress_counts_people_sent_to_and_those_who_wait(world: AppealWorld) -> None:
    async def progress() -> tuple[int, int]:
        async with world.services.database.begin() as connection:
            return await read_progress(connection)

    await world.add_subscribers(20)
    await world.approved_appeal()
    assert await progress() == (0, 0), "it is not running yet"

    await world.worker.run_once()
    sent, left = await progress()
    assert (sent, left) == (0, 20)

    await world.run_appeal_worker()
    await world.send_due_messages()
    sent, left = await progress()
    assert (sent, left) == (20, 0)

    await world.run_appeal_worker()
    assert await progress() == (0, 0), "it is done"
