"""Reports that nobody asked to file: texts with the right kind, place and words, and texts that are none.

Each line of the fixtures is a text, its kind and its place. `no_reports.txt` has texts that must not be filed.
"""

from __future__ import annotations

import pytest

from gateway.menu.model import Menu
from gateway.sms.report_text import read_sentence
from gateway.sms.typed_text import prepare
from gateway.sms.understanding import Meaning, understand
from tests.architecture.documents import ROOT
from tests.helpers.menus import MENUS
from tests.helpers.packs import MENU
from tests.helpers.sms import KLEGO, SmsWorld, pack_sms

TEXTS = ROOT / "tests" / "fixtures" / "sms"
RESTRICTED = "asn"
TEGAL = {"klego": "slerok", "medono": "mintaragen", "poncol": "kemandungan", "setono": "tunon"}


def lines_of(file: str) -> list[list[str]]:
    lines = (TEXTS / file).read_text(encoding="utf-8").splitlines()
    texts = [line.split(" | ") for line in lines if line and not line.startswith("#")]
    return [[text.replace("\\n", "\n"), *expected] for text, *expected in texts]


def read(text: str, menu: Menu = MENU) -> Meaning:
    return understand(prepare(text, menu.keywords), [], menu)


def filed(text: str, menu: Menu = MENU) -> tuple[str, str] | None:
    """Return the kind and the name of the place under which a text is filed, None if it is not."""
    meaning = read(text, menu)
    if not meaning.is_recognised:
        return None
    return meaning.report.category, menu.areas.places[meaning.report.area]


REPORTS = [line for language in ("id", "jv", "en") for line in lines_of(f"reports_{language}.txt")]
KAB_REPORTS = lines_of("reports_kab.txt")
NO_REPORTS = [line[0] for line in lines_of("no_reports.txt")]


@pytest.mark.parametrize("language", ["id", "jv", "en"])
def test_there_are_forty_reports_and_more_of_each_language(language: str) -> None:
    assert len(lines_of(f"reports_{language}.txt")) >= 45


@pytest.mark.parametrize(("text", "kind", "place"), REPORTS)
def test_a_text_that_names_a_kind_and_a_place_is_a_report(text: str, kind: str, place: str) -> None:
    assert filed(text) == (kind, place)
    assert filed(text.upper()) == (kind, place)


@pytest.mark.parametrize(("text", "kind", "place"), KAB_REPORTS)
def test_the_words_of_another_pack_decide_there(text: str, kind: str, place: str) -> None:
    assert filed(text, MENUS["kab-pekalongan"]) == (kind, place)


@pytest.mark.parametrize(
    ("text", "kind"), [(text, kind) for text, kind, place in REPORTS if place.casefold() in TEGAL][::3]
)
def test_the_other_city_reads_the_same_words(text: str, kind: str) -> None:
    said = text.casefold()
    for name, other in TEGAL.items():
        said = said.replace(name, other)
    assert (filed(said, MENUS["tegal"]) or ("", ""))[0] == kind


@pytest.mark.parametrize("text", NO_REPORTS)
def test_a_question_a_denial_or_an_everyday_word_is_no_report(text: str) -> None:
    assert filed(text) is None
    assert filed(text.capitalize()) is None


@pytest.mark.parametrize(("text", "kind", "place"), REPORTS)
def test_behind_the_command_the_kind_is_the_same(text: str, kind: str, place: str) -> None:
    meaning = read(f"LAPOR {text}")

    assert (meaning.command.name, meaning.report.category) == ("report", kind)
    assert meaning.report.area in ("", next(code for code, name in MENU.areas.places.items() if name == place))


VICTIMS = [
    "{} dipukul", "{} dikeroyok massa", "rumah {} dibakar", "rumah pak {} diserang massa", "{} diancam preman",
    "{} dilempari batu", "anak {} dibacok", "mobil {} dirusak massa", "{} dipaksa mendukung paslon 2",
    "{} difitnah mendukung paslon 2", "kantor {} diserbu pendukung", "tolong {} dipukuli timses", "istri {} diteror",
    "{} kecelakaan", "warga minta {} datang, ada tawuran", "lapor pak {} ada kampanye", "{} membubarkan kampanye",
]  # fmt: skip
DEEDS = [
    "{} kampanye paslon 1", "{} mengajak warga pilih nomor 2", "{} tidak netral", "oknum {} dukung paslon 2",
    "warga disuruh coblos 01 oleh {}", "{} memihak", "{} jadi tim sukses paslon 1",
]  # fmt: skip
OFFICIALS = ["polisi", "lurah", "guru", "camat", "pns", "tni", "kepala sekolah", "babinsa"]


@pytest.mark.parametrize("pattern", VICTIMS)
@pytest.mark.parametrize("command", ["", "LAPOR ", "TOLONG "])
def test_victim_is_not_the_one_who_takes_sides(pattern: str, command: str) -> None:
    for official in OFFICIALS:
        report = read(f"{command}{pattern.format(official)} di klego").report
        assert report.category not in ("", RESTRICTED), official


@pytest.mark.parametrize("pattern", DEEDS)
def test_an_official_who_takes_sides_is_the_restricted_kind(pattern: str) -> None:
    for official in OFFICIALS:
        assert filed(f"{pattern.format(official)} di klego") == (RESTRICTED, "Klego"), official


@pytest.mark.parametrize("text", ["lurah klego", "LAPOR polisi klego", "LAPOR guru di medono", "pns di klego sakit"])
def test_a_job_alone_is_no_kind(text: str) -> None:
    assert read(text).report.category == ""


@pytest.mark.parametrize("text", ["serangan di klego", "LAPOR serangan di klego", "ada serangan, klego"])
def test_a_word_of_several_kinds_decides_nothing_by_itself(text: str) -> None:
    assert read(text).report.category == ""


def test_no_everyday_sentence_without_a_place_is_a_report() -> None:
    sentences = (ROOT / "tests" / "fixtures" / "places" / "nowhere.txt").read_text(encoding="utf-8").splitlines()
    assert [text for text in sentences if not text.startswith("#") and filed(text)] == []


@pytest.mark.parametrize("text", ["", "?", "...", "\U0001f6a8\U0001f525", "\ua9ad\ua9b8", "-" * 1000, "di " * 400])
def test_a_text_without_words_names_nothing(text: str) -> None:
    assert read_sentence(text, MENU).category == ""


# Filed --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "TOLONG ada tawuran di Klego!!",
        "ADA TAWURAN\nDI KLEGO\n\nBANYAK YANG LUKA",
        "  (ada tawuran di klego) \U0001f525\U0001f525",
        "INFO ada tawuran di klego",
        ("ada tawuran di klego " + "banyak orang lari dan rumah-rumah ditutup " * 40)[:1000],
    ],
)
async def test_a_recognised_report_is_marked_and_keeps_its_whole_text(world: SmsWorld, text: str) -> None:
    reply = await world.send_sms(text)

    (incident,) = await world.incidents()
    assert (incident["category"], incident["area"], incident["recognised"]) == ("gesekan", KLEGO, True)
    assert incident["description"] == text.strip()
    assert reply == pack_sms("received", category="gesekan", area=KLEGO, ticket=await world.newest_ticket())
    assert "110/112" in reply
    assert await world.dispositions() == ["report"]
    assert await world.send_sms(text) == "", "the same again, as carriers repeat it"
    assert len(await world.incidents()) == 1


async def test_a_report_that_is_asked_for_is_not_marked(world: SmsWorld) -> None:
    await world.send_sms("LAPOR polisi dilempari batu di klego")
    await world.send_sms("apa ada tawuran di klego")
    await world.send_sms("LAPOR")

    asked, first = await world.incidents()
    assert (first["category"], first["description"]) == ("gesekan", "polisi dilempari batu di klego")
    assert [asked["recognised"], first["recognised"]] == [False, False]


@pytest.mark.parametrize("text", ["\U0001f525" * 200, "\U0001f6a8", "A" * 1000, "tolak\n" * 150, "\n\n\n"])
async def test_any_text_is_handled_and_kept(world: SmsWorld, text: str) -> None:
    reply = await world.send_sms(text)

    assert (not reply) == (text.strip() == "") or "110" in reply
    assert [sms.text for sms in await world.queue.list_inbound(to_sort=True)] == [text]
    assert await world.incidents() == []


@pytest.mark.parametrize("text", ["apa benar ada tawuran di klego?", "tidak ada tawuran di klego, aman"])
async def test_a_doubtful_text_is_asked_about_and_kept(world: SmsWorld, text: str) -> None:
    assert await world.send_sms(text) == pack_sms("is_report", category="gesekan", area=KLEGO)
    assert [sms.text for sms in await world.queue.list_inbound(to_sort=True)] == [text]
    assert await world.incidents() == []
