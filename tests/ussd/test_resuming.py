"""A dropped report: who dials again may go on with it, start again, or delete it; and it is filed once."""

from __future__ import annotations

import asyncio

import pytest

from gateway.carriers.carrier import Screen
from tests.helpers.clocks import ManualClock
from tests.helpers.outages import Gate, OwnRedis
from tests.helpers.packs import MENU
from tests.helpers.phones import NUMBER, OTHER
from tests.helpers.ussd import SECOND, TO_CONFIRM, TO_DESCRIBE, VAULT, WHOLE, Resident, UssdGateway

OFFER = "unfinished.id.resume"
HOURS = MENU.rules.resume_within.total_seconds() / 3600


async def dropped(gateway: UssdGateway, keys: tuple[str, ...] = TO_DESCRIBE) -> tuple[Resident, Screen]:
    """A resident who has dialled and given these answers, and hangs up; the screen that he left."""
    resident = Resident(gateway.services.turns)
    return resident, await resident.walk(keys)


# What is offered -----------------------------------------------------------------------------------------------


async def test_the_offer_says_what_it_is_about(gateway: UssdGateway) -> None:
    await dropped(gateway)
    screen = await Resident(gateway.services.turns).dial()
    assert (screen.label, screen.end) == (OFFER, False)
    assert screen.text.startswith("Lanjutkan laporan sebelumnya?\nGesekan pendukung\nPodosugih\n1.Lanjutkan\n")


@pytest.mark.parametrize("number", range(4, len(TO_CONFIRM) + 1))
async def test_it_is_gone_on_with_wherever_it_was_dropped(gateway: UssdGateway, number: int) -> None:
    first, left = await dropped(gateway, TO_CONFIRM[:number])
    again = Resident(gateway.services.turns)
    assert (await again.dial()).label == OFFER
    assert (await again.answer("1")).text == left.text
    for keys in WHOLE[number:]:
        screen = await again.answer(keys)
    assert screen.label == "ticket.id.resume"
    (incident,) = await gateway.incidents()
    assert (incident["description"], incident["contact"], incident["session"]) == (
        "tawuran di pasar",
        True,
        first.session,
    )


@pytest.mark.parametrize(
    "keys",
    [
        (*TO_DESCRIBE[:4], "0", "98"),  # the second page of the categories
        (*TO_CONFIRM, "2", "1"),  # another category is to be chosen
        (*TO_CONFIRM, "2", "2", "3"),  # another kecamatan was; now its kelurahan
        (*TO_CONFIRM, "2"),
        (*TO_DESCRIBE, "0"),
    ],
)
async def test_it_goes_on_exactly_where_it_was(gateway: UssdGateway, keys: tuple[str, ...]) -> None:
    _, left = await dropped(gateway, keys)
    before = (await gateway.stored()).menu_session
    again = Resident(gateway.services.turns)
    await again.dial()
    assert (await again.answer("1")).text == left.text
    place = (await gateway.stored()).menu_session
    kept = ("state", "language", "page", "answers", "trail", "passing", "chosen")
    assert [getattr(place, name) for name in kept] == [getattr(before, name) for name in kept]


async def test_an_answer_that_is_given_anew_leads_back_to_where_it_was(gateway: UssdGateway) -> None:
    await dropped(gateway, (*TO_CONFIRM, "2", "1"))
    again = Resident(gateway.services.turns)
    await again.walk(("1", "5"))
    assert (await gateway.stored()).menu_session.state == "confirm"
    assert (await again.answer("1")).end
    (incident,) = await gateway.incidents()
    assert (incident["category"], incident["description"]) == ("hoaks", "tawuran di pasar")


async def test_start_again_is_a_report_of_its_own(gateway: UssdGateway) -> None:
    await dropped(gateway, TO_CONFIRM)
    again = Resident(gateway.services.turns)
    assert (await again.walk(("2",))).label == "main.id.resume"
    for keys in WHOLE[1:]:
        screen = await again.answer(keys)
    assert screen.end
    (incident,) = await gateway.incidents()
    assert incident["session"] == again.session


async def test_delete_leaves_nothing_of_it(gateway: UssdGateway) -> None:
    await dropped(gateway)
    screen = await Resident(gateway.services.turns).walk(("3",))
    assert (screen.label, screen.end) == ("cancelled.id.resume", True)
    assert (await gateway.stored()).menu_session.answers == {}
    (raw,) = [await gateway.ask("GET", key) for key in await gateway.ask("KEYS", "waspada:ussd:*")]
    assert b"gesekan" not in raw
    assert (await Resident(gateway.services.turns).dial()).label == "main.id.home"


async def test_it_may_drop_time_and_again(gateway: UssdGateway) -> None:
    first, left = await dropped(gateway)
    for _ in range(3):
        await Resident(gateway.services.turns).dial()
    assert (await Resident(gateway.services.turns).walk(("1",))).text == left.text
    assert (await Resident(gateway.services.turns).walk(("1", "tawuran di pasar"))).label == "contact.id.resume"
    assert (await Resident(gateway.services.turns).walk(("1", "1", "1"))).end
    (incident,) = await gateway.incidents()
    assert (incident["session"], incident["description"]) == (first.session, "tawuran di pasar")


async def test_home_leaves_it_behind(gateway: UssdGateway) -> None:
    """What comes after is a report of this call."""
    await dropped(gateway)
    again = Resident(gateway.services.turns)
    await again.walk(("1", "00", *WHOLE[1:]))
    (incident,) = await gateway.incidents()
    assert incident["session"] == again.session


async def test_the_same_callback_again_is_one_step(gateway: UssdGateway) -> None:
    await dropped(gateway, TO_CONFIRM)
    again = Resident(gateway.services.turns)
    for step in (again.dial(), again.answer("1"), again.answer("1")):
        screen = await step
        assert await again.callback(again.text) == screen
        assert await again.callback(again.text, again.label) == screen
    assert len(await gateway.incidents()) == len(await gateway.confirmations()) == 1


# What is not ---------------------------------------------------------------------------------------------------


async def test_within_the_window_and_not_after_it(timed: UssdGateway, clock: ManualClock) -> None:
    await dropped(timed)
    clock.advance(hours=HOURS)
    assert (await Resident(timed.services.turns).dial()).label == OFFER
    clock.advance(hours=HOURS, seconds=1)
    assert (await Resident(timed.services.turns).dial()).label == "main.id.home"


@pytest.mark.parametrize(
    "keys", [(), ("1",), WHOLE[:3], (*WHOLE[:4], "00"), WHOLE, (*TO_CONFIRM, "0"), ("1", "2"), ("1", "3", "1")]
)
async def test_nothing_to_go_on_with(gateway: UssdGateway, keys: tuple[str, ...]) -> None:
    await dropped(gateway, keys)
    screen = await Resident(gateway.services.turns).dial()
    assert screen.label == ("main.id.home" if keys else "language.id")


async def test_another_phone_is_offered_nothing(gateway: UssdGateway) -> None:
    await dropped(gateway)
    assert (await Resident(gateway.services.turns, OTHER).dial()).label == "language.id"


async def test_an_edition_that_knows_the_way_no_more_offers_nothing(gateway: UssdGateway) -> None:
    await dropped(gateway)
    raw, stored = await gateway.services.sessions.read(VAULT.lookup(NUMBER))
    assert stored
    other = stored._replace(
        menu_version="v0", menu_session=stored.menu_session._replace(trail=("language", "main", "no_more"))
    )
    await gateway.services.sessions.compare_and_set(VAULT.lookup(NUMBER), raw, other, 600)
    assert (await Resident(gateway.services.turns).dial()).label == "main.id.home"


# Filed once ----------------------------------------------------------------------------------------------------


async def forget_the_last_hop(gateway: UssdGateway, resident: Resident) -> None:
    """Its filing was committed, and its write to Redis was lost."""
    (key,) = await gateway.ask("KEYS", "waspada:ussd:*")
    before = await gateway.ask("GET", key)
    assert (await resident.answer("1")).label.startswith("ticket.")
    await gateway.ask("SET", key, before)


async def test_a_report_that_was_filed_without_his_knowing_is_not_filed_again(gateway: UssdGateway) -> None:
    first, _ = await dropped(gateway, TO_CONFIRM)
    await forget_the_last_hop(gateway, first)
    (filed,) = await gateway.incidents()
    again = Resident(gateway.services.turns)
    screen = await again.walk(("1", "1"))
    assert screen.label == "ticket.id.resume"
    assert f"{str(filed['ticket'])[:4]}-{str(filed['ticket'])[4:]}" in screen.text
    assert len(await gateway.incidents()) == len(await gateway.confirmations()) == 1


async def test_nor_when_it_dropped_twice(gateway: UssdGateway) -> None:
    await dropped(gateway, TO_CONFIRM)
    second = Resident(gateway.services.turns)
    await second.walk(("1",))
    await forget_the_last_hop(gateway, second)
    assert (await Resident(gateway.services.turns).walk(("1", "1"))).label == "ticket.id.resume"
    assert len(await gateway.incidents()) == len(await gateway.confirmations()) == 1


async def test_nor_when_both_sessions_send_it_at_once(gateway: UssdGateway) -> None:
    """The network repeats the last callback of the call that broke off, while he goes on with it in the next."""
    first, _ = await dropped(gateway, TO_CONFIRM)
    again = Resident(gateway.services.turns)
    await again.walk(("1",))
    await asyncio.gather(
        *(first.callback("*".join(WHOLE), "confirm.id") for _ in range(3)),
        *(again.callback("1*1", again.label) for _ in range(3)),
    )
    assert len(await gateway.incidents()) == len(await gateway.confirmations()) == 1


async def test_a_filing_that_failed_can_be_tried_again(shaky: UssdGateway, own_redis: OwnRedis, postgres: Gate) -> None:
    """Both stores had no room; the next call offers it, and it is filed once."""
    first, _ = await dropped(shaky, TO_CONFIRM)
    await shaky.ask("CONFIG", "SET", "maxmemory", "1")
    await postgres.shut()
    assert (await first.answer("1")).label == "not_sent.id"
    await postgres.open()
    await shaky.ask("CONFIG", "SET", "maxmemory", "0")
    again = Resident(shaky.services.turns)
    assert (await again.dial()).label == OFFER
    await again.answer("1")
    assert (await again.answer("1")).label == "ticket.id.resume"
    (incident,) = await shaky.incidents()
    assert incident["session"] == first.session
    assert (await first.callback(first.text, "confirm.id")).label != "not_sent.id"
    assert len(await shaky.incidents()) == 1


async def test_a_report_that_waits_for_postgresql_is_finished(shaky: UssdGateway, postgres: Gate) -> None:
    first, _ = await dropped(shaky, TO_CONFIRM)
    await postgres.shut()
    assert (await first.answer("1")).label == "saved.id"
    assert (await Resident(shaky.services.turns).dial()).label == "main.id.home"
    await postgres.open()
    assert await shaky.services.filing.file_pending() == 1
    assert len(await shaky.incidents()) == 1


async def test_a_delete_that_failed_is_offered_again(shaky: UssdGateway, postgres: Gate) -> None:
    await dropped(shaky)
    await postgres.shut()
    again = Resident(shaky.services.turns)
    assert (await again.walk(("3",))).label == "unavailable.id.resume"
    await postgres.open()
    assert (await Resident(shaky.services.turns).dial()).label == OFFER
    assert (await again.callback(again.text, again.label)).label is not None


async def test_another_channel_goes_on_with_it_too(gateway: UssdGateway) -> None:
    _, left = await dropped(gateway, TO_CONFIRM)
    other = Resident(gateway.services.turns, service=SECOND)
    assert (await other.dial()).label == OFFER
    assert (await other.answer("1")).text == left.text
    assert (await other.answer("1")).end
    (incident,) = await gateway.incidents()
    assert (incident["channel"], incident["session"]) == ("at2", other.session), "a session is of its channel"


@pytest.mark.parametrize("labelled", [True, False])
@pytest.mark.parametrize("which", ["first", "last"])
async def test_a_callback_of_the_first_call_that_comes_again_changes_nothing(
    gateway: UssdGateway, which: str, labelled: bool
) -> None:
    first = Resident(gateway.services.turns)
    await first.walk(TO_CONFIRM[:-1])
    label = first.label
    await first.answer(TO_CONFIRM[-1])
    again = Resident(gateway.services.turns)
    screen = await again.walk(("1",))
    stored = await gateway.stored()
    late = await first.callback(first.text if which == "last" else "", label if labelled and which == "last" else None)
    assert late == screen, "the screen that is before him"
    assert await gateway.stored() == stored
    assert (await again.answer("1")).label.startswith("ticket.")
    (incident,) = await gateway.incidents()
    assert incident["description"] == "tawuran di pasar"


async def test_a_new_answer_on_the_first_call_is_heard(gateway: UssdGateway) -> None:
    """Whoever gives it is on that call, whatever we thought."""
    first, _ = await dropped(gateway, TO_CONFIRM)
    await Resident(gateway.services.turns).walk(("1",))
    assert (await first.answer("1")).label.startswith("ticket.")
    (incident,) = await gateway.incidents()
    assert (incident["session"], incident["description"]) == (first.session, "tawuran di pasar")


async def test_a_callback_of_a_call_that_has_filed_does_not_disturb_the_next(gateway: UssdGateway) -> None:
    first = Resident(gateway.services.turns)
    await first.walk()
    again = Resident(gateway.services.turns)
    await again.walk(("1",))
    stored = await gateway.stored()
    await first.callback(first.text)
    assert await gateway.stored() == stored
    assert len(await gateway.incidents()) == 1
