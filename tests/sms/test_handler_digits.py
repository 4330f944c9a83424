"""SMS of one digit: a draft is filed, an officer replies to an alert, or it is not understood."""

from __future__ import annotations

import pytest

from gateway.messages.tables import inbound_messages
from gateway.people.directory import Directory
from gateway.people.person import ListedPerson, RoleGrant
from gateway.runtime.clock import Clock
from tests.helpers.clocks import ManualClock
from tests.helpers.sms import KLEGO, NUMBER, SmsWorld, drop_session, pack_sms
from tests.helpers.ussd import TO_DESCRIBE, VAULT

FILING = ["1", " 1\n", "1.", "'1'", "Balas 1", "1 ya", "(1)", "01", "1)", "ya 1", "satu", "1 tolong cepat", "1 benar"]
FILING += ["[1]", "jawab: 1", "kirim 1 pak", "iya 1", "no 1", "\u0661", "\uff11", "1\ufe0f\u20e3", "1\u200b"]
FILING += ["Wangsuli 1", "reply 1 please"]


@pytest.mark.parametrize("text", FILING)
async def test_one_files_the_draft(world: SmsWorld, clock: ManualClock, text: str) -> None:
    await drop_session(world, clock)
    reply = await world.send_sms(text)

    (incident,) = await world.incidents()
    assert reply == pack_sms("received", category="gesekan", area=incident["area"], ticket=await world.newest_ticket())

    (sms,) = await world.rows(inbound_messages)
    assert (sms["made"], sms["ticket"], sms["answered"]) == ("draft", incident["ticket"], True)
    assert await world.send_sms(" 1 .") == pack_sms("unknown"), "there is nothing any more that it could mean"
    assert len(await world.incidents()) == 1


async def test_one_files_the_next_draft_too(world: SmsWorld, clock: ManualClock) -> None:
    await drop_session(world, clock)
    assert await world.send_sms("1")

    await drop_session(world, clock, TO_DESCRIBE[1:])  # the language is remembered
    assert await world.send_sms("1")
    assert await world.dispositions() == ["draft", "draft"]


async def test_a_draft_not_committed_is_offered_again_and_counted_once(world: SmsWorld, clock: ManualClock) -> None:
    await drop_session(world, clock)
    before = await world.stored()
    await world.store_sms("1")

    await world.handle_and_kill()
    assert await world.stored() == before
    assert await world.handler.handle_all() == 1

    stored = await world.stored()
    assert (stored.menu_session.answers, stored.filed_today(clock.now().date())) == ({}, 1)


async def test_one_files_the_draft_at_the_reply_limit_too(world: SmsWorld, clock: ManualClock) -> None:
    await drop_session(world, clock)
    for _ in range(10):
        assert await world.send_sms("BANTUAN")
    await world.send_sms("1")

    assert len(await world.incidents()) == 1
    assert (await world.dispositions())[-1] == "draft"
    assert [row["status"] for row in await world.confirmations() if row["class"] == "confirmation"] == ["suppressed"]


async def appoint(world: SmsWorld) -> None:
    """Make `NUMBER` the number of an officer."""
    officer = ListedPerson(NUMBER, (RoleGrant("officer", ("33.75.03",)),))
    await Directory(world.services.database, VAULT, Clock()).import_people([officer], source="test", language="id")


@pytest.mark.parametrize(("text", "disposition"), [("1", "unsorted"), ("2,", "unsorted"), ("1 benar", "other")])
async def test_a_digit_of_an_unknown_number_is_not_understood(world: SmsWorld, text: str, disposition: str) -> None:
    assert await world.send_sms(text) == pack_sms("unknown")
    assert await world.dispositions() == [disposition]


async def test_a_digit_is_answered_again(world: SmsWorld) -> None:
    assert await world.send_sms("1") == await world.send_sms("1") == pack_sms("unknown")


@pytest.mark.parametrize(
    "text", ["1", "2", "3", " 3 ", "1 benar", "1.", "1,", "2, dicek", "3.hoaks", "'1' ya", "Balas 2", "3 ya pak"]
)
async def test_a_reply_of_an_officer_is_stored_and_not_answered(world: SmsWorld, text: str) -> None:
    await appoint(world)
    for _ in range(2):  # to two alerts, one after the other
        assert await world.send_sms(text) == ""

    assert await world.dispositions() == ["officer", "officer"]
    assert await world.queue.list_inbound(to_sort=True) == []


@pytest.mark.parametrize("text", ["4", "12", "1a", "1.5 juta", "benar 1", "satu"])
async def test_other_texts_of_an_officer_are_no_reply_to_an_alert(world: SmsWorld, text: str) -> None:
    await appoint(world)
    assert await world.send_sms(text) == pack_sms("unknown")


async def test_a_reply_of_an_officer_leaves_the_draft(world: SmsWorld, clock: ManualClock) -> None:
    await appoint(world)
    await drop_session(world, clock)

    assert await world.send_sms("1 benar") == ""
    assert len(await world.services.drafts.list_drafts()) == 1


async def test_two_leaves_the_draft(world: SmsWorld, clock: ManualClock) -> None:
    await appoint(world)
    await drop_session(world, clock)

    assert await world.send_sms("2") == ""
    assert len(await world.services.drafts.list_drafts()) == 1


async def test_digits_that_are_no_one_file_no_draft(world: SmsWorld, clock: ManualClock) -> None:
    await drop_session(world, clock)
    for text in ("11", "1.5 juta", "1 orang luka", "2", "1 2", "tidak 1 pun"):
        await world.send_sms(text)

    assert await world.incidents() == []


async def test_one_files_the_draft_before_it_completes_a_report(world: SmsWorld, clock: ManualClock) -> None:
    await drop_session(world, clock)
    assert await world.send_sms("LAPOR klego") == pack_sms("no_category", area=KLEGO)

    await world.send_sms("1")
    assert await world.dispositions() == ["unsorted", "draft"]


async def test_a_digit_of_an_officer_completes_no_report(world: SmsWorld) -> None:
    await appoint(world)
    await world.send_sms("LAPOR klego")

    assert await world.send_sms("3") == ""
    assert await world.dispositions() == ["unsorted", "officer"]
    assert "diterima" in await world.send_sms("LAPOR 3"), "with the command it is a report"
