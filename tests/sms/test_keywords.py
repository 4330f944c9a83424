"""Parser of SMS commands, with the keywords of each pack and with arbitrary texts."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.menu.model import Menu
from gateway.menu.pack.loader import load
from gateway.menu.rules import Keywords
from gateway.runtime.pack_folder import read_pack
from gateway.sms.keywords import (
    Command,
    find_places,
    find_ticket,
    has_free_text,
    is_automatic,
    parse_command,
    parse_report,
)
from gateway.text import ticket as tickets

PACKS: dict[str, Menu] = {
    name: load(read_pack(Path(__file__).parents[2] / "menus" / name))
    for name in ("pekalongan", "tegal", "kab-pekalongan")
}
CITY = PACKS["pekalongan"]
KLEGO, MEDONO, PONCOL = "33.75.02.1008", "33.75.01.1002", "33.75.02.1007"
LONGEST_S = 0.5  # of any text, on a busy machine; a report takes a few milliseconds


def code(name: str, menu: Menu = CITY, kecamatan: str = "") -> str:
    """Return the area of this name, in this kecamatan where two have it."""
    (found,) = [
        code
        for code, called in menu.areas.kelurahan.items()
        if called == name and kecamatan in ("", menu.areas.kecamatan[menu.areas.kecamatan_of(code)])
    ]
    return found


# What the first word asks for ----------------------------------------------------------------------------------


MEANT = [
    ("LAPOR 3 KLEGO tawuran", "report", "", "3 KLEGO tawuran"),  # Indonesian and Javanese share it
    ("lapor", "report", "", ""),
    ("  Lapor: 3, klego. tawuran!! ", "report", "", "3, klego. tawuran"),
    ("lapur 3 klego", "report", "jv", "3 klego"),
    ("Report 3 klego", "report", "en", "3 klego"),
    ("#LAPOR#3#KLEGO", "report", "", "3#KLEGO"),
    ("\u201cLAPOR\u201d 3 klego", "report", "", "\u201d 3 klego"),
    ("\U0001f6a8\U0001f6a8LAPOR 3 klego \U0001f6a8", "report", "", "3 klego \U0001f6a8"),
    ("LAPOR\u00a03\u00a0KLEGO", "report", "", "\u00a03\u00a0KLEGO"),
    ("LAPOR\n3\nKLEGO\n", "report", "", "3\nKLEGO"),
    ("\uff2c\uff21\uff30\uff2f\uff32 3 klego", "report", "", "3 klego"),
    ("CEK 7340-2817", "status", "", "7340-2817"),
    ("priksa 7340-2817", "status", "jv", "7340-2817"),
    ("check 7340-2817", "status", "en", "7340-2817"),
    ("status 7340-2817", "status", "", "7340-2817"),
    ("INFO 7340-2817 pelaku lari", "add_info", "", "7340-2817 pelaku lari"),
    ("Hapus 7340-2817", "erase", "", "7340-2817"),
    ("busak 7340-2817", "erase", "jv", "7340-2817"),
    ("REG", "subscribe", "", ""),
    ("ndherek klego", "subscribe", "jv", "klego"),
    ("join klego", "subscribe", "en", "klego"),
    ("stop", "unsubscribe", "", ""),
    ("UNREG.", "unsubscribe", "id", ""),
    ("Berhenti dong", "unsubscribe", "id", "dong"),
    ("mandheg", "unsubscribe", "jv", ""),
    ("BANTUAN?", "help", "", ""),
    ("pitulung", "help", "jv", ""),
    ("help", "help", "en", ""),
    ("BAHASA jawa", "language", "id", "jawa"),
    ("basa", "language", "jv", ""),
    ("LANG english", "language", "en", "english"),
    ("tolong LAPOR 3 klego", "help", "id", "LAPOR 3 klego"),
    ("laporan 3 klego", "", "", ""),
    ("lapor3 klego", "", "", ""),
    ("ada tawuran di klego", "", "", ""),
    ("", "", "", ""),
    (" \n ", "", "", ""),
    ("?!...", "", "", ""),
    ("\U0001f44d", "", "", ""),
    ("1", "", "", ""),
    ("\0", "", "", ""),
]


@pytest.mark.parametrize(("text", "command", "language", "rest"), MEANT)
def test_parse_command_reads_the_first_word(text: str, command: str, language: str, rest: str) -> None:
    assert parse_command(text, CITY) == Command(command, language, rest)


REFUSALS = [
    ("Tolong stop sms ini", "id"),
    ("tolong berhenti kirim sms", "id"),
    ("mohon UNREG nomor saya", "id"),
    ("tulung mandheg rumiyin", "jv"),
    ("pitulung stop", "jv"),  # the word is of all languages, the call before it is of one
    ("please stop these messages", ""),
    ("help, STOP!", "en"),
    ("tolong stop sms kampanye", "id"),  # the kind of an incident, but no place
    ("stop", ""),
]


@pytest.mark.parametrize(("text", "language"), REFUSALS)
def test_parse_command_finds_an_opt_out_within_a_short_text(text: str, language: str) -> None:
    understood = parse_command(text, CITY)
    assert (understood.name, understood.language) == ("unsubscribe", language)


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("ada mobil berhenti di depan rumah saya", ""),  # seven words
        ("tolong stop tawuran di klego", "help"),
        ("tawuran di klego, tolong stop", ""),
        ("help stop the fight in klego", "help"),
        ("LAPOR 3 klego angkot berhenti", "report"),
        ("INFO 7340-2817 sudah berhenti", "add_info"),
        ("stopkontak rusak", ""),
    ],
)
def test_parse_command_finds_no_opt_out_in_reports_and_long_texts(text: str, command: str) -> None:
    assert parse_command(text, CITY).name == command


TELLING = [
    # calls for help
    ("TOLONG ada tawuran di Klego rumah saya dilempari", True),
    ("BANTUAN pak ada bentrokan di Medono bawa celurit", True),
    ("HELP they are burning", True),
    ("PITULUNG wonten tiyang gelut", True),
    ("tolong tawuran", True),  # one word, and it names a kind
    ("HELP fight klego", True),
    ("tolong LAPOR 3 klego", True),
    ("BANTUAN", False),
    ("bantuan dong pak", False),
    ("HELP me please", False),
    ("tolong tolong tolong tolong", False),
    ("BANTUAN 3", False),
    # refusals
    ("STOP politik uang di Klego, tim sukses bagi amplop", True),
    ("STOP kampanye", True),
    ("tolong stop sms kampanye", True),
    ("MANDHEG rumiyin nggih pak", True),
    ("STOP this fight now", True),
    ("STOP", False),
    ("STOP pesan otomatis", False),
    ("STOP STOP STOP STOP", False),
    ("Tolong stop sms ini", False),
    ("UNREG KLEGO", False),
]


@pytest.mark.parametrize(("text", "more"), TELLING)
def test_has_free_text_ignores_filler_words(text: str, more: bool) -> None:
    assert has_free_text(parse_command(text, CITY), CITY) == more


@pytest.mark.parametrize("pack", PACKS)
def test_parse_command_knows_every_keyword_of_a_pack(pack: str) -> None:
    keywords = PACKS[pack].keywords
    assert len(keywords.commands) == 8

    for command, languages in keywords.commands.items():
        assert set(languages) == set(PACKS[pack].languages)
        for language, words in languages.items():
            for word in words:
                for typed in (word, word.upper(), f" {word.title()}, "):
                    understood = parse_command(f"{typed} xyz", PACKS[pack])
                    assert (understood.name, understood.argument) == (command, "xyz")
                    assert understood.language in ("", language)


@pytest.mark.parametrize("pack", PACKS)
def test_no_sms_of_a_pack_begins_with_a_keyword(pack: str) -> None:
    """Otherwise a gateway would obey its own SMS, sent back by another one, for ever."""
    menu = PACKS[pack]
    answers = {"category": menu.categories[0], "area": next(iter(menu.areas.kelurahan)), "ticket": "7340-2817"}
    for language, wording in menu.wordings.items():
        for name in wording.sms:
            assert parse_command(menu.sms_text(name, language, answers), menu).name == "", (language, name)


# A report ----------------------------------------------------------------------------------------------------


TOLD = [
    # as it should be, and as thumbs do it
    ("3 KLEGO tawuran di pasar", "gesekan", ["Klego"], "tawuran di pasar"),
    ("3,klego,tawuran di pasar.", "gesekan", ["Klego"], "tawuran di pasar"),
    ("3.Klego - tawuran", "gesekan", ["Klego"], "tawuran"),
    ("gesekan klego ribut", "gesekan", ["Klego"], "ribut"),
    ("TAWURAN KLEGO di depan balai", "gesekan", ["Klego"], "di depan balai"),
    ("duit medono bagi bagi", "uang", ["Medono"], "bagi bagi"),
    ("dhuwit medono", "uang", ["Medono"], "dhuwit medono"),
    ("money medono two men", "uang", ["Medono"], "two men"),
    ("fight klego near the market", "gesekan", ["Klego"], "near the market"),
    ("9 klego lampu mati", "lain", ["Klego"], "lampu mati"),
    # the other way round
    ("KLEGO 3 tawuran", "gesekan", ["Klego"], "tawuran"),
    ("klego tawuran di pasar", "gesekan", ["Klego"], "di pasar"),
    # places as people call them
    ("3 kel. Klego ribut", "gesekan", ["Klego"], "ribut"),
    ("3 di kelurahan klego: ribut", "gesekan", ["Klego"], "ribut"),
    ("3 klego kec pekalongan timur ribut", "gesekan", ["Klego"], "ribut"),
    ("3 kandang panjang ribut", "gesekan", ["Kandang Panjang"], "ribut"),
    ("3 kandangpanjang ribut", "gesekan", ["Kandang Panjang"], "ribut"),
    ("3 kebulen ribut", "gesekan", ["Sapuro Kebulen"], "ribut"),
    ("3 pkk ribut", "gesekan", ["Pasirkratonkramat"], "ribut"),
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
    ("klego 2 orang tawuran", "gesekan", ["Klego"], "2 orang tawuran"),
    ("3 orang berkumpul di klego", "gesekan", ["Klego"], "orang berkumpul di klego"),
    ("Ada bagi amplop di Medono RT 5", "uang", ["Medono"], "Ada bagi amplop di Medono RT 5"),
    # something is missing
    ("3 di depan pasar ada tawuran", "gesekan", [], "di depan pasar ada tawuran"),
    ("3 ketandan", "gesekan", [], "ketandan"),
    ("3 pekalongan utara ribut", "gesekan", [], "pekalongan utara ribut"),
    ("3", "gesekan", [], ""),
    ("klego", "", ["Klego"], ""),
    ("klego ada apa ini", "", ["Klego"], "ada apa ini"),
    ("77 klego", "", ["Klego"], "77 klego"),
    ("7 7 7", "larang", [], "7 7"),
    ("tolong pak", "", [], "tolong pak"),
    ("", "", [], ""),
    ("...", "", [], ""),
    ("\U0001f44d\U0001f3fd", "", [], "\U0001f44d\U0001f3fd"),
    ("\ua9ad\ua9b8 3", "", [], "\ua9ad\ua9b8 3"),
]


@pytest.mark.parametrize(("text", "category", "places", "description"), TOLD)
def test_parse_report_finds_category_place_and_description(
    text: str, category: str, places: list[str], description: str
) -> None:
    read = parse_report(text, CITY)

    assert (read.category, [CITY.areas.kelurahan[place] for place in read.places]) == (category, places)
    assert read.description == description
    assert read.area == (read.places[0] if len(places) == 1 else "")


WORDS_OF_EVERY_DAY = (
    "ada pasar jalan depan orang warga malam sekarang saiki pak bu mas mbak tolong mohon tim baru kali sungai tambak "
    "alun sakit kalen banyu kebakaran banjir rob tawuran tanah"
)


@pytest.mark.parametrize("pack", PACKS)
def test_parse_report_takes_no_common_word_for_a_place(pack: str) -> None:
    menu = PACKS[pack]
    for word in WORDS_OF_EVERY_DAY.split():
        assert parse_report(f"9 {word} xxqq", menu).places == (), word


def test_parse_report_returns_all_places_of_an_ambiguous_name() -> None:
    menu = PACKS["kab-pekalongan"]
    both = [code("Yosorejo", menu, kecamatan) for kecamatan in ("Petungkriyono", "Siwalan")]
    assert sorted(parse_report("1 yosorejo banjir", menu).places) == sorted(both)

    for place, kecamatan in zip(both, ("petungkriyono", "kec. siwalan"), strict=True):
        read = parse_report(f"1 yosorejo {kecamatan} banjir", menu)
        assert (read.category, read.places, read.description) == ("banjir", (place,), "banjir")
    names = list(menu.areas.kelurahan.values())
    for name in {name for name in names if names.count(name) > 1}:
        assert len(parse_report(f"1 {name} banjir", menu).places) > 1, name


@pytest.mark.parametrize("pack", PACKS)
def test_parse_report_knows_every_category_and_place_of_a_pack(pack: str) -> None:
    menu = PACKS[pack]
    for area, name in menu.areas.kelurahan.items():
        kecamatan = menu.areas.kecamatan[menu.areas.kecamatan_of(area)]
        places = parse_report(f"9 {name} kec {kecamatan} sesuatu", menu).places
        alike = {"Kutorojo", "Kutorejo"}  # one letter apart, and in one kecamatan: somebody must choose
        assert places == (area,) or {menu.areas.kelurahan[place] for place in places} == alike, name
    some = next(name for name in menu.areas.kelurahan.values() if " " not in name)
    for word, category in menu.keywords.categories.items():
        for text in (f"{word} {some} xxqq", f"{some} {word.upper()} xxqq"):
            read = parse_report(text, menu)
            assert (read.category, len(read.places), read.description) == (category, 1, "xxqq"), text


@given(st.text(max_size=400) | st.from_regex(r"([0-9A-Za-z]{1,9}[ ,.]{1,2}){0,30}", fullmatch=True))
def test_parsers_never_raise_and_invent_nothing(text: str) -> None:
    for menu in PACKS.values():
        understood = parse_command(text, menu)
        assert understood.argument in text
        has_free_text(understood, menu)
        read = parse_report(text, menu)
        assert read.description in text
        assert read.description == read.description.strip(" \t\r\n,.")
        assert read.category in ("", *menu.categories)
        assert set(read.places) <= menu.areas.kelurahan.keys()
        assert len(set(read.places)) == len(read.places)
        find_places(text, menu)
        find_ticket(text)
        is_automatic(text, menu.keywords)


@pytest.mark.parametrize(
    "text",
    ["x" * 4096, "a " * 2048, "klegx " * 680, "kec " * 1024, "7340 " * 800, "panjang " * 500, "9" * 4096, "-1" * 2048],
    ids=lambda text: text[:8],
)
def test_parse_report_is_fast_on_a_long_text(text: str) -> None:
    for menu in PACKS.values():
        began = time.perf_counter()
        parse_report(text, menu)
        has_free_text(parse_command(f"help {text}", menu), menu)
        find_places(text, menu)
        find_ticket(text)
        is_automatic(text, menu.keywords)
        assert time.perf_counter() - began < LONGEST_S


# Tickets, places, machines -----------------------------------------------------------------------------------


TICKETS = [
    ("7340-2817", "73402817", ""),
    ("73402817", "73402817", ""),
    ("7340 2817", "73402817", ""),
    ("7340\u20132817", "73402817", ""),
    ("#7340.2817.", "73402817", ""),
    ("nomor 7340-2817 pak", "73402817", "nomor pak"),
    ("7340-2817 pelaku lari ke utara", "73402817", "pelaku lari ke utara"),
    ("pelaku lari 7340-2817 ke utara", "73402817", "pelaku lari ke utara"),
    ("7340-2816 7340-2817", "73402817", "7340-2816"),  # the first does not check
    ("12 7340 2817", "73402817", "12"),
    ("1234 7340 2817", "73402817", "1234"),
    ("7340-2816", "", "7340-2816"),
    ("0340-2817", "", "0340-2817"),
    ("173402817", "", "173402817"),
    ("081230004567", "", "081230004567"),
    ("7340 x 2817", "", "7340 x 2817"),
    ("", "", ""),
]


@pytest.mark.parametrize(("text", "ticket", "besides"), TICKETS)
def test_find_ticket_returns_ticket_and_rest(text: str, ticket: str, besides: str) -> None:
    assert find_ticket(text) == (ticket, besides)


def test_find_ticket_returns_the_first_of_several() -> None:
    drawn = iter(range(12_345, 9_000_000, 812_345))
    ten = [tickets.generate(lambda _: next(drawn)) for _ in range(10)]

    assert find_ticket(" ".join(map(tickets.with_dash, ten)))[0] == ten[0]


@pytest.mark.parametrize(
    ("text", "places"),
    [("Klego", [KLEGO]), ("klego ya pak", [KLEGO]), ("kelurahan medono", [MEDONO]), ("saya di poncol", [PONCOL])],
)
def test_find_places_in_a_subscription(text: str, places: list[str]) -> None:
    assert list(find_places(text, CITY)) == places


AUTOMATIC = [
    ("Ini balasan otomatis. Saya sedang rapat", True),
    ("AUTO-REPLY: saya sedang rapat", True),
    ("Out  of\noffice!", True),
    ("Pulsa Anda tinggal Rp 500", True),
    ("kuota andalan keluarga", False),
    ("jangan balasan, otomatiskan saja", False),
    ("", False),
    ("...", False),
]


@pytest.mark.parametrize(("text", "automatic"), AUTOMATIC)
def test_is_automatic_recognises_replies_of_machines(text: str, automatic: bool) -> None:
    assert [is_automatic(text, menu.keywords) for menu in PACKS.values()] == [automatic] * len(PACKS)


def test_is_automatic_normalises_phrases() -> None:
    keywords = Keywords({}, {}, {}, frozenset(), ("auto-reply",))

    assert is_automatic("Auto reply: rapat", keywords)
    assert not is_automatic("", keywords)
    assert parse_command("LAPOR 3", replace(CITY, keywords=keywords)) == Command()
