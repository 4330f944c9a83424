"""Commands about reports: report, status, add_info, erase, and wrong tickets."""

from __future__ import annotations

import pytest

from gateway.incidents.incident import IncidentStatus
from gateway.incidents.report import LONGEST_DESCRIPTION
from gateway.incidents.tables import incident_details, incidents
from gateway.menu.pack.loader import load
from gateway.messages.tables import inbound_messages, messages
from gateway.runtime.pack_folder import read_pack
from tests.helpers.clocks import ManualClock
from tests.helpers.packs import PACKS
from tests.helpers.sms import KLEGO, MEDONO, MENU, NUMBER, OTHER, SmsWorld, file_report, pack_sms
from tests.helpers.ussd import SECOND, Resident


@pytest.mark.parametrize(("keyword", "language"), [("LAPOR", "id"), ("lapur", "jv"), ("Report", "en")])
async def test_report_is_filed_and_confirmed(world: SmsWorld, clock: ManualClock, keyword: str, language: str) -> None:
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

    (sms,) = await world.rows(inbound_messages)
    assert (sms["made"], sms["ticket"], sms["answered"]) == ("report", incident["ticket"], True)


async def test_confirmation_of_a_restricted_report_tells_neither_kind_nor_place(world: SmsWorld) -> None:
    reply = await world.send_sms("LAPOR asn KLEGO lurah memihak")

    assert reply == pack_sms("received_restricted", "id", ticket=await world.newest_ticket())


REPORTS = [
    ("lapor,3,kelgo,tawuran", "gesekan", KLEGO, "tawuran"),
    ("LAPOR duit Medono bagi amplop", "uang", MEDONO, "duit Medono bagi amplop"),
    ("LAPOR MEDONO 2 bagi amplop", "uang", MEDONO, "bagi amplop"),
    ("LAPOR 3 KEBULEN ribut", "gesekan", "33.75.01.1004", "ribut"),
    ("LAPOR ada tawuran di Klego sekarang", "gesekan", KLEGO, "ada tawuran di Klego sekarang"),
    ("LAPOR 3 KLEGO", "gesekan", KLEGO, ""),
    ("LAPOR 3 KLEGO \U0001f525\U0001f525 api\ndi pasar", "gesekan", KLEGO, "\U0001f525\U0001f525 api\ndi pasar"),
    ("LAPOR 3 KLEGO a\0b\tc\x85d", "gesekan", KLEGO, "ab c d"),
    ("LAPOR 5 KLEGO ada sms pulsa anda bertambah, pilih satu", "hoaks", KLEGO, None),
]


@pytest.mark.parametrize(("text", "category", "area", "description"), REPORTS)
async def test_report_is_understood_in_any_form(
    world: SmsWorld, text: str, category: str, area: str, description: str | None
) -> None:
    assert "diterima" in await world.send_sms(text)

    (incident,) = await world.incidents()
    assert (incident["category"], incident["area"]) == (category, area)
    assert description in (None, incident["description"])


async def test_a_long_report_is_cut_and_its_sms_kept_whole(world: SmsWorld) -> None:
    description = "tawuran " * 250
    assert "diterima" in await world.send_sms(f"LAPOR 3 KLEGO {description}")

    (incident,) = await world.incidents()
    assert incident["description"] == description[:LONGEST_DESCRIPTION].strip()

    (sms,) = await world.rows(inbound_messages)
    assert sms["text"].endswith(description)


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
async def test_an_incomplete_report_is_answered_with_its_missing_part(
    world: SmsWorld, text: str, answer: str, values: dict[str, str], keyword: str
) -> None:
    language = {"LAPOR": "id", "LAPUR": "jv", "REPORT": "en"}[keyword]
    assert await world.send_sms(text.replace("LAPOR", keyword)) == pack_sms(answer, language, **values)
    assert await world.incidents() == []

    (listed,) = await world.queue.list_inbound(to_sort=True)
    assert listed.text == text.replace("LAPOR", keyword)
    assert listed.disposition == ("untold" if answer == "no_report" else "unsorted")


def test_a_report_without_category_and_place_is_answered() -> None:
    assert pack_sms("no_report").startswith("Ada kejadian apa, di mana?")
    assert "LAPOR TAWURAN KLEGO" in pack_sms("no_report")


async def test_each_sms_is_a_report_of_its_own(world: SmsWorld) -> None:
    for text in ("LAPOR 3 KLEGO satu", "LAPOR 3 KLEGO dua"):
        await world.send_sms(text)
    await world.send_sms("LAPOR 3 KLEGO satu", OTHER)

    assert len(await world.incidents()) == len(await world.confirmations()) == 3


async def test_a_report_is_confirmed_on_its_own_channel(world: SmsWorld) -> None:
    await world.send_sms("LAPOR 3 KLEGO", channel="at2")
    reply = await world.send_sms("apa ini", channel="at2")

    assert reply == MENU.sms_text("unknown", "id", {}, {"ussd": SECOND.service_code})
    assert {row["channel"] for row in await world.rows(messages)} == {"at2"}


@pytest.mark.parametrize(("keyword", "language"), [("CEK", "id"), ("priksa", "jv"), ("Check", "en")])
async def test_status_answers_with_the_status_of_a_report(
    world: SmsWorld, clock: ManualClock, keyword: str, language: str
) -> None:
    ticket = await file_report(world)
    clock.advance(minutes=5)
    await world.services.incident_actions.move(ticket.replace("-", ""), IncidentStatus.CHECKING, "desk", "")
    expected = pack_sms("status", language, ticket=ticket, status="checking", date=MENU.format_time(clock.now()))

    for written in (ticket, ticket.replace("-", ""), ticket.replace("-", " "), f"nomor #{ticket}, pak"):
        assert await world.send_sms(f"{keyword} {written}") == expected

    assert (await world.dispositions())[1:] == ["status"] * 4
    assert {row["class"] for row in await world.rows(messages)} == {"confirmation", "status"}


WITHOUT_A_TICKET = [
    ("CEK", "status", "id", "CEK 7340-2817"),
    ("cek laporan saya pak", "status", "id", "CEK 7340-2817"),
    ("INFO", "add_info", "id", "INFO 7340-2817 "),
    ("INFO jam 19.30 ada 20 orang lari", "add_info", "id", "INFO 7340-2817 "),
    ("HAPUS nomor saya", "erase", "id", "HAPUS 7340-2817"),
    ("PRIKSA", "status", "jv", "CEK 7340-2817"),
    ("BUSAK", "erase", "jv", "BUSAK 7340-2817"),
    ("CHECK", "status", "en", "STATUS 7340-2817"),
    ("ERASE me", "erase", "en", "ERASE 7340-2817"),
]


@pytest.mark.parametrize(("text", "command", "language", "written"), WITHOUT_A_TICKET)
async def test_a_command_without_ticket_asks_for_it(
    world: SmsWorld, text: str, command: str, language: str, written: str
) -> None:
    reply = await world.send_sms(text)

    assert reply == pack_sms(f"no_ticket_{command}", language)
    assert written in reply
    assert await world.dispositions() == ["unsorted"]


@pytest.mark.parametrize("pack", ["pekalongan", "tegal", "kab-pekalongan"])
def test_texts_of_every_pack_name_its_own_keywords(pack: str) -> None:
    menu = load(read_pack(PACKS / pack))
    for command in ("status", "add_info", "erase"):
        for language, said in menu.keywords.commands[command].items():
            text = menu.sms_text(f"no_ticket_{command}", language, {})
            assert [word for word in said if f" {word.upper()} 7340-2817" in text], (language, text)


@pytest.mark.parametrize("number", ["7340-2816", "7340 281", "734028", "1234567890"])
async def test_a_number_that_is_no_ticket_is_not_found(world: SmsWorld, number: str) -> None:
    assert await world.send_sms(f"CEK {number}") == pack_sms("not_found")


async def test_a_repeated_status_is_answered_again(world: SmsWorld) -> None:
    ticket = await file_report(world)
    assert await world.send_sms(f"CEK {ticket}") == await world.send_sms(f"CEK {ticket}") != ""


@pytest.mark.parametrize(("keyword", "language"), [("INFO", "id"), ("tambah", "id")])
async def test_add_info_adds_details(world: SmsWorld, keyword: str, language: str) -> None:
    ticket = await file_report(world)
    assert await world.send_sms(f"{keyword} {ticket} pelaku lari ke utara") == pack_sms(
        "added", language, ticket=ticket
    )
    assert await world.send_sms(f"{keyword} naik motor, {ticket}.") == pack_sms("added", language, ticket=ticket)

    (incident,) = await world.incidents()
    assert incident["details"] == ["pelaku lari ke utara", "naik motor"]


@pytest.mark.parametrize(("text", "reply"), [("STOP", "added_not_left"), ("sudah berhenti", "added")])
async def test_add_info_with_an_opt_out_alone_says_how_to_leave(world: SmsWorld, text: str, reply: str) -> None:
    ticket = await file_report(world)

    assert await world.send_sms(f"INFO {ticket} {text}") == pack_sms(reply, ticket=ticket)

    (incident,) = await world.incidents()
    assert incident["details"] == [text]


async def test_report_about_a_ticket_adds_details_behind_a_word(world: SmsWorld) -> None:
    ticket = await file_report(world)

    assert await world.send_sms(f"LAPOR ulang {ticket} masih ribut") == pack_sms("added", ticket=ticket)

    (incident,) = await world.incidents()
    assert incident["details"] == ["ulang masih ribut"]


async def test_add_info_asks_for_missing_details_and_cuts_long_ones(world: SmsWorld) -> None:
    ticket = await file_report(world)

    assert await world.send_sms(f"INFO {ticket} ...") == pack_sms("no_details", ticket=ticket)
    assert await world.send_sms(f"INFO {ticket} {'lari ' * 400}\t\0!") == pack_sms("added", ticket=ticket)
    assert [len(row["text"]) for row in await world.rows(incident_details)] == [LONGEST_DESCRIPTION - 1]


@pytest.mark.parametrize(("keyword", "language"), [("HAPUS", "id"), ("busak", "jv"), ("Erase", "en")])
async def test_erase_removes_the_number(world: SmsWorld, keyword: str, language: str) -> None:
    """The number is erased from the report, its SMS and its inbound SMS. The reply is sent all the same."""
    ticket = await file_report(world)
    await world.send_sms(f"INFO {ticket} lari")

    await world.send_sms("BANTUAN")
    assert await world.send_sms(f"{keyword} {ticket}") == pack_sms("erased", language, ticket=ticket)

    (incident,) = await world.rows(incidents)
    assert (incident["phone_sealed"], incident["phone_key"]) == (None, None)

    texts = {row["made"]: row["sender_sealed"] or row["sender_key"] for row in await world.rows(inbound_messages)}
    assert {made for made, sender in texts.items() if sender} == {"help"}

    sent = {row["class"]: (row["status"], row["phone_sealed"] is None) for row in await world.rows(messages)}
    assert sent == {"confirmation": ("cancelled", True), "reply": ("queued", False)}
    assert [one.sender for one in await world.queue.list_inbound()] == ["", NUMBER.masked, "", ""]
    assert await world.send_sms(f"CEK {ticket}") == pack_sms("not_found"), "it is nobody's now"


@pytest.mark.parametrize("text", ["HAPUS {} jangan", "hapus laporan {} itu tidak benar", "HAPUS {} STOP"])
async def test_an_erasure_with_other_words_is_asked_back(world: SmsWorld, text: str) -> None:
    ticket = await file_report(world)

    assert await world.send_sms(text.format(ticket)) == pack_sms("not_erased", ticket=ticket)
    assert (await world.send_sms(ticket)).startswith(f"Laporan {ticket}: "), "a ticket alone erases nothing"
    assert (await world.incidents())[0]["phone"] == NUMBER.masked
    assert len(await world.queue.list_inbound(to_sort=True)) == 1

    assert await world.send_sms(f"HAPUS nomor saya dari laporan {ticket}") == pack_sms("erased", ticket=ticket)


@pytest.mark.parametrize("command", ["CEK {}", "INFO {} lari", "HAPUS {}"])
async def test_a_ticket_of_another_phone_is_not_found(world: SmsWorld, command: str) -> None:
    await world.send_sms("LAPOR 3 KLEGO")
    strange, theirs = command.format("7340-2817"), command.format(await world.newest_ticket())
    assert await world.send_sms(theirs, OTHER) == await world.send_sms(strange, OTHER) == pack_sms("not_found")

    (incident,) = await world.incidents()
    assert (incident["phone"], incident["details"]) == (NUMBER.masked, [])


async def test_five_wrong_tickets_lock_sms_and_ussd_for_an_hour(world: SmsWorld) -> None:
    await world.send_sms("LAPOR 3 KLEGO", OTHER)
    own = await world.newest_ticket()

    for _ in range(3):
        assert await world.send_sms("CEK 7340-2817", OTHER) == pack_sms("not_found")
    assert await world.send_sms("INFO 7340-2817 lari", OTHER) == pack_sms("not_found")
    assert await world.send_sms(f"CEK {own}", OTHER) == pack_sms(
        "status", ticket=own, status="received", date="23/11 15:00"
    )
    assert await world.send_sms("HAPUS 7340-2817", OTHER) == pack_sms("not_found")

    for command in (f"CEK {own}", f"INFO {own} naik motor", f"HAPUS {own}"):
        assert await world.send_sms(command, OTHER) == pack_sms("locked")
    screen = await Resident(world.services.turns, OTHER).walk(["1", "3", own.replace("-", "")])
    assert screen.label.startswith("locked.id"), screen

    (key,) = await world.run_redis("KEYS", "waspada:tries:*")
    assert 3500 < await world.run_redis("TTL", key) <= 3600


async def test_an_invalid_ticket_is_no_attempt(world: SmsWorld) -> None:
    for _ in range(6):
        assert await world.send_sms("CEK 7340-2816") == pack_sms("not_found")
    assert await world.run_redis("KEYS", "waspada:tries:*") == []


async def test_ten_tickets_in_one_text_are_one_attempt(world: SmsWorld) -> None:
    await world.send_sms("LAPOR 3 KLEGO", OTHER)
    theirs = await world.newest_ticket()
    assert await world.send_sms(f"CEK 7340-2817 {theirs} " + "7340-2817 " * 8) == pack_sms("not_found")

    (key,) = await world.run_redis("KEYS", "waspada:tries:*")
    assert await world.run_redis("SCARD", key) == 1
