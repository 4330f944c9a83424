"""The language by SMS: chosen, remembered, and the same on the screen."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gateway.people.tables import people, subscriptions
from tests.helpers.clocks import ManualClock
from tests.helpers.sms import MENU, NUMBER, OTHER, SmsWorld, pack_sms
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
async def test_a_language_is_chosen_and_remembered(world: SmsWorld, text: str, language: str) -> None:
    assert await world.send_sms(text) == pack_sms("language", language)
    assert await world.send_sms("LAPOR 3") == pack_sms("no_place", language, category="gesekan"), (
        "the keyword is of two languages"
    )
    screen = await Resident(world.services.turns).dial()
    assert screen.label == f"main.{language}.home"


@pytest.mark.parametrize(("text", "language"), [("BAHASA ENGLISH", "en"), ("BASA", "jv"), ("lang indonesia", "id")])
async def test_appeals_come_in_the_language_that_was_chosen(
    world: SmsWorld, clock: ManualClock, text: str, language: str
) -> None:
    await world.send_sms("REG KLEGO")
    await world.send_sms("REG MEDONO")
    await world.send_sms("REG KLEGO", OTHER)
    await world.send_sms("REG PONCOL")
    await world.send_sms("STOP")
    await world.send_sms("REG MEDONO")
    clock.advance(hours=1)
    await world.send_sms(text)
    mine = VAULT.lookup(NUMBER)
    spoken = {row["phone_key"] == mine: row["language"] for row in await world.rows(people)}
    assert spoken == {True: language, False: "id"}
    standing = [(row["phone_key"] == mine, row["language"]) for row in await world.rows(subscriptions)]
    assert standing.count((True, language)) == (4 if language == "id" else 1), "what has ended stays as it was"
    assert (False, "id") in standing


async def test_a_language_makes_nobody_one_of_the_people(world: SmsWorld) -> None:
    await world.send_sms("BAHASA jawa")
    assert await world.rows(people) == []


async def test_a_keyword_of_one_language_is_answered_in_it(world: SmsWorld) -> None:
    await world.send_sms("BAHASA english")
    assert await world.send_sms("LAPUR 3") == pack_sms("no_place", "jv", category="gesekan")
    assert await world.send_sms("LAPOR 4") == pack_sms("no_place", "en", category="ancam"), "it was not chosen for good"


async def test_a_language_chosen_on_the_screen_is_that_of_sms(world: SmsWorld) -> None:
    await Resident(world.services.turns).walk(["2"])
    assert await world.send_sms("apa ini") == pack_sms("unknown", "jv")


async def test_an_open_dialogue_goes_on_in_the_language(world: SmsWorld) -> None:
    resident = Resident(world.services.turns)
    await resident.walk(TO_DESCRIBE)
    await world.send_sms("BAHASA jawa")
    stored = await world.stored()
    assert (stored.menu_session.state, stored.menu_session.language) == ("describe", "jv")
    assert stored.menu_session.answers["category"] == "gesekan"


async def kept_for(world: SmsWorld) -> timedelta:
    """How long Redis keeps what it knows of `NUMBER`."""
    (key,) = await world.ask("KEYS", "waspada:ussd:*")
    return timedelta(seconds=await world.ask("TTL", key))


@pytest.mark.parametrize("walked", [None, ["1"], WHOLE_REPORT])
async def test_a_language_is_kept_as_long_as_the_pack_says(world: SmsWorld, walked: list[str] | None) -> None:
    """Whether nothing was known of the phone, it has chosen a language, or filed a report."""
    if walked is not None:
        await Resident(world.services.turns).walk(walked)
    await world.send_sms("BAHASA jawa")
    assert await kept_for(world) > MENU.rules.remember_language - timedelta(minutes=1)


async def test_what_was_said_is_kept_no_longer_for_a_language(world: SmsWorld) -> None:
    await Resident(world.services.turns).walk(TO_DESCRIBE)
    await world.send_sms("BAHASA jawa")
    assert await kept_for(world) <= MENU.rules.resume_within
