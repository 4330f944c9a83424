"""`CEK 12`: a feature phone asks if an appeal is official, and gets what was really sent."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gateway.sms.appeal_number import find_appeal_number
from gateway.text import gsm
from tests.helpers.packs import MENU
from tests.helpers.sms import SmsWorld, file_report, pack_sms
from tests.helpers.web import add_appeal

SENT = datetime(2024, 11, 20, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("12", 12),
        ("No 12", 12),
        ("no.12", 12),
        ("imbauan nomor 12 pak", 12),
        ("himbauan 0012", 12),
        ("0", None),
        ("", None),
        ("12 13", None),
        ("12345", None),
        ("7340-2817", None),
        ("12 tawuran", None),
    ],
)
def test_number_of_an_appeal_is_short_and_alone(text: str, number: int | None) -> None:
    assert find_appeal_number(text, MENU.keywords) == number


@pytest.mark.parametrize("text", ["CEK 1", "cek no 1", "CEK IMBAUAN 1", "STATUS 1", "tolong cek himbauan no. 1"])
async def test_cek_with_the_number_of_a_sent_appeal_tells_it(world: SmsWorld, text: str) -> None:
    await add_appeal(world.services.database, template="damai", texts={"id": "Rukun No {number}. {stop}", "jv": "x"})

    reply = await world.send_sms(text)

    assert reply == pack_sms(
        "appeal_found",
        date="20/11 12:00",
        appeal_title="Tetap rukun",
        appeal_text="Rukun No 1. Berhenti: balas STOP",
    )
    assert await world.dispositions() == ["appeal"]


async def test_cek_with_another_number_says_that_it_is_forged(world: SmsWorld) -> None:
    await add_appeal(world.services.database, went_out_at=None, public_number=1)

    assert await world.send_sms("CEK 1") == pack_sms("appeal_unknown", appeal_no="1"), "begun, and not sent"
    assert await world.send_sms("CEK 12") == pack_sms("appeal_unknown", appeal_no="12")
    assert await world.send_sms("CEK 3") == pack_sms("appeal_unknown", appeal_no="3"), "no code of a category"
    assert await world.incidents() == []


async def test_cek_with_a_ticket_is_still_the_status_of_a_report(world: SmsWorld) -> None:
    ticket = await file_report(world)
    assert await world.send_sms(f"CEK {ticket}") != pack_sms("not_found")
    assert (await world.dispositions())[-1] == "status"
    assert await world.send_sms("CEK 12345") == pack_sms("no_ticket_status")


@pytest.mark.parametrize("text", ["m" * 306, "\u65e5" * 134])
async def test_longest_text_of_an_appeal_makes_a_reply_of_three_parts_at_most(world: SmsWorld, text: str) -> None:
    await add_appeal(world.services.database, texts={"id": text}, purpose="p" * 200)

    reply = await world.send_sms("CEK 1")

    assert text[:90] in reply
    assert len(gsm.parts(reply)) <= 3
