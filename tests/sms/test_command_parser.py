"""Parser of SMS commands, with the keywords of each pack and with arbitrary texts."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.menu.definitions.rules import Keywords
from gateway.sms.command_parser import Command, areas_only, has_free_text, is_automatic, parse_command
from gateway.sms.report_text import parse_report
from gateway.sms.tickets_in_text import find_ticket
from gateway.sms.typed_text import prepare
from gateway.sms.understanding import understand
from tests.helpers.menus import MENUS
from tests.helpers.packs import MENU

KLEGO, MEDONO, PONCOL = "33.75.02.1008", "33.75.01.1002", "33.75.02.1007"
LONGEST_S = 0.5  # CPU time of any text; a report takes a few milliseconds


# What the first word asks for ----------------------------------------------------------------------------------


MEANT = [
    ("LAPOR 3 KLEGO tawuran", "report", "", "3 KLEGO tawuran"),  # Indonesian and Javanese share it
    ("lapor", "report", "", ""),
    ("  Lapor: 3, klego. tawuran!! ", "report", "", "3, klego. tawuran"),
    ("lapur 3 klego", "report", "jv", "3 klego"),
    ("Report 3 klego", "report", "en", "3 klego"),
    ("#LAPOR#3#KLEGO", "report", "", "3#KLEGO"),
    ("\u201cLAPOR\u201d 3 klego", "report", "", "3 klego"),
    ("\U0001f6a8\U0001f6a8LAPOR 3 klego \U0001f6a8", "report", "", "3 klego \U0001f6a8"),
    ("LAPOR\u00a03\u00a0KLEGO", "report", "", "3\u00a0KLEGO"),
    ("LAPOR\n3\nKLEGO\n", "report", "", "3\nKLEGO"),
    ("\uff2c\uff21\uff30\uff2f\uff32 3 klego", "report", "", "3 klego"),
    ("CEK 7340-2817", "status", "", "7340-2817"),
    ("priksa 7340-2817", "status", "jv", "7340-2817"),
    ("check 7340-2817", "status", "en", "7340-2817"),
    ("status 7340-2817", "status", "", "7340-2817"),
    ("INFO 7340-2817 pelaku lari", "add_info", "", "7340-2817 pelaku lari"),
    ("LAPOR ulang 7340-2817 masih ribut", "add_info", "", "ulang 7340-2817 masih ribut"),
    ("LAPOR ulang 7340-2817", "status", "", "ulang 7340-2817"),
    ("LAPOR tawuran 7340-2817", "report", "", "tawuran 7340-2817"),
    ("LAPOR di klego 7340-2817", "report", "", "di klego 7340-2817"),
    ("Hapus 7340-2817", "erase", "", "7340-2817"),
    ("busak 7340-2817", "erase", "jv", "7340-2817"),
    ("REG", "subscribe", "", ""),
    ("ndherek klego", "subscribe", "jv", "klego"),
    ("join klego", "subscribe", "en", "klego"),
    ("stop", "unsubscribe", "", "stop"),
    ("UNREG.", "unsubscribe", "id", "UNREG"),
    ("Berhenti dong", "unsubscribe", "id", "Berhenti dong"),
    ("mandheg", "unsubscribe", "jv", "mandheg"),
    ("BANTUAN?", "help", "", ""),
    ("pitulung", "help", "jv", ""),
    ("help", "help", "en", ""),
    ("BAHASA jawa", "language", "id", "jawa"),
    ("basa", "language", "jv", ""),
    ("LANG english", "language", "en", "english"),
    ("tolong LAPOR 3 klego", "report", "", "3 klego"),
    ("saya mau lapor 3 klego", "report", "", "3 klego"),
    ("selamat malam pak, mau melaporkan tawuran", "report", "id", "tawuran"),
    ("assalamualaikum, lapor 3 klego", "report", "", "3 klego"),
    ("Ndherek lapor tukaran", "report", "", "tukaran"),
    ("lpr 3 klego", "report", "id", "3 klego"),
    ("lapr 3 klego", "report", "id", "3 klego"),
    ("lapor3 klego", "report", "", "3 klego"),
    ("LAPOR3KLEGO", "report", "", "3KLEGO"),
    ("L A P O R 3 klego", "report", "", "3 klego"),
    ("CEK7340-2817", "status", "", "7340-2817"),
    ("tolong cek 7340-2817", "status", "", "7340-2817"),
    ("STATUS73402817", "status", "", "73402817"),
    ("INFO7340-2817 lari", "add_info", "", "7340-2817 lari"),
    ("hapus7340-2817", "erase", "", "7340-2817"),
    ("cek 734O-28I7", "status", "", "734O-28I7"),
    ("cek ada tawuran", "", "", ""),
    ("daftar pemilih ganda di klego", "", "", ""),
    ("bahasa kasar dari lurah", "", "", ""),
    ("ganti bahasa jawa", "language", "id", "jawa"),
    ("melaporan 3 klego", "", "", ""),
    ("laporan 3 klego", "", "", ""),  # a report all the same, by its code and place
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
    assert parse_command(text, MENU) == Command(command, language, rest)


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
    understood = parse_command(text, MENU)
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
    assert parse_command(text, MENU).name == command


PAIRS = {  # the command of a text that begins with both keywords, in the order of KEYWORDS
    "report": ["report"] * 8,
    "status": ["status"] * 8,
    "add_info": ["add_info"] * 8,
    "erase": ["erase"] * 8,
    "subscribe": [*["subscribe"] * 5, "no_stop", "subscribe", "subscribe"],
    "unsubscribe": ["report", "", "", "", "unsubscribe", "unsubscribe", "unsubscribe", "no_stop"],
    "help": ["report", "help", "help", "help", "subscribe", "unsubscribe", "help", "language"],
    "language": [*["language"] * 5, "no_stop", "language", "language"],
}
KEYWORDS = ["LAPOR", "CEK", "TAMBAH", "HAPUS", "DAFTAR", "BERHENTI", "BANTUAN", "BAHASA"]


@pytest.mark.parametrize("first", range(8))
def test_parse_command_decides_between_any_two_commands(first: int) -> None:
    found = [parse_command(f"{KEYWORDS[first]} {second}", MENU).name for second in KEYWORDS]
    assert found == [*PAIRS.values()][first]


STOP_AND_MORE = [
    ("STOP REG", "unsubscribe"),
    ("STOP, REG", "unsubscribe"),
    ("tolong stop reg", "unsubscribe"),
    ("STOP DAFTAR", "unsubscribe"),
    ("berhenti daftar", "unsubscribe"),
    ("unreg reg", "unsubscribe"),
    ("un reg daftar", "unsubscribe"),
    ("stp reg", "unsubscribe"),
    ("mandheg ndherek", "unsubscribe"),
    ("please stop join", "unsubscribe"),
    ("STOP REG KLEGO", "unsubscribe"),
    ("berhenti reg klego", "unsubscribe"),
    ("berhenti reg pekalongan timur", "unsubscribe"),
    ("STOP REG KEC PEKALONGAN TIMUR", "unsubscribe"),
    ("UNREG pekalongan timur", "unsubscribe"),
    ("berhenti reg bandung timur", ""),
    ("tolong stop reg klego", "unsubscribe"),
    ("STOP BAHASA JAWA", "no_stop"),
    ("tolong stop bahasa jawa", "no_stop"),
    ("mandheg basa jawi", "no_stop"),
    ("stop lang english", "no_stop"),
    ("BAHASA JAWA STOP", "no_stop"),
    ("REG STOP", "no_stop"),
    ("REG KLEGO STOP", "no_stop"),
    ("REG KLEGO, STOP MEDONO", "no_stop"),
    ("STOP. saya mau REG KLEGO", "no_stop"),
    ("STOP kampanye, DAFTAR klego", ""),
    ("STOP daftar pemilih ganda", ""),
    ("STOP HAPUS 7340-2817", ""),
    ("jangan stop reg", ""),
    ("STOP LAPOR 3 klego ribut", "report"),
    ("daftar pemilih di klego, mobil berhenti", ""),
    ("tolong cek daftar", "help"),
    ("pak info reg", ""),
    ("mohon cek bahasa jawa", ""),
]


@pytest.mark.parametrize(("text", "command"), STOP_AND_MORE)
def test_parse_command_never_subscribes_by_a_text_with_an_opt_out(text: str, command: str) -> None:
    assert parse_command(text, MENU).name == command


TELLING = [
    # calls for help
    ("TOLONG ada tawuran di Klego rumah saya dilempari", True),
    ("BANTUAN pak ada bentrokan di Medono bawa celurit", True),
    ("HELP they are burning", True),
    ("PITULUNG wonten tiyang gelut", True),
    ("tolong tawuran", True),  # one word, and it names a kind
    ("HELP fight klego", True),
    ("BANTUAN", False),
    ("bantuan dong pak", False),
    ("HELP me please", False),
    ("tolong tolong tolong tolong", False),
    ("BANTUAN 3", False),
    # refusals
    ("tolong stop sms kampanye", True),
    ("MANDHEG rumiyin nggih pak", True),
    ("STOP", False),
    ("STOP pesan otomatis", False),
    ("STOP STOP STOP STOP", False),
    ("Tolong stop sms ini", False),
    ("UNREG KLEGO", False),
]


@pytest.mark.parametrize(("text", "more"), TELLING)
def test_has_free_text_ignores_filler_words(text: str, more: bool) -> None:
    assert has_free_text(parse_command(text, MENU), MENU) == more


RESTS = {"unsubscribe": "sms", "all_quiet": ""}  # what may follow, beside any word at all


@pytest.mark.parametrize("pack", MENUS)
def test_parse_command_knows_every_keyword_of_a_pack(pack: str) -> None:
    keywords = MENUS[pack].keywords
    assert len(keywords.commands) == 9

    for command, languages in keywords.commands.items():
        assert set(languages) == set(MENUS[pack].languages)
        for language, words in languages.items():
            for word in words:
                for typed in (word, word.upper(), f" {word.title()}, "):
                    rest = RESTS.get(command, "xyz")
                    understood = parse_command(f"{typed} {rest}", MENUS[pack])
                    assert understood.name == command
                    assert understood.argument.endswith(rest)
                    assert understood.language in ("", language)


@pytest.mark.parametrize("pack", MENUS)
def test_no_sms_of_a_pack_begins_with_a_keyword(pack: str) -> None:
    """Otherwise a gateway would obey its own SMS, sent back by another one, for ever."""
    menu = MENUS[pack]
    answers = {"category": next(iter(menu.categories)), "area": next(iter(menu.areas.places)), "ticket": "7340-2817"}
    for language, wording in menu.wordings.items():
        for name in wording.sms:
            assert parse_command(menu.sms_text(name, language, answers), menu).name == "", (language, name)


# Any text -----------------------------------------------------------------------------------------------------


@given(st.text(max_size=400) | st.from_regex(r"([0-9A-Za-z]{1,9}[ ,.]{1,2}){0,30}", fullmatch=True))
def test_parsers_never_raise_and_invent_nothing(text: str) -> None:
    for menu in MENUS.values():
        text = prepare(text, menu.keywords)
        understood = parse_command(text, menu)
        assert understood.argument in text
        understand(text, [text, "LAPOR"], menu)
        has_free_text(understood, menu)
        read = parse_report(text, menu)
        assert read.description.replace(" ", "") in text.replace(" ", "")  # a code may be unglued from its word
        assert read.description == read.description.strip(" \t\r\n,.")
        assert read.category in ("", *menu.categories)
        assert set(read.places) <= menu.areas.places.keys()
        assert len(set(read.places)) == len(read.places)
        areas_only(text, menu)
        find_ticket(text)
        is_automatic(text, menu.keywords)


@pytest.mark.parametrize(
    "text",
    ["x" * 4096, "a " * 2048, "klegx " * 680, "kec " * 1024, "7340 " * 800, "panjang " * 500, "9" * 4096, "-1" * 2048],
    ids=lambda text: text[:8],
)
def test_parse_report_is_fast_on_a_long_text(text: str) -> None:
    for menu in MENUS.values():
        began = time.process_time()
        parse_report(text, menu)
        has_free_text(parse_command(f"help {text}", menu), menu)
        areas_only(text, menu)
        find_ticket(text)
        is_automatic(text, menu.keywords)
        assert time.process_time() - began < LONGEST_S


# Places, machines ------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "places"),
    [("Klego", [KLEGO]), ("klego ya pak", [KLEGO]), ("kelurahan medono", [MEDONO]), ("saya di poncol", [PONCOL])],
)
def test_find_places_in_a_subscription(text: str, places: list[str]) -> None:
    assert list(areas_only(text, MENU).codes) == places


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
    assert [is_automatic(text, menu.keywords) for menu in MENUS.values()] == [automatic] * len(MENUS)


def test_is_automatic_normalises_phrases() -> None:
    keywords = Keywords({}, {}, {}, frozenset(), ("auto-reply",))

    assert is_automatic("Auto reply: rapat", keywords)
    assert not is_automatic("", keywords)
    assert parse_command("LAPOR 3", replace(MENU, keywords=keywords)) == Command()
