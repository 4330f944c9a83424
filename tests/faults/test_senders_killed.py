"""Two workers on one queue, a killed worker and a killed PostgreSQL. Nothing is sent twice, nothing is lost."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import Process
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from gateway.carriers.local.faults import Fault, Faults, SlowAnswer
from gateway.runtime.embedded import EmbeddedStores
from gateway.runtime.postgres import Database, DatabaseUnavailable
from gateway.runtime.schema import upgrade
from tests.helpers.faults import CONFIRMATION, REPLY, SendingWorld, expected_calls, open_sending_world
from tests.helpers.messages import expire_claims
from tests.helpers.phones import phone
from tests.helpers.waiting import until


@asynccontextmanager
async def programs(database_url: str, url: str, *names: Sequence[str]) -> AsyncIterator[list[Process]]:
    """Run worker processes. Those that still run at the end are stopped."""
    started = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.faults.worker_program", database_url, f"{url}/local", *name
        )
        for name in names
    ]
    try:
        yield started
    finally:
        for process in started:
            if process.returncode is None:
                process.terminate()
                await asyncio.wait_for(process.wait(), 20)


async def test_two_workers_send_two_thousand_messages_once(world: SendingWorld, database_url: str) -> None:
    for number in range(2000):
        await world.queue.put(f"text {number % 20}", to=phone(number), kind=REPLY)
    async with programs(database_url, world.url, ["first"], ["second"]):
        await world.wait_for_statuses(*["accepted"] * 2000)

    assert world.taken_up() == Counter((phone(number).e164, f"text {number % 20}") for number in range(2000))
    assert set(await world.attempts_and_unknowns()) == {(1, 0)}


async def test_a_worker_killed_before_its_call_leaves_unknowns_that_are_resent(
    world: SendingWorld, database_url: str
) -> None:
    """Nothing was sent, but nobody can know: the messages are unknown, and as confirmations are resent."""
    await world.put(3, CONFIRMATION)
    async with programs(database_url, world.url, ["first", "dawdles"]) as (worker,):
        await world.wait_for_statuses(*["sending"] * 3)
        worker.send_signal(signal.SIGKILL)
        await worker.wait()
    await expire_claims(world.database)

    async with programs(database_url, world.url, ["second"]):
        await world.wait_for_statuses(*["accepted"] * 3)

    assert world.taken_up() == expected_calls(3)
    assert await world.attempts_and_unknowns() == [(2, 1)] * 3


async def test_outcomes_are_recorded_after_postgresql_was_killed(tmp_path: Path) -> None:
    """Outcomes of calls made meanwhile are kept until they can be recorded. Nothing is sent twice or lost."""
    stores = await EmbeddedStores.start(tmp_path / "var")
    try:
        await upgrade(stores.database_url)
        database = Database(stores.database_url)
        async with open_sending_world(database) as world:
            world.local.faults = Faults(slow_answer=SlowAnswer(seconds=0.05), no_reports=Fault())
            for number in range(300):
                await world.queue.put(f"text {number}", to=phone(number), kind=REPLY)
            async with world.worker():
                await until(lambda: _all_claimed(world))
                await world.wait_for_calls(60)
                os.kill(stores.postgres_pid, signal.SIGKILL)
                await asyncio.sleep(0.5)

                async def all_accepted() -> bool:
                    try:
                        return await world.queue.statuses() == ["accepted"] * 300
                    except DatabaseUnavailable:
                        return False

                await until(all_accepted)
            assert world.taken_up() == Counter((phone(number).e164, f"text {number}") for number in range(300))
            assert set(await world.attempts_and_unknowns()) == {(1, 0)}
        await database.close()
    finally:
        await stores.stop()


async def _all_claimed(world: SendingWorld) -> bool:
    """Return True if no claim can be interrupted by a kill of the database: the sweep would find it in five minutes."""
    return "queued" not in await world.queue.statuses()
