"""Category of a report: codes as thumbs type them, and words and phrases of the pack."""

from __future__ import annotations

import pytest

from gateway.sms.report_kinds import category_within, leading_category, unglue
from gateway.sms.report_text import parse_report
from gateway.text.words import words
from tests.helpers.menus import MENUS
from tests.helpers.packs import MENU
from tests.helpers.place_packs import CITY, REGENCY, SECOND_CITY

LEADING = [
    ("3 klego", "gesekan", 1),
    ("03 klego", "gesekan", 1),
    ("003 klego", "gesekan", 1),
    ("no 3 klego", "gesekan", 2),
    ("kode nomor 3", "gesekan", 3),
    ("pak, kode 3", "gesekan", 3),
    ("tiga klego", "gesekan", 1),
    ("telu", "gesekan", 1),
    ("tiga orang berkelahi", "", 0),
    ("pak 2 rumah dirusak", "", 0),
    ("rt 2 klego tawuran", "", 0),
    ("gang 5 medono", "", 0),
    ("tawuran klego", "gesekan", 1),
    ("vote buying klego", "uang", 2),
    ("serangan fajar", "uang", 2),
    ("surat suara rusak", "tps", 2),
    ("77 klego", "", 0),
    ("0 klego", "", 0),
    ("ada tawuran", "", 0),
    ("no klego", "", 0),
    ("", "", 0),
]


@pytest.mark.parametrize(("text", "category", "size"), LEADING)
def test_leading_category_reads_codes_and_words(text: str, category: str, size: int) -> None:
    assert leading_category(list(words(text)), MENU) == (category, size)


WITHIN = {
    "gesekan": "bentrokan pengeroyokan pemukulan dikeroyok dipukuli perkelahian diserang keributan kerusuhan gelut "
    "digebuki brawl",
    "ancam": "diancam pengancaman intimidasi dipaksa golok teror threats weapon",
    "uang": "amplop dhuwit money bribe",
}


@pytest.mark.parametrize(("category", "word"), [(kind, word) for kind, many in WITHIN.items() for word in many.split()])
def test_category_within_knows_the_many_words(category: str, word: str) -> None:
    assert category_within(list(words(f"ada {word} di klego")), MENU) == category


@pytest.mark.parametrize(
    ("text", "category"),
    [("they are buying votes here", "uang"), ("biased officials", "asn"), ("pukul 19.30", ""), ("", "")],
)
def test_category_within_reads_phrases_and_no_times(text: str, category: str) -> None:
    assert category_within(list(words(text)), MENU) == category


VIOLENCE = (
    "berantem berkelahi pembacokan bacok dibacok membacok tonjok ditonjok tinju tembak ditembak tikam ditusuk "
    "gebugan pembunuhan penusukan gelut tawur antem gebug bacokan mbacok nonjok ditikam penembakan ricuh"
)
ENGLISH_VIOLENCE = "stabbing assault violence riot beating shooting stabbed assaulted violent shot"


@pytest.mark.parametrize("pack", [CITY, SECOND_CITY, REGENCY])
@pytest.mark.parametrize("word", [*VIOLENCE.split(), "baku hantam", "baku tembak", "pukul-pukulan", "adu jotos"])
def test_words_for_violence_are_known_in_every_pack(word: str, pack: str) -> None:
    assert category_within(list(words(f"ada {word} di sana")), MENUS[pack]) == "gesekan"
    assert leading_category(list(words(f"{word} di sana")), MENUS[pack])[0] == "gesekan"


@pytest.mark.parametrize("pack", [CITY, SECOND_CITY])
@pytest.mark.parametrize("word", ENGLISH_VIOLENCE.split())
def test_english_words_for_violence_are_known_where_english_is_spoken(word: str, pack: str) -> None:
    assert category_within(list(words(f"there is {word} here")), MENUS[pack]) == "gesekan"


@pytest.mark.parametrize(
    ("text", "pack", "category"),
    [
        ("fake news about votes", CITY, "hoaks"),
        ("false news about votes", CITY, "hoaks"),
        ("hate speech", SECOND_CITY, "hoaks"),
        ("berita palsu", REGENCY, "hoaks"),
        ("isu sara disebar", CITY, "hoaks"),
        ("ada ujaran sara", SECOND_CITY, "hoaks"),
        ("konten sara", REGENCY, "hoaks"),
        ("mbak sara hilang", CITY, ""),
        ("sara belum pulang", SECOND_CITY, ""),
        ("bu sara sakit", REGENCY, ""),
        ("begal di jembatan", CITY, "lain"),
        ("rampok masuk toko", REGENCY, "lain"),
        ("ada orang bawa senjata api", CITY, "ancam"),
        ("ada orang bawa senjata api", REGENCY, "gesekan"),
        ("kereta api anjlok", REGENCY, ""),
        ("di rel kereta api ada kebakaran", REGENCY, "kebakaran"),
        ("banyak semut api", REGENCY, ""),
        ("kembang api mengganggu", REGENCY, ""),
        ("api membesar", REGENCY, "kebakaran"),
        ("rebutan tanah", REGENCY, ""),
        ("sengketa tanah warisan", REGENCY, ""),
        ("orang tua lemah", REGENCY, ""),
        ("tanah longsor", REGENCY, "longsor"),
        ("tanah gerak", REGENCY, "longsor"),
        ("lemah longsor", REGENCY, "longsor"),
        ("tebing runtuh", REGENCY, "longsor"),
        ("sungai meluap", REGENCY, "banjir"),
        ("air naik", REGENCY, "banjir"),
        ("orang hanyut", REGENCY, "banjir"),
        ("kali meluap", CITY, "tps"),
        ("pohon tumbang", REGENCY, "lain"),
        ("rumah ambruk", REGENCY, "lain"),
        ("angin ribut", REGENCY, "lain"),
        ("lomba tinju", CITY, ""),
    ],
)
def test_phrases_name_another_category_than_their_words(text: str, pack: str, category: str) -> None:
    assert category_within(list(words(text)), MENUS[pack]) == category
    assert category_within(list(words(f"tadi {text} kemarin")), MENUS[pack]) == category


def test_phrase_that_names_no_category_may_be_a_place() -> None:
    assert leading_category(list(words("api api banjir")), MENUS[REGENCY]) == ("", 0)
    assert leading_category(list(words("kereta api anjlok")), MENUS[REGENCY]) == ("", 0)


ACTS = [
    ("polisi dipukul massa di klego", "gesekan"),
    ("polisi memukul warga klego", "gesekan"),
    ("polisi klego dipukul", "gesekan"),
    ("guru diancam pakai golok di medono", "ancam"),
    ("ada lurah bagi amplop di medono", "uang"),
    ("pns pasang baliho di klego", "apk"),
    ("tni dikeroyok klego", "gesekan"),
    ("kepala desa menyebar hoaks klego", "hoaks"),
    ("civil servant handing out cash klego", "uang"),
    ("orang lain dipukul di klego", "gesekan"),
    ("tawuran lalu polisi datang ke klego", "gesekan"),
    ("amplop lalu tawuran di klego", "uang"),  # of two acts the first
    ("polisi di klego memihak", "asn"),
    ("lurah dan orang lain tidak netral di klego", "asn"),
    ("lurah dan orang lain di klego", ""),  # a job alone says nothing of what they did
    ("camat medono", ""),
    ("pns klego", "asn"),  # the word that the answers teach
    ("klego asn", "asn"),
    ("pns klego dipukul", "gesekan"),
    ("pns kecelakaan di klego", "lain"),
    ("pns sakit di klego", ""),
    ("pns sakit di klego, rumah lurah", ""),
    ("lain klego", "lain"),
    ("1 klego polisi dipukul", "asn"),  # a code is what they chose
]


@pytest.mark.parametrize(("text", "category"), ACTS)
@pytest.mark.parametrize("pack", ["pekalongan", "tegal"])
def test_an_act_has_precedence_over_a_job(pack: str, text: str, category: str) -> None:
    menu = MENUS[pack]
    text = text.replace("klego", "slerok").replace("medono", "slerok") if pack == "tegal" else text
    assert parse_report(text, menu).category == category


@pytest.mark.parametrize("pack", MENUS)
def test_weak_and_everyday_words_of_a_pack_name_a_kind(pack: str) -> None:
    keywords = MENUS[pack].keywords
    assert keywords.weak
    assert keywords.asked
    assert keywords.weak | keywords.asked <= keywords.categories.keys()


GLUED = [
    ("3KLEGO tawuran", "3 KLEGO tawuran"),
    ("3kandang panjang", "3 kandang panjang"),
    ("03klego", "03 klego"),
    ("3tawuran klego", "3 tawuran klego"),
    ("KLEGO3 tawuran", "KLEGO 3 tawuran"),
    ("no3 klego", "no 3 klego"),
    ("kode3, klego", "kode 3, klego"),
    ("1kg beras di klego", "1kg beras di klego"),
    ("2x ribut klego", "2x ribut klego"),
    ("3orang di klego", "3orang di klego"),
    ("77klego", "77klego"),
    ("ribut di gang itu rt3 klego", "ribut di gang itu rt3 klego"),
    ("", ""),
]


@pytest.mark.parametrize(("typed", "text"), GLUED)
def test_unglue_separates_a_code_from_a_place_or_a_kind(typed: str, text: str) -> None:
    assert unglue(typed, MENU) == text
