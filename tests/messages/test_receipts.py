"""Delivery reports over a real PostgreSQL: late, early, repeated, out of order, unknown, concurrent."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.carriers.carrier import Accepted, Receipt, ReceiptStatus, Unknown
from gateway.messages.claims import Claim
from gateway.messages.outbox import Outbox
from gateway.messages.receipts import ReceiptResult, Receipts, lock_carrier_ids
from gateway.messages.tables import receipts
from gateway.runtime.postgres import Database, DatabaseUnavailable
from tests.helpers.clocks import ManualClock
from tests.helpers.messages import MessageQueue
from tests.helpers.phones import phone

DELIVERED = Receipt("ATXid_1", ReceiptStatus.DELIVERED, "Success", "")
FAILED = Receipt("ATXid_1", ReceiptStatus.UNDELIVERED, "Failed", "UserDoesNotExist")
BUFFERED = Receipt("ATXid_1", ReceiptStatus.ACCEPTED, "Buffered", "")
STRANGE = Receipt("ATXid_1", ReceiptStatus.NOT_UNDERSTOOD, "Teleported", "")


@pytest.fixture
def reports(database: Database, clock: ManualClock) -> Receipts:
    return Receipts(database, clock)


async def claimed(outbox: Outbox, queue: MessageQueue) -> Claim:
    await queue.put()
    (claim,) = await outbox.claim(1, "w1", "at")
    return claim


@pytest.fixture
async def message(outbox: Outbox, queue: MessageQueue) -> int:
    """Queue a message that the carrier accepts as ATXid_1."""
    claim = await claimed(outbox, queue)
    await outbox.record("at", [(claim, Accepted("ATXid_1"))])
    return claim.id


async def test_a_report_of_any_characters_is_stored(reports: Receipts, queue: MessageQueue, message: int) -> None:
    """PostgreSQL stores no NUL and no half of a surrogate pair, which JSON can escape."""
    odd = Receipt("ATXid_1\0", ReceiptStatus.UNDELIVERED, "a\0b\ud83d", "c\0\ud83d" + "x" * 300)
    assert await reports.store("at", odd) is ReceiptResult.APPLIED

    (kept,) = await queue.rows(receipts)
    assert (kept["raw"], kept["reason"][:3], len(kept["reason"])) == ("ab\ufffd", "c\ufffdx", 200)


@pytest.mark.parametrize(
    ("receipt", "status", "reason"), [(DELIVERED, "delivered", ""), (FAILED, "undelivered", "UserDoesNotExist")]
)
async def test_a_final_report_changes_the_status(
    reports: Receipts, queue: MessageQueue, message: int, receipt: Receipt, status: str, reason: str
) -> None:
    assert await reports.store("at", receipt) is ReceiptResult.APPLIED

    row = await queue.row(message)
    assert (row["status"], row["reason"]) == (status, reason)

    (kept,) = await queue.rows(receipts)
    assert (kept["raw"], kept["status"], kept["message"], kept["applied"]) == (
        receipt.raw,
        receipt.status,
        message,
        True,
    )


async def test_an_intermediate_report_is_stored_and_changes_nothing(
    reports: Receipts, queue: MessageQueue, message: int
) -> None:
    assert await reports.store("at", BUFFERED) is ReceiptResult.KEPT
    assert await queue.statuses() == ["accepted"]
    assert await reports.store("at", DELIVERED) is ReceiptResult.APPLIED

    (first, second) = await queue.rows(receipts)
    assert (first["message"], first["applied"], second["applied"]) == (message, False, True)


@pytest.mark.parametrize(("first", "second"), [(DELIVERED, FAILED), (FAILED, DELIVERED), (DELIVERED, BUFFERED)])
@pytest.mark.usefixtures("message")
async def test_final_is_final(reports: Receipts, queue: MessageQueue, first: Receipt, second: Receipt) -> None:
    await reports.store("at", first)
    before = await queue.statuses()

    assert await reports.store("at", second) is ReceiptResult.KEPT
    assert await queue.statuses() == before
    assert [kept["applied"] for kept in await queue.rows(receipts)] == [True, False]


@pytest.mark.usefixtures("message")
async def test_a_repeated_report_is_stored_once(reports: Receipts, queue: MessageQueue) -> None:
    assert await reports.store("at", DELIVERED) is ReceiptResult.APPLIED
    assert await reports.store("at", DELIVERED) is ReceiptResult.REPEATED
    assert len(await queue.rows(receipts)) == 1


@pytest.mark.usefixtures("message")
async def test_a_report_of_another_channel_is_parked(reports: Receipts, queue: MessageQueue) -> None:
    assert await reports.store("other", DELIVERED) is ReceiptResult.PARKED
    assert await queue.statuses() == ["accepted"]


@pytest.mark.usefixtures("message")
async def test_a_report_of_an_unknown_id_is_parked(reports: Receipts, queue: MessageQueue) -> None:
    stranger = Receipt("ATXid_2", ReceiptStatus.DELIVERED, "Success", "")

    assert await reports.store("at", stranger) is ReceiptResult.PARKED
    assert await reports.store("at", stranger) is ReceiptResult.REPEATED
    assert await queue.statuses() == ["accepted"]


async def test_an_unknown_report_status_is_stored_with_one_warning(
    reports: Receipts, queue: MessageQueue, message: int
) -> None:
    with structlog.testing.capture_logs() as logs:
        assert await reports.store("at", STRANGE) is ReceiptResult.KEPT
        assert await reports.store("at", STRANGE) is ReceiptResult.REPEATED

    assert logs == [
        {
            "event": "receipt.not_understood",
            "log_level": "warning",
            "channel": "at",
            "message": message,
            "raw": "Teleported",
        }
    ]
    assert await queue.statuses() == ["accepted"]
    assert [kept["raw"] for kept in await queue.rows(receipts)] == ["Teleported"]


async def test_long_texts_of_a_report_are_cut(reports: Receipts, queue: MessageQueue) -> None:
    assert await reports.store("at", Receipt("x" * 9999, ReceiptStatus.DELIVERED, "y" * 9999, "z" * 9999))

    (kept,) = await queue.rows(receipts)
    assert [len(kept[name]) for name in ("message_id", "raw", "reason")] == [128, 200, 200]


async def test_a_long_carrier_id_still_matches(reports: Receipts, outbox: Outbox, queue: MessageQueue) -> None:
    claim = await claimed(outbox, queue)
    await outbox.record("at", [(claim, Accepted("x" * 200))])

    assert (
        await reports.store("at", Receipt("x" * 200, ReceiptStatus.DELIVERED, "Success", "")) is ReceiptResult.APPLIED
    )


# Many at once -----------------------------------------------------------------------------------------------


async def test_reports_that_come_together_share_transactions(
    database: Database, reports: Receipts, outbox: Outbox, queue: MessageQueue
) -> None:
    for number in range(60):
        await queue.put(to=phone(number))
    claims = await outbox.claim(60, "w1", "at")
    await outbox.record("at", [(claim, Accepted(f"id-{claim.id}")) for claim in claims])

    results = await asyncio.gather(
        *(
            reports.store("at", Receipt(f"id-{claim.id}", status, "word", ""))
            for status in (ReceiptStatus.ACCEPTED, ReceiptStatus.DELIVERED, ReceiptStatus.DELIVERED)
            for claim in claims
        )
    )

    assert results == [ReceiptResult.KEPT] * 60 + [ReceiptResult.APPLIED] * 60 + [ReceiptResult.REPEATED] * 60
    assert await queue.statuses() == ["delivered"] * 60
    assert len(await queue.rows(receipts)) == 120
    async with database.begin() as connection:
        transactions = await connection.execute(text("SELECT count(DISTINCT xmin::text) FROM receipts"))
    assert transactions.scalar_one() < 10


async def test_reports_of_two_channels_and_of_unknown_messages_come_together(
    reports: Receipts, queue: MessageQueue, message: int
) -> None:
    stranger = Receipt("ATXid_9", ReceiptStatus.DELIVERED, "Success", "")

    results = await asyncio.gather(
        *(reports.store(channel, receipt) for channel in ("at", "other") for receipt in (FAILED, stranger, FAILED))
    )

    assert results == [
        *(ReceiptResult.APPLIED, ReceiptResult.PARKED, ReceiptResult.REPEATED),
        *(ReceiptResult.PARKED, ReceiptResult.PARKED, ReceiptResult.REPEATED),
    ]
    assert (await queue.row(message))["status"] == "undelivered"


async def test_more_reports_than_may_wait_are_refused(database: Database, clock: ManualClock) -> None:
    few = Receipts(database, clock, most_waiting=5, largest_batch=2)

    results = await asyncio.gather(
        *(few.store("at", Receipt(f"id-{n}", ReceiptStatus.DELIVERED, "Success", "")) for n in range(8)),
        return_exceptions=True,
    )

    assert results[:5] == [ReceiptResult.PARKED] * 5
    assert all(isinstance(result, DatabaseUnavailable) for result in results[5:])
    assert await few.store("at", DELIVERED) is ReceiptResult.PARKED, "there is room again"


@pytest.mark.usefixtures("message")
async def test_a_report_that_cannot_be_stored_costs_no_other(
    database: Database, reports: Receipts, queue: MessageQueue
) -> None:
    async with database.begin() as connection:
        await connection.execute(text("ALTER TABLE receipts ADD CHECK (raw <> 'poison')"))
    poison = Receipt("ATXid_2", ReceiptStatus.DELIVERED, "poison", "")

    stored, failed, again = await asyncio.gather(
        reports.store("at", DELIVERED),
        reports.store("at", poison),
        reports.store("at", DELIVERED),
        return_exceptions=True,
    )

    assert (stored, again) == (ReceiptResult.APPLIED, ReceiptResult.REPEATED)
    assert isinstance(failed, DBAPIError)
    assert await queue.statuses() == ["delivered"]


async def test_a_report_that_is_not_stored_in_time_is_refused(database: Database, clock: ManualClock) -> None:
    hasty = Receipts(database, clock, deadline=0.2)
    async with database.begin() as holder:
        await lock_carrier_ids(holder, "at", ["ATXid_1"])
        with pytest.raises(DatabaseUnavailable):
            await hasty.store("at", DELIVERED)

    assert await hasty.store("at", BUFFERED) is ReceiptResult.PARKED


# Early reports ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("early", "status"),
    [
        ([DELIVERED], "delivered"),
        ([FAILED], "undelivered"),
        ([BUFFERED], "accepted"),
        ([STRANGE], "accepted"),
        ([BUFFERED, DELIVERED, FAILED], "delivered"),
    ],
)
async def test_an_early_report_is_applied_when_its_message_is_recorded(
    reports: Receipts, outbox: Outbox, queue: MessageQueue, early: list[Receipt], status: str
) -> None:
    claim = await claimed(outbox, queue)
    for receipt in early:
        assert await reports.store("at", receipt) is ReceiptResult.PARKED

    await outbox.record("at", [(claim, Accepted("ATXid_1"))])
    assert await queue.statuses() == [status]

    kept = await queue.rows(receipts)
    assert {row["message"] for row in kept} == {claim.id}
    assert sum(row["applied"] for row in kept) == (status != "accepted")


async def test_a_report_never_changes_an_unknown_message(
    reports: Receipts, outbox: Outbox, queue: MessageQueue
) -> None:
    claim = await claimed(outbox, queue)
    await outbox.record("at", [(claim, Unknown("no answer"))])

    assert await reports.store("at", DELIVERED) is ReceiptResult.PARKED
    assert await queue.statuses() == ["unknown"]


async def test_concurrent_report_and_record_never_miss_each_other(
    reports: Receipts, outbox: Outbox, queue: MessageQueue
) -> None:
    """Half of the reports start before the records, half after. Every message must be delivered."""
    for number in range(40):
        await queue.put(to=phone(number))
    claims = await outbox.claim(40, "w1", "at")

    async def report(claim: Claim) -> ReceiptResult:
        return await reports.store("at", Receipt(f"id-{claim.id}", ReceiptStatus.DELIVERED, "Success", ""))

    async def record(some: list[Claim]) -> None:
        await outbox.record("at", [(claim, Accepted(f"id-{claim.id}")) for claim in some])

    await asyncio.gather(
        *(report(claim) for claim in claims[::2]),
        *(record(list(claims[start : start + 8])) for start in range(0, 40, 8)),
        *(report(claim) for claim in claims[1::2]),
    )
    assert await queue.statuses() == ["delivered"] * 40
    assert all(kept["applied"] for kept in await queue.rows(receipts))


WAIT_AT_COMMIT = (
    """
    CREATE FUNCTION wait_at_commit() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN PERFORM pg_advisory_xact_lock_shared(1); RETURN NULL; END $$
    """,
    """
    CREATE CONSTRAINT TRIGGER wait AFTER UPDATE ON messages DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION wait_at_commit()
    """,
    """
    CREATE CONSTRAINT TRIGGER wait AFTER INSERT ON receipts DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION wait_at_commit()
    """,
)


@pytest.mark.parametrize("first", ["report", "record"])
async def test_a_report_waits_for_the_commit_of_a_record_of_the_same_id(
    database: Database, reports: Receipts, outbox: Outbox, queue: MessageQueue, first: str
) -> None:
    """A trigger stops each side after its last statement and before its commit: chance would never hit that moment."""
    claim = await claimed(outbox, queue)
    sides: dict[str, Callable[[], Awaitable[object]]] = {
        "report": lambda: reports.store("at", DELIVERED),
        "record": lambda: outbox.record("at", [(claim, Accepted("ATXid_1"))]),
    }
    async with database.begin() as connection:
        for statement in WAIT_AT_COMMIT:
            await connection.execute(text(statement))
    async with database.begin() as blocker:
        await blocker.execute(text("SELECT pg_advisory_xact_lock(1)"))
        tasks = [asyncio.ensure_future(sides.pop(first)())]
        await _waiting(blocker, 1)
        tasks += [asyncio.ensure_future(side()) for side in sides.values()]
        await _waiting(blocker, 2)

    await asyncio.gather(*tasks)

    assert await queue.statuses() == ["delivered"]


async def _waiting(connection: AsyncConnection, count: int) -> None:
    """Wait until so many others wait for a lock."""
    asked = text("SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted")
    while (await connection.execute(asked)).scalar_one() != count:
        await connection.execute(text("SELECT pg_sleep(0.01)"))


async def test_lock_carrier_ids_does_not_deadlock(database: Database, outbox: Outbox, queue: MessageQueue) -> None:
    """Two records name the same ids in opposite order. The middle one is locked until both have reached it."""
    for number in range(6):
        await queue.put(to=phone(number))
    claims = await outbox.claim(6, "w1", "at")
    ids = ["id-1", "id-2", "id-3"]
    orders = ((claims[:3], ids), (claims[3:], ids[::-1]))
    async with database.begin() as holder:
        await lock_carrier_ids(holder, "at", ["id-2"])
        records = [
            asyncio.create_task(
                outbox.record("at", [(claim, Accepted(name)) for claim, name in zip(batch, order, strict=True)])
            )
            for batch, order in orders
        ]
        await _waiting(holder, 2)

    await asyncio.gather(*records)

    assert await queue.statuses() == ["accepted"] * 6
