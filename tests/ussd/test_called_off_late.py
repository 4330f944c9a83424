"""Send of an earlier call that arrives after its report was called off, while Redis does not know of that.

It belongs to no module. With Redis, the later call has replaced the earlier one (`test_late_callbacks`). Without, the
mark in PostgreSQL is what tells.
"""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from gateway.carriers.carrier import Screen
from gateway.incidents.tables import called_off, drafts
from gateway.ussd.dropped_sessions import LONGEST_SESSION_S
from tests.helpers.clocks import ManualClock
from tests.helpers.outages import OwnRedis, PostgresGate
from tests.helpers.ussd import SECOND, TO_CONFIRM, Resident, UssdGateway, drop_session, reminders
from tests.helpers.waiting import until

CALLED_OFF = [(("3", "1"), "deleted.id.resume"), (("1", "3", "1"), "cancelled.id.resume")]
END = "Dihapus. Tidak ada laporan yang dikirim. Darurat: telepon 110/112."


async def at_summary(gateway: UssdGateway) -> Resident:
    """Return a resident at the summary, whose *Send* is held up."""
    resident = Resident(gateway.services.turns)
    await resident.walk(TO_CONFIRM)
    return resident


async def send(held_up: Resident) -> Screen:
    """Let the *Send* that was held up arrive."""
    return await held_up.callback(f"{held_up.text}*1", held_up.label)


async def redial(gateway: UssdGateway, *keys: str) -> Screen:
    return await Resident(gateway.services.turns).walk(keys)


async def forget(gateway: UssdGateway) -> None:
    await gateway.run_redis("FLUSHDB")


async def assert_nothing_is_filed(gateway: UssdGateway) -> None:
    assert await gateway.incidents() == []
    assert await gateway.confirmations() == []
    assert await gateway.services.filing.file_pending() == 0
    assert await gateway.incidents() == []


@pytest.mark.parametrize(("keys", "end"), CALLED_OFF)
async def test_late_send_of_a_report_that_was_called_off_is_not_filed_where_redis_has_forgotten(
    gateway: UssdGateway, keys: tuple[str, ...], end: str
) -> None:
    held_up = await at_summary(gateway)
    assert (await redial(gateway, *keys)).label == end
    await forget(gateway)

    screen = await send(held_up)

    assert (screen.text, screen.end) == (END, True)
    await assert_nothing_is_filed(gateway)
    assert (await gateway.stored()).filed_count == 0


@pytest.mark.parametrize("hangs", [False, True], ids=["dies", "hangs"])
async def test_late_send_of_a_report_that_was_called_off_is_not_filed_where_redis_is_unavailable(
    unreliable_gateway: UssdGateway, own_redis: OwnRedis, hangs: bool
) -> None:
    held_up = await at_summary(unreliable_gateway)
    assert (await redial(unreliable_gateway, "3", "1")).label == "deleted.id.resume"
    if hangs:
        own_redis.hang()
    else:
        await own_redis.kill()

    screen = await send(held_up)

    assert (screen.text, screen.end) == (END, True)
    if hangs:
        own_redis.resume()
    else:
        await own_redis.start()
    await until(unreliable_gateway.reaches_redis)
    await assert_nothing_is_filed(unreliable_gateway)


async def test_late_send_of_a_call_that_had_resumed_the_report_is_not_filed(gateway: UssdGateway) -> None:
    """Redis goes back to an older state: what it wrote last is gone."""
    await at_summary(gateway)
    second = Resident(gateway.services.turns)
    assert (await second.walk(("1",))).label.startswith("confirm")
    (name,) = await gateway.run_redis("KEYS", "waspada:ussd:*")
    before = await gateway.run_redis("GET", name)
    assert (await redial(gateway, "3", "1")).label == "deleted.id.resume"
    await gateway.run_redis("SET", name, before)

    assert (await send(second)).text == END

    await assert_nothing_is_filed(gateway)


async def test_report_of_another_channel_that_is_called_off_is_not_filed_late(gateway: UssdGateway) -> None:
    held_up = await at_summary(gateway)
    again = Resident(gateway.services.turns, service=SECOND)
    assert (await again.walk(("3", "1"))).label == "deleted.id.resume"
    await forget(gateway)

    assert (await send(held_up)).text == END

    await assert_nothing_is_filed(gateway)


@pytest.mark.parametrize(("keys", "end"), CALLED_OFF)
async def test_pending_report_that_was_sent_after_it_was_called_off_is_dropped(
    patient_gateway: UssdGateway, postgres: PostgresGate, keys: tuple[str, ...], end: str
) -> None:
    held_up = await at_summary(patient_gateway)
    assert (await redial(patient_gateway, *keys)).label == end
    await forget(patient_gateway)
    await postgres.close()
    assert (await send(held_up)).label == "saved.id"
    await postgres.open()

    await assert_nothing_is_filed(patient_gateway)

    assert await patient_gateway.pending() == {}


async def test_pending_report_of_an_earlier_call_is_filed_though_a_later_report_is_called_off(
    patient_gateway: UssdGateway, postgres: PostgresGate
) -> None:
    first = Resident(patient_gateway.services.turns)
    await postgres.close()
    assert (await first.walk()).label == "saved.id"
    await postgres.open()
    await Resident(patient_gateway.services.turns).walk(("2", "1", "2", "3", "1", "3", "1", "0", "2"))
    assert (await redial(patient_gateway, "3", "1")).label == "deleted.id.resume"

    assert await patient_gateway.services.filing.file_pending() == 1

    (incident,) = await patient_gateway.incidents()
    assert (incident["session"], incident["category"]) == (first.session, "gesekan")


async def test_report_that_was_filed_keeps_its_ticket_when_a_later_one_is_called_off(gateway: UssdGateway) -> None:
    first = await at_summary(gateway)
    ticket = await send(first)
    await Resident(gateway.services.turns).walk(("2", "1", "2", "3", "1", "3", "1", "0", "2"))
    assert (await redial(gateway, "3", "1")).label == "deleted.id.resume"
    await forget(gateway)

    assert (await send(first)).text == ticket.text
    assert len(await gateway.incidents()) == 1


@pytest.mark.parametrize("again", [(), ("1", "3", "1")], ids=["once", "twice"])
async def test_report_that_was_called_off_and_continued_is_filed(gateway: UssdGateway, again: tuple[str, ...]) -> None:
    held_up = await at_summary(gateway)
    await redial(gateway, "1", "3", "1")
    if again:
        await redial(gateway, *again)

    ticket = await redial(gateway, "1", "1")

    assert ticket.label == "ticket_plain.id.resume"
    (incident,) = await gateway.incidents()
    assert (incident["session"], incident["description"]) == (held_up.session, "tawuran di pasar")
    await forget(gateway)
    assert (await send(held_up)).text == ticket.text, "its ticket, since it was sent after all"


async def test_report_that_is_told_anew_after_another_was_called_off_is_filed(gateway: UssdGateway) -> None:
    held_up = await at_summary(gateway)
    await redial(gateway, "3", "1")
    ticket = await redial(gateway, *TO_CONFIRM[1:], "1")
    await forget(gateway)

    assert ticket.label == "ticket_plain.id.home"
    assert (await send(held_up)).text == END
    assert len(await gateway.incidents()) == 1


async def test_report_that_was_called_off_becomes_no_draft_where_redis_has_forgotten_that(
    timed_gateway: UssdGateway, clock: ManualClock
) -> None:
    await drop_session(timed_gateway, clock, TO_CONFIRM)
    (name,) = await timed_gateway.run_redis("KEYS", "waspada:ussd:*")
    before = await timed_gateway.run_redis("GET", name)
    assert (await redial(timed_gateway, "3", "1")).label == "deleted.id.resume"
    await timed_gateway.run_redis("SET", name, before)
    clock.advance(seconds=LONGEST_SESSION_S)

    assert await timed_gateway.services.dropped_sessions.sweep() == 0

    assert await timed_gateway.rows(drafts) == []
    assert await reminders(timed_gateway) == []


async def test_call_that_is_called_off_first_leaves_no_mark(gateway: UssdGateway) -> None:
    """No earlier call of this phone can be held up."""
    assert (await redial(gateway, *TO_CONFIRM, "3", "1")).label == "cancelled.id"

    async with gateway.services.database.begin() as connection:
        assert (await connection.execute(select(func.count()).select_from(called_off))).scalar_one() == 0
