"""Migration 0019: appeals of every status get their public numbers, and old ones stay readable and work on."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import text

from gateway.appeals.appeal import AppealStatus
from tests.helpers.appeals import BUDI, DRAFT, AppealWorld
from tests.helpers.clocks import ManualClock
from tests.helpers.migrations import to_version

_OLD = text(
    "INSERT INTO appeals (status, version, purpose, template, texts, ticket, channel, audience, authors, reason,"
    " frozen, expanded, judged_from, went_out_at, created_at, updated_at) VALUES (:status, 1, 'Rumour', 'cek_kabar',"
    " '{\"id\": \"Info {kel}: sudah dicek. Henti: STOP\"}', '', 'at', '{\"roles\": [\"subscriber\"]}', '{siti}', '',"
    " 0, 0, :begun, :went_out_at, :at, :at) RETURNING id"
)


async def test_appeals_that_went_out_are_numbered_in_the_order_of_their_first_sms(
    world: AppealWorld, clock: ManualClock
) -> None:
    now = clock.now()
    async with world.database.begin() as connection:
        await connection.execute(text("DROP SCHEMA public CASCADE"))
        await connection.execute(text("CREATE SCHEMA public"))
        await connection.run_sync(to_version, "0018")
        ids = {}
        for hours, status in enumerate(AppealStatus):
            sent = status in (AppealStatus.RUNNING, AppealStatus.DONE, AppealStatus.CANCELLED)
            begun = now - timedelta(hours=hours) if sent or status is AppealStatus.PAUSED else None
            row = {"status": status, "begun": begun, "went_out_at": begun if sent else None, "at": now}
            ids[status] = (await connection.execute(_OLD, row)).scalar_one()
        await connection.run_sync(to_version, "head")

    numbers = {status: (await world.appeal(number)).public_number for status, number in ids.items()}
    assert numbers == {
        AppealStatus.DRAFT: None,
        AppealStatus.WAITING: None,
        AppealStatus.SCHEDULED: None,
        AppealStatus.CANCELLED: 1,
        AppealStatus.DONE: 2,
        AppealStatus.PAUSED: 3,
        AppealStatus.RUNNING: 4,
    }
    old = await world.appeal(ids[AppealStatus.DONE])
    assert (old.draft.slots, old.texts["id"]) == ({}, "Info {kel}: sudah dicek. Henti: STOP")
    published = await world.appeals.published.list_published()
    assert {one.number: one.purpose for one in published} == {4: "cek kabar", 2: "cek kabar", 1: "cek kabar"}

    await world.add_subscribers(1)
    appeal = await world.approved_appeal(DRAFT, by=(BUDI,))
    await world.run_appeal_worker()
    numbers_now = [(await world.appeal(one)).public_number for one in (ids[AppealStatus.SCHEDULED], appeal)]
    assert numbers_now == [5, 6], "the scheduled one has begun too"
