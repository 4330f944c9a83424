"""Parser of reports by SMS: category, place and description, as residents write them."""

from __future__ import annotations

import re

import pytest

from gateway.menu.model import Menu
from gateway.sms.report_text import parse_report, read_places
from gateway.text.words import words
from tests.helpers.menus import MENUS
from tests.helpers.packs import MENU

REPORTS = [
    # as it should be, and as thumbs do it
    ("3 KLEGO tawuran di pasar", "gesekan", ["Klego"], "tawuran di pasar"),
    ("3,klego,tawuran di pasar.", "gesekan", ["Klego"], "tawuran di pasar"),
    ("3.Klego - tawuran", "gesekan", ["Klego"], "tawuran"),
    ("gesekan klego ribut", "gesekan", ["Klego"], "gesekan klego ribut"),
    ("TAWURAN KLEGO di depan balai", "gesekan", ["Klego"], "TAWURAN KLEGO di depan balai"),
    ("duit medono bagi bagi", "uang", ["Medono"], "duit medono bagi bagi"),
    ("dhuwit medono", "uang", ["Medono"], "dhuwit medono"),
    ("money medono two men", "uang", ["Medono"], "money medono two men"),
    ("fight klego near the market", "gesekan", ["Klego"], "fight klego near the market"),
    ("9 klego lampu mati", "lain", ["Klego"], "lampu mati"),
    # the other way round
    ("KLEGO 3 tawuran", "gesekan", ["Klego"], "tawuran"),
    ("klego tawuran di pasar", "gesekan", ["Klego"], "klego tawuran di pasar"),
    # a word that names the kind may say who did it, so all words are kept
    ("polisi memukul warga klego", "gesekan", ["Klego"], "polisi memukul warga klego"),
    ("lurah medono bagi amplop", "uang", ["Medono"], "lurah medono bagi amplop"),
    ("medono lurah bagi amplop", "uang", ["Medono"], "medono lurah bagi amplop"),
    ("klego polisi dipukul massa", "gesekan", ["Klego"], "klego polisi dipukul massa"),
    ("guru klego kampanye di kelas", "asn", ["Klego"], "guru klego kampanye di kelas"),
    ("no 3 polisi dipukul di klego", "gesekan", ["Klego"], "polisi dipukul di klego"),
    ("3 klego polisi dipukul", "gesekan", ["Klego"], "polisi dipukul"),
    # places as people call them
    ("3 kel. Klego ribut", "gesekan", ["Klego"], "ribut"),
    ("3 di kelurahan klego: ribut", "gesekan", ["Klego"], "ribut"),
    ("3 klego kec pekalongan timur ribut", "gesekan", ["Klego"], "ribut"),
    ("3 kandang panjang ribut", "gesekan", ["Kandang Panjang"], "ribut"),
    ("3 kandangpanjang ribut", "gesekan", ["Kandang Panjang"], "ribut"),
    ("3 kebulen ribut", "gesekan", ["Sapuro Kebulen"], "ribut"),
    ("3 kraton kidul ribut", "gesekan", ["Pasirkratonkramat"], "ribut"),
    ("3 kelgo ribut", "gesekan", ["Klego"], "ribut"),
    ("3 Medonno ribut", "gesekan", ["Medono"], "ribut"),
    ("3 kali barus ribut", "gesekan", ["Kali Baros"], "ribut"),
    # several may be meant
    ("3 kuripan ribut", "gesekan", ["Kuripan Kertoharjo", "Kuripan Yosorejo"], "ribut"),
    ("3 panjang ribut", "gesekan", ["Kandang Panjang", "Panjang Wetan", "Panjang Baru"], "ribut"),
    ("3 panjang ribut, ya panjang wetan", "gesekan", ["Panjang Wetan"], "panjang ribut, ya panjang wetan"),
    ("3 antara poncol dan klego", "gesekan", ["Poncol", "Klego"], "antara poncol dan klego"),
    ("3 kelgo dekat medono", "gesekan", ["Klego", "Medono"], "dekat medono"),
    # in a sentence
    ("ada tawuran di Klego sekarang", "gesekan", ["Klego"], "ada tawuran di Klego sekarang"),
    ("3 pasar klego ribut", "gesekan", ["Klego"], "pasar klego ribut"),
    ("3 tolong pak ada tawuran di klego", "gesekan", ["Klego"], "tolong pak ada tawuran di klego"),
    ("8 kali meluap di klego", "tps", ["Klego"], "kali meluap di klego"),
    ("2 orang tawuran di klego", "gesekan", ["Klego"], "2 orang tawuran di klego"),
    ("klego 2 orang tawuran", "gesekan", ["Klego"], "klego 2 orang tawuran"),
    ("3 orang berkumpul di klego", "gesekan", ["Klego"], "orang berkumpul di klego"),
    ("Ada bagi amplop di Medono RT 5", "uang", ["Medono"], "Ada bagi amplop di Medono RT 5"),
    # something is missing
    ("3 di depan pasar ada tawuran", "gesekan", [], "di depan pasar ada tawuran"),
    ("3 ketandan", "gesekan", [], "ketandan"),
    ("3 pekalongan utara ribut", "gesekan", [], "pekalongan utara ribut"),
    ("3", "gesekan", [], ""),
    ("klego", "", ["Klego"], ""),
    ("klego ada apa ini", "", ["Klego"], "klego ada apa ini"),
    ("77 klego", "", ["Klego"], "77 klego"),
    ("7 7 7", "larang", [], "7 7"),
    ("tolong pak", "", [], "tolong pak"),
    ("", "", [], ""),
    ("...", "", [], ""),
    ("\U0001f44d\U0001f3fd", "", [], "\U0001f44d\U0001f3fd"),
    ("\ua9ad\ua9b8 3", "", [], "\ua9ad\ua9b8 3"),
]


@pytest.mark.parametrize(("text", "category", "places", "description"), REPORTS)
def test_parse_report_finds_category_place_and_description(
    text: str, category: str, places: list[str], description: str
) -> None:
    read = parse_report(text, MENU)

    assert read.category == category
    assert [MENU.areas.places[place] for place in read.places] == places
    assert read.description == description
    assert read.area == (read.places[0] if len(places) == 1 else "")


def code(name: str, menu: Menu = MENU, kecamatan: str = "") -> str:
    """Return the area of this name, in this kecamatan where two have it."""
    (found,) = [
        code
        for code, called in menu.areas.places.items()
        if called == name and kecamatan in ("", menu.areas.regions[menu.areas.parents[code]])
    ]
    return found


WORDS_OF_EVERY_DAY = (
    "ada pasar jalan depan orang warga malam sekarang saiki pak bu mas mbak tolong mohon tim baru kali sungai tambak "
    "alun sakit kalen banyu kebakaran banjir rob tawuran tanah"
)


@pytest.mark.parametrize("pack", MENUS)
def test_parse_report_takes_no_common_word_for_a_place(pack: str) -> None:
    menu = MENUS[pack]
    for word in WORDS_OF_EVERY_DAY.split():
        assert parse_report(f"9 {word} xxqq", menu).places == (), word


def test_parse_report_returns_all_places_of_an_ambiguous_name() -> None:
    menu = MENUS["kab-pekalongan"]
    both = [code("Yosorejo", menu, kecamatan) for kecamatan in ("Petungkriyono", "Siwalan")]
    assert sorted(parse_report("1 yosorejo banjir", menu).places) == sorted(both)

    for place, kecamatan in zip(both, ("petungkriyono", "kec. siwalan"), strict=True):
        read = parse_report(f"1 yosorejo {kecamatan} banjir", menu)
        assert (read.category, read.places, read.description) == ("banjir", (place,), "banjir")
    names = list(menu.areas.places.values())
    for name in {name for name in names if names.count(name) > 1}:
        assert len(parse_report(f"1 {name} banjir", menu).places) > 1, name


EXAMPLE = re.compile(r"(?:LAPOR|REPORT) [A-Z]+ [A-Z ]+(?=[.\"]|$)")


@pytest.mark.parametrize("pack", MENUS)
@pytest.mark.parametrize("name", ["help", "no_report", "no_place", "no_stop"])
def test_example_of_a_report_is_one_without_doubt(pack: str, name: str) -> None:
    menu = MENUS[pack]
    for wording in menu.wordings.values():
        (example,) = EXAMPLE.findall(wording.sms[name])
        report = parse_report(example.partition(" ")[2], menu)
        assert (report.category, report.area) != ("", ""), example
        assert report.category == menu.keywords.categories[example.split()[1].casefold()]
        assert report.area, example


@pytest.mark.parametrize("pack", MENUS)
def test_example_in_the_question_for_a_place_is_understood(pack: str) -> None:
    menu = MENUS[pack]
    for wording in menu.wordings.values():
        example = EXAMPLE.findall(f"{wording.sms['which_place']}.")[0]
        report = parse_report(example.partition(" ")[2], menu)
        area = read_places(list(words(re.split("DAFTAR |JOIN ", wording.sms["which_area"])[1])), menu)

        assert (report.category, report.area) == (menu.keywords.categories[example.split()[1].casefold()], area.area)
        assert area.sure


@pytest.mark.parametrize("pack", MENUS)
def test_parse_report_knows_every_category_and_place_of_a_pack(pack: str) -> None:
    menu = MENUS[pack]
    for area, name in menu.areas.places.items():
        kecamatan = menu.areas.regions[menu.areas.parents[area]]
        assert parse_report(f"9 {name} kec {kecamatan} sesuatu", menu).area == area, name
    some = next(name for name in menu.areas.places.values() if " " not in name)
    people = {person for actor in menu.keywords.actors for person in actor.who}
    for word, category in menu.keywords.categories.items():
        is_code, is_person = word.isdecimal(), word in people
        told = {
            f"{word} {some} xxqq": f"{word} {some} xxqq",
            f"{some} {word.upper()} xxqq": f"{some} {word.upper()} xxqq",
        }
        for text, description in told.items():
            read = parse_report(text, menu)
            known = category if text.startswith(word) or not is_person else ""
            expected = (known, 1, "xxqq" if is_code else description)
            assert (read.category, len(read.places), read.description) == expected, text
