"""Interrupted workers: an unavailable database, a stop, a lost claim."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import structlog

from gateway.messages.outbox import Outbox
from gateway.runtime.postgres import Database
from gateway.vault.vault import Vault
from tests.helpers.clocks import ManualClock
from tests.helpers.messages import MessageQueue, ScriptedCarrier
from tests.helpers.phones import NUMBER, OTHER
from tests.helpers.senders import FAST, WaitingCarrier, has_status, is_drained, running, sender, was_logged
from tests.helpers.waiting import until

# The database away --------------------------------------------------------------------------------------------------


async def test_an_outage_is_logged_once_and_outcomes_are_recorded_after_it(
    database_url: str, vault: Vault, queue: MessageQueue, clock: ManualClock, database: Database
) -> None:
    """The table is locked and released. The tests of the pool define an outage."""
    carrier = WaitingCarrier()
    await queue.put()
    cut_off = Database(database_url, timeout=1.0)
    with structlog.testing.capture_logs() as logs:
        async with running(sender(Outbox(cut_off, vault, clock), clock, carrier)):
            await carrier.called.wait()
            async with database.begin() as connection:
                await connection.exec_driver_sql("LOCK TABLE messages IN ACCESS EXCLUSIVE MODE")
                carrier.released.set()
                await asyncio.sleep(2.5)
            await until(lambda: is_drained(queue))
            await queue.put("a second one", to=OTHER)
            await until(lambda: is_drained(queue))

    await cut_off.close()
    assert await queue.statuses() == ["accepted"] * 2
    assert len(carrier.calls) == 2

    events = [line["event"] for line in logs]
    assert events.count("worker.database_away") == 1
    assert events.count("worker.database_back") == 1


async def test_a_stopped_worker_ends_while_the_database_is_unavailable(
    database_url: str, database: Database, vault: Vault, queue: MessageQueue, clock: ManualClock
) -> None:
    carrier = WaitingCarrier()
    await queue.put()
    cut_off = Database(database_url, timeout=0.3)
    worker = sender(Outbox(cut_off, vault, clock), clock, carrier)
    with structlog.testing.capture_logs() as logs:
        async with running(worker):
            await carrier.called.wait()
            async with database.begin() as connection:
                await connection.exec_driver_sql("LOCK TABLE messages IN ACCESS EXCLUSIVE MODE")
                carrier.released.set()
                await asyncio.sleep(0.1)
                worker.stop()
                await until(lambda: was_logged(logs, "worker.outcomes_not_recorded"))

    await cut_off.close()

    assert await queue.statuses() == ["sending"], "the sweep will find it"


# Stopping and lost claims -------------------------------------------------------------------------------------------


async def test_stopping_records_running_calls_and_releases_the_rest(
    outbox: Outbox, queue: MessageQueue, clock: ManualClock
) -> None:
    carrier = WaitingCarrier()
    for number in range(5):
        await queue.put(f"text {number}")
    worker = sender(outbox, clock, carrier, options=replace(FAST, concurrent_calls=2))

    async with running(worker):
        await carrier.called.wait()
        worker.stop()
        await asyncio.sleep(0.02)
        carrier.released.set()

    assert await queue.statuses() == ["accepted"] * 2 + ["queued"] * 3
    assert [row["attempts"] for row in await queue.rows()] == [1, 1, 0, 0, 0]
    assert [row["claimed_by"] for row in await queue.rows()] == [None] * 5


async def test_a_stopped_worker_does_not_wait_for_its_polls(outbox: Outbox, clock: ManualClock) -> None:
    lazy = replace(FAST, idle_poll=timedelta(hours=1), sweep_interval=timedelta(hours=1))
    async with asyncio.timeout(5), running(sender(outbox, clock, ScriptedCarrier(), options=lazy)):
        await asyncio.sleep(0.05)


async def test_a_lost_claim_is_swept_and_sent_again(outbox: Outbox, queue: MessageQueue, clock: ManualClock) -> None:
    message = await queue.put()
    await outbox.claim(1, "a worker that died", "at")
    carrier = ScriptedCarrier()
    with structlog.testing.capture_logs() as logs:
        async with running(sender(outbox, clock, carrier)):
            await asyncio.sleep(0.05)
            assert await queue.statuses() == ["sending"]
            clock.advance(minutes=5)
            await until(lambda: was_logged(logs, "worker.claims_lost"))
            assert await queue.statuses() == ["unknown"]
            clock.advance(minutes=1)
            await until(lambda: has_status(queue, message, "accepted", ""))

    row = await queue.row(message)

    assert (row["attempts"], row["unknowns"]) == (2, 1)
    assert carrier.sent == [("Laporan diterima", NUMBER.e164)]
