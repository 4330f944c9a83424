"""An appeal is paused, resumed and called off, by a person or by itself: nothing leaves, and nobody is forgotten."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gateway.appeals.appeal import AppealStatus, AutoPause, SuppressionReason, Total
from gateway.carriers.carrier import Accepted, Deferred, Outcome, Refused, Unknown
from gateway.menu.pack.loader import load
from gateway.messages.message import MessageClass
from gateway.messages.outbox import NewMessage, enqueue
from gateway.messages.tables import holds
from gateway.runtime.pack_folder import read_pack
from gateway.text.phone import Phone
from tests.helpers.appeals import BUDI, DRAFT, KLEGO, MEDONO, PEKALONGAN, SITI, WRITTEN, Desk, changed, phone


async def test_a_pause_holds_back_what_waits_at_once(desk: Desk) -> None:
    await desk.settle(20)
    appeal = await desk.approved()
    await desk.work()
    await desk.send(most=5)
    await desk.workflow.pause(appeal, SITI, "wrong day, says +6281230004567")
    assert await desk.send() == [], "the claim obeys the hold before the worker has looked"
    await desk.work()
    assert await desk.statuses(appeal) == {"accepted": 5, "held": 15}
    assert (await desk.account(appeal)).totals[Total.WAITING] == 15
    assert (await desk.workflow.find(appeal)).reason == "wrong day, says +62812****567"
    desk.clock.advance(days=2)  # what is held does not expire
    await desk.workflow.resume(appeal, BUDI)
    await desk.work()
    assert len(await desk.send()) == 15
    await desk.work()
    assert (await desk.workflow.find(appeal)).status is AppealStatus.DONE


async def test_what_comes_back_while_it_is_paused_is_held(desk: Desk) -> None:
    await desk.settle(1)
    appeal = await desk.approved()
    await desk.work()
    claims = await desk.outbox.claim(10, "worker", "at")
    await desk.workflow.pause(appeal, SITI, "")
    await desk.work()
    await desk.outbox.record("at", [(claim, Deferred("slow")) for claim in claims])
    desk.clock.advance(minutes=5)
    assert await desk.send() == []
    assert await desk.statuses(appeal) == {"held": 1}


async def test_a_cancellation_calls_off_the_rest(desk: Desk) -> None:
    few = desk.but(max_queued=10)
    await few.settle(40)
    appeal = await few.approved()
    await few.work()
    await few.send(most=5)
    await few.workflow.cancel(appeal, SITI, "the text is wrong")
    assert await few.send() == []
    await few.work()
    account = await few.account(appeal)
    assert (account.totals[Total.ACCEPTED], account.totals[Total.WAITING]) == (5, 0)
    assert account.suppressed == {SuppressionReason.CALLED_OFF: 35}
    assert await few.statuses(appeal) == {"accepted": 5, "cancelled": 9, "suppressed": 26}


async def test_others_are_not_held(desk: Desk) -> None:
    await desk.settle(3)
    paused, other = await desk.approved(), await desk.approved()
    await desk.work()
    await desk.workflow.pause(paused, SITI, "")
    message = NewMessage(MessageClass.CONFIRMATION, "at", phone(77), "Laporan diterima", "id")
    async with desk.database.begin() as connection:
        await enqueue(connection, message, desk.vault, desk.clock.now())
    assert (await desk.send())[0] == phone(77), "and what presses more goes first"
    assert (await desk.statuses(other)) == {"accepted": 3}


async def test_it_pauses_itself_when_too_much_fails(desk: Desk) -> None:
    braked = desk.but(auto_pause=AutoPause(max_failed_share=0.2, window=50, min_sends=10))
    await braked.settle(100)
    appeal = await braked.approved()
    await braked.work()
    bad = {phone(number): Refused("blocked") if number % 2 else Unknown("silence") for number in range(12)}

    def outcome(to: Phone) -> Outcome:
        return bad.get(to) or Accepted(str(to.e164))

    await braked.send(outcome, most=40)
    await braked.work()
    stands = await braked.workflow.find(appeal)
    assert stands.status is AppealStatus.PAUSED
    assert stands.reason == "of the last 40 sends 6 were refused and 6 are unknown"
    assert await braked.send() == []
    braked.clock.advance(seconds=1)
    await braked.workflow.resume(appeal, BUDI)
    await braked.work()
    await braked.send()
    await braked.work()
    assert (await braked.workflow.find(appeal)).status is AppealStatus.DONE, "what had failed before counts no more"


@pytest.mark.parametrize(
    ("refused", "sent", "pauses"), [(4, 20, False), (5, 20, True), (19, 19, False), (41, 200, True)]
)
def test_when_the_brake_bites(refused: int, sent: int, pauses: bool) -> None:
    assert bool(AutoPause().reason(refused, 0, sent)) is pauses


@pytest.mark.parametrize("pack_changes", [False, True])
async def test_who_is_left_of_a_cancelled_appeal_has_a_line_too(desk: Desk, pack_changes: bool) -> None:
    await desk.settle(9)
    await desk.settle(1, first=9, area=KLEGO)
    draft = changed(WRITTEN, audience={"areas": [MEDONO]}, starts_at=desk.clock.now() + timedelta(hours=1))
    appeal = await desk.approved(draft)
    await desk.workflow.cancel(appeal, SITI, "not needed")
    assert (await desk.account(appeal)).suppressed == {SuppressionReason.CALLED_OFF: 9}, "at once"
    if pack_changes:
        desk.menu = load(read_pack(PEKALONGAN.parent / "tegal"))
    await desk.work()
    account = await desk.account(appeal)
    assert (account.audience_size, account.suppressed) == (9, {SuppressionReason.CALLED_OFF: 9})
    for groups, key in ((account.areas, MEDONO), (account.languages, "id"), (account.channels, "at")):
        assert {name: totals[Total.SUPPRESSED] for name, totals in groups.items()} == {key: 9}
    lines = await desk.results.list_person_results(appeal)
    assert [(line["status"], line["reason"]) for line in lines] == [("suppressed", "the appeal was called off")] * 9
    assert (account.parts, await desk.send(), await desk.count(holds)) == (0, [], 0)


async def test_one_that_is_cancelled_amid_its_expansion(desk: Desk) -> None:
    few = desk.but(max_queued=7)
    await few.settle(20)
    appeal = await few.approved()
    await few.work()
    assert len(await few.rows(appeal)) == 7
    assert len(await few.send(most=3)) == 3
    await few.workflow.cancel(appeal, SITI, "enough")
    await few.work()
    account = await few.account(appeal)
    assert (account.totals[Total.ACCEPTED], account.suppressed) == (3, {SuppressionReason.CALLED_OFF: 17})
    assert len(await few.results.list_person_results(appeal)) == 20
    assert await few.send() == []


async def test_the_pack_is_another_one_by_now(desk: Desk) -> None:
    await desk.settle(3)
    appeal = await desk.approved(changed(DRAFT, audience={"areas": [MEDONO]}))
    desk.menu = load(read_pack(PEKALONGAN.parent / "tegal"))
    await desk.work()
    stands = await desk.workflow.find(appeal)
    assert stands.status is AppealStatus.PAUSED
    assert stands.reason.startswith(f"the pack has changed: areas: nothing is called {MEDONO}; known are ")
