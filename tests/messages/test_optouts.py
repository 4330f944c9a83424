"""Who has opted out gets no appeal any more, and everything else as before."""

from __future__ import annotations

import pytest

from gateway.carriers.carrier import OptOut, Refused
from gateway.messages.inbox import Inbox
from gateway.messages.message import MessageClass
from gateway.messages.outbox import Outbox
from gateway.people.subscriptions import Subscriptions
from gateway.people.tables import opt_outs
from gateway.runtime.postgres import Database
from gateway.vault.vault import Vault
from tests.helpers.clocks import ManualClock
from tests.helpers.messages import MessageQueue
from tests.helpers.phones import NUMBER, OTHER


@pytest.fixture
def inbox(database: Database, vault: Vault, clock: ManualClock) -> Inbox:
    return Inbox(database, vault, clock)


async def test_what_waits_is_suppressed_at_once(inbox: Inbox, queue: MessageQueue) -> None:
    appeal = await queue.put(kind=MessageClass.APPEAL)
    elsewhere = await queue.put(kind=MessageClass.APPEAL, channel="other")
    of_another = await queue.put(kind=MessageClass.APPEAL, to=OTHER)
    confirmation = await queue.put()
    assert await inbox.store_opt_out("at", OptOut(NUMBER, "SIAGA"))
    statuses = {row["id"]: (row["status"], row["reason"]) for row in await queue.rows()}
    unwanted = ("suppressed", "the subscriber wants no appeals")
    assert statuses == {
        appeal: unwanted,
        elsewhere: unwanted,
        of_another: ("queued", ""),
        confirmation: ("queued", ""),
    }


async def test_what_is_queued_later_is_suppressed_when_it_is_claimed(
    inbox: Inbox, outbox: Outbox, queue: MessageQueue
) -> None:
    await inbox.store_opt_out("at", OptOut(NUMBER, "SIAGA"))
    unwanted = [await queue.put(kind=MessageClass.APPEAL) for _ in range(3)]
    wanted = [await queue.put(), await queue.put(kind=MessageClass.APPEAL, to=OTHER)]
    assert {claim.id for claim in await outbox.claim(10, "w1", "at")} == set(wanted)
    rows = [await queue.row(message) for message in unwanted]
    assert [(row["status"], row["attempts"], row["claimed_by"]) for row in rows] == [("suppressed", 0, None)] * 3


async def test_a_carrier_that_knows_of_an_opt_out_tells_us(
    outbox: Outbox, queue: MessageQueue, vault: Vault, clock: ManualClock
) -> None:
    refused = await queue.put(kind=MessageClass.APPEAL)
    (claim,) = await outbox.claim(1, "w1", "at")
    waiting = await queue.put(kind=MessageClass.APPEAL)
    await outbox.record("at", [(claim, Refused("opted out at the carrier", opted_out=True))])
    assert (await queue.row(refused))["status"] == "refused"
    assert (await queue.row(waiting))["status"] == "suppressed"
    (kept,) = await queue.rows(opt_outs)
    assert (kept["channel"], kept["phone_key"], kept["sender"], kept["at"]) == (
        "at",
        vault.lookup(NUMBER),
        "",
        clock.now(),
    )


async def test_it_ends_every_subscription(
    inbox: Inbox, database: Database, queue: MessageQueue, vault: Vault, clock: ManualClock
) -> None:
    """Whoever it was said to: nobody is listed who gets nothing."""
    consents = Subscriptions(database, vault, clock)
    for phone in (NUMBER, OTHER):
        for area in ("33.75.01.1003", "33.75.01.1002"):
            await consents.subscribe(phone, area, language="id", channel="at", wording="v1")
    await inbox.store_opt_out("at", OptOut(NUMBER, "SIAGA"))
    assert [len(await consents.active_areas(phone)) for phone in (NUMBER, OTHER)] == [0, 2]


async def test_said_again_the_newest_time_counts(inbox: Inbox, queue: MessageQueue, clock: ManualClock) -> None:
    assert await inbox.store_opt_out("at", OptOut(NUMBER, "SIAGA"))
    clock.advance(days=1)
    assert not await inbox.store_opt_out("at", OptOut(NUMBER, "SIAGA"))
    assert [row["at"] for row in await queue.rows(opt_outs)] == [clock.now()]
