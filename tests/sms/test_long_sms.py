"""Long SMS that arrives in two parts, in both orders."""

from __future__ import annotations

import pytest

from gateway.people.tables import opt_outs
from tests.helpers.clocks import ManualClock
from tests.helpers.sms import MEDONO, NUMBER, OTHER, SmsWorld, pack_sms

FIRST = (
    "LAPOR 3 KLEGO ada massa banyak sekali di depan balai kelurahan, mereka membawa kayu dan batu, beberapa rumah "
    "sudah dilempari dan ada dua orang lu"
)
FIRST += "x" * (153 - len(FIRST))
SECONDS = [
    "ka di kepala, tolong kirim petugas",
    "daftar pemilih juga dibakar di klego",
    "reg",
    "bahasa kasar dipakai",
    "info dari warga klego ada tawuran lagi",
    "lapor ke polisi belum ada yang datang",
    "tolong cepat pak polisi",
    "klego rt 3",
    "3 orang luka",
    "di klego \U0001f525",
]


LEAVING = [
    "STOP. saya takut",
    "saya takut, STOP",
    "hapus nomor saya",
    "tolong hapus nomor saya",
    "HAPUS",
    "hapus semua data saya",
    "jangan kirim sms lagi",
    "STOP REG",
    "STOP BAHASA JAWA",
    "stop di depan balai lalu lari ke utara",
    "berhenti lalu lari",
]


@pytest.mark.parametrize("second", SECONDS)
async def test_a_second_part_is_added_to_the_report_of_the_first(
    world: SmsWorld, clock: ManualClock, second: str
) -> None:
    await world.send_sms("REG MEDONO")
    assert "diterima" in await world.send_sms(FIRST)
    ticket = await world.newest_ticket()
    clock.advance(seconds=5)

    assert await world.send_sms(second) == pack_sms("added", ticket=ticket)
    (incident,) = await world.incidents()
    assert incident["details"] == [second]
    assert await world.services.subscriptions.active_areas(NUMBER) == [MEDONO]
    assert await world.rows(opt_outs) == []
    assert await world.dispositions() == ["subscribed", "report", "details"]


@pytest.mark.parametrize("second", LEAVING)
async def test_a_second_part_that_may_be_a_wish_to_leave_is_for_the_desk(
    world: SmsWorld, clock: ManualClock, second: str
) -> None:
    await world.send_sms("REG MEDONO")
    await world.send_sms(FIRST)
    ticket = await world.newest_ticket()
    clock.advance(seconds=5)

    assert await world.send_sms(second) == pack_sms("added_not_left", ticket=ticket)
    assert (await world.incidents())[0]["details"] == [second]
    assert await world.services.subscriptions.active_areas(NUMBER) == [MEDONO]
    assert [sms.text for sms in await world.queue.list_inbound(to_sort=True)] == [second]


@pytest.mark.parametrize("second", LEAVING[-2:])
async def test_a_wish_to_leave_that_comes_first_stays_for_the_desk(
    world: SmsWorld, clock: ManualClock, second: str
) -> None:
    await world.send_sms(second)
    clock.advance(seconds=5)
    await world.send_sms(FIRST)

    assert (await world.incidents())[0]["details"] == [second]
    assert await world.dispositions() == ["unsorted", "report"]


@pytest.mark.parametrize("second", SECONDS[:2])
async def test_a_second_part_that_comes_first_is_added_later(world: SmsWorld, clock: ManualClock, second: str) -> None:
    await world.send_sms(second)
    clock.advance(seconds=5)
    assert "diterima" in await world.send_sms(FIRST)

    (incident,) = await world.incidents()
    assert incident["details"] == [second]
    assert await world.rows(opt_outs) == []
    assert await world.dispositions() == ["details", "report"]
    assert await world.queue.list_inbound(to_sort=True) == []


async def test_an_opt_out_behind_a_long_report_is_asked_back_once(world: SmsWorld) -> None:
    await world.send_sms(FIRST)
    assert await world.send_sms("STOP") == pack_sms("added_not_left", ticket=await world.newest_ticket())
    assert await world.rows(opt_outs) == []

    assert await world.send_sms("STOP") == pack_sms("unsub_ok")
    assert len(await world.rows(opt_outs)) == 1


async def test_three_parts_belong_together(world: SmsWorld) -> None:
    second = ("ka di kepala dan banyak warga lari ke arah utara " * 4)[:153]
    for text in (FIRST, second, "sampai ke pasar"):
        await world.send_sms(text)
    assert (await world.incidents())[0]["details"] == [second.strip(), "sampai ke pasar"]


STANDING_ALONE = [
    ("LAPOR 2 MEDONO bagi amplop", "report"),
    ("BANTUAN", "help"),
    ("CEK 7340-2817", "unsorted"),
    ("7340-2817", "unsorted"),
    ("terima kasih", "thanks"),
    ("BAHASA jawa", "language"),
]


@pytest.mark.parametrize(("text", "disposition"), STANDING_ALONE)
async def test_an_sms_that_is_complete_by_itself_is_no_second_part(
    world: SmsWorld, text: str, disposition: str
) -> None:
    await world.send_sms(FIRST)
    await world.send_sms(text)
    assert await world.dispositions() == ["report", disposition]


async def test_a_text_is_no_second_part_of_a_short_late_or_foreign_report(world: SmsWorld, clock: ManualClock) -> None:
    await world.send_sms("LAPOR 3 KLEGO ada orang lu")
    await world.send_sms("ka di kepala")
    clock.advance(seconds=61)
    await world.send_sms(FIRST)
    await world.send_sms("ka di kepala, banyak darah", OTHER)
    clock.advance(seconds=61)
    await world.send_sms("ka di kepala lagi")

    assert [incident["details"] for incident in await world.incidents()] == [[], []]


async def test_parts_in_ucs2_are_shorter(world: SmsWorld) -> None:
    first = "LAPOR 3 KLEGO ada tawuran besar di pasar \U0001f525 banyak warga lari ke a"
    await world.send_sms(first)
    assert await world.send_sms("rah utara") == pack_sms("added", ticket=await world.newest_ticket())
