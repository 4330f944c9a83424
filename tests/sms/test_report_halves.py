"""Reports that come in several SMS: the missing half completes them, for ten minutes."""

from __future__ import annotations

import asyncio

import pytest

from gateway.sms.report_halves import NO_REPORT, PartialReport, read_all, read_next
from gateway.sms.typed_text import prepare
from gateway.sms.understanding import understand
from tests.helpers.clocks import ManualClock
from tests.helpers.menus import MENUS
from tests.helpers.packs import MENU
from tests.helpers.sms import KLEGO, MEDONO, NUMBER, OTHER, SmsWorld, pack_sms

YOSOREJO = next(code for code, name in MENU.areas.places.items() if name == "Kuripan Yosorejo")

COMPLETED = [
    (["LAPOR tawuran", "klego"], "gesekan", KLEGO, "tawuran"),
    (["LAPOR klego", "3"], "gesekan", KLEGO, ""),
    (["LAPOR", "3 klego"], "gesekan", KLEGO, ""),
    (["LAPOR", "3", "klego"], "gesekan", KLEGO, ""),
    (["LAPOR tawuran", "klego ribut besar"], "gesekan", KLEGO, "tawuran\nklego ribut besar"),
    (["LAPOR tawuran", "LAPOR klego"], "gesekan", KLEGO, "tawuran"),
    (["LAPOR klego", "LAPOR 3"], "gesekan", KLEGO, ""),
    (["LAPOR klego ada apa ini", "no 3"], "gesekan", KLEGO, "klego ada apa ini"),
    (["LAPOR klego", "tiga"], "gesekan", KLEGO, ""),
    (["LAPOR klego", "03"], "gesekan", KLEGO, ""),
    (["LAPOR klego", "politik uang pak"], "uang", KLEGO, "politik uang pak"),
    (["LAPUR klego", "tukaran"], "gesekan", KLEGO, "tukaran"),
    (["REPORT fight", "in klego please"], "gesekan", KLEGO, "fight\nin klego please"),
    (["LAPOR tawuran di depan pasar", "di klego pak"], "gesekan", KLEGO, "tawuran di depan pasar"),
    (["LAPOR 3 KURIPAN ribut", "yosorejo"], "gesekan", YOSOREJO, "ribut"),
    (["LAPOR 3 KURIPAN ribut", "kuripan yosorejo"], "gesekan", YOSOREJO, "ribut"),
    (["LAPOR 2", "LAPOR 3 klego ribut"], "gesekan", KLEGO, "ribut"),
    (["LAPOR klego", "LAPOR medono", "3"], "gesekan", MEDONO, ""),
    (["apa ada tawuran di klego", "LAPOR"], "gesekan", KLEGO, "apa ada tawuran di klego"),
    (["katanya ada tawuran di klego", "ya"], "gesekan", KLEGO, "katanya ada tawuran di klego"),
    (["apa ada tawuran", "klego", "ya"], "gesekan", KLEGO, "apa ada tawuran\nklego"),
    (["TOLONG jangan ada tawuran di klego", "LAPOR"], "gesekan", KLEGO, None),
    (["tawuran", "klego"], "gesekan", KLEGO, "tawuran\nklego"),
    (["TOLONG ada tawuran", "di klego pak"], "gesekan", KLEGO, "TOLONG ada tawuran\ndi klego pak"),
    (["klego", "ada tawuran"], "gesekan", KLEGO, "klego\nada tawuran"),
    (["ada tawuran di kelgo", "ya"], "gesekan", KLEGO, "ada tawuran di kelgo"),
    (["LAPOR tawuran", "ada bagi amplop di klego"], "uang", KLEGO, "ada bagi amplop di klego"),
    (["LAPOR tawuran", "CEK 7340-2817", "klego"], "gesekan", KLEGO, "tawuran"),
    (["LAPOR tawuran", "terima kasih", "klego"], "gesekan", KLEGO, "tawuran"),
]


@pytest.mark.parametrize(("texts", "category", "area", "description"), COMPLETED)
async def test_the_missing_half_completes_a_report(
    world: SmsWorld, clock: ManualClock, texts: list[str], category: str, area: str, description: str | None
) -> None:
    for text in texts[:-1]:
        await world.send_sms(text)
        assert await world.incidents() == []
        clock.advance(minutes=4)
    await world.send_sms(texts[-1])

    (incident,) = await world.incidents()
    assert (incident["category"], incident["area"]) == (category, area)
    assert description in (None, incident["description"])
    assert (await world.dispositions())[-1] == "report"


async def test_each_half_is_answered_with_what_is_missing(world: SmsWorld) -> None:
    """The whole of a conversation that once ended in silence."""
    assert await world.send_sms("LAPOR tawuran") == pack_sms("no_place", category="gesekan")
    assert await world.send_sms("xyz") == pack_sms("no_place", category="gesekan")
    assert "diterima" in await world.send_sms("klego")
    assert await world.send_sms("LAPOR klego") == pack_sms("no_category", area=KLEGO)
    assert "diterima" in await world.send_sms("3")
    assert await world.send_sms("LAPOR") == pack_sms("no_report")
    assert "diterima" in await world.send_sms("3 klego")
    assert len(await world.incidents()) == 3


async def test_the_answer_is_in_the_language_of_the_first_half(world: SmsWorld) -> None:
    await world.send_sms("LAPUR klego")
    reply = await world.send_sms("tukaran")

    assert reply == pack_sms("received", "jv", category="gesekan", area=KLEGO, ticket=await world.newest_ticket())


@pytest.mark.parametrize(("minutes", "filed"), [(9, 1), (11, 0)])
async def test_a_half_is_kept_for_ten_minutes(world: SmsWorld, clock: ManualClock, minutes: int, filed: int) -> None:
    await world.send_sms("LAPOR tawuran")
    clock.advance(minutes=minutes)

    assert await world.send_sms("klego")
    assert len(await world.incidents()) == filed


async def test_a_half_is_that_of_its_own_phone(world: SmsWorld) -> None:
    await world.send_sms("LAPOR tawuran")
    assert await world.send_sms("klego", OTHER) == pack_sms("no_category", area=KLEGO)


async def test_a_half_is_used_once(world: SmsWorld, clock: ManualClock) -> None:
    await world.send_sms("LAPOR tawuran")
    assert "diterima" in await world.send_sms("klego")

    assert await world.send_sms("klego") == "", "the same again, as carriers repeat it"
    assert await world.send_sms("medono") == pack_sms("no_category", area=MEDONO)
    assert len(await world.incidents()) == 1


async def test_two_reports_may_have_the_same_half(world: SmsWorld) -> None:
    for place in ("klego", "medono"):
        await world.send_sms(f"LAPOR {place}")
        assert "diterima" in await world.send_sms("3")
    assert {incident["area"] for incident in await world.incidents()} == {KLEGO, MEDONO}


async def test_a_half_that_the_desk_has_sorted_completes_nothing(world: SmsWorld) -> None:
    await world.send_sms("LAPOR tawuran")
    (half,) = await world.queue.list_inbound()
    await world.services.desk_inbox.mark_done(half.id, "siti")

    assert await world.send_sms("klego") == pack_sms("no_category", area=KLEGO)


async def test_two_workers_complete_a_report_once(world: SmsWorld) -> None:
    for text in ("LAPOR tawuran", "klego"):
        await world.store_sms(text)
    while sum(await asyncio.gather(*(world.handler.handle_all() for _ in range(3)))):
        pass

    assert len(await world.incidents()) == 1
    assert await world.dispositions() == ["unsorted", "report"]


async def test_an_interrupted_half_completes_a_report_once(world: SmsWorld) -> None:
    await world.send_sms("LAPOR tawuran")
    await world.store_sms("klego")
    await world.handle_and_kill()

    assert await world.handler.handle_all() == 1
    assert len(await world.incidents()) == 1
    assert NUMBER.masked == (await world.incidents())[0]["phone"]


FREE_TEXTS = [
    ("ada tawuran di klego?", "is_report", {"category": "gesekan", "area": KLEGO}),
    ("tidak ada bagi amplop di Medono", "is_report", {"category": "uang", "area": MEDONO}),
    ("INFO katanya ada tawuran di klego", "is_report", {"category": "gesekan", "area": KLEGO}),
    ("ada tawuran di kelgo", "is_place", {"category": "gesekan", "area": KLEGO}),
    ("ada tawuran", "no_place", {"category": "gesekan"}),
    ("klego", "no_category", {"area": KLEGO}),
    ("rt 3 klego", "no_category", {"area": KLEGO}),
    ("jam 3 di klego", "no_category", {"area": KLEGO}),
    ("Daftar pemilih di Klego banyak nama orang mati", "no_category", {"area": KLEGO}),
]


@pytest.mark.parametrize(("text", "answer", "values"), FREE_TEXTS)
async def test_a_text_without_command_is_answered_with_what_would_make_it_a_report(
    world: SmsWorld, text: str, answer: str, values: dict[str, str]
) -> None:
    for _ in range(2):
        assert await world.send_sms(text) == pack_sms(answer, **values)
    assert await world.incidents() == []
    assert [sms.text for sms in await world.queue.list_inbound(to_sort=True)] == [text, text]


async def test_a_cry_for_help_is_answered_again(world: SmsWorld) -> None:
    for _ in range(3):
        assert await world.send_sms("tolong ada tawuran") == pack_sms("help")
    assert len(await world.queue.list_inbound(to_sort=True)) == 3


CONTINUED = [
    (["INFO", "7340-2817 pelaku lari"], "not_found"),
    (["CEK", "7340-2817"], "not_found"),
    (["REG kuripan", "yosorejo"], "sub_ok"),
    (["REG xyzzy", "klego"], "sub_ok"),
]


@pytest.mark.parametrize(("texts", "answer"), CONTINUED)
async def test_other_commands_take_the_argument_that_they_lacked(
    world: SmsWorld, texts: list[str], answer: str
) -> None:
    await world.send_sms(texts[0])
    area = {"yosorejo": YOSOREJO, "klego": KLEGO}.get(texts[1], "")
    assert await world.send_sms(texts[1]) == pack_sms(answer, area=area)


async def test_details_may_follow_their_ticket(world: SmsWorld) -> None:
    await world.send_sms("LAPOR 3 KLEGO")
    ticket = await world.newest_ticket()
    await world.send_sms(f"INFO {ticket}")

    assert await world.send_sms("pelaku lari ke utara") == pack_sms("added", ticket=ticket)
    assert (await world.incidents())[0]["details"] == ["pelaku lari ke utara"]


def test_read_all_of_nothing_is_empty() -> None:
    assert read_all([], MENU) == NO_REPORT
    assert NO_REPORT.is_empty
    assert not NO_REPORT.is_complete


def test_read_next_leaves_what_is_known_without_new_parts() -> None:
    known = PartialReport("gesekan", (KLEGO,), KLEGO, "tawuran")
    assert read_next(prepare("apa ini", MENU.keywords), known, MENU) == known
    assert read_next("CEK 7340-2817", known, MENU) == known


KAB = MENUS["kab-pekalongan"]
PODO = next(code for code, name in KAB.areas.places.items() if name == "Podo")
PROPOSED = "LAPOR 1 PODO rumah terendam"
CONFIRMATIONS = [
    "ya",
    "Ya pak",
    "ya, terima kasih",
    "benar",
    "betul pak",
    "nggih",
    "1",
    "(1)",
    "1 benar",
    "balas 1",
    "PODO",
    "desa podo",
]


@pytest.mark.parametrize("answer", CONFIRMATIONS)
def test_a_place_that_is_only_alike_is_confirmed(answer: str) -> None:
    asked = understand(PROPOSED, [], KAB)
    assert (asked.report.proposed, asked.report.area) == (PODO, "")

    meaning = understand(answer, [PROPOSED], KAB)
    assert meaning.command.name == "report"
    assert (meaning.report.category, meaning.report.area) == ("banjir", PODO)
    assert meaning.report.description == "rumah terendam"


@pytest.mark.parametrize("answer", ["ok", "bukan", "tidak", "2", "terima kasih", "apa ini"])
def test_a_proposed_place_is_asked_again_after_any_other_answer(answer: str) -> None:
    meaning = understand(answer, [PROPOSED], KAB)
    assert (meaning.command.name, meaning.report.area, meaning.report.proposed) == ("report", "", PODO)


def test_another_place_replaces_a_proposed_one() -> None:
    report = understand("kajen", [PROPOSED], KAB).report
    assert KAB.areas.places[report.area] == "Kajen"


@pytest.mark.parametrize(("answers", "area"), [(["1"], ""), (["1", "1"], PODO)])
def test_a_number_is_the_kind_where_that_is_missing(answers: list[str], area: str) -> None:
    report = understand(answers[-1], ["LAPOR podo sekarang", *answers[:-1]], KAB).report
    assert (report.category, report.area) == ("banjir", area)


async def test_a_proposed_place_is_filed_by_yes(world: SmsWorld) -> None:
    text = "LAPOR 3 ada ribut di depan medonno"
    assert await world.send_sms(text) == pack_sms("is_place", category="gesekan", area=MEDONO)
    assert await world.send_sms("ok") == pack_sms("is_place", category="gesekan", area=MEDONO)
    assert "diterima" in await world.send_sms("ya")

    (incident,) = await world.incidents()
    assert (incident["category"], incident["area"]) == ("gesekan", MEDONO)
