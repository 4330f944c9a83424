"""Delivery reports that say that the subscriber wants no messages: the same as the carrier's refusal of a send."""

from __future__ import annotations

import pytest

from gateway.carriers.carrier import Accepted, Receipt, ReceiptStatus
from gateway.messages.claims import Claim
from gateway.messages.erasure import erase_numbers
from gateway.messages.message import MessageClass
from gateway.messages.outbox import Outbox
from gateway.messages.receipts import ReceiptResult, Receipts
from gateway.messages.tables import messages
from gateway.people.subscriptions import Subscriptions
from gateway.people.tables import opt_outs
from gateway.runtime.postgres import Database
from gateway.vault.vault import Vault
from tests.helpers.clocks import ManualClock
from tests.helpers.messages import MessageQueue
from tests.helpers.phones import NUMBER

BLACKLISTED = Receipt("ATXid_1", ReceiptStatus.UNDELIVERED, "Rejected", "UserInBlackList", opted_out=True)


@pytest.fixture
def reports(database: Database, clock: ManualClock) -> Receipts:
    return Receipts(database, clock)


@pytest.fixture
async def claim(outbox: Outbox, queue: MessageQueue) -> Claim:
    await queue.put()
    (claim,) = await outbox.claim(1, "w1", "at")
    return claim


@pytest.fixture
async def message(outbox: Outbox, claim: Claim) -> int:
    """Queue a message that the carrier accepts as ATXid_1."""
    await outbox.record("at", [(claim, Accepted("ATXid_1"))])
    return claim.id


async def test_a_report_of_an_opt_out_suppresses_the_next_appeals(
    reports: Receipts, outbox: Outbox, queue: MessageQueue, message: int, vault: Vault, clock: ManualClock
) -> None:
    waiting = await queue.put(kind=MessageClass.APPEAL)

    assert await reports.store("at", BLACKLISTED) is ReceiptResult.APPLIED

    later = await queue.put(kind=MessageClass.APPEAL)
    wanted = await queue.put()
    assert [claim.id for claim in await outbox.claim(10, "w1", "at")] == [wanted]
    assert (await queue.row(message))["reason"] == "UserInBlackList"
    statuses = [(await queue.row(number))["status"] for number in (message, waiting, later)]
    assert statuses == ["undelivered", "suppressed", "suppressed"]
    (kept,) = await queue.rows(opt_outs)
    assert (kept["channel"], kept["phone_key"], kept["sender"], kept["at"]) == (
        "at",
        vault.lookup(NUMBER),
        "",
        clock.now(),
    )


async def test_a_report_of_an_opt_out_withdraws_the_subscriptions(
    reports: Receipts, message: int, database: Database, vault: Vault, clock: ManualClock
) -> None:
    consents = Subscriptions(database, vault, clock)
    await consents.subscribe(NUMBER, "33.75.01.1003", language="id", channel="at", wording="v1")
    clock.advance(seconds=1)

    await reports.store("at", BLACKLISTED)

    assert await consents.active_areas(NUMBER) == []


async def test_a_repeated_report_of_an_opt_out_does_not_outweigh_a_consent_given_since(
    reports: Receipts, message: int, queue: MessageQueue, database: Database, vault: Vault, clock: ManualClock
) -> None:
    consents = Subscriptions(database, vault, clock)
    await reports.store("at", BLACKLISTED)
    clock.advance(hours=1)
    await consents.subscribe(NUMBER, "33.75.01.1003", language="id", channel="at", wording="v1")
    clock.advance(hours=1)

    assert await reports.store("at", BLACKLISTED) is ReceiptResult.REPEATED

    assert await consents.active_areas(NUMBER) == ["33.75.01.1003"]
    assert await queue.rows(opt_outs) == []


async def test_an_early_report_of_an_opt_out_counts_when_its_message_is_recorded(
    reports: Receipts, outbox: Outbox, queue: MessageQueue, claim: Claim
) -> None:
    waiting = await queue.put(kind=MessageClass.APPEAL)
    assert await reports.store("at", BLACKLISTED) is ReceiptResult.PARKED
    assert await queue.rows(opt_outs) == []

    await outbox.record("at", [(claim, Accepted("ATXid_1"))])

    assert len(await queue.rows(opt_outs)) == 1
    assert [(await queue.row(number))["status"] for number in (claim.id, waiting)] == ["undelivered", "suppressed"]


async def test_a_report_of_an_opt_out_for_an_erased_number_opts_nobody_out(
    reports: Receipts, queue: MessageQueue, message: int, database: Database, clock: ManualClock
) -> None:
    async with database.begin() as connection:
        await erase_numbers(connection, messages.c.id == message, clock.now())

    assert await reports.store("at", BLACKLISTED) is ReceiptResult.APPLIED

    assert await queue.rows(opt_outs) == []
