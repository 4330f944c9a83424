"""First screen of a call: a known language, a dialled suffix, a dropped report, a lost session."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from gateway.menu import engine
from gateway.menu.engine import Step
from gateway.people.tables import opt_outs
from tests.helpers.clocks import ManualClock
from tests.helpers.outages import OwnRedis
from tests.helpers.packs import MENU
from tests.helpers.phones import OTHER
from tests.helpers.ussd import DAY_S, SECOND, SERVICE, TO_CONFIRM, WHOLE_REPORT, Resident, UssdGateway, expected_screen

GIVEN = {"ussd": SERVICE.service_code, "reports_today": "0", "stage": ""}
LOST = {language: MENU.wordings[language].errors["lost"] for language in MENU.languages}


def screen_after(keys: Sequence[str] = (), language: str = "", shortcut: str = "") -> str:
    """Return the screen that these inputs lead to from this beginning."""
    step: Step = engine.begin(MENU, SERVICE.limits, given=GIVEN, language=language, shortcut=shortcut)
    for one in keys:
        step = engine.step(MENU, step.session, one, SERVICE.limits, given=GIVEN)
    return step.screen


def lost_screen(language: str) -> str:
    """Return the main menu with the line that the session is lost."""
    return f"{LOST[language]}\n{screen_after(language=language)}"


async def choose_language(gateway: UssdGateway, language: str) -> None:
    """Choose a language on an earlier call of this phone."""
    await Resident(gateway.services.turns).walk([str(list(MENU.languages).index(language) + 1)])


async def hang_up_in_a_report(gateway: UssdGateway) -> None:
    """Drop a report of this phone at the question for the place."""
    await Resident(gateway.services.turns).walk(("2", "2", "1", "3"))


# The language -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", MENU.languages)
async def test_start_asks_for_the_language_once(gateway: UssdGateway, language: str) -> None:
    await choose_language(gateway, language)
    screen = await Resident(gateway.services.turns).dial()

    assert (screen.text, screen.label) == (screen_after(language=language), f"main.{language}.home")
    assert (await Resident(gateway.services.turns, OTHER).dial()).text == expected_screen(), "each phone is asked"


async def test_start_uses_a_changed_language(gateway: UssdGateway) -> None:
    await choose_language(gateway, "jv")
    await Resident(gateway.services.turns).walk(("5", "2", "3"))

    assert (await Resident(gateway.services.turns).dial()).text == screen_after(language="en")


async def test_start_asks_again_if_no_language_was_chosen(gateway: UssdGateway) -> None:
    await Resident(gateway.services.turns).dial()
    assert (await Resident(gateway.services.turns).dial()).text == expected_screen()


@pytest.mark.parametrize("keys", [("2",), ("2", *WHOLE_REPORT[1:]), ("2", "4")])
async def test_start_remembers_the_language_as_long_as_the_pack_says(
    gateway: UssdGateway, keys: tuple[str, ...]
) -> None:
    await Resident(gateway.services.turns).walk(keys)
    (key,) = await gateway.run_redis("KEYS", "waspada:ussd:*")

    days = MENU.rules.remember_language.days
    assert days * DAY_S - 5 < await gateway.run_redis("TTL", key) <= days * DAY_S

    await gateway.run_redis("PEXPIRE", key, 1)
    while await gateway.run_redis("EXISTS", key):
        pass
    assert (await Resident(gateway.services.turns).dial()).text == expected_screen()


async def test_start_uses_the_language_on_every_channel(gateway: UssdGateway) -> None:
    await choose_language(gateway, "en")
    assert (await Resident(gateway.services.turns, service=SECOND).dial()).label == "main.en.home"


async def test_reports_today_count_until_the_next_day(timed_gateway: UssdGateway, clock: ManualClock) -> None:
    for _ in range(5):
        await Resident(timed_gateway.services.turns).walk(
            WHOLE_REPORT if not await timed_gateway.incidents() else WHOLE_REPORT[1:]
        )
    assert (await Resident(timed_gateway.services.turns).walk(("2",))).label == "limit.id.home"
    assert (await Resident(timed_gateway.services.turns).dial("*384*3375*13#")).label == "limit.id.13"

    clock.advance(hours=9, seconds=-1)  # 23:59:59 in Pekalongan
    assert (await Resident(timed_gateway.services.turns).walk(("2",))).label == "limit.id.home"

    clock.advance(seconds=1)
    assert (await Resident(timed_gateway.services.turns).walk(("2",))).label == "notice.id.home"


async def test_reports_today_count_without_a_chosen_language(gateway: UssdGateway) -> None:
    """Shortcuts in the first language do not ask for a language."""
    await Resident(gateway.services.turns).dial("*384*3375*13#")
    resident = Resident(gateway.services.turns)
    await resident.dial("*384*3375*13#")

    for keys in ("1", *WHOLE_REPORT[4:]):
        screen = await resident.answer(keys)
    assert screen.label == "ticket_plain.id.13"

    (key,) = await gateway.run_redis("KEYS", "waspada:ussd:*")
    assert DAY_S - 5 < await gateway.run_redis("TTL", key) <= DAY_S
    assert (await gateway.stored()).filed_count == 1


# What is dialled after the code -----------------------------------------------------------------------------


@pytest.mark.parametrize("shortcut", MENU.shortcuts)
@pytest.mark.parametrize("language", ["", "jv"])
@pytest.mark.parametrize("in_text", [True, False])
async def test_shortcut_leads_to_its_state(gateway: UssdGateway, shortcut: str, language: str, in_text: bool) -> None:
    if language:
        await choose_language(gateway, language)
    resident = Resident(gateway.services.turns)

    if in_text:
        resident.text = shortcut
        screen = await resident.callback(shortcut)
    else:
        screen = await resident.callback("", code=f"*384*3375*{shortcut}#")
    assert screen.text == screen_after(language=language, shortcut=shortcut)

    state = "ask_ticket" if shortcut == "20" else "notice"
    assert screen.label.startswith(f"{state}.{language or 'id'}.{shortcut}")
    assert (await resident.answer("00")).text == screen_after(("00",), language, shortcut)


async def test_shortcut_to_a_report_files_it(gateway: UssdGateway) -> None:
    resident = Resident(gateway.services.turns)
    await resident.dial("*384*3375*13#")

    for keys in ("1", *WHOLE_REPORT[4:]):
        screen = await resident.answer(keys)
    assert screen.label == "ticket_plain.id.13"

    (incident,) = await gateway.incidents()
    assert (incident["category"], incident["area"]) == ("gesekan", "33.75.01.1003")


@pytest.mark.parametrize("language", ["", "en"])
@pytest.mark.parametrize("in_text", [True, False])
async def test_suffix_without_shortcut_counts_as_typed_inputs(
    gateway: UssdGateway, language: str, in_text: bool
) -> None:
    if language:
        await choose_language(gateway, language)
    keys = ("2", "1", "98") if language else ("3", "2", "1", "98")
    typed = "*".join(keys)

    text, code = (typed, "") if in_text else ("", f"*384*3375*{typed}#")

    assert (await Resident(gateway.services.turns).callback(text, code=code)).text == screen_after(keys, language)


@pytest.mark.parametrize("suffix", ["7*7", "77", "1*77", "1*2*1*0*77"])
async def test_wrong_suffix_leads_to_the_main_menu(gateway: UssdGateway, suffix: str) -> None:
    screen = await Resident(gateway.services.turns).callback("", code=f"*384*3375*{suffix}#")

    assert screen.text == screen_after(language="id")
    assert (await Resident(gateway.services.turns, OTHER).callback("77")).text == screen_after(language="id")


async def test_wrong_suffix_continues_from_the_main_menu(gateway: UssdGateway) -> None:
    resident = Resident(gateway.services.turns)
    await resident.dial("*384*3375*77#")

    for keys in WHOLE_REPORT[1:]:
        screen = await resident.answer(keys)

    assert screen.label == "ticket_plain.id.resume"


@pytest.mark.parametrize("suffix", ["13", "20", "1*1", "77"])
async def test_dropped_report_is_offered_before_a_dialled_suffix(gateway: UssdGateway, suffix: str) -> None:
    await hang_up_in_a_report(gateway)
    shortcut = suffix if suffix in MENU.shortcuts else ""
    resident = Resident(gateway.services.turns)

    screen = await resident.dial(f"*384*3375*{suffix}#")

    assert screen.label == f"unfinished.jv.resume{shortcut}"
    assert (await resident.answer("2")).text == screen_after(language="jv", shortcut=shortcut)
    assert (await gateway.stored()).menu_session.resumed is False


async def test_dropped_report_is_offered_before_a_suffix_in_the_text(gateway: UssdGateway) -> None:
    await hang_up_in_a_report(gateway)
    resident = Resident(gateway.services.turns)

    assert (await resident.answer("13")).label == "unfinished.jv.resume13"
    assert (await resident.answer("1")).label == "kecamatan.jv.resume13"


async def test_other_service_code_is_no_suffix(gateway: UssdGateway) -> None:
    for code in ("*384*33751#", "*999#", "*384*3375", "", "*384*3375*#"):
        assert (await Resident(gateway.services.turns).callback("", code=code)).text == expected_screen()


# Sessions that Redis has lost -------------------------------------------------------------------------------


BEGINNINGS = {  # what was dialled, and in which language the phone was known to speak
    "first screen": ("", ""),
    "home": ("", "jv"),
    "shortcut": ("13", ""),
    "shortcut in a known language": ("13", "en"),
}


@pytest.mark.parametrize("beginning", BEGINNINGS)
@pytest.mark.parametrize("in_text", [True, False])
async def test_lost_session_with_label_continues_on_every_screen(
    gateway: UssdGateway, beginning: str, in_text: bool
) -> None:
    shortcut, language = BEGINNINGS[beginning]
    if language:
        await choose_language(gateway, language)
    resident = Resident(gateway.services.turns)
    code = "" if in_text or not shortcut else f"*384*3375*{shortcut}#"
    if shortcut and in_text:
        await resident.answer(shortcut)
    else:
        await resident.dial(code)
    keys = WHOLE_REPORT[4:] if shortcut else WHOLE_REPORT[1:]
    keys = ("1", *keys) if shortcut else keys if language else WHOLE_REPORT

    for number, one in enumerate(keys):
        await gateway.run_redis("FLUSHALL")
        resident.text = f"{resident.text}*{one}" if resident.text else one
        screen = await resident.callback(resident.text, resident.label, code)
        resident.label = screen.label
        if number + 1 < len(keys):
            assert screen.text == screen_after(keys[: number + 1], language, shortcut)
    assert screen.end

    (incident,) = await gateway.incidents()
    assert (incident["category"], incident["language"]) == ("gesekan", language or "id")


async def test_replayed_session_is_stored_and_continues(gateway: UssdGateway) -> None:
    """Replayed sessions are stored like any other."""
    await choose_language(gateway, "jv")
    resident = Resident(gateway.services.turns)
    await resident.walk(("2", "1", "3"))
    await gateway.run_redis("FLUSHALL")

    await resident.answer("1")

    assert (await resident.answer("2")).text == screen_after(("2", "1", "3", "1", "2"), "jv")
    assert (await Resident(gateway.services.turns).dial()).label == "unfinished.jv.resume"


async def test_lost_session_with_changed_language_is_replayed(gateway: UssdGateway) -> None:
    await choose_language(gateway, "jv")
    resident = Resident(gateway.services.turns)
    await resident.walk(("5", "2", "3", "2"))

    await gateway.run_redis("FLUSHALL")

    assert (await resident.answer("1")).text == screen_after(("2", "1"), "en")


async def test_lost_resumed_session_leads_to_the_main_menu(gateway: UssdGateway) -> None:
    """Nothing says what the session had resumed, and nothing is guessed."""
    await hang_up_in_a_report(gateway)
    resident = Resident(gateway.services.turns)
    await resident.walk(("1",))
    await gateway.run_redis("FLUSHALL")

    screen = await resident.answer("1")
    assert (screen.text, screen.label) == (lost_screen("jv"), "main.jv.home3")
    assert (await resident.answer("1")).text == screen_after(("1",), "jv")

    await gateway.run_redis("FLUSHALL")
    assert (await resident.answer("1")).text == screen_after(("1", "1"), "jv"), "a new dialogue began there"


async def test_resumed_session_that_was_not_stored_continues(
    unreliable_gateway: UssdGateway, own_redis: OwnRedis
) -> None:
    """Redis still has the dropped session and refuses writes. The label says that it was resumed."""
    await hang_up_in_a_report(unreliable_gateway)
    resident = Resident(unreliable_gateway.services.turns)

    await unreliable_gateway.run_redis("CONFIG", "SET", "maxmemory", "1")
    assert (await resident.dial()).label == "unfinished.jv.resume"
    assert (await resident.answer("1")).label == "kecamatan.jv.resume"
    assert (await resident.answer("1")).label == "kelurahan.jv.resume"

    await unreliable_gateway.run_redis("CONFIG", "SET", "maxmemory", "0")
    assert (await resident.answer("2")).label == "when.jv.resume"
    assert (await unreliable_gateway.stored()).menu_session.answers["area"] == "33.75.01.1003"


async def test_resumed_session_that_was_not_stored_is_offered_again_without_label(
    unreliable_gateway: UssdGateway, own_redis: OwnRedis
) -> None:
    """The main menu would discard the dropped session."""
    await hang_up_in_a_report(unreliable_gateway)
    resident = Resident(unreliable_gateway.services.turns, labelled=False)

    await unreliable_gateway.run_redis("CONFIG", "SET", "maxmemory", "1")
    assert (await resident.dial()).label == "unfinished.jv.resume"
    assert (await resident.answer("1")).label == "unfinished.jv.resume"

    await unreliable_gateway.run_redis("CONFIG", "SET", "maxmemory", "0")
    assert (await resident.answer("1")).label == "unfinished.jv.resume"
    assert (await resident.answer("1")).label == "kecamatan.jv.resume"


@pytest.mark.parametrize("label", ["", "apology", "no_such_state.id", "describe.id", "describe.xx.home", "main.en.99"])
async def test_lost_session_with_unreachable_label_leads_to_the_main_menu(gateway: UssdGateway, label: str) -> None:
    screen = await Resident(gateway.services.turns).callback("1*1*1", label)
    language = "en" if ".en" in label else "id"

    assert screen.text == lost_screen(language)


async def test_lost_session_without_label_and_redis_takes_every_input(
    unreliable_gateway: UssdGateway, own_redis: OwnRedis
) -> None:
    await own_redis.kill()
    resident = Resident(unreliable_gateway.services.turns)

    assert (await resident.callback("1*1*77")).text == screen_after(("1", "1", "77"))
    assert (await resident.callback("3", code="*384*3375*3*1#")).text == screen_after(("3", "1", "3"))
    assert (await resident.callback("1*2", code="*384*3375*13#")).text == screen_after(("1", "2"), shortcut="13")


async def test_lost_session_without_label_is_taken_for_a_suffix(gateway: UssdGateway) -> None:
    """Wrong inputs are refused on their screens. A wrong first input leads to the main menu. None is an answer."""
    resident = Resident(gateway.services.turns)

    assert (await resident.callback("1*1*77")).text == screen_after(("1", "1", "77"))
    asked = f"{LOST['id']}\n{screen_after(('1', '2', '1'))}"
    assert (await Resident(gateway.services.turns, OTHER).callback("*".join(TO_CONFIRM))).text == asked


@pytest.mark.parametrize(
    ("suffix", "state"),
    [
        ("1*4*2", "appeals"),  # end all appeals
        ("*".join(WHOLE_REPORT), "confirm"),
        ("1*3*7340-2817", "ask_ticket"),
    ],
)
async def test_dialled_suffix_has_no_effect(gateway: UssdGateway, suffix: str, state: str) -> None:
    screen = await Resident(gateway.services.turns).dial(f"*384*3375*{suffix}#")

    assert screen.label.startswith(f"{state}.id.resume")
    assert screen.text.startswith(LOST["id"])
    assert await gateway.incidents() == []
    assert await gateway.rows(opt_outs) == []
