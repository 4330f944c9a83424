"""Keys that Redis has missed: none counts at a screen where it was not typed, and none has an effect by itself.

It belongs to no module. Redis refuses connections or writes for some hops, on carriers with and without labels.
Residents read what is shown, and answer that. The report must say what they have typed, or not exist.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from gateway.carriers.carrier import Screen
from tests.helpers.outages import OwnRedis
from tests.helpers.packs import MENU
from tests.helpers.phones import phone
from tests.helpers.ussd import (
    TO_CONFIRM,
    TO_DESCRIBE,
    WHOLE_REPORT,
    Resident,
    UssdGateway,
    expected_screen,
)
from tests.helpers.waiting import until

LOST = MENU.wordings["id"].errors["lost"]
OFFER = "unfinished.id.resume"
TYPED = {
    "category": "gesekan",
    "area": "33.75.01.1003",
    "when": "now",
    "danger": "no",
    "size": "many",
    "seen": "self",
    "description": "tawuran di pasar",
    "contact": True,
    "language": "id",
}
SHOWN = {expected_screen(*WHOLE_REPORT[:number]): WHOLE_REPORT[number] for number in range(len(WHOLE_REPORT))}


async def follow(resident: Resident, screen: Screen) -> Screen:
    """Answer each screen as its text demands, whether it is asked again or not. Returns the last one."""
    for _ in range(40):
        if screen.end:
            return screen
        line, _, rest = screen.text.partition("\n")
        shown = rest if line in MENU.wordings["id"].errors.values() else screen.text
        screen = await resident.answer("1" if shown.startswith("Lanjutkan laporan") else SHOWN.get(shown, "1"))
    raise AssertionError("the dialogue never ends")


async def assert_filed_as_typed(gateway: UssdGateway, screen: Screen, **changes: str) -> None:
    (incident,) = await gateway.incidents()
    assert (screen.label or "").startswith("ticket_plain.id")
    assert f"{incident['ticket'][:4]}-{incident['ticket'][4:]}" in screen.text
    assert {name: incident[name] for name in TYPED} == {**TYPED, **changes}


async def restore(gateway: UssdGateway, own_redis: OwnRedis) -> None:
    await own_redis.start()
    await until(gateway.reaches_redis)


async def miss_a_write(gateway: UssdGateway, resident: Resident, keys: str) -> Screen:
    """Answer a screen while Redis loses what it would store."""
    (name,) = await gateway.run_redis("KEYS", "waspada:ussd:*")
    before = await gateway.run_redis("GET", name)
    screen = await resident.answer(keys)
    await gateway.run_redis("SET", name, before)
    return screen


async def choose_language(gateway: UssdGateway) -> None:
    await Resident(gateway.services.turns).walk(("1",))


# Several keys were missed -------------------------------------------------------------------------------------


@pytest.mark.parametrize("blind", [("1", "1", "1"), ("1",), ("1",) * 8, ("2", "1", "1"), ("1", "77", "1")])
async def test_keys_typed_blind_at_the_offer_send_nothing(
    patient_gateway: UssdGateway, own_redis: OwnRedis, blind: Sequence[str]
) -> None:
    """Without labels. The call sees the main menu and more, while Redis still has the question whether to continue."""
    await Resident(patient_gateway.services.turns, labelled=False).walk(TO_CONFIRM[:-1])
    again = Resident(patient_gateway.services.turns, labelled=False)
    offered = await again.dial()
    await own_redis.kill()
    for keys in blind:
        await again.answer(keys)
    await restore(patient_gateway, own_redis)
    before = await patient_gateway.stored()

    screen = await again.answer("6")

    assert (screen.text, screen.end) == (f"{LOST}\n{offered.text}", False)
    assert (await patient_gateway.stored()).menu_session.answers == before.menu_session.answers
    assert await patient_gateway.incidents() == []
    await assert_filed_as_typed(patient_gateway, await follow(again, screen))


async def test_keys_typed_while_nothing_was_stored_file_nothing_else(
    patient_gateway: UssdGateway, own_redis: OwnRedis
) -> None:
    """With labels. *Start again* is stored, then Redis is unavailable, and the main menu is shown once more."""
    await Resident(patient_gateway.services.turns).walk(TO_DESCRIBE[:4])
    again = Resident(patient_gateway.services.turns)
    await again.walk(("2",))
    await own_redis.kill()
    shown = [await again.answer("1") for _ in range(4)]
    await restore(patient_gateway, own_redis)

    screen = await again.answer("1")

    assert shown[0].text == f"{LOST}\n{expected_screen('1')}"
    assert shown[1].text == expected_screen("1", "1"), "a new dialogue begins, and each key answers what it shows"
    assert not screen.end
    assert await patient_gateway.incidents() == []


@pytest.mark.parametrize("typed", ["1*1", "1*1*1*1", "1*", "*1", "2*6*1"])
@pytest.mark.parametrize("labelled", [True, False])
async def test_stars_on_a_menu_choose_nothing(gateway: UssdGateway, labelled: bool, typed: str) -> None:
    resident = Resident(gateway.services.turns, labelled=labelled)
    shown = await resident.walk(TO_CONFIRM)

    screen = await resident.answer(typed)

    assert screen.text == f"{LOST}\n{shown.text}"
    assert await gateway.incidents() == []
    await assert_filed_as_typed(gateway, await resident.answer("1"))


async def test_resumed_call_begins_anew_after_the_main_menu(patient_gateway: UssdGateway, own_redis: OwnRedis) -> None:
    """Nothing says what was resumed. The main menu is shown, and from there a report can be told and sent."""
    await Resident(patient_gateway.services.turns).walk(("1", "2", "1", "6", "1", "1"))
    again = Resident(patient_gateway.services.turns)
    await again.walk(("1",))
    await own_redis.kill()

    screen = await again.answer("1")
    assert screen.text == f"{LOST}\n{expected_screen('1')}"
    for number, keys in enumerate(WHOLE_REPORT[1:], start=2):
        screen = await again.answer(keys)
        assert screen.end or screen.text == expected_screen(*WHOLE_REPORT[:number])

    await assert_filed_as_typed(patient_gateway, screen)


# One hop was missed ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("labelled", [True, False])
@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("hop", range(len(WHOLE_REPORT)))
async def test_missed_write_never_shifts_an_answer(gateway: UssdGateway, labelled: bool, known: bool, hop: int) -> None:
    if known:
        await choose_language(gateway)
    resident = Resident(gateway.services.turns, labelled=labelled)
    keys = WHOLE_REPORT[1:] if known else WHOLE_REPORT
    if hop >= len(keys):
        return
    await resident.walk(keys[:hop])

    screen = await follow(resident, await miss_a_write(gateway, resident, keys[hop]))

    await assert_filed_as_typed(gateway, screen)


@pytest.mark.parametrize("labelled", [True, False])
@pytest.mark.parametrize("known", [True, False])
async def test_stalled_hop_never_shifts_an_answer(
    patient_gateway: UssdGateway, own_redis: OwnRedis, labelled: bool, known: bool
) -> None:
    """Redis is unavailable for one hop of each call. Without labels, a resident may have to dial again."""
    turns, keys = patient_gateway.services.turns, WHOLE_REPORT[1:] if known else WHOLE_REPORT
    for hop in range(1, len(keys)):
        caller = phone(hop)
        if known:
            await Resident(turns, caller).walk(("1",))
        resident = Resident(turns, caller, labelled=labelled)
        await resident.walk(keys[:hop])
        await own_redis.kill()
        screen = await resident.answer(keys[hop])
        await restore(patient_gateway, own_redis)

        screen = await follow(resident, screen)
        if not (screen.label or "").startswith("ticket"):
            assert not labelled
            again = Resident(turns, caller, labelled=labelled)
            await follow(again, await again.dial())

        filed = await patient_gateway.incidents()
        assert len(filed) == hop
        assert {name: filed[0][name] for name in TYPED} == TYPED, f"hop {hop}"


async def test_missed_write_of_a_text_is_asked_again_without_label(gateway: UssdGateway) -> None:
    resident = Resident(gateway.services.turns, labelled=False)
    asked = await resident.walk(TO_DESCRIBE)
    await miss_a_write(gateway, resident, "tawuran di pasar")

    screen = await resident.answer("2")

    assert screen.text == f"{LOST}\n{asked.text}"
    await assert_filed_as_typed(gateway, await follow(resident, screen))


async def test_refused_writes_are_not_asked_again_without_end(
    patient_gateway: UssdGateway, own_redis: OwnRedis
) -> None:
    """Redis reads and does not write, and no label says what was typed since: the call ends, and can be resumed."""
    resident = Resident(patient_gateway.services.turns, labelled=False)
    await resident.walk(TO_DESCRIBE)
    await patient_gateway.run_redis("CONFIG", "SET", "maxmemory", "1")
    assert not (await resident.answer("bagi amplop")).end

    screen = await resident.answer("1")

    assert (screen.text, screen.end) == (MENU.wordings["id"].apology.replace("{ussd}", "*384*3375#"), True)
    await patient_gateway.run_redis("CONFIG", "SET", "maxmemory", "0")
    again = Resident(patient_gateway.services.turns, labelled=False)
    await assert_filed_as_typed(patient_gateway, await follow(again, await again.dial()))


async def test_refused_writes_are_replayed_with_labels(patient_gateway: UssdGateway, own_redis: OwnRedis) -> None:
    resident = Resident(patient_gateway.services.turns)
    await resident.walk(TO_DESCRIBE)
    await patient_gateway.run_redis("CONFIG", "SET", "maxmemory", "1")

    for keys in WHOLE_REPORT[len(TO_DESCRIBE) :]:
        screen = await resident.answer(keys)

    await assert_filed_as_typed(patient_gateway, screen)


# Typed stars and wrong keys ---------------------------------------------------------------------------------------


SAID = {
    "a wrong key after the text": (("bagi uang", "77", "2", "1"), "bagi uang"),
    "two wrong keys after the text": (("bagi uang", "77", "apa itu", "2", "1"), "bagi uang"),
    "stars": (("a*b * c", "2", "1"), "a*b * c"),
    "stars at the ends": (("**penting**", "2", "1"), "**penting**"),
    "a star and what may be a wrong key": (("5*5 meter", "2", "1"), "5*5 meter"),
    "a star, and a wrong key after the text": (("5*5 meter", "9*9", "2", "1"), "5*5 meter"),
    "a text like answers": (("tawuran*1*1", "2", "1"), "tawuran*1*1"),
    "told anew": (("a*b", "0", "c", "2", "1"), "c"),
    "told anew with stars": (("a", "0", "b*c", "2", "1"), "b*c"),
    "both with stars": (("a*b", "0", "c*0*d", "2", "1"), "c*0*d"),
    "a text that looks like going back": (("a*0*b", "2", "1"), "a*0*b"),
    "too long at first": (("x" * 183, "y*z", "2", "1"), "y*z"),
    "only a star": (("*", "2", "1"), "*"),
    "help after three mistakes": (("tawuran", "77", "78", "79", "0", "2", "1"), "tawuran"),
}


@pytest.mark.parametrize("wrong_before", [False, True])
@pytest.mark.parametrize("outage", ["throughout", "from the text on", "until the text", "writes"])
async def test_stars_and_wrong_keys_are_told_apart_by_labels(
    patient_gateway: UssdGateway, own_redis: OwnRedis, wrong_before: bool, outage: str
) -> None:
    if outage in ("throughout", "until the text"):
        await own_redis.kill()
    for number, (keys, description) in enumerate(SAID.values(), start=1):
        resident = Resident(patient_gateway.services.turns, phone(number))
        await resident.walk((*TO_DESCRIBE[:5], "66", *TO_DESCRIBE[5:]) if wrong_before else TO_DESCRIBE)
        if outage == "from the text on":
            await own_redis.kill()
        if outage == "writes":
            await patient_gateway.run_redis("CONFIG", "SET", "maxmemory", "1")
        for position, typed in enumerate(keys):
            if outage == "until the text" and position == 1:
                await restore(patient_gateway, own_redis)
            screen = await resident.answer(typed)
        assert (screen.label or "").startswith("ticket"), keys
        newest = (await patient_gateway.incidents())[0]
        assert (newest["description"], newest["contact"]) == (description, False)
        if outage == "from the text on":
            await restore(patient_gateway, own_redis)
        if outage == "until the text":
            await own_redis.kill()
        if outage == "writes":
            await patient_gateway.run_redis("CONFIG", "SET", "maxmemory", "0")
    assert len(await patient_gateway.incidents()) == len(SAID)


async def test_resumed_report_is_sent_while_redis_refuses_writes(
    patient_gateway: UssdGateway, own_redis: OwnRedis
) -> None:
    first = Resident(patient_gateway.services.turns)
    await first.walk(TO_DESCRIBE)
    await patient_gateway.run_redis("CONFIG", "SET", "maxmemory", "1")
    again = Resident(patient_gateway.services.turns)

    screen = await follow(again, await again.dial())

    await assert_filed_as_typed(patient_gateway, screen)
    assert (await patient_gateway.incidents())[0]["session"] == first.session
    await patient_gateway.run_redis("CONFIG", "SET", "maxmemory", "0")
    assert (await Resident(patient_gateway.services.turns).dial()).label == "main.id.home"
