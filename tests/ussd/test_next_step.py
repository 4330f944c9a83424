"""A pack that changes while residents dial: an open dialogue goes on in its words, a new one has the new ones."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.menu.model import Menu
from gateway.menu.pack.loader import load
from gateway.ussd.menu_versions import MAX_VERSIONS, MenuVersions
from tests.helpers.dialogue import walk
from tests.helpers.packs import FILES, MENU
from tests.helpers.phones import NUMBER, OTHER
from tests.helpers.ussd import SERVICE, TO_CONFIRM, TTL, VAULT, WHOLE, Resident, UssdGateway, expected

LOST = MENU.wordings["id"].errors["lost"]


def edition(file: str = "wording/id.yaml", old: str = "Jenis kejadian?", new: str = "Apa yang terjadi?") -> Menu:
    """The pack with one text changed."""
    assert old in FILES[file]
    return load({**FILES, file: FILES[file].replace(old, new)})


def shown(menu: Menu, *keys: str) -> str:
    return walk(menu, keys, limits=SERVICE.limits, given={"ussd": SERVICE.service_code}).screen


async def of_another_process(gateway: UssdGateway, **changes: Any) -> None:
    """What stands in Redis walks an edition that this process does not know."""
    raw, stored = await gateway.services.sessions.read(VAULT.lookup(NUMBER))
    assert stored
    unknown = stored._replace(menu_version="v0", menu_session=stored.menu_session._replace(**changes))
    await gateway.services.sessions.compare_and_set(VAULT.lookup(NUMBER), raw, unknown, TTL)


async def test_open_dialogue_continues_in_its_own_version(gateway: UssdGateway) -> None:
    resident = Resident(gateway.services.turns)
    await resident.walk(WHOLE[:2])
    changed = edition()
    gateway.services.versions.activate(changed)
    assert (await resident.answer("1")).text == expected(*WHOLE[:3])
    assert (await Resident(gateway.services.turns, OTHER).walk(WHOLE[:3])).text == shown(changed, *WHOLE[:3])
    for keys in WHOLE[3:]:
        screen = await resident.answer(keys)
    assert screen.label == "ticket.id"


async def test_dropped_dialogue_resumes_in_the_new_version(gateway: UssdGateway) -> None:
    await Resident(gateway.services.turns).walk(WHOLE[:5])
    changed = edition(old="Di kelurahan mana?", new="Kelurahan mana?")
    gateway.services.versions.activate(changed)
    assert (await Resident(gateway.services.turns).walk(("1",))).text == shown(changed, *WHOLE[:5])


async def test_lost_session_is_replayed_in_the_new_version(gateway: UssdGateway) -> None:
    resident = Resident(gateway.services.turns)
    await resident.walk(WHOLE[:2])
    changed = edition()
    gateway.services.versions.activate(changed)
    await gateway.ask("FLUSHALL")
    assert (await resident.answer("1")).text == shown(changed, *WHOLE[:3])


# An edition that nobody here knows -----------------------------------------------------------------------------


@pytest.mark.parametrize("number", range(1, len(TO_CONFIRM) + 1))
async def test_unknown_version_shows_the_screen_again_and_takes_no_input(gateway: UssdGateway, number: int) -> None:
    resident = Resident(gateway.services.turns)
    here = await resident.walk(WHOLE[:number])
    await of_another_process(gateway)
    screen = await resident.answer(WHOLE[number])
    assert (screen.text, screen.end) == (f"{LOST}\n{here.text}", False)
    assert await resident.callback(resident.text) == screen, "and so for the same callback again"
    for keys in WHOLE[number:]:
        screen = await resident.answer(keys)
    assert screen.end
    assert len(await gateway.incidents()) == 1


async def test_repeated_callback_of_unknown_version_shows_the_screen_again(gateway: UssdGateway) -> None:
    resident = Resident(gateway.services.turns)
    here = await resident.walk(WHOLE[:4])
    await of_another_process(gateway)
    assert (await resident.callback(resident.text)).text == f"{LOST}\n{here.text}"
    assert (await resident.answer(WHOLE[4])).text == expected(*WHOLE[:5])


@pytest.mark.parametrize(
    "changes", [{"state": "no_more"}, {"trail": ("language", "no_more")}, {"language": "su"}, {"state": "send"}]
)
async def test_unknown_version_without_the_state_leads_to_the_main_menu(
    gateway: UssdGateway, changes: dict[str, Any]
) -> None:
    """A state that does something is no place to be led back to: nobody has sent anything."""
    resident = Resident(gateway.services.turns)
    await resident.walk(TO_CONFIRM)
    await of_another_process(gateway, **changes)
    screen = await resident.answer("1")
    assert (screen.text, screen.label) == (f"{LOST}\n{expected('1')}", "main.id.resume")
    assert await gateway.incidents() == []
    for keys in WHOLE[1:]:
        screen = await resident.answer(keys)
    assert screen.end
    assert len(await gateway.incidents()) == 1


@pytest.mark.parametrize("changes", [{}, {"state": "no_more"}])
async def test_late_callback_of_unknown_version_changes_nothing(gateway: UssdGateway, changes: dict[str, Any]) -> None:
    resident = Resident(gateway.services.turns)
    here = await resident.walk(WHOLE[:4])
    await of_another_process(gateway, **changes)
    before = await gateway.stored()
    screen = await resident.callback("1*1", "main.id")
    assert screen.text == f"{LOST}\n{here.text if not changes else expected('1')}"
    assert await gateway.stored() == before


async def test_last_screen_of_unknown_version_is_shown_unchanged(gateway: UssdGateway) -> None:
    resident = Resident(gateway.services.turns)
    ticket = await resident.walk()
    await of_another_process(gateway)
    assert await resident.callback(resident.text) == ticket
    assert await resident.callback(f"{resident.text}*1") == ticket
    assert len(await gateway.incidents()) == 1


async def test_session_led_back_is_not_replayed_from_the_beginning(gateway: UssdGateway) -> None:
    """The carrier's text holds an input that was not taken: no reading of it can be right."""
    resident = Resident(gateway.services.turns)
    await resident.walk(WHOLE[:4])
    await of_another_process(gateway)
    await resident.answer("1")
    await gateway.ask("FLUSHALL")
    assert (await resident.answer("1")).text == f"{LOST}\n{expected('1')}"


# What a process remembers --------------------------------------------------------------------------------------


def test_menu_versions_keep_the_newest() -> None:
    versions = MenuVersions(MENU)
    later = [edition(new=f"Apa yang terjadi {number}?") for number in range(MAX_VERSIONS)]
    for menu in later:
        versions.activate(menu)
        assert versions.current is menu
    assert versions.get(MENU.version) is None
    assert [versions.get(menu.version) for menu in later] == later
    versions.activate(later[0])
    assert versions.current is later[0]
    versions.activate(MENU)
    assert versions.get(later[1].version) is None, "the one that was longest out of force goes"
    assert versions.get(later[0].version) is later[0]
    assert versions.get("") is None
