"""Inbound SMS are claimed in order, each by one worker, and their results are recorded once."""

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
def inbound(database: Database, vault: Vault, clock: ManualClock) -> InboundQueue:
    return InboundQueue(database, vault, clock)


@pytest.fixture
def write(database: Database, vault: Vault, clock: ManualClock) -> Writes:
    """Return a function that stores an inbound SMS."""
    inbox, numbers = Inbox(database, vault, clock), iter(range(1000))

    async def write(text: str, sender: Phone | str = NUMBER) -> None:
        assert await inbox.store_sms("at", Inbound(f"id-{next(numbers)}", sender, "3375", text, None, ""))

    return write


async def handle(inbound: InboundQueue, answer: SmsReply = ANSWERED) -> str | None:
    """Handle the next SMS with this reply. Returns its text."""
    async with inbound.claim_next() as claimed:
        if claimed is None:
            return None
        await claimed.record(answer)
        return claimed.sms.text


async def repeats(inbound: InboundQueue, made: Disposition = Disposition.REPORT) -> list[bool]:
    """Handle every waiting SMS with the disposition `made`. Returns `is_repeat` of each."""
    found: list[bool] = []
    while True:
        async with inbound.claim_next() as claimed:
            if claimed is None:
                return found
            found.append(await claimed.is_repeat())
            await claimed.record(SmsReply(made))


async def test_claim_next_returns_each_sms_once_in_order(
    inbound: InboundQueue, write: Writes, queue: MessageQueue
) -> None:
    for text in ("one", "two", "three"):
        await write(text)

    assert [await handle(inbound) for _ in range(4)] == ["one", "two", "three", None]
    assert {row["made"] for row in await queue.rows(inbound_messages)} == {"other"}
    assert len(await queue.rows(messages)) == 3


async def test_claim_next_skips_an_sms_that_another_worker_has_claimed(inbound: InboundQueue, write: Writes) -> None:
    await write("one")
    await write("two", OTHER)
    async with inbound.claim_next() as first, inbound.claim_next() as second, inbound.claim_next() as third:
        assert first and second
        assert (first.sms.text, second.sms.text, third) == ("one", "two", None)
        assert (first.sms.phone, second.sms.phone) == (NUMBER, OTHER)


async def test_claim_next_skips_numbers_with_a_claimed_sms(inbound: InboundQueue, write: Writes) -> None:
    """Two workers must not bring `STOP` after `REG`."""
    await write("REG")
    await write("STOP")

    async with inbound.claim_next() as first, inbound.claim_next() as second:
        assert first
        assert second is None
        await first.record(SmsReply(Disposition.SUBSCRIBED))

    assert await handle(inbound) == "STOP"


async def test_claim_next_returns_sms_of_names_concurrently(inbound: InboundQueue, write: Writes) -> None:
    await write("promo", "TELKOMSEL")
    await write("promo", "TELKOMSEL")

    async with inbound.claim_next() as first, inbound.claim_next() as second:
        assert first and second
        assert first.sms.phone is second.sms.phone is None
        await first.record(ANSWERED)
        await second.record(ANSWERED)

    assert await handle(inbound) is None


async def test_many_workers_claim_each_sms_once(inbound: InboundQueue, write: Writes, queue: MessageQueue) -> None:
    for number in range(20):
        await write(f"text {number}", Phone(f"+2547110001{number % 10:02}"))

    async def work() -> list[str]:
        done: list[str] = []
        while text := await handle(inbound):
            done.append(text)
        return done

    done = [text for worker in await asyncio.gather(*(work() for _ in range(4))) for text in worker]
    done += await work()  # a worker that found nothing free has gone
    assert sorted(done) == sorted(f"text {number}" for number in range(20))
    assert len(await queue.rows(messages)) == 20


async def test_an_sms_waits_again_after_an_exception(inbound: InboundQueue, write: Writes, queue: MessageQueue) -> None:
    await write("one")
    before = await queue.rows(inbound_messages)

    with pytest.raises(ZeroDivisionError):
        async with inbound.claim_next() as claimed:
            assert claimed
            await claimed.record(ANSWERED)
            raise ZeroDivisionError

    assert await queue.rows(inbound_messages) == before
    assert await queue.rows(messages) == []
    assert await handle(inbound) == "one"


async def test_an_sms_waits_again_if_nothing_is_recorded(inbound: InboundQueue, write: Writes) -> None:
    await write("one")
    async with inbound.claim_next() as claimed:
        assert claimed

    assert await handle(inbound) == "one"


async def test_record_queues_the_reply_with_the_disposition(
    inbound: InboundQueue, write: Writes, queue: MessageQueue, clock: ManualClock, vault: Vault
) -> None:
    await write("CEK 7340-2817")
    clock.advance(seconds=3)
    await handle(inbound, SmsReply(Disposition.STATUS, "Laporan diterima", "id", ticket="73402817"))

    (row,) = await queue.rows(inbound_messages)
    assert (row["made"], row["ticket"], row["answered"], row["handled_at"]) == (
        "status",
        "73402817",
        True,
        clock.now(),
    )

    (reply,) = await queue.rows(messages)
    assert (reply["class"], reply["text"], reply["channel"]) == ("reply", "Laporan diterima", "at")
    assert vault.open(reply["phone_sealed"], reply["phone_key"]) == NUMBER


async def test_record_queues_no_reply_to_a_name(inbound: InboundQueue, write: Writes, queue: MessageQueue) -> None:
    await write("promo", "TELKOMSEL")
    await handle(inbound)

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
async def test_is_repeat_ignores_case_and_spaces(
    inbound: InboundQueue, write: Writes, first: str, second: str, same: bool
) -> None:
    await write(first)
    await write(second)

    assert await repeats(inbound) == [False, same]


async def test_is_repeat_ignores_other_numbers(inbound: InboundQueue, write: Writes) -> None:
    for sender in (NUMBER, OTHER, "TELKOMSEL"):
        await write("promo", sender)
    assert await repeats(inbound) == [False] * 3


@pytest.mark.parametrize(("seconds", "same"), [(599, True), (600, False), (601, False)])
async def test_is_repeat_looks_back_ten_minutes(
    inbound: InboundQueue, write: Writes, clock: ManualClock, seconds: int, same: bool
) -> None:
    await write("LAPOR 3 KLEGO")
    clock.advance(seconds=seconds)

    await write("LAPOR 3 KLEGO")

    assert await repeats(inbound) == [False, same]


async def test_is_repeat_compares_times_of_receipt(inbound: InboundQueue, write: Writes, clock: ManualClock) -> None:
    await write("LAPOR 3 KLEGO")
    await write("LAPOR 3 KLEGO")

    clock.advance(days=1)

    assert await repeats(inbound) == [False, True]


async def test_is_repeat_ignores_failed_sms(inbound: InboundQueue, write: Writes) -> None:
    await write("LAPOR 3 KLEGO")
    await write("LAPOR 3 KLEGO")

    assert await repeats(inbound, Disposition.FAILED) == [False, False]


# How often somebody was answered -----------------------------------------------------------------------------


async def answered(inbound: InboundQueue, write: Writes, span: timedelta, *made: Disposition) -> int:
    """Return `count_replies` of a further SMS of `NUMBER`, without recording it."""
    await write("count")
    async with inbound.claim_next() as claimed:
        assert claimed
        count = await claimed.count_replies(span, made)
        await claimed.record(SmsReply(Disposition.OFFICER))
    return count


async def test_count_replies_filters_by_number_and_disposition(inbound: InboundQueue, write: Writes) -> None:
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
        await handle(inbound, answer)

    assert await answered(inbound, write, HOUR) == 3
    assert await answered(inbound, write, HOUR, Disposition.OTHER) == 1
    assert await answered(inbound, write, DAY, Disposition.REPORT) == 1
    assert (
        await answered(inbound, write, DAY, Disposition.REPORT, Disposition.HELP, Disposition.REPORT_NOT_UNDERSTOOD)
        == 2
    )


@pytest.mark.parametrize(("minutes", "count"), [(59, 1), (60, 0)])
async def test_count_replies_looks_back_the_given_span(
    inbound: InboundQueue, write: Writes, clock: ManualClock, minutes: int, count: int
) -> None:
    await write("text")
    await handle(inbound)

    clock.advance(minutes=minutes)

    assert await answered(inbound, write, HOUR) == count


# The list ----------------------------------------------------------------------------------------------------


async def test_list_inbound_is_masked_and_newest_first(
    inbound: InboundQueue, write: Writes, clock: ManualClock
) -> None:
    await write("LAPOR 3")
    await write("promo", "TELKOMSEL")
    await write("apa ini", OTHER)
    await handle(inbound, SmsReply(Disposition.UNSORTED, "Tempat?", "id"))
    await handle(inbound, SmsReply(Disposition.MACHINE))

    listed = await inbound.list_inbound()

    assert [(one.sender, one.text, one.disposition, one.to_sort) for one in listed] == [
        ("+62857****008", "apa ini", None, False),
        ("TELKOMSEL", "promo", "machine", False),
        ("+62812****567", "LAPOR 3", "unsorted", True),
    ]
    assert listed[0].received_at == clock.now()
    assert [one.text for one in await inbound.list_inbound(1)] == ["apa ini"]
    assert "81230004567" not in repr(listed)


async def test_list_inbound_to_sort_has_only_sms_for_the_desk_and_calls_for_help_first(
    inbound: InboundQueue, write: Writes
) -> None:
    for number, made in enumerate(Disposition):
        await write(made.value, Phone(f"+2547110001{number:02}"))
        await handle(inbound, SmsReply(made))
    listed = [one.disposition for one in await inbound.list_inbound(to_sort=True)]

    assert listed == ["help_told", "failed", "other", "untold", "unsorted", "unsubscribed_told"]


async def test_an_undecryptable_number_is_listed_as_none(
    inbound: InboundQueue, write: Writes, database: Database, clock: ManualClock
) -> None:
    await write("LAPOR 3")
    (listed,) = await InboundQueue(database, Vault(bytes(32)), clock).list_inbound()
    assert listed.sender == ""

    async with InboundQueue(database, Vault(bytes(32)), clock).claim_next() as claimed:
        assert claimed
        assert claimed.sms.phone is None
