"""The post room itself: who gets no answer, how often, and that what is cut short is done once."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace

import pytest

from gateway.incidents.records import audit, incidents
from gateway.messages.inbox import inbound_messages
from gateway.messages.ledger import messages
from gateway.people.directory import Directory
from gateway.people.person import Entry, Part, Role
from gateway.people.subscriptions import subscriptions
from gateway.runtime import logs
from gateway.runtime.clock import Clock
from gateway.runtime.postgres import DatabaseAway
from gateway.runtime.redis import RedisAway
from gateway.text.phone import Phone
from tests.clocks import StandingClock
from tests.outages import Gate, OwnRedis
from tests.sms.stage import KLEGO, MENU, NUMBER, OTHER, OWN_NUMBER, Killed, Room, refusing, room, sms
from tests.ussd.stage import TO_DESCRIBE, VAULT, Resident

# Who gets no answer ------------------------------------------------------------------------------------------


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
            await desk.receive(MENU.sms(name, language, answers))
    await desk.post.handle_all()
    assert await desk.replies() == [sms("unknown")]
    assert await desk.incidents() == []


async def test_a_pack_without_keywords_leaves_all_to_the_desk(
    redis_url: str, database_url: str, clock: StandingClock
) -> None:
    mute = replace(MENU, keywords=replace(MENU.keywords, commands={}))
    async with room(redis_url, database_url, clock, mute) as desk:
        assert await desk.says("LAPOR 3 KLEGO") == ""
        assert await desk.made() == ["other"]


# How often ---------------------------------------------------------------------------------------------------


async def test_ten_replies_an_hour(desk: Room, clock: StandingClock) -> None:
    for _ in range(10):
        assert await desk.says("BANTUAN")
        clock.pass_time(minutes=5)
    assert await desk.says("BANTUAN") == ""
    assert await desk.says("REG KLEGO") == ""
    assert await desk.gateway.subscriptions.standing(NUMBER) == [KLEGO], "it is done all the same"
    assert await desk.says("BANTUAN", OTHER), "another number has ten of its own"
    clock.pass_time(minutes=10, seconds=-1)
    assert await desk.says("BANTUAN") == ""
    clock.pass_time(seconds=1)
    assert await desk.says("BANTUAN"), "the first is an hour old"
    assert await desk.says("BANTUAN") == "", "the second is not"


async def test_a_confirmation_is_a_reply(desk: Room) -> None:
    """Reports that may not be confirmed are not filed but kept: a machine could file them for ever."""
    for number in range(10):
        assert await desk.says(f"LAPOR 3 KLEGO tawuran {number}")
    assert await desk.says("LAPOR 3 KLEGO tawuran lagi") == ""
    assert await desk.says("BANTUAN") == ""
    assert len(await desk.incidents()) == 10
    (kept,) = await desk.letters.list(to_sort=True)
    assert kept["text"] == "LAPOR 3 KLEGO tawuran lagi"


async def test_what_is_not_understood_is_answered_once_a_day(desk: Room, clock: StandingClock) -> None:
    assert await desk.says("apa ini") == sms("unknown")
    clock.pass_time(hours=23, minutes=59)
    assert await desk.says("apa itu") == ""
    assert await desk.says("BANTUAN"), "what is understood is answered"
    clock.pass_time(minutes=1)
    assert await desk.says("halo") == sms("unknown")
    assert await desk.made() == ["other", "other", "help", "other"]


async def test_a_report_of_which_nothing_is_understood_shares_that_one_answer(desk: Room, clock: StandingClock) -> None:
    assert await desk.says("LAPOR xyz") == sms("no_report")
    assert await desk.says("LAPOR zyx") == await desk.says("apa ini") == ""
    assert await desk.says("LAPOR 3") == sms("no_place", category="gesekan"), "this is half a report"
    assert await desk.says("BANTUAN") == sms("help")
    clock.pass_time(days=1)
    assert await desk.says("apa ini") == sms("unknown")
    assert await desk.says("LAPOR") == ""
    assert await desk.made() == ["untold", "untold", "other", "unsorted", "help", "other", "untold"]


# The same again ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("seconds", "reports"), [(0, 1), (599, 1), (600, 2)])
async def test_the_same_report_within_ten_minutes(desk: Room, clock: StandingClock, seconds: int, reports: int) -> None:
    assert await desk.says("LAPOR 3 KLEGO tawuran")
    clock.pass_time(seconds=seconds)
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


# Somebody else's ticket --------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["CEK {}", "INFO {} lari", "HAPUS {}"])
async def test_the_ticket_of_another_phone_is_none(desk: Room, command: str) -> None:
    await desk.says("LAPOR 3 KLEGO")
    strange, theirs = command.format("7340-2817"), command.format(await desk.ticket())
    assert await desk.says(theirs, OTHER) == await desk.says(strange, OTHER) == sms("not_found")
    (incident,) = await desk.incidents()
    assert (incident["phone"], incident["details"]) == (NUMBER.masked, [])


async def test_five_wrong_tickets_lock_for_an_hour_here_and_on_the_screen(desk: Room) -> None:
    await desk.says("LAPOR 3 KLEGO", OTHER)
    own = await desk.ticket()
    for _ in range(3):
        assert await desk.says("CEK 7340-2817", OTHER) == sms("not_found")
    assert await desk.says("INFO 7340-2817 lari", OTHER) == sms("not_found")
    assert await desk.says(f"CEK {own}", OTHER) == sms("status", ticket=own, status="received", date="23/11 15:00")
    assert await desk.says("HAPUS 7340-2817", OTHER) == sms("not_found")
    for command in (f"CEK {own}", f"INFO {own} naik motor", f"HAPUS {own}"):
        assert await desk.says(command, OTHER) == sms("locked")
    screen = await Resident(desk.gateway.turns, OTHER).walk(["1", "2", own.replace("-", "")])
    assert screen.label.startswith("locked.id"), screen
    (key,) = await desk.gateway.ask("KEYS", "waspada:tries:*")
    assert 3500 < await desk.gateway.ask("TTL", key) <= 3600


async def test_a_ticket_that_does_not_check_is_no_try(desk: Room) -> None:
    for _ in range(6):
        assert await desk.says("CEK 7340-2816") == sms("not_found")
    assert await desk.gateway.ask("KEYS", "waspada:tries:*") == []


async def test_ten_tickets_in_one_text_are_one_try(desk: Room) -> None:
    await desk.says("LAPOR 3 KLEGO", OTHER)
    theirs = await desk.ticket()
    assert await desk.says(f"CEK 7340-2817 {theirs} " + "7340-2817 " * 8) == sms("not_found")
    (key,) = await desk.gateway.ask("KEYS", "waspada:tries:*")
    assert await desk.gateway.ask("SCARD", key) == 1


# `1`, `2`, `3` -----------------------------------------------------------------------------------------------


async def drop(desk: Room, clock: StandingClock, keys: Sequence[str] = TO_DESCRIBE) -> None:
    """`NUMBER` dials, tells nearly all, and is cut off; the worker has looked."""
    await Resident(desk.gateway.turns).walk(keys)
    clock.pass_time(minutes=5)
    assert await desk.gateway.dropped.look() == 1
    await desk.replies()


@pytest.mark.parametrize("text", ["1", " 1\n", "1.", "'1'"])
async def test_one_sends_what_is_unfinished(desk: Room, clock: StandingClock, text: str) -> None:
    await drop(desk, clock)
    reply = await desk.says(text)
    (incident,) = await desk.incidents()
    assert reply == sms("received", category="gesekan", area=incident["area"], ticket=await desk.ticket())
    (letter,) = await desk.rows(inbound_messages)
    assert (letter["made"], letter["ticket"], letter["answered"]) == ("draft", incident["ticket"], True)
    assert await desk.says(" 1 .") == sms("unknown"), "there is nothing any more that it could mean"
    assert len(await desk.incidents()) == 1


async def test_one_sends_the_next_unfinished_report_too(desk: Room, clock: StandingClock) -> None:
    await drop(desk, clock)
    assert await desk.says("1")
    await drop(desk, clock, TO_DESCRIBE[1:])  # the language is remembered
    assert await desk.says("1")
    assert await desk.made() == ["draft", "draft"]


async def test_what_was_not_committed_is_still_offered_and_is_counted_once(desk: Room, clock: StandingClock) -> None:
    await drop(desk, clock)
    before = await desk.gateway.stored()
    desk.letters.deaths = 1
    await desk.receive("1")
    with pytest.raises(Killed):
        await desk.post.handle_all()
    assert await desk.gateway.stored() == before
    assert await desk.post.handle_all() == 1
    stored = await desk.gateway.stored()
    assert (stored.place.answers, stored.filed_today(clock.now().date())) == ({}, 1)


async def test_one_sends_nothing_that_could_not_be_confirmed(desk: Room, clock: StandingClock) -> None:
    await drop(desk, clock)
    for _ in range(10):
        assert await desk.says("BANTUAN")
    assert await desk.says("1") == ""
    assert await desk.incidents() == []
    assert [letter["text"] for letter in await desk.letters.list(to_sort=True)] == ["1"]
    clock.pass_time(hours=1)
    assert await desk.says("1"), "it is left as it was"
    assert len(await desk.incidents()) == 1


async def appoint(desk: Room) -> None:
    """`NUMBER` is an officer's."""
    officer = Entry(NUMBER, (Part(Role.OFFICER, ("33.75.03",)),))
    await Directory(desk.gateway.database, VAULT, Clock()).import_people([officer], source="test", language="id")


@pytest.mark.parametrize("text", ["1", "2", "3", "1 benar", "2,", "3. hoaks"])
async def test_a_number_of_nobody_is_not_understood(desk: Room, text: str) -> None:
    assert await desk.says(text) == sms("unknown")
    assert await desk.made() == ["other"]


@pytest.mark.parametrize("text", ["1", "2", "3", " 3 ", "1 benar", "1.", "1,", "2, dicek", "3.hoaks", "'1' ya"])
async def test_an_officers_answer_is_stored_and_not_answered(desk: Room, text: str) -> None:
    await appoint(desk)
    for _ in range(2):  # to two alerts, one after the other
        assert await desk.says(text) == ""
    assert await desk.made() == ["officer", "officer"]
    assert await desk.letters.list(to_sort=True) == []


@pytest.mark.parametrize("text", ["4", "12", "1a", "1.5 juta", "benar 1", "satu", "2 orang berkelahi"])
async def test_what_else_an_officer_writes_is_no_answer(desk: Room, text: str) -> None:
    await appoint(desk)
    assert await desk.says(text) == sms("unknown")


async def test_an_officer_who_says_more_than_one_leaves_what_is_unfinished(desk: Room, clock: StandingClock) -> None:
    await appoint(desk)
    await drop(desk, clock)
    assert await desk.says("1 benar") == ""
    assert len(await desk.gateway.drafts.list()) == 1


async def test_two_leaves_what_is_unfinished(desk: Room, clock: StandingClock) -> None:
    await appoint(desk)
    await drop(desk, clock)
    assert await desk.says("2") == ""
    assert len(await desk.gateway.drafts.list()) == 1


# Cut short ---------------------------------------------------------------------------------------------------


async def twice(desk: Room, text: str) -> str:
    """Have this handled by a worker that dies at the end, then by another; the one reply."""
    await desk.receive(text)
    desk.letters.deaths = 1
    with pytest.raises(Killed):
        await desk.post.handle_all()
    assert await desk.post.handle_all() == 1
    (reply,) = await desk.replies()
    return reply


async def test_a_report_cut_short_is_filed_once(desk: Room) -> None:
    reply = await twice(desk, "LAPOR 3 KLEGO tawuran")
    assert reply == sms("received", category="gesekan", area=KLEGO, ticket=await desk.ticket())
    assert len(await desk.rows(incidents)) == len(await desk.rows(messages)) == len(await desk.rows(audit)) == 1
    (letter,) = await desk.rows(inbound_messages)
    assert letter["ticket"] == (await desk.incidents())[0]["ticket"]


async def test_every_other_command_cut_short_is_done_once(desk: Room) -> None:
    await desk.says("LAPOR 3 KLEGO")
    ticket = await desk.ticket()
    assert await twice(desk, f"INFO {ticket} lari") == sms("added", ticket=ticket)
    assert (await desk.incidents())[0]["details"] == ["lari"]
    assert await twice(desk, "CEK 7340-2817") == sms("not_found")
    (key,) = await desk.gateway.ask("KEYS", "waspada:tries:*")
    assert await desk.gateway.ask("SCARD", key) == 1, "one try"
    assert await twice(desk, "REG KLEGO") == sms("sub_ok", area=KLEGO)
    assert len(await desk.rows(subscriptions)) == 1
    assert await twice(desk, "STOP") == sms("unsub_ok")
    assert await twice(desk, "apa ini") == sms("unknown")
    assert await twice(desk, f"HAPUS {ticket}") == sms("erased", ticket=ticket), "not: a ticket that is not his"
    assert await twice(desk, "BAHASA jawa") == sms("language", "jv")
    assert [row["action"] for row in await desk.rows(audit)].count("incident.number_erased") == 1


async def test_a_draft_cut_short_is_filed_once(desk: Room, clock: StandingClock) -> None:
    await drop(desk, clock)
    assert await twice(desk, "1") == sms(
        "received", category="gesekan", area=(await desk.incidents())[0]["area"], ticket=await desk.ticket()
    )
    assert len(await desk.incidents()) == 1


async def test_two_workers_at_once(desk: Room) -> None:
    for number in range(6):
        await desk.receive(f"LAPOR 3 KLEGO tawuran {number}", Phone(f"+2547110001{number:02}"))
        await desk.receive("apa ini")
        await desk.receive("apa itu")
    while sum(await asyncio.gather(*(desk.post.handle_all() for _ in range(3)))):
        pass
    assert len(await desk.incidents()) == len(await desk.gateway.confirmations()) - 1 == 6
    assert await desk.replies() == [sms("unknown")], "one a day, whoever handles them"
    assert "" not in await desk.made()


async def test_an_error_of_ours_holds_nothing_up(desk: Room, log: io.StringIO) -> None:
    """Here the pack has lost a text between the letter and its answer."""
    words = MENU.wordings["id"]
    texts = {name: text for name, text in words.sms.items() if name != "help"}
    broken = replace(MENU, version="broken", wordings={**MENU.wordings, "id": replace(words, sms=texts)})
    desk.gateway.editions.put(broken)
    await desk.receive("BANTUAN")
    await desk.receive("REG")
    assert await desk.post.handle_all() == 2
    assert await desk.made() == ["failed", "subscribed"]
    logs.flush()
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    assert [line["error"] for line in lines if line["event"] == "sms.failed"] == ["KeyError"]
    assert NUMBER.e164[-9:] not in log.getvalue()
    desk.gateway.editions.put(MENU)
    assert await desk.says("BANTUAN"), "it may be sent again"


async def test_a_statement_that_fails_holds_nothing_up_and_leaves_nothing_half_done(
    desk: Room, log: io.StringIO
) -> None:
    """The reply cannot be queued: what was done within the letter's transaction is undone, and the desk sees it."""
    await desk.says("LAPOR 3 KLEGO")
    for text in (f"HAPUS {await desk.ticket()}", "apa ini"):
        await desk.receive(text)
    await desk.receive("BANTUAN", OTHER)
    reply = "NEW.class = 'reply' AND NEW.text NOT LIKE 'Darurat%'"
    async with refusing(desk.gateway.database, messages, "INSERT", reply):
        assert await desk.post.handle_all() == 3
    assert await desk.made() == ["report", "failed", "failed", "help"]
    assert [incident["phone"] for incident in await desk.incidents()] == [NUMBER.masked], "not erased"
    assert await desk.replies(OTHER) == [sms("help")]
    assert log.getvalue().count('"sms.failed"') == 2
    assert await desk.says(f"HAPUS {await desk.ticket()}") == sms("erased", ticket=await desk.ticket())


async def test_a_letter_that_cannot_even_be_filed_keeps_back_no_later_one(desk: Room, clock: StandingClock) -> None:
    for text, sender in (("REG", NUMBER), ("BANTUAN", NUMBER), ("BANTUAN", OTHER)):
        await desk.receive(text, sender)
    async with refusing(desk.gateway.database, inbound_messages, "UPDATE", "NEW.text = 'REG'"):
        await desk.post.handle_all()
        assert await desk.made() == ["", "help", "help"]
        assert await desk.post.handle_all() == 0, "not tried again and again"
    clock.pass_time(minutes=1)
    assert await desk.post.handle_all() == 1
    assert await desk.made() == ["subscribed", "help", "help"]


async def test_postgresql_away_in_mid_letter(shaky: Room, postgres: Gate) -> None:
    """When the letter is in hand and nothing is made of it yet: it waits, and is no failure."""
    await shaky.receive("apa ini")
    shaky.letters.opened = postgres.shut
    with pytest.raises(DatabaseAway):
        await shaky.post.handle_all()
    shaky.letters.opened = None
    await postgres.open()
    assert await shaky.post.handle_all() == 1
    assert await shaky.made() == ["other"]


async def test_the_log_tells_what_was_made_and_no_text(desk: Room, log: io.StringIO) -> None:
    await desk.says("LAPOR 3 KLEGO rahasia")
    logs.flush()
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    (line,) = [line for line in lines if line["event"] == "sms.handled"]
    assert (line["channel"], line["made"], line["answered"]) == ("at", "report", True)
    assert line["ticket"] == (await desk.incidents())[0]["ticket"]
    assert "rahasia" not in log.getvalue()


# Stores away -------------------------------------------------------------------------------------------------

WAITING = ["LAPOR 3 KLEGO tawuran", "BAHASA jawa", "REG", "apa ini"]


async def all_done_once(desk: Room) -> None:
    assert await desk.post.handle_all() == len(WAITING)
    assert await desk.made() == ["report", "language", "subscribed", "other"]
    assert len(await desk.replies()) == 4
    assert len(await desk.incidents()) == len(await desk.rows(subscriptions)) == 1
    assert await desk.post.handle_all() == 0


async def test_postgresql_away(shaky: Room, postgres: Gate) -> None:
    for text in WAITING:
        await shaky.receive(text)
    await postgres.shut()
    with pytest.raises(DatabaseAway):
        await shaky.post.handle_all()
    await postgres.open()
    await all_done_once(shaky)


@pytest.mark.parametrize("how", ["hangs", "dies"])
async def test_redis_away(shaky: Room, own_redis: OwnRedis, how: str) -> None:
    for text in WAITING:
        await shaky.receive(text)
    own_redis.hang() if how == "hangs" else await own_redis.kill()
    for _ in range(2):
        with pytest.raises(RedisAway):
            await shaky.post.handle_all()
    assert await shaky.made() == [""] * 4
    own_redis.go_on() if how == "hangs" else await own_redis.start()
    await all_done_once(shaky)


@pytest.fixture
async def crowd(redis_url: str, database_url: str, clock: StandingClock) -> AsyncIterator[list[Room]]:
    """Two worker processes of one gateway, each with connections of its own."""
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(room(redis_url, database_url, clock)) for _ in range(2)]


async def test_two_processes_at_once(crowd: list[Room]) -> None:
    for number in range(12):
        await crowd[0].receive(f"LAPOR 3 KLEGO tawuran {number // 2}", Phone(f"+2547110001{number // 2:02}"))
    while sum(await asyncio.gather(*(one.post.handle_all() for one in crowd))):
        pass
    assert sorted(await crowd[0].made()) == ["repeated"] * 6 + ["report"] * 6
    assert len(await crowd[0].incidents()) == len(await crowd[0].gateway.confirmations()) == 6
