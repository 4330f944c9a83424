"""Troubles of a run, from a seed: processes killed or stopped, stores killed, stopped or refusing writes."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Sequence
from random import Random

from redis.asyncio import Redis
from redis.exceptions import RedisError

from gateway.runtime.postgres import Database, DatabaseUnavailable
from tests.faults.history.records import Trouble
from tests.faults.history.world import WEBS, WORKERS, ChaosWorld
from tests.helpers.waiting import until

LONGEST_STOP_S = 2.5
STORES = ("redis", "postgres")
_KINDS = {"redis": ("stopped", "stopped", "killed", "full"), "postgres": ("stopped", "stopped", "killed")}
_GAP_S = (0.3, 1.5)


async def trouble_processes(world: ChaosWorld, chance: Random, until_time: float) -> None:
    """Kill or stop one web or worker after the other."""
    while time.time() < until_time:
        await asyncio.sleep(chance.uniform(*_GAP_S))
        target = chance.choice((*WEBS, *WORKERS))
        began = time.time()
        if chance.random() < 0.5:
            await _stop_for_a_while(world, target, chance)
            _note(world, "stopped", target, began)
        else:
            await world.end(target, signal.SIGKILL)
            await world.start(target)
            _note(world, "killed", target, began)


async def trouble_stores(world: ChaosWorld, chance: Random, until_time: float, stores: Sequence[str]) -> None:
    """Kill, stop, or fill one store after the other."""
    while time.time() < until_time:
        await asyncio.sleep(chance.uniform(*_GAP_S))
        target, kind = chance.choice([(target, kind) for target in stores for kind in _KINDS[target]])
        began = time.time()
        if kind == "full":
            await _fill_redis(world, chance)
        elif kind == "stopped":
            await _stop_for_a_while(world, target, chance)
        else:
            world.signal(target, signal.SIGKILL)
            await until(lambda: stores_answer(world))
        _note(world, kind, target, began)


async def stores_answer(world: ChaosWorld) -> bool:
    """Return True if both stores can be used."""
    database = Database(world.stores.database_url)
    try:
        async with Redis.from_url(world.stores.redis_url) as client, asyncio.timeout(2):
            await client.ping()
            async with database.begin() as connection:
                await connection.exec_driver_sql("SELECT 1")
    except (RedisError, OSError, DatabaseUnavailable, TimeoutError):
        return False
    finally:
        await database.close()
    return True


async def _stop_for_a_while(world: ChaosWorld, target: str, chance: Random) -> None:
    world.signal(target, signal.SIGSTOP)
    try:
        await asyncio.sleep(chance.uniform(0.1, LONGEST_STOP_S))
    finally:
        world.signal(target, signal.SIGCONT)


async def _fill_redis(world: ChaosWorld, chance: Random) -> None:
    """Let Redis refuse all writes for a moment."""
    async with Redis.from_url(world.stores.redis_url) as client:
        await client.config_set("maxmemory", "1")
        try:
            await asyncio.sleep(chance.uniform(0.1, 0.8))
        finally:
            await client.config_set("maxmemory", "0")


def _note(world: ChaosWorld, kind: str, target: str, began: float) -> None:
    world.history.troubles.append(Trouble(kind, target, began, time.time()))
