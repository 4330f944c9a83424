"""How an appeal goes out: expanded without gap or double, to everybody who was meant, and when it went."""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from gateway.appeals.appeal import AppealStatus, Total
from gateway.appeals.tables import appeal_chunks, appeals
from gateway.appeals.worker import AppealWorker
from gateway.carriers.carrier import Accepted, Outcome, Refused, Unknown
from gateway.menu.model import Menu
from gateway.runtime.postgres import DatabaseUnavailable
from tests.helpers.appeals import DRAFT, KLEGO, MEDONO, SITI, WRITTEN, Desk, changed, phone


async def test_everybody_gets_it_once(desk: Desk) -> None:
    await desk.settle(20)
    await desk.settle(5, first=20, language="jv", area=KLEGO)
    appeal = await desk.approved()
    await desk.work()
    sent = await desk.send()
    await desk.work()
    assert sorted(sent, key=str) == sorted(map(phone, range(25)), key=str)
    assert (await desk.workflow.find(appeal)).status is AppealStatus.DONE
    assert await desk.count(appeal_chunks) == 4
    account = await desk.account(appeal)
    assert (account.audience_size, account.totals[Total.ACCEPTED], account.parts) == (25, 25, 25)
    assert {key: sum(totals.values()) for key, totals in account.areas.items()} == {MEDONO: 20, KLEGO: 5}
    assert {key: sum(totals.values()) for key, totals in account.languages.items()} == {"id": 20, "jv": 5}
    assert {key: sum(totals.values()) for key, totals in account.hours.items()} == {"2026-11-19 15:00": 25}


async def test_each_gets_the_text_of_his_place(desk: Desk) -> None:
    await desk.settle(1)
    await desk.settle(1, first=1, area=KLEGO)
    await desk.settle(1, first=2, language="jv")
    await desk.settle(1, first=3, language="en")  # there is no English text
    await desk.settle(1, first=4, area="")
    appeal = await desk.approved(WRITTEN)
    await desk.work()
    texts = [row["text"] for row in await desk.rows(appeal)]
    assert texts == [
        "Rukun di Medono. STOP",
        "Rukun di Klego. STOP",
        "Rukun. STOP",
        "Rukun di Medono. STOP",
        "Rukun di Kota Pekalongan. STOP",
    ]


async def test_who_comes_later_is_not_meant(desk: Desk) -> None:
    await desk.settle(3)
    appeal = await desk.approved(changed(DRAFT, starts_at=desk.clock.now() + timedelta(hours=1)))
    await desk.settle(3, first=3)
    await desk.work()
    assert await desk.rows(appeal) == []
    assert (await desk.account(appeal)).totals[Total.WAITING] == 3
    desk.clock.advance(hours=1)
    await desk.work()
    assert len(await desk.send()) == 3


async def test_a_worker_killed_anywhere_leaves_neither_gap_nor_double(desk: Desk) -> None:
    await desk.settle(60)
    appeal = await desk.approved()
    chance = random.Random(7)
    for _ in range(40):
        task = asyncio.create_task(desk.work())
        await asyncio.sleep(chance.random() * 0.03)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await desk.account(appeal)
    await desk.work()
    assert len({row["person"] for row in await desk.rows(appeal)}) == len(await desk.rows(appeal)) == 60
    assert sorted(await desk.send(), key=str) == sorted(map(phone, range(60)), key=str)


async def test_many_workers_do_not_double(desk: Desk) -> None:
    await desk.settle(60)
    appeal = await desk.approved()
    await asyncio.gather(*(desk.work() for _ in range(4)))
    await desk.work()
    assert len(await desk.rows(appeal)) == 60
    assert (await desk.workflow.find(appeal)).expanded == 60


async def test_an_appeal_that_fails_holds_up_no_other(desk: Desk) -> None:
    await desk.settle(3)
    broken, cancelled, good = await desk.approved(), await desk.approved(), await desk.approved()
    await desk.set(appeals, appeals.c.id == broken, texts={"id": "{"})
    await desk.workflow.cancel(cancelled, SITI, "")
    with capture_logs() as logged:
        await desk.work()
    failed = {line["appeal"] for line in logged if line["event"] == "appeal.step_failed"}
    assert (failed, {line["log_level"] for line in logged if line["appeal"] == broken}) == ({broken}, {"error", "info"})
    assert await desk.statuses(good) == {"queued": 3}
    await desk.set(appeals, appeals.c.id == broken, texts={"id": "Rukun. STOP"})
    await desk.work()
    assert await desk.statuses(broken) == {"queued": 3}, "what it has not done then, the next look does"


async def test_a_database_that_goes_away_amid_a_step_ends_the_look(desk: Desk) -> None:
    def menu() -> Menu:
        raise DatabaseUnavailable("gone")

    await desk.settle(1)
    await desk.approved()
    with pytest.raises(DatabaseUnavailable), capture_logs() as logged:
        await AppealWorker(desk.database, desk.clock, menu, desk.terms).run_once()
    assert "appeal.step_failed" not in {line["event"] for line in logged}


async def test_no_more_waits_than_may(desk: Desk) -> None:
    few = desk.but(max_queued=10)
    await few.settle(40)
    appeal = await few.approved()
    await few.work()
    assert len(await few.rows(appeal)) == 14
    for _ in range(6):
        await few.send()
        await few.work()
    assert await few.statuses(appeal) == {"accepted": 40}


async def test_when_the_first_sms_left_is_written_down_once(desk: Desk) -> None:
    await desk.settle(4)
    appeal = await desk.approved()
    await desk.work()
    assert (await desk.workflow.find(appeal)).went_out_at is None, "nothing has left yet"
    desk.clock.advance(minutes=1)
    left_at = desk.clock.now()
    await desk.send(most=2)
    desk.clock.advance(minutes=1)
    await desk.work()
    await desk.send()
    await desk.work()
    done = await desk.workflow.find(appeal)
    assert (done.status, done.went_out_at) == (AppealStatus.DONE, left_at)


@pytest.mark.parametrize(
    "outcome", [Accepted("id"), Unknown("no answer"), Refused("no such number")], ids=lambda one: type(one).__name__
)
async def test_what_was_called_off_has_gone_out_if_anybody_may_have_it(desk: Desk, outcome: Outcome) -> None:
    await desk.settle(4)
    appeal = await desk.approved()
    await desk.work()
    await desk.send(lambda _: outcome, most=1)
    await desk.workflow.cancel(appeal, SITI, "")
    await desk.work()
    expected = None if isinstance(outcome, Refused) else desk.clock.now()
    assert (await desk.workflow.find(appeal)).went_out_at == expected
