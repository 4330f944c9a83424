"""What comes back to an appeal by SMS is counted there."""

from __future__ import annotations

from gateway.carriers.carrier import OptOut
from tests.helpers.appeals import AppealWorld
from tests.helpers.clocks import ManualClock
from tests.helpers.phones import phone
from tests.helpers.sms import Room, sms
from tests.helpers.ussd import Resident


async def test_a_stop_and_another_word_are_answers_to_the_appeal(desk: Room, clock: ManualClock) -> None:
    appeals = AppealWorld(desk.gateway.services)
    await appeals.add_subscribers(3)
    first = await appeals.approved_appeal()
    await appeals.run_appeal_worker()
    assert len(await appeals.send_due_messages()) == 3
    await desk.replies(phone(0))
    assert await desk.says("STOP", phone(0)) == sms("unsub_ok")
    await desk.says("terima kasih", phone(1))
    await desk.says("BANTUAN", phone(9))
    assert (await appeals.load_results(first)).responses == {"stop": 1, "other": 1}


async def test_whatever_a_person_writes_is_an_answer(desk: Room, clock: ManualClock) -> None:
    appeals = AppealWorld(desk.gateway.services)
    letters = ("LAPOR 3 KLEGO ribut", "CEK 7340-2817", "CEK", "REG", "BAHASA jawa", "BANTUAN", "INFO", "LAPOR", "nuwun")
    await appeals.add_subscribers(len(letters) + 2)
    appeal = await appeals.approved_appeal()
    await appeals.run_appeal_worker()
    await appeals.send_due_messages()
    for number, letter in enumerate(letters):
        await desk.says(letter, phone(number))
    await desk.says("Balasan otomatis: sedang cuti", phone(len(letters)))
    assert (await appeals.load_results(appeal)).responses == {"other": len(letters)}, "a machine's words are none"
    await desk.says("CEK", phone(0))
    await desk.says("BERHENTI", phone(len(letters)))
    clock.advance(days=4)
    await desk.says("BANTUAN", phone(len(letters) + 1))
    assert (await appeals.load_results(appeal)).responses == {"other": len(letters), "stop": 1}


async def test_a_stop_counts_however_it_is_said(desk: Room, clock: ManualClock) -> None:
    appeals = AppealWorld(desk.gateway.services)
    await appeals.add_subscribers(4)
    appeal = await appeals.approved_appeal()
    await appeals.run_appeal_worker()
    await appeals.send_due_messages()
    await desk.says("STOP", phone(0))
    assert (await Resident(desk.gateway.services.turns, phone(1)).walk(("1", "3", "2"))).end
    for _ in range(2):  # carriers repeat what they bring
        await desk.inbox.store_opt_out("at", OptOut(phone(2), "SIAGA"))
    await desk.inbox.store_opt_out("at", OptOut(phone(0), "SIAGA"))
    await desk.inbox.store_opt_out("at", OptOut(phone(9), "SIAGA"))
    assert (await appeals.load_results(appeal)).responses == {"stop": 3}


async def test_who_said_stop_gets_none_of_what_waits_for_him(desk: Room, clock: ManualClock) -> None:
    appeals = AppealWorld(desk.gateway.services)
    await appeals.add_subscribers(3)
    appeal = await appeals.approved_appeal()
    await appeals.run_appeal_worker()
    await desk.says("STOP", phone(0))
    await appeals.send_due_messages()
    assert await appeals.statuses(appeal) == {"accepted": 2, "suppressed": 1}
