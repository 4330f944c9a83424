"""Next step of a dialogue whose menu changes: an open one keeps its version, a new one begins in the new one."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.menu.model import Menu
from tests.helpers.dialogue import walk
from tests.helpers.packs import MENU
from tests.helpers.phones import NUMBER, OTHER
from tests.helpers.ussd import (
    SERVICE,
    TO_CONFIRM,
    TTL,
    VAULT,
    WHOLE_REPORT,
    Resident,
    UssdGateway,
    changed_menu,
    expected_screen,
)

LOST = MENU.wordings["id"].errors["lost"]


def screen_in(menu: Menu, *keys: str) -> str:
    return walk(menu, keys, limits=SERVICE.limits, given={"ussd": SERVICE.service_code}).screen


async def store_unknown_version(gateway: UssdGateway, **changes: Any) -> None:
    """Change the stored session to a version of the menu that this process does not know."""
    raw, stored = await gateway.services.sessions.read(VAULT.lookup(NUMBER))
    assert stored
    unknown = stored._replace(menu_version="v0", menu_session=stored.menu_session._replace(**changes))
    await gateway.services.sessions.compare_and_set(VAULT.lookup(NUMBER), raw, unknown, TTL)


async def test_open_dialogue_continues_in_its_own_version(gateway: UssdGateway) -> None:
    resident = Resident(gateway.services.turns)
    await resident.walk(WHOLE_REPORT[:2])
    changed = changed_menu()

    gateway.services.versions.activate(changed)
    assert (await resident.answer("1")).text == expected_screen(*WHOLE_REPORT[:3])
    assert (await Resident(gateway.services.turns, OTHER).walk(WHOLE_REPORT[:3])).text == screen_in(
        changed, *WHOLE_REPORT[:3]
    )

    for keys in WHOLE_REPORT[3:]:
        screen = await resident.answer(keys)
    assert screen.label == "ticket_plain.id"


async def test_dropped_dialogue_resumes_in_the_new_version(gateway: UssdGateway) -> None:
    await Resident(gateway.services.turns).walk(WHOLE_REPORT[:5])
    changed = changed_menu(old="Di kelurahan mana?", new="Kelurahan mana?")

    gateway.services.versions.activate(changed)

    assert (await Resident(gateway.services.turns).walk(("1",))).text == screen_in(changed, *WHOLE_REPORT[:5])


async def test_lost_session_is_replayed_in_the_new_version(gateway: UssdGateway) -> None:
    resident = Resident(gateway.services.turns)
    await resident.walk(WHOLE_REPORT[:2])
    changed = changed_menu()
    gateway.services.versions.activate(changed)

    await gateway.run_redis("FLUSHALL")

    assert (await resident.answer("1")).text == screen_in(changed, *WHOLE_REPORT[:3])


# A version that this process does not know ------------------------------------------------------------------


@pytest.mark.parametrize("number", range(1, len(TO_CONFIRM) + 1))
async def test_unknown_version_shows_the_screen_again_and_takes_no_input(gateway: UssdGateway, number: int) -> None:
    resident = Resident(gateway.services.turns)
    screen_before = await resident.walk(WHOLE_REPORT[:number])
    await store_unknown_version(gateway)

    screen = await resident.answer(WHOLE_REPORT[number])
    assert (screen.text, screen.end) == (f"{LOST}\n{screen_before.text}", False)
    assert await resident.callback(resident.text) == screen, "a repeated callback gets the same screen"

    for keys in WHOLE_REPORT[number:]:
        screen = await resident.answer(keys)
    assert screen.end
    assert len(await gateway.incidents()) == 1


async def test_repeated_callback_of_unknown_version_shows_the_screen_again(gateway: UssdGateway) -> None:
    resident = Resident(gateway.services.turns)
    screen_before = await resident.walk(WHOLE_REPORT[:4])

    await store_unknown_version(gateway)

    assert (await resident.callback(resident.text)).text == f"{LOST}\n{screen_before.text}"
    assert (await resident.answer(WHOLE_REPORT[4])).text == expected_screen(*WHOLE_REPORT[:5])


@pytest.mark.parametrize(
    "changes", [{"state": "no_more"}, {"trail": ("language", "no_more")}, {"language": "su"}, {"state": "send"}]
)
async def test_unknown_version_without_the_state_leads_to_the_main_menu(
    gateway: UssdGateway, changes: dict[str, Any]
) -> None:
    """States that run an effect are not shown again: nothing was sent."""
    resident = Resident(gateway.services.turns)
    await resident.walk(TO_CONFIRM)
    await store_unknown_version(gateway, **changes)

    screen = await resident.answer("1")
    assert (screen.text, screen.label) == (f"{LOST}\n{expected_screen('1')}", f"main.id.home{len(resident.text)}")
    assert await gateway.incidents() == []

    for keys in WHOLE_REPORT[1:]:
        screen = await resident.answer(keys)
    assert screen.end
    assert len(await gateway.incidents()) == 1


@pytest.mark.parametrize("changes", [{}, {"state": "no_more"}])
async def test_late_callback_of_unknown_version_changes_nothing(gateway: UssdGateway, changes: dict[str, Any]) -> None:
    resident = Resident(gateway.services.turns)
    screen_before = await resident.walk(WHOLE_REPORT[:4])
    await store_unknown_version(gateway, **changes)
    before = await gateway.stored()

    screen = await resident.callback("1*1", "main.id")

    assert screen.text == f"{LOST}\n{screen_before.text if not changes else expected_screen('1')}"
    assert await gateway.stored() == before


async def test_last_screen_of_unknown_version_is_shown_unchanged(gateway: UssdGateway) -> None:
    resident = Resident(gateway.services.turns)
    ticket = await resident.walk()

    await store_unknown_version(gateway)

    assert await resident.callback(resident.text) == ticket
    assert await resident.callback(f"{resident.text}*1") == ticket
    assert len(await gateway.incidents()) == 1


async def test_session_led_back_is_not_replayed_from_the_beginning(gateway: UssdGateway) -> None:
    """No reading of the transcript is right, because it has an input that was not taken."""
    resident = Resident(gateway.services.turns)
    await resident.walk(WHOLE_REPORT[:4])
    await store_unknown_version(gateway)
    await resident.answer("1")

    await gateway.run_redis("FLUSHALL")

    assert (await resident.answer("1")).text == f"{LOST}\n{expected_screen('1')}"
