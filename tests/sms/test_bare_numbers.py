"""`1`, `2` and `3` by SMS: what is unfinished is sent, an officer has answered, or it means nothing."""

from __future__ import annotations

import pytest

from gateway.messages.tables import inbound_messages
from gateway.people.directory import Directory
from gateway.people.person import ListedPerson, Role, RoleGrant
from gateway.runtime.clock import Clock
from tests.helpers.clocks import ManualClock
from tests.helpers.sms import NUMBER, Killed, Room, drop, sms
from tests.helpers.ussd import TO_DESCRIBE, VAULT


@pytest.mark.parametrize("text", ["1", " 1\n", "1.", "'1'"])
async def test_one_sends_what_is_unfinished(desk: Room, clock: ManualClock, text: str) -> None:
    await drop(desk, clock)
    reply = await desk.says(text)
    (incident,) = await desk.incidents()
    assert reply == sms("received", category="gesekan", area=incident["area"], ticket=await desk.ticket())
    (letter,) = await desk.rows(inbound_messages)
    assert (letter["made"], letter["ticket"], letter["answered"]) == ("draft", incident["ticket"], True)
    assert await desk.says(" 1 .") == sms("unknown"), "there is nothing any more that it could mean"
    assert len(await desk.incidents()) == 1


async def test_one_sends_the_next_unfinished_report_too(desk: Room, clock: ManualClock) -> None:
    await drop(desk, clock)
    assert await desk.says("1")
    await drop(desk, clock, TO_DESCRIBE[1:])  # the language is remembered
    assert await desk.says("1")
    assert await desk.made() == ["draft", "draft"]


async def test_what_was_not_committed_is_still_offered_and_is_counted_once(desk: Room, clock: ManualClock) -> None:
    await drop(desk, clock)
    before = await desk.gateway.stored()
    desk.letters.deaths = 1
    await desk.receive("1")
    with pytest.raises(Killed):
        await desk.post.handle_all()
    assert await desk.gateway.stored() == before
    assert await desk.post.handle_all() == 1
    stored = await desk.gateway.stored()
    assert (stored.menu_session.answers, stored.filed_today(clock.now().date())) == ({}, 1)


async def test_one_sends_nothing_that_could_not_be_confirmed(desk: Room, clock: ManualClock) -> None:
    await drop(desk, clock)
    for _ in range(10):
        assert await desk.says("BANTUAN")
    assert await desk.says("1") == ""
    assert await desk.incidents() == []
    assert [letter.text for letter in await desk.letters.list_inbound(to_sort=True)] == ["1"]
    clock.advance(hours=1)
    assert await desk.says("1"), "it is left as it was"
    assert len(await desk.incidents()) == 1


async def appoint(desk: Room) -> None:
    """`NUMBER` is an officer's."""
    officer = ListedPerson(NUMBER, (RoleGrant(Role.OFFICER, ("33.75.03",)),))
    await Directory(desk.gateway.services.database, VAULT, Clock()).import_people(
        [officer], source="test", language="id"
    )


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
    assert await desk.letters.list_inbound(to_sort=True) == []


@pytest.mark.parametrize("text", ["4", "12", "1a", "1.5 juta", "benar 1", "satu", "2 orang berkelahi"])
async def test_what_else_an_officer_writes_is_no_answer(desk: Room, text: str) -> None:
    await appoint(desk)
    assert await desk.says(text) == sms("unknown")


async def test_an_officer_who_says_more_than_one_leaves_what_is_unfinished(desk: Room, clock: ManualClock) -> None:
    await appoint(desk)
    await drop(desk, clock)
    assert await desk.says("1 benar") == ""
    assert len(await desk.gateway.services.drafts.list_drafts()) == 1


async def test_two_leaves_what_is_unfinished(desk: Room, clock: ManualClock) -> None:
    await appoint(desk)
    await drop(desk, clock)
    assert await desk.says("2") == ""
    assert len(await desk.gateway.services.drafts.list_drafts()) == 1
