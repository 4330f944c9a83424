"""People who have opted out get no appeals, and all other messages."""

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


async def test_an_opt_out_suppresses_waiting_appeals(inbox: Inbox, queue: MessageQueue) -> None:
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


async def test_a_later_appeal_is_suppressed_when_it_is_claimed(
    inbox: Inbox, outbox: Outbox, queue: MessageQueue
) -> None:
    await inbox.store_opt_out("at", OptOut(NUMBER, "SIAGA"))
    unwanted = [await queue.put(kind=MessageClass.APPEAL) for _ in range(3)]

    wanted = [await queue.put(), await queue.put(kind=MessageClass.APPEAL, to=OTHER)]
    assert {claim.id for claim in await outbox.claim(10, "w1", "at")} == set(wanted)

    rows = [await queue.row(message) for message in unwanted]
    assert [(row["status"], row["attempts"], row["claimed_by"]) for row in rows] == [("suppressed", 0, None)] * 3


async def test_a_refusal_of_the_carrier_for_an_opt_out_is_stored(
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


async def test_an_opt_out_withdraws_every_subscription(
    inbox: Inbox, database: Database, queue: MessageQueue, vault: Vault, clock: ManualClock
) -> None:
    """To whichever channel it was sent: no opted-out person stays subscribed."""
    consents = Subscriptions(database, vault, clock)
    for phone in (NUMBER, OTHER):
        for area in ("33.75.01.1003", "33.75.01.1002"):
            await consents.subscribe(phone, area, language="id", channel="at", wording="v1")

    await inbox.store_opt_out("at", OptOut(NUMBER, "SIAGA"))

    assert [len(await consents.active_areas(phone)) for phone in (NUMBER, OTHER)] == [0, 2]


async def test_a_repeated_opt_out_updates_its_time(inbox: Inbox, queue: MessageQueue, clock: ManualClock) -> None:
    assert await inbox.store_opt_out("at", OptOut(NUMBER, "SIAGA"))

    clock.advance(days=1)
    assert not await inbox.store_opt_out("at", OptOut(NUMBER, "SIAGA"))
    assert [row["at"] for row in await queue.rows(opt_outs)] == [clock.now()]
