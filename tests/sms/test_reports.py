"""A report by SMS, however it is written: filed and confirmed, or what is missing is said."""

from __future__ import annotations

import pytest

from gateway.incidents.incident import LONGEST_DESCRIPTION
from gateway.messages.tables import inbound_messages, messages
from tests.helpers.clocks import ManualClock
from tests.helpers.sms import KLEGO, MEDONO, MENU, NUMBER, OTHER, SmsWorld, pack_sms
from tests.helpers.ussd import SECOND


@pytest.mark.parametrize(("keyword", "language"), [("LAPOR", "id"), ("lapur", "jv"), ("Report", "en")])
async def test_a_report(world: SmsWorld, clock: ManualClock, keyword: str, language: str) -> None:
    reply = await world.send_sms(f"{keyword} 3 KLEGO tawuran di pasar")
    (incident,) = await world.incidents()
    assert {
        "category": "gesekan",
        "area": KLEGO,
        "description": "tawuran di pasar",
        "language": language,
        "channel": "at",
        "phone": NUMBER.masked,
        "status": "received",
        "veracity": "unverified",
        "received_at": clock.now().isoformat(),
        "contact": None,
        "when": "",
    }.items() <= incident.items()
    assert reply == pack_sms("received", language, category="gesekan", area=KLEGO, ticket=await world.newest_ticket())
    (confirmation,) = await world.rows(messages)
    assert (confirmation["class"], confirmation["ticket"]) == ("confirmation", incident["ticket"])
    (letter,) = await world.rows(inbound_messages)
    assert (letter["made"], letter["ticket"], letter["answered"]) == ("report", incident["ticket"], True)


REPORTS = [
    ("lapor,3,kelgo,tawuran", "gesekan", KLEGO, "tawuran"),
    ("LAPOR duit Medono bagi amplop", "uang", MEDONO, "bagi amplop"),
    ("LAPOR MEDONO 2 bagi amplop", "uang", MEDONO, "bagi amplop"),
    ("LAPOR 3 KEBULEN ribut", "gesekan", "33.75.01.1004", "ribut"),
    ("LAPOR ada tawuran di Klego sekarang", "gesekan", KLEGO, "ada tawuran di Klego sekarang"),
    ("LAPOR 3 KLEGO", "gesekan", KLEGO, ""),
    ("LAPOR 3 KLEGO \U0001f525\U0001f525 api\ndi pasar", "gesekan", KLEGO, "\U0001f525\U0001f525 api\ndi pasar"),
    ("LAPOR 3 KLEGO a\0b\tc\x85d", "gesekan", KLEGO, "ab c d"),
    ("LAPOR 5 KLEGO ada sms pulsa anda bertambah, pilih satu", "hoaks", KLEGO, None),
]


@pytest.mark.parametrize(("text", "category", "area", "description"), REPORTS)
async def test_a_report_however_it_is_written(
    world: SmsWorld, text: str, category: str, area: str, description: str | None
) -> None:
    assert "diterima" in await world.send_sms(text)
    (incident,) = await world.incidents()
    assert (incident["category"], incident["area"]) == (category, area)
    assert description in (None, incident["description"])


async def test_a_report_longer_than_a_record_is_cut_and_the_letter_is_whole(world: SmsWorld) -> None:
    told = "tawuran " * 250
    assert "diterima" in await world.send_sms(f"LAPOR 3 KLEGO {told}")
    (incident,) = await world.incidents()
    assert incident["description"] == told[:LONGEST_DESCRIPTION].strip()
    (letter,) = await world.rows(inbound_messages)
    assert letter["text"].endswith(told)


MISSING: list[tuple[str, str, dict[str, str]]] = [
    ("LAPOR", "no_report", {}),
    ("LAPOR ???", "no_report", {}),
    ("LAPOR xyz", "no_report", {}),
    ("LAPOR 3", "no_place", {"category": "gesekan"}),
    ("LAPOR 3 pekalongan utara ribut", "no_place", {"category": "gesekan"}),
    ("LAPOR tawuran di depan pasar", "no_place", {"category": "gesekan"}),
    ("LAPOR KLEGO ada apa ini", "no_category", {"area": KLEGO}),
    ("LAPOR 77 KLEGO", "no_category", {"area": KLEGO}),
    (
        "LAPOR 3 KURIPAN ribut",
        "which_place",
        {"category": "gesekan", "places": "Kuripan Kertoharjo, Kuripan Yosorejo"},
    ),
    ("LAPOR 3 antara Poncol dan Klego", "which_place", {"category": "gesekan", "places": "Poncol, Klego"}),
]


@pytest.mark.parametrize("keyword", ["LAPOR", "LAPUR", "REPORT"])
@pytest.mark.parametrize(("text", "answer", "values"), MISSING)
async def test_what_is_missing_is_said_and_the_letter_kept(
    world: SmsWorld, text: str, answer: str, values: dict[str, str], keyword: str
) -> None:
    language = {"LAPOR": "id", "LAPUR": "jv", "REPORT": "en"}[keyword]
    assert await world.send_sms(text.replace("LAPOR", keyword)) == pack_sms(answer, language, **values)
    assert await world.incidents() == []
    (listed,) = await world.queue.list_inbound(to_sort=True)
    assert listed.text == text.replace("LAPOR", keyword)
    assert listed.disposition == ("untold" if answer == "no_report" else "unsorted")


def test_both_the_kind_and_the_place_are_said_to_be_missing() -> None:
    assert pack_sms("no_report").startswith("Jenis dan tempat belum jelas.")
    assert "LAPOR 3 KLEGO" in pack_sms("no_report")


async def test_each_letter_is_a_report_of_its_own(world: SmsWorld) -> None:
    for text in ("LAPOR 3 KLEGO satu", "LAPOR 3 KLEGO dua"):
        await world.send_sms(text)
    await world.send_sms("LAPOR 3 KLEGO satu", OTHER)
    assert len(await world.incidents()) == len(await world.confirmations()) == 3


async def test_a_report_is_answered_on_the_channel_that_it_came_by(world: SmsWorld) -> None:
    await world.send_sms("LAPOR 3 KLEGO", channel="at2")
    reply = await world.send_sms("apa ini", channel="at2")
    assert reply == MENU.sms_text("unknown", "id", {}, {"ussd": SECOND.service_code})
    assert {row["channel"] for row in await world.rows(messages)} == {"at2"}
