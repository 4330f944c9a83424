"""Options chosen by their label, typed in words: the whole of it, or a part that can mean no other option."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.menu.engine import Session, valid_answers
from gateway.menu.kinds.typed_labels import chosen_by_label
from gateway.menu.model import MATCHES, Menu, choices
from gateway.menu.paging import parent_values
from gateway.text.words import normalised
from tests.helpers.dialogue import walk
from tests.helpers.menus import MENUS
from tests.helpers.packs import MENU

CATEGORY = "1 2 1"
KECAMATAN = "1 2 1 2"
WHEN = "1 2 1 2 2 4"
DANGER = "1 2 1 3 2 4 1"
DESCRIBE = "1 2 1 2 2 4 3 1"
CONTACT = "1 2 1 2 2 4 3 1 0"
CONFIRM = "1 2 1 2 2 4 3 1 0 1"


def typed_at(keys: str, typed: str, menu: Menu = MENU) -> Session:
    """Return the position after an input that may have blanks."""
    at = walk(menu, keys).session if keys else None
    return walk(menu, [typed], at).session


@pytest.mark.parametrize(
    ("typed", "language"),
    [
        ("indonesia", "id"),
        ("JAWA", "jv"),
        ("English.", "en"),
        ("eng", "en"),
        ("bahasa", ""),
        ("in", ""),
        ("indonesian", "id"),
        ("jowo", "jv"),
        ("Inggris", "en"),
        ("satu", "id"),
        ("no 2", "jv"),
        ("xyz", ""),
    ],
)
def test_language_by_its_name(typed: str, language: str) -> None:
    led = typed_at("", typed)

    assert (led.language if led.state == "main" else "") == language


@pytest.mark.parametrize(
    ("typed", "state"),
    [
        ("Lapor kejadian", "notice"),
        ("lapor", "notice"),
        ("cek laporan", "ask_ticket"),
        ("cek", "ask_ticket"),
        ("imbauan", "appeals"),
        ("info", "about"),
        ("ada bahaya sekarang", "urgent"),
        ("laporan", "main"),  # no label begins with it
        ("xyz", "main"),
    ],
)
def test_main_menu_in_words(typed: str, state: str) -> None:
    assert typed_at("1", typed).state == state


@pytest.mark.parametrize(
    ("typed", "category"),
    [
        ("politik uang", "uang"),
        ("POLITIK  UANG!", "uang"),
        ("p\u00f3litik\u200b uang", "uang"),
        ("uang", "uang"),
        ("poli", "uang"),
        ("gesekan", "gesekan"),
        ("fitnah", "hoaks"),
        ("Kampanye dilarang", "larang"),  # on the next page
        ("tps", "tps"),
        ("lain", "lain"),
        ("tawuran", "gesekan"),
        ("money", "uang"),
        ("baku hantam", "gesekan"),
        ("dibacok", "gesekan"),
        ("isu sara", "hoaks"),
        ("tiga", "gesekan"),
        ("no. 3", "gesekan"),
        ("nomor 03", "gesekan"),
        ("nomer3", "gesekan"),
        ("pilih dua", "uang"),
        ("number two", "uang"),
        ("tiga orang", None),
        ("rt 3", None),
        ("3 orang", None),
        ("no 77", None),
        ("po", None),
        ("bal", "apk"),
        ("politik", "uang"),
        ("politik uang dan hoaks", None),
        ("a" * 80, None),
    ],
)
def test_category_in_words(typed: str, category: str | None) -> None:
    assert valid_answers(MENU, typed_at(CATEGORY, typed)).get("category") == category


@pytest.mark.parametrize(
    ("typed", "when"),
    [
        ("Sekarang", "now"),
        ("kurang", "hour"),
        ("sekarang", "now"),
        ("hari ini", "today"),
        ("kemarin", "before"),
        ("tidak", None),
    ],
)
def test_beginning_or_one_word_of_a_label(typed: str, when: str | None) -> None:
    assert valid_answers(MENU, typed_at(WHEN, typed)).get("when") == when


@pytest.mark.parametrize(
    ("typed", "danger"),
    [
        ("ya", "yes"),
        ("YA!", "yes"),
        ("tidak", "no"),
        ("Tidak tahu", "unknown"),
        ("tidaktahu", "unknown"),
        ("tahu", None),
        ("tida", None),
        ("tidak ta", None),
        ("ya ada", None),
        ("y", "yes"),
        ("iya", "yes"),
        ("ada", "yes"),
        ("yes", "yes"),
        ("ga", "no"),
        ("gak", "no"),
        ("Nggak!", "no"),
        ("no", "no"),
        ("mboten", "no"),
        ("gak tahu", "unknown"),
        ("mboten ngertos", "unknown"),
        ("dont know", "unknown"),
        ("dua", "no"),
        ("no 1", None),
        ("no 2", None),
        ("ok", None),
        ("gak ya", None),
        ("tidak ada", None),
    ],
)
def test_danger_takes_whole_labels_only(typed: str, danger: str | None) -> None:
    led = typed_at(DANGER, typed)

    assert valid_answers(MENU, led).get("danger") == danger
    assert (led.error == "choice") == (danger is None)


@pytest.mark.parametrize("pack", MENUS)
def test_danger_in_every_language_takes_whole_labels_only(pack: str) -> None:
    menu = MENUS[pack]
    state = menu.states["danger"]
    for language, wording in menu.wordings.items():
        for option in state.options:
            label = wording.screens["danger"][option]
            assert chosen_by_label(menu, state, language, state.options, label.upper()) == option
            parts = {label[:-1], *label.split()} - set(wording.screens["danger"].values())
            parts = {part for part in parts if normalised(part) not in menu.keywords.answers["danger"]}
            assert [part for part in parts if chosen_by_label(menu, state, language, state.options, part)] == []


@pytest.mark.parametrize(
    ("typed", "state"),
    [
        ("utara", "kelurahan"),
        ("Pekalongan Utara", "kelurahan"),
        ("kec. utara", "kelurahan"),
        ("pekalongan", "kecamatan"),
        ("toko", "which_place"),
    ],
)
def test_kecamatan_in_words(typed: str, state: str) -> None:
    led = typed_at(KECAMATAN, typed)

    assert led.state == state
    assert state != "kelurahan" or valid_answers(MENU, led)["kecamatan"] == "33.75.03"


@pytest.mark.parametrize(
    ("typed", "state"),
    [
        ("kajen", "when"),  # a desa too: its name is sure
        ("kec kajen", "village"),
        ("Karanganyar", "village"),  # the desa of this name is elsewhere
        ("wonokerto", "village"),  # on the last page
        ("barat", "which_village"),  # Kedungwuni Barat
    ],
)
def test_name_of_a_kecamatan_where_a_desa_may_be_typed(typed: str, state: str) -> None:
    assert typed_at("2 1", typed, MENUS["kab-pekalongan"]).state == state


def test_one_of_the_places_asked_back_in_words() -> None:
    asked = typed_at(KECAMATAN, "panjang")

    assert asked.state == "which_place"
    assert walk(MENU, ["Panjang Wetan"], asked).session.answers["area"] == "33.75.03.1004"
    assert walk(MENU, ["baru"], asked).session.answers["area"] == "33.75.03.1010"
    assert walk(MENU, ["panjang"], asked).session.error == "choice"


@pytest.mark.parametrize(
    ("keys", "typed", "same"),
    [
        (CATEGORY, "kembali", "0"),
        (CATEGORY, "Lanjut", "98"),
        (CATEGORY, "menu utama", "00"),
        (CONFIRM, "batal", "3"),
        (CONFIRM, "kembali", "99"),
        (CONFIRM, "kirim", "1"),
        (CONFIRM, "ubah", "2"),
        ("1 2", "KEMBALI.", "0"),
        ("1 2 1 2 2 4 3 1", "lewati", "0"),
    ],
)
def test_label_of_a_key_or_an_option_is_the_same_as_its_number(keys: str, typed: str, same: str) -> None:
    assert typed_at(keys, typed) == typed_at(keys, same)


@pytest.mark.parametrize(
    ("keys", "typed", "same"),
    [
        (CONFIRM, "ya", "1"),
        (CONFIRM, "OK.", "1"),
        (CONFIRM, "ya kirim", "1"),
        (CONFIRM, "satu", "1"),
        (CONFIRM, "tidak jadi", "3"),
        (CONTACT, "boleh", "1"),
        (CONTACT, "jangan", "2"),
        (CONTACT, "rahasia", "2"),
        (CONTACT, "gak boleh", "2"),
        (CONTACT, "nomor 2", "2"),
        ("1", "satu", "1"),
        ("1", "no 2", "2"),
        ("1", "nomor 2", "2"),
        ("1", "nomor dua", "2"),
    ],
)
def test_other_words_of_the_pack_are_the_same_as_the_number(keys: str, typed: str, same: str) -> None:
    assert typed_at(keys, typed) == typed_at(keys, same)
    assert not typed_at(keys, typed).error


@pytest.mark.parametrize(
    ("keys", "typed"),
    [(CONFIRM, "tidak"), (CONFIRM, "ya atau tidak"), (CONTACT, "mungkin"), ("1", "satu dua"), ("1", "no")],
)
def test_words_that_could_mean_several_options_are_asked_again(keys: str, typed: str) -> None:
    assert typed_at(keys, typed).error == "choice"


def test_word_for_a_number_is_kept_in_a_description() -> None:
    assert valid_answers(MENU, typed_at(DESCRIBE, "satu"))["description"] == "satu"
    assert valid_answers(MENU, typed_at(DESCRIBE, "no 2"))["description"] == "no 2"


@pytest.mark.parametrize("typed", ["kembali saja", "kemb", "bat", "batal atau tidak"])
def test_part_of_a_navigation_label_is_no_key(typed: str) -> None:
    assert typed_at(CATEGORY, typed).error == "choice"


@pytest.mark.parametrize("pack", MENUS)
def test_every_whole_label_of_a_pack_is_its_option(pack: str) -> None:
    menu = MENUS[pack]
    for state in menu.states.values():
        if not state.kind.waits_for_input or state.source == MATCHES:
            continue
        for within in parent_values(menu, state):
            offered = choices(menu, state, within).values()
            for language, wording in menu.wordings.items():
                for value in offered:
                    label = state.kind.option_text(menu, state, wording, value, offered)
                    for typed in (label, label.upper(), f" {label.lower()}. "):
                        assert chosen_by_label(menu, state, language, offered, typed, in_part=False) == value


@given(typed=st.text(max_size=80) | st.text("abdehiknrtuy ", max_size=12))
def test_label_is_an_option_or_none(typed: str) -> None:
    for menu in MENUS.values():
        for state in menu.states.values():
            if state.kind.waits_for_input and state.options:
                found = chosen_by_label(menu, state, menu.language, state.options, typed)
                assert found is None or found in state.options
