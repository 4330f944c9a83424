"""Lists of places, and place names typed at them."""

from __future__ import annotations

import pytest

from gateway.menu.engine import Session, Step, valid_answers
from gateway.menu.model import Menu
from gateway.menu.pack.loader import load
from gateway.runtime.pack_folder import read_pack
from tests.helpers import dialogue
from tests.helpers.packs import PACKS

AT_PLACE = ["1", "2", "1", "2"]
TO_CONFIRM = ["3", "1", "0", "1"]  # from the question of when


def walk(menu: Menu, *inputs: str, session: Session | None = None) -> Step:
    return dialogue.walk(menu, inputs, session)


@pytest.fixture(scope="module")
def villages() -> Menu:
    return load(read_pack(PACKS / "kab-pekalongan"))


@pytest.mark.parametrize("typed", ["klego", "Kel. KLEGO", "kelurahan klego", " Klego "])
def test_unambiguous_name_answers_at_once(menu: Menu, typed: str) -> None:
    led = walk(menu, *AT_PLACE, typed)

    assert led.session.state == "when"
    assert valid_answers(menu, led.session)["area"] == "33.75.02.1008"


ADDRESSES = [
    ("klego rt 3", "33.75.02.1008"),
    ("klego gg 5 rt 02 rw 03", "33.75.02.1008"),
    ("kel klego kec utara", "33.75.02.1008"),
    ("jl. Hos Cokroaminoto, Klego", "33.75.02.1008"),
    ("pasar podo sugih", "33.75.01.1003"),
    ("RSUD bendan", "33.75.01.1006"),
    ("belakang masjid medono", "33.75.01.1002"),
]


@pytest.mark.parametrize("keys", [[*AT_PLACE], [*AT_PLACE, "2"], ["1", "4", "1"], ["1", "4", "1", "4"]])
@pytest.mark.parametrize(("typed", "area"), ADDRESSES)
def test_address_answers_as_a_name_does(menu: Menu, keys: list[str], typed: str, area: str) -> None:
    led = walk(menu, *keys, typed)

    assert (led.session.state, led.effect) in (("when", ""), ("joining", "subscribe"))
    assert valid_answers(menu, led.session)["area"] == area


def test_address_with_two_names_or_a_slip_leads_to_a_list_of_matches(menu: Menu) -> None:
    assert "1.Tirto\n2.Medono\n" in walk(menu, *AT_PLACE, "tirto atau medono").screen
    assert "1.Klego\n0." in walk(menu, *AT_PLACE, "gang 3 klgo").screen


def test_ambiguous_name_leads_to_a_list_of_matches(menu: Menu) -> None:
    led = walk(menu, *AT_PLACE, "panjang")

    assert led.screen == "Maksud Anda?\n1.Kandang Panjang\n2.Panjang Wetan\n3.Panjang Baru\n0.Kembali"
    assert valid_answers(menu, walk(menu, "2", session=led.session).session)["area"] == "33.75.03.1004"


def test_misspelt_name_leads_to_a_list_even_with_one_match(menu: Menu) -> None:
    assert walk(menu, *AT_PLACE, "pasirkratonkramt").session.state == "which_place"


@pytest.mark.parametrize("typed", ["surabaya", "ab", "a" * 80])
def test_unknown_name_is_refused_at_the_list_of_kecamatan(menu: Menu, typed: str) -> None:
    led = walk(menu, *AT_PLACE, typed)

    assert led.session.state == "kecamatan"
    assert led.session.wrong == 1
    assert led.screen.startswith("Tempat tak dikenal:\n")
    assert walk(menu, "2", session=led.session).session.state == "kelurahan"


@pytest.mark.parametrize("typed", ["7", "77", "x", "?!", "1a"])
def test_input_without_words_is_a_wrong_choice(menu: Menu, typed: str) -> None:
    assert walk(menu, *AT_PLACE, typed).session.error == "choice"


def test_words_without_or_type_are_a_wrong_choice(menu: Menu) -> None:
    assert walk(menu, "1", "2", "1", "klego").session.error == "choice"


def test_back_leads_from_the_matches_over_the_typed_question_to_the_list(menu: Menu) -> None:
    there = walk(menu, *AT_PLACE, "panjang")
    ways = [walk(menu, *["0"] * count, session=there.session).session.state for count in (1, 2)]

    assert ways == ["place_name", "kecamatan"]


def test_typed_name_replaces_a_chosen_place(menu: Menu) -> None:
    led = walk(menu, *AT_PLACE, "3", "1", *TO_CONFIRM, "2", "2", "klego")

    assert led.session.state == "confirm"
    assert valid_answers(menu, led.session)["area"] == "33.75.02.1008"
    assert "kecamatan" not in valid_answers(menu, led.session)


def test_chosen_place_replaces_a_typed_name(menu: Menu) -> None:
    led = walk(menu, *AT_PLACE, "klego", *TO_CONFIRM, "2", "2", "4", "1")

    assert led.session.state == "confirm"
    assert valid_answers(menu, led.session)["area"] == "33.75.04.1002"
    assert "place_name" not in valid_answers(menu, led.session)


def test_revising_another_answer_keeps_a_typed_place(menu: Menu) -> None:
    led = walk(menu, *AT_PLACE, "panjang", "2", *TO_CONFIRM, "2", "1", "3")

    assert led.session.state == "confirm"
    assert valid_answers(menu, led.session)["area"] == "33.75.03.1004"


def test_places_of_one_name_are_distinguished_up_to_the_confirmation(villages: Menu) -> None:
    choice = walk(villages, "2", "1", "wonosari")
    confirm = walk(villages, "2", "2", "0", "1", session=choice.session)

    assert "1.Wonosari, Karanganyar\n2.Wonosari, Siwalan\n" in choice.screen
    assert "Wonosari, Siwalan\n" in confirm.screen


def test_name_with_its_kecamatan_is_unambiguous(villages: Menu) -> None:
    assert ".Wonosari\n" in walk(villages, "2", "1", "7", "98").screen


# On the list of a kecamatan -------------------------------------------------------------------------------------

TIMUR = [*AT_PLACE, "2"]  # the kelurahan of Pekalongan Timur
SIWALAN = ["2", "1", "17"]  # the desa of Siwalan


@pytest.mark.parametrize("typed", ["Klego", "kel. klego", " KLEGO "])
def test_name_on_the_shown_list_is_that_option(menu: Menu, typed: str) -> None:
    led = walk(menu, *TIMUR, typed)

    assert led == walk(menu, *TIMUR, "4")
    assert valid_answers(menu, led.session)["area"] == "33.75.02.1008"


def test_name_on_the_shown_list_wins_over_other_matches(villages: Menu) -> None:
    shown = walk(villages, *SIWALAN)
    codes = villages.areas.inside(shown.session.answers["kecamatan"])
    led = {code: walk(villages, villages.areas.places[code], session=shown.session) for code in codes}

    assert villages.areas.regions[shown.session.answers["kecamatan"]] == "Siwalan"
    assert {code: valid_answers(villages, step.session)["area"] for code, step in led.items()} == {
        code: code for code in codes
    }


def test_every_name_on_every_list_is_its_option(villages: Menu) -> None:
    for number, kecamatan in enumerate(villages.areas.regions, start=1):
        shown = walk(villages, "2", "1", str(number))
        assert shown.session.state == "village"
        for code in villages.areas.inside(kecamatan):
            led = walk(villages, villages.areas.places[code], session=shown.session)
            assert (led.session.state, led.session.answers["area"]) == ("when", code)


def test_name_of_another_kecamatan_is_found_from_a_list(menu: Menu) -> None:
    led = walk(menu, *TIMUR, "medono")

    assert led.session.state == "when"
    assert valid_answers(menu, led.session)["area"] == "33.75.01.1002"


def test_old_name_and_name_with_kecamatan_are_found_from_a_list(menu: Menu, villages: Menu) -> None:
    assert walk(menu, *TIMUR, "Kramatsari").session.answers["area"] == "33.75.01.1008"
    typed = walk(villages, *SIWALAN, "wonosari karanganyar")
    assert typed.session.state == "when"
    assert villages.areas.regions[villages.areas.parents[typed.session.answers["area"]]] == "Karanganyar"


def test_matches_in_the_kecamatan_of_the_list_come_first(villages: Menu) -> None:
    """Misspelt, and in two kecamatan: asked back for the one whose list was shown."""
    there, anywhere = walk(villages, *SIWALAN, "wonosri"), walk(villages, "2", "1", "wonosri")

    assert there.session.state == anywhere.session.state == "which_village"
    assert "1.Wonosari\n0." in there.screen
    assert "Wonosari, Karanganyar" in anywhere.screen
    assert villages.areas.parents[walk(villages, "1", session=there.session).session.answers["area"]].endswith("17")


def test_unknown_name_is_refused_at_the_list_of_kelurahan(menu: Menu) -> None:
    led = walk(menu, *TIMUR, "surabaya")

    assert (led.session.state, led.session.error) == ("kelurahan", "place")
    assert walk(menu, "7", session=led.session).session.state == "when"


@pytest.mark.parametrize(("typed", "area"), [("klego", "33.75.02.1008"), ("medono", "33.75.01.1002")])
def test_revising_another_answer_keeps_a_name_typed_at_a_list(menu: Menu, typed: str, area: str) -> None:
    led = walk(menu, *TIMUR, typed, *TO_CONFIRM, "2", "1", "3")

    assert led.session.state == "confirm"
    assert valid_answers(menu, led.session)["area"] == area


def test_back_from_a_typed_name_leads_to_the_list(menu: Menu) -> None:
    there = walk(menu, *TIMUR, "medono")

    assert [walk(menu, *["0"] * count, session=there.session).session.state for count in range(1, 5)] == [
        "which_place",
        "place_name",
        "kelurahan",
        "kecamatan",
    ]


def test_choosing_after_typing_replaces_the_typed_name(menu: Menu) -> None:
    led = walk(menu, *TIMUR, "medono", "0", "0", "0", "4")

    assert valid_answers(menu, led.session)["area"] == "33.75.02.1008"
    assert "place_name" not in led.session.answers
