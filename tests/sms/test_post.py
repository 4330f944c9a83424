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
from tests.helpers.sms import KLEGO, MENU, NUMBER, OTHER, OWN_NUMBER, SmsWorld, open_sms_world, pack_sms

# Who gets no answer -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sender", ["888", "3375", "TELKOMSEL", OWN_NUMBER])
@pytest.mark.parametrize("text", ["LAPOR 3 KLEGO", "BANTUAN", "apa ini", "1"])
async def test_a_machine_gets_no_answer(world: SmsWorld, sender: Phone | str, text: str) -> None:
    assert await world.send_sms(text, sender) == ""
    assert await world.dispositions() == ["machine"]
    assert await world.rows(messages) == await world.incidents() == []


@pytest.mark.parametrize("to", [NUMBER.e164, NUMBER.e164[1:]])
async def test_the_number_that_is_written_to_is_ours(world: SmsWorld, to: str) -> None:
    assert await world.send_sms("BANTUAN", NUMBER, to=to) == ""
    assert await world.dispositions() == ["machine"]


@pytest.mark.parametrize(
    "text",
    ["Balasan otomatis: saya rapat", "INFO: pulsa Anda tinggal 500", "STATUS: out of office", "Auto-reply BANTUAN"],
)
async def test_an_automatic_reply_gets_no_answer(world: SmsWorld, text: str) -> None:
    assert await world.send_sms(text) == ""
    assert await world.dispositions() == ["machine"]


async def test_our_own_answers_get_one_answer_a_day(world: SmsWorld) -> None:
    """As another gateway would send them back to us: whatever we say must not set us talking."""
    answers = {"ticket": "7340-2817", "category": "gesekan", "area": KLEGO, "places": "Klego", "status": "received"}
    for language, wording in MENU.wordings.items():
        for name in wording.sms:
            await world.store_sms(MENU.sms_text(name, language, answers))
    await world.handler.handle_all()
    assert await world.replies() == [pack_sms("unknown")]
    assert await world.incidents() == []


async def test_a_pack_without_keywords_leaves_all_to_the_desk(
    redis_url: str, database_url: str, clock: ManualClock
) -> None:
    mute = replace(MENU, keywords=replace(MENU.keywords, commands={}))
    async with open_sms_world(redis_url, database_url, clock, mute) as world:
        assert await world.send_sms("LAPOR 3 KLEGO") == ""
        assert await world.dispositions() == ["other"]


# How often ----------------------------------------------------------------------------------------------------------


async def test_ten_replies_an_hour(world: SmsWorld, clock: ManualClock) -> None:
    for _ in range(10):
        assert await world.send_sms("BANTUAN")
        clock.advance(minutes=5)
    assert await world.send_sms("BANTUAN") == ""
    assert await world.send_sms("REG KLEGO") == ""
    assert await world.services.subscriptions.active_areas(NUMBER) == [KLEGO], "it is done all the same"
    assert await world.send_sms("BANTUAN", OTHER), "another number has ten of its own"
    clock.advance(minutes=10, seconds=-1)
    assert await world.send_sms("BANTUAN") == ""
    clock.advance(seconds=1)
    assert await world.send_sms("BANTUAN"), "the first is an hour old"
    assert await world.send_sms("BANTUAN") == "", "the second is not"


async def test_a_confirmation_is_a_reply(world: SmsWorld) -> None:
    """Reports that may not be confirmed are not filed but kept: a machine could file them for ever."""
    for number in range(10):
        assert await world.send_sms(f"LAPOR 3 KLEGO tawuran {number}")
    assert await world.send_sms("LAPOR 3 KLEGO tawuran lagi") == ""
    assert await world.send_sms("BANTUAN") == ""
    assert len(await world.incidents()) == 10
    (kept,) = await world.queue.list_inbound(to_sort=True)
    assert kept.text == "LAPOR 3 KLEGO tawuran lagi"


async def test_what_is_not_understood_is_answered_once_a_day(world: SmsWorld, clock: ManualClock) -> None:
    assert await world.send_sms("apa ini") == pack_sms("unknown")
    clock.advance(hours=23, minutes=59)
    assert await world.send_sms("apa itu") == ""
    assert await world.send_sms("BANTUAN"), "what is understood is answered"
    clock.advance(minutes=1)
    assert await world.send_sms("halo") == pack_sms("unknown")
    assert await world.dispositions() == ["other", "other", "help", "other"]


async def test_a_report_of_which_nothing_is_understood_shares_that_one_answer(
    world: SmsWorld, clock: ManualClock
) -> None:
    assert await world.send_sms("LAPOR xyz") == pack_sms("no_report")
    assert await world.send_sms("LAPOR zyx") == await world.send_sms("apa ini") == ""
    assert await world.send_sms("LAPOR 3") == pack_sms("no_place", category="gesekan"), "this is half a report"
    assert await world.send_sms("BANTUAN") == pack_sms("help")
    clock.advance(days=1)
    assert await world.send_sms("apa ini") == pack_sms("unknown")
    assert await world.send_sms("LAPOR") == ""
    assert await world.dispositions() == ["untold", "untold", "other", "unsorted", "help", "other", "untold"]


# The same again -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("seconds", "reports"), [(0, 1), (599, 1), (600, 2)])
async def test_the_same_report_within_ten_minutes(
    world: SmsWorld, clock: ManualClock, seconds: int, reports: int
) -> None:
    assert await world.send_sms("LAPOR 3 KLEGO tawuran")
    clock.advance(seconds=seconds)
    assert bool(await world.send_sms(" lapor 3 klego TAWURAN\n")) == (reports == 2)
    assert len(await world.incidents()) == reports
    assert (await world.dispositions())[1] == ("report" if reports == 2 else "repeated")


async def test_the_same_report_of_two_people(world: SmsWorld) -> None:
    for sender in (NUMBER, OTHER):
        assert await world.send_sms("LAPOR 3 KLEGO tawuran", sender)
    assert len(await world.incidents()) == 2


async def test_the_same_details_are_added_once(world: SmsWorld) -> None:
    await world.send_sms("LAPOR 3 KLEGO")
    ticket = await world.newest_ticket()
    assert await world.send_sms(f"INFO {ticket} lari")
    assert await world.send_sms(f"INFO {ticket} LARI") == ""
    assert (await world.incidents())[0]["details"] == ["lari"]


async def test_the_log_tells_what_was_made_and_no_text(world: SmsWorld, log: io.StringIO) -> None:
    await world.send_sms("LAPOR 3 KLEGO rahasia")
    logs.flush()
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    (line,) = [line for line in lines if line["event"] == "sms.handled"]
    assert (line["channel"], line["made"], line["answered"]) == ("at", "report", True)
    assert line["ticket"] == (await world.incidents())[0]["ticket"]
    assert "rahasia" not in log.getvalue()
