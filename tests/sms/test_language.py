"""The language by SMS: chosen, remembered, and the same on the screen."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gateway.people.tables import people, subscriptions
from tests.helpers.clocks import ManualClock
from tests.helpers.sms import MENU, NUMBER, OTHER, Room, sms
from tests.helpers.ussd import TO_DESCRIBE, VAULT, WHOLE_REPORT, Resident


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("BAHASA jawa", "jv"),
        ("bahasa Jawa dong", "jv"),
        ("BAHASA ENGLISH", "en"),
        ("LANG indonesia", "id"),
        ("BASA id", "id"),
        ("BASA", "jv"),
        ("BAHASA", "id"),
        ("LANG", "en"),
        ("BAHASA sunda", "id"),
    ],
)
async def test_a_language_is_chosen_and_remembered(desk: Room, text: str, language: str) -> None:
    assert await desk.says(text) == sms("language", language)
    assert await desk.says("LAPOR 3") == sms("no_place", language, category="gesekan"), (
        "the keyword is of two languages"
    )
    screen = await Resident(desk.gateway.services.turns).dial()
    assert screen.label == f"main.{language}.home"


@pytest.mark.parametrize(("text", "language"), [("BAHASA ENGLISH", "en"), ("BASA", "jv"), ("lang indonesia", "id")])
async def test_appeals_come_in_the_language_that_was_chosen(
    desk: Room, clock: ManualClock, text: str, language: str
) -> None:
    await desk.says("REG KLEGO")
    await desk.says("REG MEDONO")
    await desk.says("REG KLEGO", OTHER)
    await desk.says("REG PONCOL")
    await desk.says("STOP")
    await desk.says("REG MEDONO")
    clock.advance(hours=1)
    await desk.says(text)
    mine = VAULT.lookup(NUMBER)
    spoken = {row["phone_key"] == mine: row["language"] for row in await desk.rows(people)}
    assert spoken == {True: language, False: "id"}
    standing = [(row["phone_key"] == mine, row["language"]) for row in await desk.rows(subscriptions)]
    assert standing.count((True, language)) == (4 if language == "id" else 1), "what has ended stays as it was"
    assert (False, "id") in standing


async def test_a_language_makes_nobody_one_of_the_people(desk: Room) -> None:
    await desk.says("BAHASA jawa")
    assert await desk.rows(people) == []


async def test_a_keyword_of_one_language_is_answered_in_it(desk: Room) -> None:
    await desk.says("BAHASA english")
    assert await desk.says("LAPUR 3") == sms("no_place", "jv", category="gesekan")
    assert await desk.says("LAPOR 4") == sms("no_place", "en", category="ancam"), "it was not chosen for good"


async def test_a_language_chosen_on_the_screen_is_that_of_sms(desk: Room) -> None:
    await Resident(desk.gateway.services.turns).walk(["2"])
    assert await desk.says("apa ini") == sms("unknown", "jv")


async def test_an_open_dialogue_goes_on_in_the_language(desk: Room) -> None:
    resident = Resident(desk.gateway.services.turns)
    await resident.walk(TO_DESCRIBE)
    await desk.says("BAHASA jawa")
    stored = await desk.gateway.stored()
    assert (stored.menu_session.state, stored.menu_session.language) == ("describe", "jv")
    assert stored.menu_session.answers["category"] == "gesekan"


async def kept_for(desk: Room) -> timedelta:
    """How long Redis keeps what it knows of `NUMBER`."""
    (key,) = await desk.gateway.run_redis("KEYS", "waspada:ussd:*")
    return timedelta(seconds=await desk.gateway.run_redis("TTL", key))


@pytest.mark.parametrize("walked", [None, ["1"], WHOLE_REPORT])
async def test_a_language_is_kept_as_long_as_the_pack_says(desk: Room, walked: list[str] | None) -> None:
    """Whether nothing was known of the phone, it has chosen a language, or filed a report."""
    if walked is not None:
        await Resident(desk.gateway.services.turns).walk(walked)
    await desk.says("BAHASA jawa")
    assert await kept_for(desk) > MENU.rules.remember_language - timedelta(minutes=1)


async def test_what_was_said_is_kept_no_longer_for_a_language(desk: Room) -> None:
    await Resident(desk.gateway.services.turns).walk(TO_DESCRIBE)
    await desk.says("BAHASA jawa")
    assert await kept_for(desk) <= MENU.rules.resume_within
