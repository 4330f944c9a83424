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
from tests.helpers.sms import MENU, NUMBER, SmsWorld, file_report, pack_sms


@pytest.mark.parametrize(("keyword", "language"), [("CEK", "id"), ("priksa", "jv"), ("Check", "en")])
async def test_how_a_report_stands(world: SmsWorld, clock: ManualClock, keyword: str, language: str) -> None:
    ticket = await file_report(world)
    clock.advance(minutes=5)
    await world.services.incidents.move(ticket.replace("-", ""), IncidentStatus.CHECKING, "desk", "")
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
async def test_a_ticket_that_is_missing_is_asked_for(
    world: SmsWorld, text: str, command: str, language: str, written: str
) -> None:
    reply = await world.send_sms(text)
    assert reply == pack_sms(f"no_ticket_{command}", language)
    assert written in reply
    assert await world.dispositions() == ["unsorted"]


@pytest.mark.parametrize("pack", ["pekalongan", "tegal", "kab-pekalongan"])
def test_every_pack_tells_to_write_its_own_keywords(pack: str) -> None:
    menu = load(read_pack(PACKS / pack))
    for command in ("status", "add_info", "erase"):
        for language, said in menu.keywords.commands[command].items():
            text = menu.sms_text(f"no_ticket_{command}", language, {})
            assert [word for word in said if f" {word.upper()} 7340-2817" in text], (language, text)


@pytest.mark.parametrize("number", ["7340-2816", "7340 281", "734028", "1234567890"])
async def test_a_number_that_is_none_is_not_found(world: SmsWorld, number: str) -> None:
    assert await world.send_sms(f"CEK {number}") == pack_sms("not_found")


async def test_a_status_is_asked_for_again_and_answered_again(world: SmsWorld) -> None:
    ticket = await file_report(world)
    assert await world.send_sms(f"CEK {ticket}") == await world.send_sms(f"CEK {ticket}") != ""


@pytest.mark.parametrize(("keyword", "language"), [("INFO", "id"), ("tambah", "id")])
async def test_details(world: SmsWorld, keyword: str, language: str) -> None:
    ticket = await file_report(world)
    assert await world.send_sms(f"{keyword} {ticket} pelaku lari ke utara") == pack_sms(
        "added", language, ticket=ticket
    )
    assert await world.send_sms(f"{keyword} naik motor, {ticket}.") == pack_sms("added", language, ticket=ticket)
    (incident,) = await world.incidents()
    assert incident["details"] == ["pelaku lari ke utara", "naik motor"]


async def test_details_that_are_missing_or_too_long(world: SmsWorld) -> None:
    ticket = await file_report(world)
    assert await world.send_sms(f"INFO {ticket} ...") == pack_sms("no_details", ticket=ticket)
    assert await world.send_sms(f"INFO {ticket} {'lari ' * 400}\t\0!") == pack_sms("added", ticket=ticket)
    assert [len(row["text"]) for row in await world.rows(incident_details)] == [LONGEST_DESCRIPTION - 1]


@pytest.mark.parametrize(("keyword", "language"), [("HAPUS", "id"), ("busak", "jv"), ("Erase", "en")])
async def test_erasing(world: SmsWorld, keyword: str, language: str) -> None:
    """The number is gone from the report, its SMS and its letters; the reply goes out all the same."""
    ticket = await file_report(world)
    await world.send_sms(f"INFO {ticket} lari")
    await world.send_sms("BANTUAN")
    assert await world.send_sms(f"{keyword} {ticket}") == pack_sms("erased", language, ticket=ticket)
    (incident,) = await world.rows(incidents)
    assert (incident["phone_sealed"], incident["phone_key"]) == (None, None)
    letters = {row["made"]: row["sender_sealed"] or row["sender_key"] for row in await world.rows(inbound_messages)}
    assert {made for made, sender in letters.items() if sender} == {"help"}
    sent = {row["class"]: (row["status"], row["phone_sealed"] is None) for row in await world.rows(messages)}
    assert sent == {"confirmation": ("cancelled", True), "reply": ("queued", False)}
    assert [one.sender for one in await world.queue.list_inbound()] == ["", NUMBER.masked, "", ""]
    assert await world.send_sms(f"CEK {ticket}") == pack_sms("not_found"), "it is nobody's now"
