"""Letters are taken up one after the other, each by one worker, and what was made of them stands there once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any

import pytest

from gateway.carriers.carrier import Inbound
from gateway.messages.inbox import Inbox
from gateway.messages.tables import inbound_messages, messages
from gateway.runtime.postgres import Database
from gateway.sms.inbound_queue import DAY, HOUR, Disposition, InboundQueue, SmsReply
from gateway.text.phone import Phone
from gateway.vault.vault import Vault
from tests.helpers.clocks import ManualClock
from tests.helpers.messages import MessageQueue
from tests.helpers.phones import NUMBER, OTHER

Writes = Callable[..., Coroutine[Any, Any, None]]
ANSWERED = SmsReply(Disposition.OTHER, "Maaf", "id")


@pytest.fixture
def letters(database: Database, vault: Vault, clock: ManualClock) -> InboundQueue:
    return InboundQueue(database, vault, clock)


@pytest.fixture
def write(database: Database, vault: Vault, clock: ManualClock) -> Writes:
    """An SMS comes in."""
    inbox, numbers = Inbox(database, vault, clock), iter(range(1000))

    async def write(text: str, sender: Phone | str = NUMBER) -> None:
        assert await inbox.store_sms("at", Inbound(f"id-{next(numbers)}", sender, "3375", text, None, ""))

    return write


async def handle(letters: InboundQueue, answer: SmsReply = ANSWERED) -> str | None:
    """Handle one letter so; its text."""
    async with letters.claim_next() as opened:
        if opened is None:
            return None
        await opened.record(answer)
        return opened.sms.text


async def repeats(letters: InboundQueue, made: Disposition = Disposition.REPORT) -> list[bool]:
    """Of every letter that waits, whether it repeats an earlier one; each is filed as `made`."""
    found: list[bool] = []
    while True:
        async with letters.claim_next() as opened:
            if opened is None:
                return found
            found.append(await opened.is_repeat())
            await opened.record(SmsReply(made))


async def test_letters_come_in_their_order_and_once(letters: InboundQueue, write: Writes, queue: MessageQueue) -> None:
    for text in ("one", "two", "three"):
        await write(text)
    assert [await handle(letters) for _ in range(4)] == ["one", "two", "three", None]
    assert {row["made"] for row in await queue.rows(inbound_messages)} == {"other"}
    assert len(await queue.rows(messages)) == 3


async def test_a_letter_is_held_by_one_worker(letters: InboundQueue, write: Writes) -> None:
    await write("one")
    await write("two", OTHER)
    async with letters.claim_next() as first, letters.claim_next() as second, letters.claim_next() as third:
        assert first and second
        assert (first.sms.text, second.sms.text, third) == ("one", "two", None)
        assert (first.sms.phone, second.sms.phone) == (NUMBER, OTHER)


async def test_letters_of_one_number_wait_for_each_other(letters: InboundQueue, write: Writes) -> None:
    """Two workers must not bring `STOP` after `REG`."""
    await write("REG")
    await write("STOP")
    async with letters.claim_next() as first, letters.claim_next() as second:
        assert first
        assert second is None
        await first.record(SmsReply(Disposition.SUBSCRIBED))
    assert await handle(letters) == "STOP"


async def test_letters_of_names_wait_for_nobody(letters: InboundQueue, write: Writes) -> None:
    await write("promo", "TELKOMSEL")
    await write("promo", "TELKOMSEL")
    async with letters.claim_next() as first, letters.claim_next() as second:
        assert first and second
        assert first.sms.phone is second.sms.phone is None
        await first.record(ANSWERED)
        await second.record(ANSWERED)
    assert await handle(letters) is None


async def test_many_workers_handle_each_letter_once(letters: InboundQueue, write: Writes, queue: MessageQueue) -> None:
    for number in range(20):
        await write(f"text {number}", Phone(f"+2547110001{number % 10:02}"))

    async def work() -> list[str]:
        done: list[str] = []
        while text := await handle(letters):
            done.append(text)
        return done

    done = [text for worker in await asyncio.gather(*(work() for _ in range(4))) for text in worker]
    done += await work()  # a worker that found nothing free has gone
    assert sorted(done) == sorted(f"text {number}" for number in range(20))
    assert len(await queue.rows(messages)) == 20


async def test_a_block_that_raises_leaves_the_letter_as_it_was(
    letters: InboundQueue, write: Writes, queue: MessageQueue
) -> None:
    await write("one")
    before = await queue.rows(inbound_messages)
    with pytest.raises(ZeroDivisionError):
        async with letters.claim_next() as opened:
            assert opened
            await opened.record(ANSWERED)
            raise ZeroDivisionError
    assert await queue.rows(inbound_messages) == before
    assert await queue.rows(messages) == []
    assert await handle(letters) == "one"


async def test_a_block_that_files_nothing_leaves_the_letter_too(letters: InboundQueue, write: Writes) -> None:
    await write("one")
    async with letters.claim_next() as opened:
        assert opened
    assert await handle(letters) == "one"


async def test_a_reply_stands_with_what_was_made(
    letters: InboundQueue, write: Writes, queue: MessageQueue, clock: ManualClock, vault: Vault
) -> None:
    await write("CEK 7340-2817")
    clock.advance(seconds=3)
    await handle(letters, SmsReply(Disposition.STATUS, "Laporan diterima", "id", ticket="73402817"))
    (row,) = await queue.rows(inbound_messages)
    assert (row["made"], row["ticket"], row["answered"], row["handled_at"]) == (
        "status",
        "73402817",
        True,
        clock.now(),
    )
    (reply,) = await queue.rows(messages)
    assert (reply["class"], reply["text"], reply["channel"]) == ("reply", "Laporan diterima", "at")
    assert vault.open(reply["phone_sealed"]) == NUMBER


async def test_nothing_is_sent_to_a_name(letters: InboundQueue, write: Writes, queue: MessageQueue) -> None:
    await write("promo", "TELKOMSEL")
    await handle(letters)
    assert await queue.rows(messages) == []
    assert [row["answered"] for row in await queue.rows(inbound_messages)] == [False]


# The same again ----------------------------------------------------------------------------------------------


SAME = [
    ("LAPOR 3 KLEGO tawuran", "LAPOR 3 KLEGO tawuran"),
    ("LAPOR 3 KLEGO tawuran", "lapor 3 klego tawuran"),
    ("LAPOR 3 KLEGO ÉÀ Ж", "LAPOR 3 KLEGO ÉÀ Ж"),
    ("LAPOR 3 KLEGO", " LAPOR 3 KLEGO\n"),
    ("LAPOR 3 KLEGO\n", "LAPOR 3 KLEGO\n"),
    ("\tLAPOR\r\n", "LAPOR"),
    ("LAPOR 3 KLEGO tawuran", "lapor  3 \t KLEGO\r\ntawuran "),
    ("%_\\'", "%_\\'"),
]
OTHERS = [
    ("LAPOR 3 KLEGO", "LAPOR 3 KLEGO!"),
    ("LAPOR 3 KLEGO", "LAPOR 3KLEGO"),
    ("LAPOR 3 KLEGO", "LAPOR 3 MEDONO"),
    ("a", ""),
    ("%", "x"),
]


@pytest.mark.parametrize(("first", "second", "same"), [(*pair, True) for pair in SAME] + [(*p, False) for p in OTHERS])
async def test_the_same_text_again(letters: InboundQueue, write: Writes, first: str, second: str, same: bool) -> None:
    await write(first)
    await write(second)
    assert await repeats(letters) == [False, same]


async def test_the_same_text_of_another_number(letters: InboundQueue, write: Writes) -> None:
    for sender in (NUMBER, OTHER, "TELKOMSEL"):
        await write("promo", sender)
    assert await repeats(letters) == [False] * 3


@pytest.mark.parametrize(("seconds", "same"), [(599, True), (600, False), (601, False)])
async def test_the_same_is_within_ten_minutes(
    letters: InboundQueue, write: Writes, clock: ManualClock, seconds: int, same: bool
) -> None:
    await write("LAPOR 3 KLEGO")
    clock.advance(seconds=seconds)
    await write("LAPOR 3 KLEGO")
    assert await repeats(letters) == [False, same]


async def test_it_counts_when_it_came_in_not_when_it_is_handled(
    letters: InboundQueue, write: Writes, clock: ManualClock
) -> None:
    await write("LAPOR 3 KLEGO")
    await write("LAPOR 3 KLEGO")
    clock.advance(days=1)
    assert await repeats(letters) == [False, True]


async def test_what_we_failed_at_may_be_sent_again(letters: InboundQueue, write: Writes) -> None:
    await write("LAPOR 3 KLEGO")
    await write("LAPOR 3 KLEGO")
    assert await repeats(letters, Disposition.FAILED) == [False, False]


# How often somebody was answered -----------------------------------------------------------------------------


async def answered(letters: InboundQueue, write: Writes, span: timedelta, *made: Disposition) -> int:
    """What a further letter of `NUMBER` would be told, which is left unanswered."""
    await write("count")
    async with letters.claim_next() as opened:
        assert opened
        count = await opened.count_replies(span, made)
        await opened.record(SmsReply(Disposition.OFFICER))
    return count


async def test_replies_are_counted_by_number_and_kind(letters: InboundQueue, write: Writes) -> None:
    filed = [
        (NUMBER, ANSWERED),
        (NUMBER, SmsReply(Disposition.OTHER)),  # not answered
        (NUMBER, SmsReply(Disposition.HELP, "Ketik", "id")),
        (NUMBER, SmsReply(Disposition.REPORT, ticket="73402817", confirmed=True)),
        (OTHER, ANSWERED),
        ("TELKOMSEL", ANSWERED),
    ]
    for sender, answer in filed:
        await write("text", sender)
        await handle(letters, answer)
    assert await answered(letters, write, HOUR) == 3
    assert await answered(letters, write, HOUR, Disposition.OTHER) == 1
    assert await answered(letters, write, DAY, Disposition.REPORT) == 1
    assert (
        await answered(letters, write, DAY, Disposition.REPORT, Disposition.HELP, Disposition.REPORT_NOT_UNDERSTOOD)
        == 2
    )


@pytest.mark.parametrize(("minutes", "count"), [(59, 1), (60, 0)])
async def test_replies_are_counted_within_the_span(
    letters: InboundQueue, write: Writes, clock: ManualClock, minutes: int, count: int
) -> None:
    await write("text")
    await handle(letters)
    clock.advance(minutes=minutes)
    assert await answered(letters, write, HOUR) == count


# The list ----------------------------------------------------------------------------------------------------


async def test_the_list_is_masked_and_newest_first(letters: InboundQueue, write: Writes, clock: ManualClock) -> None:
    await write("LAPOR 3")
    await write("promo", "TELKOMSEL")
    await write("apa ini", OTHER)
    await handle(letters, SmsReply(Disposition.UNSORTED, "Tempat?", "id"))
    await handle(letters, SmsReply(Disposition.MACHINE))
    listed = await letters.list_inbound()
    assert [(one.sender, one.text, one.disposition, one.to_sort) for one in listed] == [
        ("+62857****008", "apa ini", None, False),
        ("TELKOMSEL", "promo", "machine", False),
        ("+62812****567", "LAPOR 3", "unsorted", True),
    ]
    assert listed[0].received_at == clock.now()
    assert [one.text for one in await letters.list_inbound(1)] == ["apa ini"]
    assert "81230004567" not in repr(listed)


async def test_the_list_of_what_the_desk_must_sort(letters: InboundQueue, write: Writes) -> None:
    for number, made in enumerate(Disposition):
        await write(made.value, Phone(f"+2547110001{number:02}"))
        await handle(letters, SmsReply(made))
    listed = [one.disposition for one in await letters.list_inbound(to_sort=True)]
    assert listed == ["failed", "other", "untold", "unsorted", "help_told", "unsubscribed_told"]


async def test_a_number_that_cannot_be_opened_is_shown_as_none(
    letters: InboundQueue, write: Writes, database: Database, clock: ManualClock
) -> None:
    await write("LAPOR 3")
    (listed,) = await InboundQueue(database, Vault(bytes(32)), clock).list_inbound()
    assert listed.sender == ""
    async with InboundQueue(database, Vault(bytes(32)), clock).claim_next() as opened:
        assert opened
        assert opened.sms.phone is None
