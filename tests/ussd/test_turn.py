"""Turns over real stores: ordinary, repeated, late, concurrent, replayed and failed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import pairwise

import pytest

from gateway.menu.engine import Session
from gateway.menu.limits import Limits
from gateway.menu.model import Menu
from gateway.menu.pack.loader import load
from gateway.ussd.transcript import fingerprint
from gateway.ussd.turn import MAX_EFFECTS, UssdService
from tests.helpers.outages import OwnRedis
from tests.helpers.pack_edits import edit_pack
from tests.helpers.packs import FILES, MENU
from tests.helpers.phones import NUMBER, OTHER
from tests.helpers.ussd import (
    SECOND,
    SERVICE,
    TO_CONFIRM,
    TO_DESCRIBE,
    TTL,
    VAULT,
    WHOLE_REPORT,
    Resident,
    UssdGateway,
    expected_screen,
    ussd_gateway,
)

APOLOGY = {
    language: MENU.wordings[language].apology.replace("{ussd}", SERVICE.service_code) for language in MENU.languages
}


# Control characters -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("padding", ["\r", "\n", "\0", "\t", "\r\n", " \r", "\x1a", "\r\r"])
@pytest.mark.parametrize("is_repeated", [True, False], ids=["repeated later", "sent once"])
async def test_padded_inputs_end_in_a_ticket(gateway: UssdGateway, padding: str, is_repeated: bool) -> None:
    resident = Resident(gateway.services.turns)
    await resident.dial()
    for keys in WHOLE_REPORT:
        padded = f"{resident.text}*{keys}{padding}".removeprefix("*")
        resident.text = padded if is_repeated else padded.removesuffix(padding)
        screen = await resident.callback(padded, resident.label)
        resident.label = screen.label
    (incident,) = await gateway.incidents()

    assert (screen.end, incident["description"]) == (True, "tawuran di pasar")


async def test_control_characters_within_a_text_are_blanks(gateway: UssdGateway) -> None:
    await Resident(gateway.services.turns).walk((*TO_DESCRIBE, "bagi\r\namplop\0di\tRT 3\r", "1", "1"))
    (incident,) = await gateway.incidents()

    assert incident["description"] == "bagi amplop di RT 3"


# Ordinary turns ---------------------------------------------------------------------------------------------


async def test_whole_dialogue_ends_in_a_ticket(gateway: UssdGateway) -> None:
    resident = Resident(gateway.services.turns)
    screen = await resident.dial()
    for number, keys in enumerate(WHOLE_REPORT):
        assert (screen.text, screen.end) == (expected_screen(*WHOLE_REPORT[:number]), False)
        screen = await resident.answer(keys)
    (incident,) = await gateway.incidents()

    ticket = f"{incident['ticket'][:4]}-{incident['ticket'][4:]}"
    assert screen.end
    assert screen.text.startswith(f"Terima kasih. No laporan: {ticket}\n")
    assert {name: incident[name] for name in ("category", "when", "danger", "size", "seen", "description")} == {
        "category": "gesekan",
        "when": "now",
        "danger": "no",
        "size": "many",
        "seen": "self",
        "description": "tawuran di pasar",
    }
    assert (incident["contact"], incident["language"], incident["session"]) == (True, "id", resident.session)
    assert incident["phone"] == NUMBER.masked

    (confirmation,) = await gateway.confirmations()
    assert (confirmation["class"], confirmation["ticket"]) == ("confirmation", incident["ticket"])
    assert ticket in confirmation["text"]


async def test_every_screen_has_a_label(gateway: UssdGateway) -> None:
    """Carriers echo the label with the next callback."""
    resident = Resident(gateway.services.turns)
    labels = [(await resident.dial()).label]

    labels += [(await resident.answer(keys)).label for keys in TO_DESCRIBE]

    assert labels[:4] == ["language.id", "main.id", "notice.id", "category.id"]
    assert labels[-1] == f"describe.id..{len(resident.text)}", "where the text begins"


async def test_star_in_a_description_is_kept(gateway: UssdGateway) -> None:
    resident = Resident(gateway.services.turns)
    await resident.walk((*TO_DESCRIBE, "5*5 meter*", "1", "1"))

    (incident,) = await gateway.incidents()

    assert incident["description"] == "5*5 meter*"


async def test_empty_input_is_an_answer(gateway: UssdGateway) -> None:
    resident = Resident(gateway.services.turns)
    await resident.dial()
    await resident.answer("1")

    screen = await resident.answer("")

    assert screen.text == f"Belum diisi.\n{expected_screen('1')}"
    assert (await resident.answer("1")).text == expected_screen("1", "1")


async def test_ordinary_turn_is_two_redis_commands(unreliable_gateway: UssdGateway, own_redis: OwnRedis) -> None:
    resident = Resident(unreliable_gateway.services.turns)
    await resident.walk(("1", "2"))
    await unreliable_gateway.run_redis("CONFIG", "RESETSTAT")
    for keys in TO_DESCRIBE[2:]:
        await resident.answer(keys)
    asked = await own_redis.commands()

    hops = len(TO_DESCRIBE) - 2

    assert {name: asked.get(name) for name in asked.keys() - {"config", "info", "hello", "client", "xadd"}} == {
        "get": hops + hops,  # ours, and the one within the script
        "evalsha": hops,
        "set": hops,  # within the script
        "hset": 1,  # when the dialogue began to be worth keeping, in the same round trip
    }


async def test_turns_before_the_last_run_no_sql(redis_url: str) -> None:
    async with ussd_gateway(redis_url, "postgresql+asyncpg://nobody@/nothing?host=/nowhere") as gateway:
        screen = await Resident(gateway.services.turns).walk(TO_CONFIRM)
    assert screen.text == expected_screen(*TO_CONFIRM)


async def test_stored_session_is_small_and_has_a_ttl(gateway: UssdGateway) -> None:
    await Resident(gateway.services.turns).walk(TO_DESCRIBE)
    (key,) = await gateway.run_redis("KEYS", "waspada:ussd:*")

    day = 24 * 60 * 60

    assert await gateway.run_redis("MEMORY", "USAGE", key) <= 600
    assert day - 5 < await gateway.run_redis("TTL", key) <= day, "as long as it may be resumed"


# Repeated, late and concurrent callbacks --------------------------------------------------------------------


async def test_repeated_callback_is_one_step(gateway: UssdGateway) -> None:
    resident = Resident(gateway.services.turns)
    await resident.dial()

    for number, keys in enumerate(WHOLE_REPORT):
        before, label = resident.text, resident.label
        screen = await resident.answer(keys)
        again = [await resident.callback(resident.text, label), await resident.callback(resident.text)]
        assert again == [screen, screen], f"turn {number}"
        assert before != resident.text

    assert len(await gateway.incidents()) == len(await gateway.confirmations()) == 1


@pytest.mark.parametrize("late", ["", "1", "1*2*1*3", "1*2*1*3*1*2*1*2*", "2", "1*2*1*31", "1*2*2*3*1", "9*1*1"])
async def test_late_or_foreign_text_changes_nothing(gateway: UssdGateway, late: str) -> None:
    resident = Resident(gateway.services.turns)
    screen = await resident.walk(TO_DESCRIBE)

    assert await resident.callback(late, resident.label) == screen
    assert (await resident.answer("tawuran")).text == expected_screen(*TO_DESCRIBE, "tawuran")


async def test_concurrent_repeats_of_the_last_step_file_one_report(gateway: UssdGateway) -> None:
    resident = Resident(gateway.services.turns)
    await resident.walk(TO_CONFIRM)
    text = "*".join(WHOLE_REPORT)
    screens = await asyncio.gather(*(resident.callback(text, "confirm") for _ in range(8)))

    (incident,) = await gateway.incidents()

    assert len(await gateway.confirmations()) == 1
    assert len({screen.text for screen in screens}) == 1
    assert f"{incident['ticket'][:4]}-{incident['ticket'][4:]}" in screens[0].text


async def test_concurrent_different_answers_count_once(gateway: UssdGateway) -> None:
    """Either answer may win. Every callback gets the screen of the winner."""
    resident = Resident(gateway.services.turns)
    await resident.dial()
    screens = await asyncio.gather(*(resident.callback(keys, "language") for keys in ("1", "2", "3") * 3))
    (shown,) = {screen.text for screen in screens}

    stored = (await gateway.services.sessions.read(VAULT.lookup(NUMBER)))[1]
    assert stored is not None

    (won,) = (keys for keys in ("1", "2", "3") if stored.fingerprint == fingerprint(keys))
    assert shown == expected_screen(won)
    assert await resident.callback(won) == screens[0]


async def test_concurrent_turns_end_on_the_later_screen(gateway: UssdGateway) -> None:
    resident = Resident(gateway.services.turns)
    await resident.walk(("1",))
    await asyncio.gather(resident.callback("1*2", "main"), resident.callback("1*2*1", "notice"))

    resident.text, resident.label = "1*2*1", "category"

    assert (await resident.answer("3")).text == expected_screen("1", "2", "1", "3")


# Other calls, other phones ----------------------------------------------------------------------------------


async def test_new_dial_begins_at_the_main_menu(gateway: UssdGateway) -> None:
    await Resident(gateway.services.turns).walk(("2", "1"))
    again = Resident(gateway.services.turns)

    assert (await again.dial()).text == expected_screen("2"), "the main menu, in the earlier language"
    assert (await again.answer("1")).text == expected_screen("2", "1")
    assert len(await gateway.run_redis("KEYS", "*")) == 1, "one key per phone"


async def test_other_phone_with_a_known_session_has_its_own_dialogue(gateway: UssdGateway) -> None:
    first = Resident(gateway.services.turns)
    before = await first.walk(TO_DESCRIBE)

    other = Resident(gateway.services.turns, OTHER, first.session)
    assert (await other.dial()).text == expected_screen()
    assert (await other.answer("2")).text == expected_screen("2")
    assert (await other.callback("2*2*1*1", "category")).text == expected_screen("2", "2", "1", "1")
    assert await first.callback(first.text, first.label) == before

    await first.answer("milik saya")
    await first.answer("1")
    await first.answer("1")
    (incident,) = await gateway.incidents()
    assert (incident["phone"], incident["description"]) == (NUMBER.masked, "milik saya")


async def test_other_phone_cannot_file_under_a_filed_session(gateway: UssdGateway) -> None:
    first = Resident(gateway.services.turns)
    ticket = await first.walk()
    other = Resident(gateway.services.turns, OTHER, first.session)

    screen = await other.callback("*".join(WHOLE_REPORT), "confirm")
    assert (screen.label, screen.end) == ("not_sent.id", True)
    assert await first.callback(first.text) == ticket

    (incident,) = await gateway.incidents()
    assert incident["phone"] == NUMBER.masked
    assert len(await gateway.confirmations()) == 1


async def test_same_session_on_another_channel_is_another_session(gateway: UssdGateway) -> None:
    first = Resident(gateway.services.turns)
    await first.walk()

    second = Resident(gateway.services.turns, NUMBER, first.session, SECOND)

    assert (await second.walk(WHOLE_REPORT[1:])).label == "ticket_plain.id.home", "the language of the phone is known"
    assert {incident["channel"] for incident in await gateway.incidents()} == {"at", "at2"}


# Replayed ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "code"), [("1*2*1", ""), ("", "*384*3375*1*2*1#"), ("1", "*384*3375*1*2#")])
async def test_dialled_suffix_is_followed(gateway: UssdGateway, text: str, code: str) -> None:
    resident = Resident(gateway.services.turns)
    screen = await resident.callback(text, code=code)

    assert screen.text == expected_screen("1", "2", "1")


async def test_lost_session_is_replayed_from_the_transcript(gateway: UssdGateway) -> None:
    resident = Resident(gateway.services.turns)
    await resident.walk(TO_CONFIRM)

    await gateway.run_redis("FLUSHALL")
    assert (await resident.answer("1")).label == "ticket_plain.id"

    (incident,) = await gateway.incidents()
    assert incident["description"] == "tawuran di pasar"


async def test_label_ahead_of_the_stored_session_leads_to_a_replay(gateway: UssdGateway) -> None:
    """Redis missed the description, so the stored session is older than the screen that was answered."""
    resident = Resident(gateway.services.turns)
    await resident.walk(TO_DESCRIBE)
    (key,) = await gateway.run_redis("KEYS", "waspada:ussd:*")
    older = await gateway.run_redis("GET", key)
    await resident.answer("tawuran")

    await gateway.run_redis("SET", key, older)
    assert (await resident.answer("1")).text == expected_screen(*TO_CONFIRM)

    await resident.answer("1")
    (incident,) = await gateway.incidents()
    assert (incident["description"], incident["contact"]) == ("tawuran", True)


async def test_missed_turn_is_made_up_for(gateway: UssdGateway) -> None:
    resident = Resident(gateway.services.turns)
    await resident.walk(("1", "2"))

    assert (await resident.callback("1*2*1*3", "category")).text == expected_screen("1", "2", "1", "3")


@pytest.mark.parametrize("state", ["notice", "no_more"])
async def test_session_of_unknown_version_is_led_back(gateway: UssdGateway, state: str) -> None:
    """Options of the answered screen may have moved, so no input is taken."""
    resident = Resident(gateway.services.turns)
    screen = await resident.walk(("1", "2"))

    raw, stored = await gateway.services.sessions.read(VAULT.lookup(NUMBER))
    assert stored

    other_pack = stored._replace(menu_version="v0", menu_session=stored.menu_session._replace(state=state))
    await gateway.services.sessions.compare_and_set(VAULT.lookup(NUMBER), raw, other_pack, TTL)
    again = await resident.answer("1")
    shown = screen.text if state == "notice" else expected_screen("1")
    assert again.text == f"{MENU.wordings['id'].errors['lost']}\n{shown}"
    onward, text = ("1", expected_screen("1", "2", "1")) if state == "notice" else ("2", screen.text)
    assert (await resident.answer(onward)).text == text


# Failures ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", MENU.languages)
async def test_failure_is_an_apology_in_the_language_of_the_resident(gateway: UssdGateway, language: str) -> None:
    resident = Resident(gateway.services.turns)
    await resident.walk((str(list(MENU.languages).index(language) + 1), "1"))
    await damage(gateway, lambda place: place._replace(state="no_such_state"))
    for text in (resident.text, f"{resident.text}*1"):
        screen = await resident.callback(text)
        assert (screen.text, screen.end) == (APOLOGY[language], True)


async def test_failure_with_a_damaged_language_is_an_apology_of_the_pack(gateway: UssdGateway) -> None:
    resident = Resident(gateway.services.turns)
    await resident.walk(("1", "1"))
    await damage(gateway, lambda place: place._replace(language="xx"))

    screen = await resident.answer("1")

    assert (screen.text, screen.end) == (APOLOGY["id"], True)


async def damage(gateway: UssdGateway, change: Callable[[Session], Session]) -> None:
    """Change the stored session to something that its version of the menu does not have."""
    key = VAULT.lookup(NUMBER)
    raw, stored = await gateway.services.sessions.read(key)
    assert stored
    await gateway.services.sessions.compare_and_set(
        key, raw, stored._replace(menu_session=change(stored.menu_session)), TTL
    )


async def test_dialogue_without_end_is_ended(gateway: UssdGateway) -> None:
    resident = Resident(gateway.services.turns, service=UssdService("at", "*384*3375#", Limits(hops=3)))
    await resident.walk(("7", "7", "7"))

    screen = await resident.answer("7")

    assert (screen.text, screen.end) == (APOLOGY["id"], True)


@pytest.mark.parametrize(("effects", "label"), [(MAX_EFFECTS, "left.id"), (MAX_EFFECTS + 1, "appeals.id")])
async def test_turn_carries_out_effects_up_to_the_limit(
    redis_url: str, database_url: str, effects: int, label: str
) -> None:
    async with ussd_gateway(redis_url, database_url, menu=menu_with_effects_in_a_row(effects)) as gateway:
        screen = await Resident(gateway.services.turns).walk(("1", "4", "2"))

    assert (screen.label, screen.text == APOLOGY["id"]) == (label, effects > MAX_EFFECTS)


def menu_with_effects_in_a_row(count: int) -> Menu:
    """Load the pack with `count` effects where a resident opts out: each leads to the next."""
    state = "  {}:\n    do: unsubscribe\n    then: {{done: {}, failed: unavailable}}\n"
    names = ["leaving", *(f"leaving_{number}" for number in range(1, count)), "left"]
    states = "".join(state.format(name, following) for name, following in pairwise(names))
    return load(edit_pack(FILES, "flow.yaml", state.format("leaving", "left"), states))
