"""Commands as thumbs type them, through to what is stored: the spellings that people sent."""

from __future__ import annotations

import pytest

from tests.helpers.clocks import ManualClock
from tests.helpers.sms import KLEGO, MEDONO, NUMBER, OTHER, SmsWorld, file_report, pack_sms

REPORTS = [
    ("LAPOR3 KLEGO tawuran", "gesekan", KLEGO, "tawuran"),
    ("Lapor3 klego", "gesekan", KLEGO, ""),
    ("LAPOR 3KLEGO massa", "gesekan", KLEGO, "massa"),
    ("lapor3klego massa", "gesekan", KLEGO, "massa"),
    ("LAPOR KLEGO3 massa", "gesekan", KLEGO, "massa"),
    ("LAPOR 03 KLEGO massa berkumpul", "gesekan", KLEGO, "massa berkumpul"),
    ("LAPOR no.3 KLEGO massa", "gesekan", KLEGO, "massa"),
    ("LAPOR no 3 KLEGO massa", "gesekan", KLEGO, "massa"),
    ("LAPOR no.03, KLEGO, massa", "gesekan", KLEGO, "massa"),
    ("LAPOR kode 3 kelurahan KLEGO massa berkumpul", "gesekan", KLEGO, "massa berkumpul"),
    ("LAPOR nomor 3, kel. klego: massa", "gesekan", KLEGO, "massa"),
    ("LA\u200bPOR 3 KLEGO massa", "gesekan", KLEGO, "massa"),
    ("LAPOR 3 KLE\u00adGO massa", "gesekan", KLEGO, "massa"),
    ("L A P O R 3 KLEGO massa", "gesekan", KLEGO, "massa"),
    ("LAPOR \u0663 KLEGO massa", "gesekan", KLEGO, "massa"),
    ("LAPOR \uff13 KLEGO massa", "gesekan", KLEGO, "massa"),
    ("LAPOR 3\ufe0f\u20e3 KLEGO massa", "gesekan", KLEGO, None),
    ("LAPOR<spasi>3<spasi>KLEGO<spasi>massa", "gesekan", KLEGO, "massa"),
    ("LAPOR <3> <KLEGO> <massa>", "gesekan", KLEGO, "massa"),
    ("LAPOR [3] [KLEGO] [tawuran]", "gesekan", KLEGO, "tawuran"),
    ("LAPOR (3) (KLEGO) (massa di pasar)", "gesekan", KLEGO, "massa di pasar"),
    ("LAPOR tiga klego massa", "gesekan", KLEGO, "massa"),
    ("lpr 3 klego massa", "gesekan", KLEGO, "massa"),
    ("lapr 3 klego massa", "gesekan", KLEGO, "massa"),
    ("LAPORAN 3 klego massa", "gesekan", KLEGO, "massa"),
    ("Laporan no 3 di klego massa", "gesekan", KLEGO, "massa"),
    ("MELAPORKAN bentrokan di klego", "gesekan", KLEGO, "bentrokan di klego"),
    ("mau lapor 3 klego massa", "gesekan", KLEGO, "massa"),
    ("Selamat malam pak, saya ingin melaporkan ada pengeroyokan di klego", "gesekan", KLEGO, None),
    ("tolong lapor 3 klego massa", "gesekan", KLEGO, "massa"),
    ("Ndherek lapor wonten tukaran ing Klego", "gesekan", KLEGO, "wonten tukaran ing Klego"),
    ("3 KLEGO massa", "gesekan", KLEGO, "massa"),
    ("3KLEGO massa", "gesekan", KLEGO, "massa"),
    ("lapir 3 klego massa", "gesekan", KLEGO, "massa"),
    ("LAPPOR no 3 klego massa", "gesekan", KLEGO, "massa"),
    ("LAPOR rt 2 klego tawuran", "gesekan", KLEGO, None),
    ("pak 3 klego massa", "gesekan", KLEGO, "massa"),
    ("REPORT vote buying klego", "uang", KLEGO, "vote buying klego"),
    ("REPORT biased officials medono", "asn", MEDONO, "biased officials medono"),
    ("REPORT threats klego", "ancam", KLEGO, None),
    ("LAPOR pemukulan medono", "gesekan", MEDONO, "pemukulan medono"),
    ("LAPOR warga dikeroyok di klego", "gesekan", KLEGO, "warga dikeroyok di klego"),
    ("LAPOR serangan fajar medono", "uang", MEDONO, "serangan fajar medono"),
]


@pytest.mark.parametrize(("text", "category", "area", "description"), REPORTS)
async def test_a_report_is_filed_as_thumbs_type_it(
    world: SmsWorld, text: str, category: str, area: str, description: str | None
) -> None:
    await world.send_sms(text)

    (incident,) = await world.incidents()
    assert (incident["category"], incident["area"]) == (category, area)
    assert description in (None, incident["description"])
    assert await world.dispositions() == ["report"]


TICKETS = [
    "{}",
    "CEK{}",
    "cek {}",
    "nomor {}",
    "No. tiket {} pak",
    "laporan {}",
    "STATUS{}",
    "tolong cek {}",
    "({})",
    "{} ?",
]


@pytest.mark.parametrize("text", TICKETS)
@pytest.mark.parametrize("spelling", ["dash", "plain", "blank", "letters", "pairs"])
async def test_a_ticket_is_a_status_request(world: SmsWorld, clock: ManualClock, text: str, spelling: str) -> None:
    ticket = await file_report(world)
    digits = ticket.replace("-", "")
    written = {
        "dash": ticket,
        "plain": digits,
        "blank": f"{digits[:4]} {digits[4:]}",
        "letters": ticket[0] + ticket[1:].replace("0", "O", 1).replace("1", "l", 1),  # none glued to a word
        "pairs": ".".join(digits[at : at + 2] for at in range(0, 8, 2)),
    }[spelling]
    reply = await world.send_sms(text.format(written))

    assert reply.startswith(f"Laporan {ticket}: ")
    assert await world.dispositions() == ["report", "status"]


TOLD = [
    ("{} kok belum ada petugas datang", "kok belum ada petugas datang"),
    ("{} ada korban luka parah di klego", "ada korban luka parah di klego"),
    (
        "CEK {} korban sudah meninggal, pelaku ke Tirto bawa celurit",
        "korban sudah meninggal, pelaku ke Tirto bawa celurit",
    ),
    ("status {} pelaku kabur", "pelaku kabur"),
    ("CEK {} INFO ada api", "INFO ada api"),
    ("tolong cek {} ada api", "ada api"),
    ("CHECK {} two men ran away", "two men ran away"),
    ("priksa {} wonten tatu", "wonten tatu"),
    ("CEK api besar {}", "api besar"),
    ("cek{} 3 orang luka", "3 orang luka"),
]


@pytest.mark.parametrize(("text", "details"), TOLD)
async def test_words_beside_a_ticket_are_added_to_its_report(world: SmsWorld, text: str, details: str) -> None:
    ticket = await file_report(world)

    assert ticket in await world.send_sms(text.format(ticket))
    assert await world.send_sms(text.format(ticket)) == "", "a repeated text adds nothing"
    assert [one["details"] for one in await world.incidents()] == [[details]]
    assert (await world.dispositions())[1:] == ["details", "repeated"]


@pytest.mark.parametrize(
    "text",
    ["CEK {} terima kasih", "cek {0} {0}", "status laporan {} pak", "{} 1", "lapor {}", "CEK info {}", "LAPORAN {}"],
)
async def test_a_status_without_news_adds_nothing(world: SmsWorld, text: str) -> None:
    ticket = await file_report(world)

    for _ in range(2):
        assert (await world.send_sms(text.format(ticket))).startswith(f"Laporan {ticket}: ")
    assert (await world.incidents())[0]["details"] == []
    assert (await world.dispositions())[1:] == ["status", "status"]


@pytest.mark.parametrize("text", ["CEK {} STOP", "{} hapus nomor saya", "STOP HAPUS {}"])
async def test_a_wish_to_leave_beside_a_ticket_is_for_the_desk(world: SmsWorld, text: str) -> None:
    ticket = await file_report(world)

    assert await world.send_sms(text.format(ticket)) == pack_sms("added_not_left", ticket=ticket)
    assert (await world.incidents())[0]["phone"] == NUMBER.masked
    assert len(await world.queue.list_inbound(to_sort=True)) == 1


@pytest.mark.parametrize("text", ["CEK {} pelaku kabur", "{} pelaku kabur", "LAPOR {} pelaku kabur"])
async def test_words_beside_a_ticket_of_another_phone_are_for_the_desk(world: SmsWorld, text: str) -> None:
    ticket = await file_report(world)

    assert await world.send_sms(text.format(ticket), OTHER) == pack_sms("not_found")
    assert (await world.incidents())[0]["details"] == []
    assert len(await world.queue.list_inbound(to_sort=True)) == 1


@pytest.mark.parametrize(
    ("text", "details"),
    [
        ("LAPOR {} ada korban", "ada korban"),
        ("lapor no {}, tawuran lagi di klego", "tawuran lagi di klego"),
        ("LAPUR laporan {} wonten tatu", "wonten tatu"),
        ("report {} a man is hurt", "a man is hurt"),
    ],
)
async def test_a_report_that_begins_with_a_ticket_adds_details(world: SmsWorld, text: str, details: str) -> None:
    ticket = await file_report(world)
    await world.send_sms(text.format(ticket))

    assert [details in one["details"][0] for one in await world.incidents()] == [True]
    assert await world.dispositions() == ["report", "details"]


async def test_details_that_lacked_their_ticket_are_kept(world: SmsWorld) -> None:
    ticket = await file_report(world)
    assert await world.send_sms("tambah pelaku lari") == pack_sms("no_ticket_add_info")

    assert await world.send_sms(ticket) == pack_sms("added", ticket=ticket)
    assert (await world.incidents())[0]["details"] == ["pelaku lari"]


async def test_a_mistyped_ticket_is_not_found(world: SmsWorld) -> None:
    for text in ("7340-2816", "7340 2816", "73402816", "nomor 7340-281"):
        assert await world.send_sms(text) == pack_sms("not_found")


async def test_a_glued_ticket_takes_details(world: SmsWorld) -> None:
    ticket = await file_report(world)

    assert await world.send_sms(f"INFO{ticket} pelaku lari") == pack_sms("added", ticket=ticket)
    assert (await world.incidents())[0]["details"] == ["pelaku lari"]


THANKS = [
    "terima kasih",
    "Terima kasih banyak pak!",
    "makasih",
    "trims min",
    "matur nuwun",
    "Matur nuwun sanget pak",
    "suwun",
    "nuwun",
    "thanks",
    "Thank you very much",
    "ok",
    "ok siap",
    "baik pak, terima kasih",
    "terima kasih atas bantuannya",
    "sip \U0001f64f",
]


@pytest.mark.parametrize("text", THANKS)
async def test_thanks_need_no_answer_and_nobody_who_sorts_them(world: SmsWorld, text: str) -> None:
    assert await world.send_sms(text) == ""
    assert await world.dispositions() == ["thanks"]
    assert await world.queue.list_inbound(to_sort=True) == []


async def test_thanks_with_news_are_no_thanks(world: SmsWorld) -> None:
    reply = await world.send_sms("terima kasih, ada tawuran lagi di klego")
    assert reply == pack_sms("is_report", category="gesekan", area=KLEGO)
    assert [one.sender for one in await world.queue.list_inbound(to_sort=True)] == [NUMBER.masked]
