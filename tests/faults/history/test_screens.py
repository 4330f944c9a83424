"""Tests of the reader of screens: it finds every screen of a journey by its words, in every language."""

from __future__ import annotations

import pytest

from tests.faults.history.screens import ScreenReader
from tests.faults.history.stories import offer, screen
from tests.helpers.packs import MENU
from tests.helpers.ussd import TO_CONFIRM, expected_screen

READER = ScreenReader(MENU)
STATES = [
    *("language", "main", "notice", "category", "kecamatan", "kelurahan", "when", "danger", "size", "seen", "describe"),
    *("contact", "confirm"),
]


@pytest.mark.parametrize("language", ["1", "2", "3"])
def test_screens_of_a_journey_are_recognized(language: str) -> None:
    inputs = (language, *TO_CONFIRM[1:])

    seen = [READER.read(expected_screen(*inputs[:number])) for number in range(len(inputs) + 1)]

    assert [one.state for one in seen] == STATES
    assert {one.language for one in seen[1:]} == {dict(zip("123", MENU.languages, strict=True))[language]}
    assert not any(one.lost for one in seen)


def test_options_have_the_names_of_the_pack() -> None:
    assert READER.read(expected_screen(*TO_CONFIRM[:3])).options["3"] == "gesekan"
    assert READER.read(expected_screen(*TO_CONFIRM[:5])).options["2"] == "Podosugih"
    assert READER.read(expected_screen(*TO_CONFIRM[:6])).option("1.") == "now"
    assert READER.read(expected_screen(*TO_CONFIRM[:10])).option("0") == "skip"
    assert READER.read(expected_screen(*TO_CONFIRM)).key_of("send") == "1"


def test_summary_and_offer_show_kind_and_place() -> None:
    assert READER.read(expected_screen(*TO_CONFIRM)).before == ("Bentrok/tawuran", "Podosugih", "Sekarang")
    assert READER.read(offer()).below == ("Podosugih",)


def test_wrong_key_and_loss_are_seen_above_the_heading() -> None:
    wrong = READER.read(expected_screen(*TO_CONFIRM[:4], "77"))
    assert (wrong.state, wrong.before) == ("kecamatan", ("Pilih angka 1-4:",))
    lost = READER.read(f"{MENU.wordings['jv'].errors['lost']}\n{expected_screen(*TO_CONFIRM[:4])}")
    assert (lost.state, lost.lost) == ("kecamatan", True)


@pytest.mark.parametrize("state", ["ticket", "saved", "perhaps_sent", "not_sent", "cancelled", "deleted", "left"])
def test_last_screens_are_told_apart(state: str) -> None:
    assert READER.read(screen(state, ticket="7340-2817")).state == state


def test_unknown_words_are_no_screen() -> None:
    assert READER.read("Selamat datang").state == ""
