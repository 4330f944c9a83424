"""Wishes to join and to leave that a worker handles late: the newest counts, by the time at which it was received."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from gateway.carriers.carrier import OptOut
from gateway.people.tables import opt_outs, people
from tests.helpers.clocks import ManualClock
from tests.helpers.sms import KLEGO, MEDONO, MENU, NUMBER, SmsWorld, pack_sms
from tests.helpers.ussd import Resident

JOIN_PODOSUGIH, LEAVE = ("1", "4", "1", "1", "2"), ("1", "4", "2")
PODOSUGIH = "33.75.01.1003"


async def leave_by_menu(world: SmsWorld) -> None:
    screen = await Resident(world.services.turns).walk(LEAVE)
    assert screen.end


async def leave_by_carrier(world: SmsWorld) -> None:
    assert await world.services.inbox.store_opt_out("at", OptOut(NUMBER, "3375"))


async def leave_by_sms(world: SmsWorld) -> None:
    await world.store_sms("STOP")


async def join_by_menu(world: SmsWorld) -> None:
    screen = await Resident(world.services.turns).walk(JOIN_PODOSUGIH)
    assert "Podosugih" in screen.text


async def handle(world: SmsWorld, clock: ManualClock) -> list[str]:
    """Let the worker come back and handle what waits. Returns the replies."""
    clock.advance(minutes=5)
    assert await world.handler.handle_all()
    return await world.replies()


@pytest.mark.parametrize("text", ["REG", "REG KLEGO", "daftar klego", "NDHEREK medono"])
@pytest.mark.parametrize("leave", [leave_by_menu, leave_by_carrier])
async def test_reg_received_before_an_opt_out_and_handled_after_it_lifts_nothing(
    world: SmsWorld, clock: ManualClock, text: str, leave: Callable[[SmsWorld], Awaitable[None]]
) -> None:
    await world.store_sms(text)
    clock.advance(seconds=1)
    await leave(world)

    (reply,) = await handle(world, clock)

    assert reply == pack_sms("unsub_ok", "jv" if text.startswith("NDHEREK") else "id")
    assert await world.services.subscriptions.active_areas(NUMBER) == []
    assert len(await world.rows(opt_outs)) == 1
    assert await world.rows(people) == []
    assert await world.dispositions() == ["superseded"]


async def test_reg_received_before_stop_by_sms_is_undone_by_it(world: SmsWorld, clock: ManualClock) -> None:
    await world.store_sms("REG KLEGO")
    await leave_by_sms(world)

    assert await handle(world, clock) == [pack_sms("sub_ok", area=KLEGO), pack_sms("unsub_ok")]
    assert await world.services.subscriptions.active_areas(NUMBER) == []


async def test_reg_received_after_an_opt_out_lifts_it(world: SmsWorld, clock: ManualClock) -> None:
    await leave_by_carrier(world)
    await world.store_sms("REG KLEGO")

    assert await handle(world, clock) == [pack_sms("sub_ok", area=KLEGO)]
    assert await world.services.subscriptions.active_areas(NUMBER) == [KLEGO]
    assert await world.rows(opt_outs) == []


async def test_reg_received_before_both_an_opt_out_and_a_consent_adds_no_area(
    world: SmsWorld, clock: ManualClock
) -> None:
    await world.store_sms("REG KLEGO")
    clock.advance(seconds=1)
    await leave_by_menu(world)
    clock.advance(seconds=1)
    await Resident(world.services.turns).walk(("4", "1", "1", "2"))

    assert await handle(world, clock) == [pack_sms("sub_ok", area=PODOSUGIH)]
    assert await world.services.subscriptions.active_areas(NUMBER) == [PODOSUGIH]


@pytest.mark.parametrize("before", [[], ["REG MEDONO"], ["REG PODOSUGIH"], ["REG", "REG PODOSUGIH"]])
async def test_stop_received_before_a_consent_by_menu_and_handled_after_it_withdraws_nothing_newer(
    world: SmsWorld, clock: ManualClock, before: list[str]
) -> None:
    for text in before:
        await world.send_sms(text)
    await world.store_sms("STOP")
    clock.advance(seconds=1)
    await join_by_menu(world)

    assert await handle(world, clock) == [pack_sms("sub_ok", area=PODOSUGIH)]
    assert await world.services.subscriptions.active_areas(NUMBER) == [PODOSUGIH]
    assert await world.rows(opt_outs) == []
    assert (await world.dispositions())[-1] == "superseded"


async def test_stop_with_more_text_that_is_superseded_is_still_for_the_desk(
    world: SmsWorld, clock: ManualClock
) -> None:
    await world.store_sms("tolong stop sms kampanye")
    clock.advance(seconds=1)
    await join_by_menu(world)

    assert await handle(world, clock) == [pack_sms("sub_ok", area=PODOSUGIH)]
    assert [sms.disposition for sms in await world.queue.list_inbound(to_sort=True)] == ["unsubscribed_told"]


async def test_stop_received_after_a_consent_by_menu_withdraws_it(world: SmsWorld, clock: ManualClock) -> None:
    await join_by_menu(world)
    await world.store_sms("STOP")

    assert await handle(world, clock) == [pack_sms("unsub_ok")]
    assert await world.services.subscriptions.active_areas(NUMBER) == []
    assert len(await world.rows(opt_outs)) == 1


@pytest.mark.parametrize(("area", "shown"), [("", MENU.name), ("33.75.02", "Pekalongan Timur"), (MEDONO, "Medono")])
async def test_the_reply_to_a_superseded_stop_names_the_place(
    world: SmsWorld, clock: ManualClock, area: str, shown: str
) -> None:
    await world.store_sms("STOP")
    clock.advance(seconds=1)
    await world.services.subscriptions.subscribe(NUMBER, area, language="id", channel="at", wording="v1")

    (reply,) = await handle(world, clock)

    assert f"imbauan {shown}," in reply
