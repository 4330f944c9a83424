"""The commands about a ticket by SMS: how it stands, details, erasing, and what a wrong ticket leads to."""

from __future__ import annotations

import pytest

from gateway.incidents.incident import LONGEST_DESCRIPTION, IncidentStatus
from gateway.incidents.tables import incident_details, incidents
from gateway.menu.pack.loader import load
from gateway.messages.tables import inbound_messages, messages
from gateway.runtime.pack_folder import read_pack
from tests.helpers.clocks import ManualClock
from tests.helpers.packs import PACKS
from tests.helpers.sms import MENU, NUMBER, Room, reported, sms


@pytest.mark.parametrize(("keyword", "language"), [("CEK", "id"), ("priksa", "jv"), ("Check", "en")])
async def test_how_a_report_stands(desk: Room, clock: ManualClock, keyword: str, language: str) -> None:
    ticket = await reported(desk)
    clock.advance(minutes=5)
    await desk.gateway.services.incidents.move(ticket.replace("-", ""), IncidentStatus.CHECKING, "desk", "")
    expected = sms("status", language, ticket=ticket, status="checking", date=MENU.format_time(clock.now()))
    for written in (ticket, ticket.replace("-", ""), ticket.replace("-", " "), f"nomor #{ticket}, pak"):
        assert await desk.says(f"{keyword} {written}") == expected
    assert (await desk.made())[1:] == ["status"] * 4
    assert {row["class"] for row in await desk.rows(messages)} == {"confirmation", "status"}


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
async def test_a_ticket_that_is_missing_is_asked_for(
    desk: Room, text: str, command: str, language: str, written: str
) -> None:
    reply = await desk.says(text)
    assert reply == sms(f"no_ticket_{command}", language)
    assert written in reply
    assert await desk.made() == ["unsorted"]


@pytest.mark.parametrize("pack", ["pekalongan", "tegal", "kab-pekalongan"])
def test_every_pack_tells_to_write_its_own_keywords(pack: str) -> None:
    menu = load(read_pack(PACKS / pack))
    for command in ("status", "add_info", "erase"):
        for language, said in menu.keywords.commands[command].items():
            text = menu.sms_text(f"no_ticket_{command}", language, {})
            assert [word for word in said if f" {word.upper()} 7340-2817" in text], (language, text)


@pytest.mark.parametrize("number", ["7340-2816", "7340 281", "734028", "1234567890"])
async def test_a_number_that_is_none_is_not_found(desk: Room, number: str) -> None:
    assert await desk.says(f"CEK {number}") == sms("not_found")


async def test_a_status_is_asked_for_again_and_answered_again(desk: Room) -> None:
    ticket = await reported(desk)
    assert await desk.says(f"CEK {ticket}") == await desk.says(f"CEK {ticket}") != ""


@pytest.mark.parametrize(("keyword", "language"), [("INFO", "id"), ("tambah", "id")])
async def test_details(desk: Room, keyword: str, language: str) -> None:
    ticket = await reported(desk)
    assert await desk.says(f"{keyword} {ticket} pelaku lari ke utara") == sms("added", language, ticket=ticket)
    assert await desk.says(f"{keyword} naik motor, {ticket}.") == sms("added", language, ticket=ticket)
    (incident,) = await desk.incidents()
    assert incident["details"] == ["pelaku lari ke utara", "naik motor"]


async def test_details_that_are_missing_or_too_long(desk: Room) -> None:
    ticket = await reported(desk)
    assert await desk.says(f"INFO {ticket} ...") == sms("no_details", ticket=ticket)
    assert await desk.says(f"INFO {ticket} {'lari ' * 400}\t\0!") == sms("added", ticket=ticket)
    assert [len(row["text"]) for row in await desk.rows(incident_details)] == [LONGEST_DESCRIPTION - 1]


@pytest.mark.parametrize(("keyword", "language"), [("HAPUS", "id"), ("busak", "jv"), ("Erase", "en")])
async def test_erasing(desk: Room, keyword: str, language: str) -> None:
    """The number is gone from the report, its SMS and its letters; the reply goes out all the same."""
    ticket = await reported(desk)
    await desk.says(f"INFO {ticket} lari")
    await desk.says("BANTUAN")
    assert await desk.says(f"{keyword} {ticket}") == sms("erased", language, ticket=ticket)
    (incident,) = await desk.rows(incidents)
    assert (incident["phone_sealed"], incident["phone_key"]) == (None, None)
    letters = {row["made"]: row["sender_sealed"] or row["sender_key"] for row in await desk.rows(inbound_messages)}
    assert {made for made, sender in letters.items() if sender} == {"help"}
    sent = {row["class"]: (row["status"], row["phone_sealed"] is None) for row in await desk.rows(messages)}
    assert sent == {"confirmation": ("cancelled", True), "reply": ("queued", False)}
    assert [one.sender for one in await desk.letters.list_inbound()] == ["", NUMBER.masked, "", ""]
    assert await desk.says(f"CEK {ticket}") == sms("not_found"), "it is nobody's now"
