"""SMS after an appeal are counted as its responses."""

from __future__ import annotations

from gateway.carriers.carrier import OptOut
from tests.helpers.appeals import AppealWorld
from tests.helpers.clocks import ManualClock
from tests.helpers.phones import phone
from tests.helpers.sms import SmsWorld, pack_sms
from tests.helpers.ussd import Resident


async def test_an_opt_out_and_other_texts_are_counted_as_responses(world: SmsWorld, clock: ManualClock) -> None:
    appeals = AppealWorld(world.services)
    await appeals.add_subscribers(3)
    first = await appeals.approved_appeal()

    await appeals.run_appeal_worker()
    assert len(await appeals.send_due_messages()) == 3

    await world.replies(phone(0))
    assert await world.send_sms("STOP", phone(0)) == pack_sms("unsub_ok")

    await world.send_sms("terima kasih", phone(1))
    await world.send_sms("BANTUAN", phone(9))
    assert (await appeals.load_results(first)).responses == {"stop": 1, "other": 1}


async def test_any_text_of_a_person_counts_as_a_response(world: SmsWorld, clock: ManualClock) -> None:
    appeals = AppealWorld(world.services)
    texts = ("LAPOR 3 KLEGO ribut", "CEK 7340-2817", "CEK", "REG", "BAHASA jawa", "BANTUAN", "INFO", "LAPOR", "nuwun")
    await appeals.add_subscribers(len(texts) + 2)
    appeal = await appeals.approved_appeal()
    await appeals.run_appeal_worker()
    await appeals.send_due_messages()
    for number, sms in enumerate(texts):
        await world.send_sms(sms, phone(number))

    await world.send_sms("Balasan otomatis: sedang cuti", phone(len(texts)))
    assert (await appeals.load_results(appeal)).responses == {"other": len(texts)}, "a machine's words are none"

    await world.send_sms("CEK", phone(0))
    await world.send_sms("BERHENTI", phone(len(texts)))
    clock.advance(days=4)
    await world.send_sms("BANTUAN", phone(len(texts) + 1))
    assert (await appeals.load_results(appeal)).responses == {"other": len(texts), "stop": 1}


async def test_an_opt_out_counts_by_sms_and_by_carrier(world: SmsWorld, clock: ManualClock) -> None:
    appeals = AppealWorld(world.services)
    await appeals.add_subscribers(4)
    appeal = await appeals.approved_appeal()
    await appeals.run_appeal_worker()
    await appeals.send_due_messages()

    await world.send_sms("STOP", phone(0))
    assert (await Resident(world.services.turns, phone(1)).walk(("1", "4", "2"))).end

    for _ in range(2):  # carriers repeat what they bring
        await world.services.inbox.store_opt_out("at", OptOut(phone(2), "SIAGA"))
    await world.services.inbox.store_opt_out("at", OptOut(phone(0), "SIAGA"))
    await world.services.inbox.store_opt_out("at", OptOut(phone(9), "SIAGA"))
    assert (await appeals.load_results(appeal)).responses == {"stop": 3}


async def test_an_opt_out_suppresses_waiting_appeals_of_its_number(world: SmsWorld, clock: ManualClock) -> None:
    appeals = AppealWorld(world.services)
    await appeals.add_subscribers(3)
    appeal = await appeals.approved_appeal()
    await appeals.run_appeal_worker()
    await world.send_sms("STOP", phone(0))

    await appeals.send_due_messages()

    assert await appeals.statuses(appeal) == {"accepted": 2, "suppressed": 1}
