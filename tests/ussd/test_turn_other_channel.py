"""Turns on a channel with larger screens and navigation keys of its own, from its settings."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.carriers.africastalking.settings import AfricasTalkingSettings
from gateway.menu.limits import USSD_STRING
from gateway.menu.pack.loader import load
from gateway.runtime.pack_folder import read_pack
from gateway.text import gsm
from gateway.wiring.pack_loading import limits_of
from tests.helpers.packs import PACKS
from tests.helpers.ussd import SERVICE, Resident, ussd_gateway

KEYS = {"back": "91", "back_elsewhere": "97", "home": "900", "more": "96"}
CHANNEL = AfricasTalkingSettings.model_validate(
    {
        "carrier": "africastalking",
        "username": "sandbox",
        "api_key": "key-of-the-account",
        "secret": "a-secret-of-this-channel",
        "service_code": SERVICE.service_code,
        "limit": USSD_STRING,
        "keys": KEYS,
    }
)
OTHER_CHANNEL = replace(SERVICE, limits=limits_of(CHANNEL))

# pack, the way to a list of several pages, and from there to the last question
JOURNEYS = {
    "pekalongan": ("1 2 1", "3 1 2 1 2 3 1 tawuran 1"),
    "tegal": ("1 2 1", "3 1 2 1 2 3 1 tawuran 1"),
    "kab-pekalongan": ("2 1", "1 1 1 2 banjir 1"),
}


@pytest.mark.parametrize("pack", JOURNEYS)
async def test_turn_on_channel_with_other_limits_and_keys_files_a_report(
    pack: str, redis_url: str, database_url: str
) -> None:
    to_list, to_the_end = (way.split() for way in JOURNEYS[pack])
    menu = load(read_pack(PACKS / pack))
    async with ussd_gateway(redis_url, database_url, menu=menu) as gateway:
        resident = Resident(gateway.services.turns, service=OTHER_CHANNEL)
        listed = await resident.walk(to_list)
        assert (await resident.answer("98")).text.endswith(f"\n{listed.text}"), (
            "the navigation key of the pack is not one here"
        )
        assert (await resident.answer("96")).text != listed.text
        assert (await resident.answer("91")).text == listed.text
        assert (await resident.answer("900")).text.startswith(menu.service)
        await resident.answer("97")  # behind the main screen is nothing
        for keys in to_list[1:] if menu.start != menu.home else to_list:
            again = await resident.answer(keys)
        assert again.text == listed.text
        screens = [await resident.answer(keys) for keys in to_the_end]
        assert (await resident.answer("97")).text == screens[-2].text
        assert (await resident.answer("1")).text == screens[-1].text
        done = await resident.answer("1")
        (incident,) = await gateway.incidents()

    ticket = f"{incident['ticket'][:4]}-{incident['ticket'][4:]}"
    assert done.end
    assert ticket in done.text
    assert max(gsm.septets(f"CON {screen.text}") for screen in (listed, *screens)) <= USSD_STRING
    assert max(gsm.septets(f"CON {screen.text}") for screen in (listed, *screens)) > USSD_STRING - 60
