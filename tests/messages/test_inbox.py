"""Callbacks of carriers are stored once, before they are answered, without a readable number."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import update

from gateway.carriers.carrier import Ending, Inbound, OptOut, SessionEnd
from gateway.messages.inbox import ERASED_SENDER, Inbox
from gateway.messages.tables import inbound_messages, session_ends
from gateway.people.tables import opt_outs
from gateway.runtime.postgres import Database, DatabaseUnavailable
from gateway.vault.vault import Vault
from tests.helpers.clocks import ManualClock
from tests.helpers.messages import MessageQueue
from tests.helpers.phones import NUMBER, OTHER

SMS = Inbound("5c1d0b1e", NUMBER, "3375", "CEK 7340-2817", datetime(2026, 11, 23, 7, 59, tzinfo=UTC), "63902")
END = SessionEnd("ATUid_1", Ending.FAILED, 7, 41_000, "99999", "KES 0.10", "No answer for +6281230004567 in time")


@pytest.fixture
def inbox(database: Database, vault: Vault, clock: ManualClock) -> Inbox:
    return Inbox(database, vault, clock)


@pytest.fixture
async def nowhere() -> AsyncIterator[Database]:
    database = Database("postgresql+asyncpg://waspada@127.0.0.1:1/waspada")
    yield database
    await database.close()


async def test_an_sms_is_stored_with_its_number_encrypted(
    inbox: Inbox, queue: MessageQueue, vault: Vault, clock: ManualClock
) -> None:
    assert await inbox.store_sms("at", SMS)

    (row,) = await queue.rows(inbound_messages)
    assert vault.open(row["sender_sealed"], row["sender_key"]) == NUMBER
    assert row["sender_key"] == vault.lookup(NUMBER)
    assert row["sender_name"] is None
    assert (row["channel"], row["carrier_id"], row["recipient"], row["text"]) == (
        "at",
        "5c1d0b1e",
        "3375",
        "CEK 7340-2817",
    )
    assert (row["sent_at"], row["received_at"]) == (SMS.sent_at, clock.now())


async def test_an_sms_of_any_characters_is_stored(inbox: Inbox, queue: MessageQueue) -> None:
    """PostgreSQL stores no NUL and no half of a surrogate pair, which JSON can escape."""
    odd = "a\0b\ud83d"
    assert await inbox.store_sms("at", Inbound(odd, odd, odd, odd, None, odd))

    (row,) = await queue.rows(inbound_messages)
    assert {row[name] for name in ("carrier_id", "sender_name", "recipient", "text", "network")} == {"ab\ufffd"}


async def test_an_sms_without_an_id_is_new_each_time(inbox: Inbox, queue: MessageQueue) -> None:
    assert [await inbox.store_sms("at", replace(SMS, id="")) for _ in range(2)] == [True, True]
    assert len({row["carrier_id"] for row in await queue.rows(inbound_messages)}) == 2


async def test_an_sms_whose_id_another_phone_has_used_is_stored(inbox: Inbox, queue: MessageQueue) -> None:
    assert await inbox.store_sms("at", SMS)
    others = [replace(SMS, sender=OTHER, text="LAPOR 3 KLEGO"), replace(SMS, sender="TELKOMSEL", text="promo")]

    assert [await inbox.store_sms("at", other) for other in (*others, *others)] == [True, True, False, False]

    assert [row["text"] for row in await queue.rows(inbound_messages)] == [SMS.text, "LAPOR 3 KLEGO", "promo"]


async def test_an_sms_whose_sender_was_erased_is_not_stored_again(
    inbox: Inbox, queue: MessageQueue, database: Database
) -> None:
    assert await inbox.store_sms("at", SMS)
    async with database.begin() as connection:
        await connection.execute(update(inbound_messages).values(ERASED_SENDER))

    assert not await inbox.store_sms("at", SMS)
    assert len(await queue.rows(inbound_messages)) == 1


async def test_a_session_end_and_an_opt_out_of_any_characters_are_stored(inbox: Inbox) -> None:
    odd = "a\0b\ud83d"

    assert await inbox.store_session_end("at", SessionEnd(odd, Ending.FAILED, 1, 1, odd, odd, odd))
    assert await inbox.store_opt_out("at", OptOut(NUMBER, odd))


async def test_a_sender_name_is_stored_unencrypted(inbox: Inbox, queue: MessageQueue) -> None:
    assert await inbox.store_sms("at", replace(SMS, sender="TELKOMSEL", sent_at=None))

    (row,) = await queue.rows(inbound_messages)
    assert (row["sender_name"], row["sender_sealed"], row["sender_key"]) == ("TELKOMSEL", None, None)
    assert row["sent_at"] is None


async def test_a_repeated_sms_is_stored_once_even_concurrently(inbox: Inbox, queue: MessageQueue) -> None:
    taken = await asyncio.gather(*(inbox.store_sms("at", SMS) for _ in range(8)))

    assert sorted(taken) == [False] * 7 + [True]
    assert not await inbox.store_sms("at", replace(SMS, text="changed on the way"))
    assert [row["text"] for row in await queue.rows(inbound_messages)] == [SMS.text]


async def test_an_id_is_unique_in_its_channel_only(inbox: Inbox, queue: MessageQueue) -> None:
    assert await inbox.store_sms("at", SMS)
    assert await inbox.store_sms("other", SMS)
    assert len(await queue.rows(inbound_messages)) == 2


async def test_any_text_is_stored(inbox: Inbox, queue: MessageQueue) -> None:
    await inbox.store_sms("at", replace(SMS, text="ꦮ 👍\n\0é " * 500))
    assert (await queue.rows(inbound_messages))[0]["text"] == "ꦮ 👍\né " * 500


async def test_storing_raises_while_the_database_is_unavailable(
    nowhere: Database, vault: Vault, clock: ManualClock
) -> None:
    with pytest.raises(DatabaseUnavailable) as away:
        await Inbox(nowhere, vault, clock).store_sms("at", SMS)
    assert "81230004567" not in repr(away.value)


async def test_an_opt_out_is_stored_once_by_its_key(inbox: Inbox, queue: MessageQueue, vault: Vault) -> None:
    assert await inbox.store_opt_out("at", OptOut(NUMBER, "SIAGA"))
    assert not await inbox.store_opt_out("at", OptOut(NUMBER, "SIAGA"))
    assert await inbox.store_opt_out("at", OptOut(NUMBER, "3375"))
    assert await inbox.store_opt_out("at", OptOut(OTHER, "SIAGA"))

    kept = [(row["phone_key"], row["sender"]) for row in await queue.rows(opt_outs)]
    assert kept == [
        (vault.lookup(NUMBER), "SIAGA"),
        (vault.lookup(NUMBER), "3375"),
        (vault.lookup(OTHER), "SIAGA"),
    ]


async def test_a_session_end_is_stored_once(inbox: Inbox, queue: MessageQueue, clock: ManualClock) -> None:
    assert await inbox.store_session_end("at", END)
    assert not await inbox.store_session_end("at", replace(END, ending=Ending.COMPLETED))

    (row,) = await queue.rows(session_ends)
    del row["id"]
    assert row == {
        "channel": "at",
        "session": "ATUid_1",
        "ending": "failed",
        "hops": 7,
        "duration_ms": 41_000,
        "network": "99999",
        "cost": "KES 0.10",
        "error": "No answer for +62812****567 in time",
        "received_at": clock.now(),
    }


@pytest.mark.parametrize("count", [None, -1, 2**31, 10**30])
async def test_a_count_out_of_range_is_left_out(inbox: Inbox, queue: MessageQueue, count: int | None) -> None:
    assert await inbox.store_session_end("at", replace(END, hops=count, duration_ms=count))

    (row,) = await queue.rows(session_ends)
    assert (row["hops"], row["duration_ms"]) == (None, None)


async def test_no_table_holds_a_readable_number(inbox: Inbox, queue: MessageQueue) -> None:
    await inbox.store_sms("at", SMS)
    await inbox.store_opt_out("at", OptOut(NUMBER, "SIAGA"))
    await inbox.store_session_end("at", END)

    stored = repr([await queue.rows(table) for table in (inbound_messages, opt_outs, session_ends)])

    assert "81230004567" not in stored
