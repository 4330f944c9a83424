"""The post room itself: who gets no answer, how often, and what the log tells of it."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import pytest

from gateway.messages.tables import messages
from gateway.runtime import logs
from gateway.text.phone import Phone
from tests.helpers.clocks import ManualClock
from tests.helpers.sms import KLEGO, MENU, NUMBER, OTHER, OWN_NUMBER, Room, room, sms

# Who gets no answer -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sender", ["888", "3375", "TELKOMSEL", OWN_NUMBER])
@pytest.mark.parametrize("text", ["LAPOR 3 KLEGO", "BANTUAN", "apa ini", "1"])
async def test_a_machine_gets_no_answer(desk: Room, sender: Phone | str, text: str) -> None:
    assert await desk.says(text, sender) == ""
    assert await desk.made() == ["machine"]
    assert await desk.rows(messages) == await desk.incidents() == []


@pytest.mark.parametrize("to", [NUMBER.e164, NUMBER.e164[1:]])
async def test_the_number_that_is_written_to_is_ours(desk: Room, to: str) -> None:
    assert await desk.says("BANTUAN", NUMBER, to=to) == ""
    assert await desk.made() == ["machine"]


@pytest.mark.parametrize(
    "text",
    ["Balasan otomatis: saya rapat", "INFO: pulsa Anda tinggal 500", "STATUS: out of office", "Auto-reply BANTUAN"],
)
async def test_an_automatic_reply_gets_no_answer(desk: Room, text: str) -> None:
    assert await desk.says(text) == ""
    assert await desk.made() == ["machine"]


async def test_our_own_answers_get_one_answer_a_day(desk: Room) -> None:
    """As another gateway would send them back to us: whatever we say must not set us talking."""
    answers = {"ticket": "7340-2817", "category": "gesekan", "area": KLEGO, "places": "Klego", "status": "received"}
    for language, wording in MENU.wordings.items():
        for name in wording.sms:
            await desk.receive(MENU.sms_text(name, language, answers))
    await desk.post.handle_all()
    assert await desk.replies() == [sms("unknown")]
    assert await desk.incidents() == []


async def test_a_pack_without_keywords_leaves_all_to_the_desk(
    redis_url: str, database_url: str, clock: ManualClock
) -> None:
    mute = replace(MENU, keywords=replace(MENU.keywords, commands={}))
    async with room(redis_url, database_url, clock, mute) as desk:
        assert await desk.says("LAPOR 3 KLEGO") == ""
        assert await desk.made() == ["other"]


# How often ----------------------------------------------------------------------------------------------------------


async def test_ten_replies_an_hour(desk: Room, clock: ManualClock) -> None:
    for _ in range(10):
        assert await desk.says("BANTUAN")
        clock.advance(minutes=5)
    assert await desk.says("BANTUAN") == ""
    assert await desk.says("REG KLEGO") == ""
    assert await desk.gateway.services.subscriptions.active_areas(NUMBER) == [KLEGO], "it is done all the same"
    assert await desk.says("BANTUAN", OTHER), "another number has ten of its own"
    clock.advance(minutes=10, seconds=-1)
    assert await desk.says("BANTUAN") == ""
    clock.advance(seconds=1)
    assert await desk.says("BANTUAN"), "the first is an hour old"
    assert await desk.says("BANTUAN") == "", "the second is not"


async def test_a_confirmation_is_a_reply(desk: Room) -> None:
    """Reports that may not be confirmed are not filed but kept: a machine could file them for ever."""
    for number in range(10):
        assert await desk.says(f"LAPOR 3 KLEGO tawuran {number}")
    assert await desk.says("LAPOR 3 KLEGO tawuran lagi") == ""
    assert await desk.says("BANTUAN") == ""
    assert len(await desk.incidents()) == 10
    (kept,) = await desk.letters.list_inbound(to_sort=True)
    assert kept.text == "LAPOR 3 KLEGO tawuran lagi"


async def test_what_is_not_understood_is_answered_once_a_day(desk: Room, clock: ManualClock) -> None:
    assert await desk.says("apa ini") == sms("unknown")
    clock.advance(hours=23, minutes=59)
    assert await desk.says("apa itu") == ""
    assert await desk.says("BANTUAN"), "what is understood is answered"
    clock.advance(minutes=1)
    assert await desk.says("halo") == sms("unknown")
    assert await desk.made() == ["other", "other", "help", "other"]


async def test_a_report_of_which_nothing_is_understood_shares_that_one_answer(desk: Room, clock: ManualClock) -> None:
    assert await desk.says("LAPOR xyz") == sms("no_report")
    assert await desk.says("LAPOR zyx") == await desk.says("apa ini") == ""
    assert await desk.says("LAPOR 3") == sms("no_place", category="gesekan"), "this is half a report"
    assert await desk.says("BANTUAN") == sms("help")
    clock.advance(days=1)
    assert await desk.says("apa ini") == sms("unknown")
    assert await desk.says("LAPOR") == ""
    assert await desk.made() == ["untold", "untold", "other", "unsorted", "help", "other", "untold"]


# The same again -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("seconds", "reports"), [(0, 1), (599, 1), (600, 2)])
async def test_the_same_report_within_ten_minutes(desk: Room, clock: ManualClock, seconds: int, reports: int) -> None:
    assert await desk.says("LAPOR 3 KLEGO tawuran")
    clock.advance(seconds=seconds)
    assert bool(await desk.says(" lapor 3 klego TAWURAN\n")) == (reports == 2)
    assert len(await desk.incidents()) == reports
    assert (await desk.made())[1] == ("report" if reports == 2 else "repeated")


async def test_the_same_report_of_two_people(desk: Room) -> None:
    for sender in (NUMBER, OTHER):
        assert await desk.says("LAPOR 3 KLEGO tawuran", sender)
    assert len(await desk.incidents()) == 2


async def test_the_same_details_are_added_once(desk: Room) -> None:
    await desk.says("LAPOR 3 KLEGO")
    ticket = await desk.ticket()
    assert await desk.says(f"INFO {ticket} lari")
    assert await desk.says(f"INFO {ticket} LARI") == ""
    assert (await desk.incidents())[0]["details"] == ["lari"]


async def test_the_log_tells_what_was_made_and_no_text(desk: Room, log: io.StringIO) -> None:
    await desk.says("LAPOR 3 KLEGO rahasia")
    logs.flush()
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    (line,) = [line for line in lines if line["event"] == "sms.handled"]
    assert (line["channel"], line["made"], line["answered"]) == ("at", "report", True)
    assert line["ticket"] == (await desk.incidents())[0]["ticket"]
    assert "rahasia" not in log.getvalue()
