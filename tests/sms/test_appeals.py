"""What comes back to an appeal by SMS is counted there."""

from __future__ import annotations

from tests.appeals.stage import Desk, menu_of, phone
from tests.clocks import StandingClock
from tests.sms.stage import Room, sms
from tests.ussd.stage import VAULT


async def test_a_stop_and_another_word_are_answers_to_the_appeal(desk: Room, clock: StandingClock) -> None:
    appeals = Desk(desk.gateway.database, VAULT, clock, menu_of())
    await appeals.settle(3)
    first = await appeals.approved()
    await appeals.work()
    assert len(await appeals.send()) == 3
    await desk.replies(phone(0))
    assert await desk.says("STOP", phone(0)) == sms("unsub_ok")
    await desk.says("terima kasih", phone(1))
    await desk.says("BANTUAN", phone(9))
    assert (await appeals.account(first)).answers == {"stop": 1, "other": 1}


async def test_who_said_stop_gets_none_of_what_waits_for_him(desk: Room, clock: StandingClock) -> None:
    appeals = Desk(desk.gateway.database, VAULT, clock, menu_of())
    await appeals.settle(3)
    appeal = await appeals.approved()
    await appeals.work()
    await desk.says("STOP", phone(0))
    await appeals.send()
    assert await appeals.statuses(appeal) == {"accepted": 2, "suppressed": 1}
