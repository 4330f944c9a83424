"""Appeal to thousands over real HTTP, with workers killed and stores restarted: everybody gets it at most once.

The workers are `waspada worker`, the carrier is the built-in one, the stores are real servers. Some numbers are
refused, some have an unknown outcome, and some people opt out during the appeal.
"""

from __future__ import annotations

import asyncio
import csv
import io
import os
import random
import secrets
import signal
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy import select

from gateway.appeals.appeal import COUNTED_AS, AppealStatus, SuppressionReason, Total
from gateway.appeals.results import COLUMNS, Totals
from gateway.carriers.carrier import OptOut
from gateway.carriers.local.faults import Faults, Refuse, SlowAnswer
from gateway.messages.message import OPTED_OUT, MessageStatus
from gateway.messages.tables import message_attempts, messages
from gateway.runtime.embedded import EmbeddedStores
from gateway.runtime.postgres import DatabaseUnavailable
from gateway.runtime.schema import upgrade
from gateway.text.phone import Phone
from tests.helpers.appeal_faults import (
    BATCH,
    CLAIMS,
    WITHOUT_REPORTS,
    WorkerWorld,
    open_worker_world,
    retry_while_unavailable,
)
from tests.helpers.appeals import BUDI, SITI
from tests.helpers.phones import phone
from tests.helpers.program import Program
from tests.helpers.waiting import until

PEOPLE, KILLS, RATE = 20_000, 5, 1_000
LAST_FAULT = 14_000  # requests: the carrier gets at least so many, whatever is lost with the workers
LONGEST_S = 180.0
NOT_A_NUMBER, BROKEN_WITHIN = 403, 500  # codes of the carrier (facts/protocols.md B.3)
REFUSED, BROKEN = "not a valid number", "an error within the carrier"
LOST = "claimed by a worker that was lost"


@dataclass(frozen=True, slots=True)
class Fate:
    """People by what happens to them. Nobody is in two of these."""

    refused: frozenset[str]
    broken: frozenset[str]  # the carrier does not know the outcome
    leaving: Sequence[int]

    @classmethod
    def drawn(cls, chance: random.Random) -> Fate:
        """Draw 2% to be refused, 1% to be unknown and 3% to opt out."""
        numbers = chance.sample(range(PEOPLE), PEOPLE * 6 // 100)
        e164 = [phone(number).e164 for number in numbers]
        first, second = PEOPLE * 2 // 100, PEOPLE * 3 // 100
        return cls(frozenset(e164[:first]), frozenset(e164[first:second]), numbers[second:])

    @property
    def faults(self) -> Faults:
        codes = dict.fromkeys(self.refused, NOT_A_NUMBER) | dict.fromkeys(self.broken, BROKEN_WITHIN)
        return WITHOUT_REPORTS.model_copy(
            update={"refuse": Refuse(numbers=codes), "slow_answer": SlowAnswer(seconds=0.05)}
        )


# Faults ---------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Trouble:
    """Faults during an appeal: killed workers and restarted stores, each after a random number of requests."""

    world: WorkerWorld
    stores: EmbeddedStores
    chance: random.Random
    workers: list[Program]
    killed: int = 0

    async def run(self) -> None:
        """Cause all faults. Killed workers are replaced in the background."""
        events = ["kill"] * KILLS + ["restart redis", "restart postgres"]
        self.chance.shuffle(events)
        async with asyncio.TaskGroup() as starting:
            for event, people in zip(events, sorted(self.chance.sample(range(LAST_FAULT), len(events))), strict=True):
                await until(self._has_workers, LONGEST_S)
                await self.world.wait_for_requests(max(people, len(self.world.requested) + BATCH))
                match event:
                    case "restart redis":
                        await self.restart_redis()
                    case "restart postgres":
                        await self.restart_postgres()
                    case _:
                        for _ in range(await self.kill()):
                            starting.create_task(self.start_worker())

    async def start_worker(self) -> None:
        self.workers.append(await self.world.start_worker())

    async def kill(self) -> int:
        """Kill one worker, or two if there are two. Returns the number."""
        victims = self.chance.sample(self.workers, min(self.chance.choice((1, 2)), len(self.workers)))
        for worker in victims:
            self.workers.remove(worker)
            await worker.end_with(signal.SIGKILL)
        self.killed += len(victims)
        return len(victims)

    async def _has_workers(self) -> bool:
        return bool(self.workers)

    async def restart_redis(self) -> None:
        pid = self.stores.redis_pid
        os.kill(pid, self.chance.choice((signal.SIGTERM, signal.SIGKILL)))

        async def is_back() -> bool:
            try:
                async with Redis.from_url(self.stores.redis_url) as client:
                    return self.stores.redis_pid != pid and bool(await client.ping())
            except RedisError:
                return False

        await until(is_back)

    async def restart_postgres(self) -> None:
        pid = self.stores.postgres_pid
        os.kill(pid, self.chance.choice((signal.SIGINT, signal.SIGKILL)))

        async def is_back() -> bool:
            try:
                await self.world.appeals.database.ping()
            except DatabaseUnavailable:
                return False
            return self.stores.postgres_pid != pid

        await until(is_back)


async def _opt_out(world: WorkerWorld, appeal: int, leaving: Sequence[int]) -> set[str]:
    """Let people opt out one after the other during the appeal. Returns those who must get no message."""
    spared = set()
    for place, number in enumerate(leaving):
        await world.wait_for_requests(place * LAST_FAULT // len(leaving))
        if await retry_while_unavailable(partial(_leaves_in_time, world, appeal, phone(number))):
            spared.add(phone(number).e164)
    return spared


async def _leaves_in_time(world: WorkerWorld, appeal: int, one: Phone) -> bool:
    """Let a person opt out. Returns True if they had no message yet, or a suppressed one, after the commit.

    Then no worker had claimed it before, and none may claim it later.
    """
    appeals = world.appeals
    await appeals.services.inbox.store_opt_out("at", OptOut(one, ""))
    table = messages.c
    status = select(table.status).where(table.appeal == appeal, table.phone_key == appeals.vault.lookup(one))
    async with appeals.database.begin() as connection:
        return (await connection.execute(status)).scalar() in (None, MessageStatus.SUPPRESSED)


async def _is_done(world: WorkerWorld, appeal: int) -> bool:
    """Return True if the appeal is done. Its results must add up whenever they are read."""
    overview = await world.appeals.workflow.overview(appeal)
    assert overview.results.adds_up
    return overview.appeal.status is AppealStatus.DONE


@pytest.mark.timeout(LONGEST_S + 60)
async def test_appeal_with_killed_workers_and_restarted_stores_reaches_everybody_at_most_once(tmp_path: Path) -> None:
    seed = int(os.environ.get("FAULTS_SEED") or secrets.randbits(32))
    print(f"to do the same again: FAULTS_SEED={seed}")
    chance = random.Random(seed)
    fate = Fate.drawn(chance)
    stores = await EmbeddedStores.start(tmp_path / "var")
    try:
        await upgrade(stores.database_url)
        async with open_worker_world(tmp_path, stores.redis_url, stores.database_url, rate=RATE) as world:
            world.carrier.faults = fate.faults
            await world.appeals.add_subscribers(PEOPLE)
            appeal = await world.appeals.approved_appeal()
            trouble = Trouble(world, stores, chance, [await world.start_worker(), await world.start_worker()])
            async with asyncio.timeout(LONGEST_S), asyncio.TaskGroup() as tasks:
                tasks.create_task(trouble.run())
                leaving = tasks.create_task(_opt_out(world, appeal, fate.leaving))
                await until(partial(retry_while_unavailable, partial(_is_done, world, appeal)), LONGEST_S)

            for worker in trouble.workers:
                assert await worker.end_with(signal.SIGTERM) == 0
            rows = await world.appeals.messages_of(appeal)
            _check_everybody(world, rows, fate, leaving.result(), trouble.killed)
            await _check_results(world, appeal, rows)
            log = world.log.read_text()
            assert "worker.database_away" in log
            assert "worker.rate_without_redis" in log
            assert "Traceback" not in log
    finally:
        await stores.stop()


# Checks ---------------------------------------------------------------------------------------------------------


def _check_everybody(
    world: WorkerWorld, rows: Sequence[Mapping[str, Any]], fate: Fate, spared: AbstractSet[str], killed: int
) -> None:
    """Check that everybody was sent to at most once, and that each message has the right status."""
    assert {number: times for number, times in world.requested.items() if times > 1} == {}
    ended = defaultdict(set)
    for row in rows:
        ended[row["status"], row["reason"]].add(world.appeals.vault.open(row["phone_sealed"], row["phone_key"]).e164)
    assert len(rows) == len(set().union(*ended.values())) == PEOPLE
    accepted = ended.pop((MessageStatus.ACCEPTED, ""))
    refused = ended.pop((MessageStatus.REFUSED, REFUSED))
    broken = ended.pop((MessageStatus.UNKNOWN, BROKEN))
    suppressed = ended.pop((MessageStatus.SUPPRESSED, OPTED_OUT))
    lost = ended.pop((MessageStatus.UNKNOWN, LOST))
    assert ended == {}
    # Claims of a killed worker were sent or not, and nobody guesses. All other outcomes are as the carrier told.
    assert refused == fate.refused - lost
    assert broken == fate.broken - lost
    requested = world.requested.keys()
    assert accepted | refused | broken == requested - lost
    # One more claim of each worker may be lost with PostgreSQL: committed, without an answer to the worker.
    assert 0 < len(lost) <= (killed * CLAIMS + 2) * BATCH
    assert suppressed.isdisjoint(requested)
    assert suppressed <= {phone(number).e164 for number in fate.leaving}
    assert spared and spared <= suppressed


async def _check_results(world: WorkerWorld, appeal: int, rows: Sequence[Mapping[str, Any]]) -> None:
    """Check that the results add up to the frozen audience, and that all groups agree."""
    results = await world.appeals.load_results(appeal)
    counted = Counter(COUNTED_AS[MessageStatus(row["status"])] for row in rows)
    assert results.audience_size == sum(results.totals.values()) == PEOPLE
    assert results.totals == {total: counted[total] for total in Total}
    assert results.suppressed == {SuppressionReason.OPTED_OUT: counted[Total.SUPPRESSED]}
    for groups in (results.languages, results.areas, results.channels):
        assert _summed(groups) == results.totals
    assert _summed(results.hours) == {**results.totals, Total.SUPPRESSED: 0, Total.WAITING: 0}
    assert results.parts == sum(
        row["parts"] for row in rows if row["status"] not in (MessageStatus.SUPPRESSED, MessageStatus.REFUSED)
    )
    tried = {row["id"] for row in rows if row["status"] != MessageStatus.SUPPRESSED}
    history = select(message_attempts.c.message, message_attempts.c.became).order_by(message_attempts.c.id)
    async with world.appeals.database.begin() as connection:
        last = {row.message: row.became for row in await connection.execute(history)}
    assert last == {row["id"]: row["status"] for row in rows if row["id"] in tried}
    lines = [
        line
        async for page in world.appeals.results.export_csv(appeal)
        for line in csv.DictReader(io.StringIO(page), COLUMNS)
    ]
    assert Counter(line["counted_as"] for line in lines[1:]) == counted


def _summed(groups: Mapping[str, Totals]) -> Totals:
    return {total: sum(totals[total] for totals in groups.values()) for total in Total}


# Pause ---------------------------------------------------------------------------------------------------------


async def test_pause_and_cancel_take_effect_within_two_seconds(
    tmp_path: Path, redis_url: str, database_url: str
) -> None:
    async with open_worker_world(tmp_path, redis_url, database_url, rate=100) as world:
        appeals, requested = world.appeals, world.requested
        await appeals.add_subscribers(1_000)
        appeal = await appeals.approved_appeal()
        worker = await world.start_worker()
        await world.wait_for_requests(1)
        await appeals.workflow.pause(appeal, SITI, "look again")

        await asyncio.sleep(2)
        sent = len(requested)
        await asyncio.sleep(1)
        assert len(requested) == sent < 1_000
        assert (await appeals.statuses(appeal))["queued"] == 0

        await appeals.workflow.resume(appeal, BUDI)
        await world.wait_for_requests(sent + 1)
        await appeals.workflow.cancel(appeal, SITI, "enough")

        await asyncio.sleep(2)
        assert (await appeals.load_results(appeal)).totals[Total.WAITING] == 0
        assert await worker.end_with(signal.SIGTERM) == 0
