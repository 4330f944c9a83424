"""One seed: a world, residents and troubles for some seconds, and then the checker."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Self

from tests.faults.history.checker import contradictions
from tests.faults.history.collect import appeal_to_subscribers, collect, settle
from tests.faults.history.records import Contradiction, History
from tests.faults.history.residents import SimulatedResident
from tests.faults.history.troubles import STORES, stores_answer, trouble_processes, trouble_stores
from tests.faults.history.world import ChaosWorld, open_world
from tests.helpers.phones import phone
from tests.helpers.waiting import until

MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None


@dataclass(frozen=True, slots=True)
class Plan:
    """Plan of a run: how long, how many phones, and the troubles that are made."""

    seconds: float = 15
    residents: int = 16
    processes: bool = True  # kill and stop webs and workers
    stores: Sequence[str] = STORES  # those that are killed, stopped or filled
    holds_up: bool = True  # some callbacks arrive seconds later

    @classmethod
    def calm(cls, seconds: float, residents: int) -> Self:
        """Return a plan without troubles of processes and stores."""
        return cls(seconds, residents, processes=False, stores=())


@dataclass(frozen=True, slots=True)
class Outcome:
    """Outcome of a seed: what happened, and what contradicts what."""

    history: History
    found: Sequence[Contradiction]

    @property
    def summary(self) -> str:
        """Return what happened, in numbers."""
        history = self.history
        numbers = {
            "callbacks": len(history.hops),
            "SMS in": len(history.inbound),
            "SMS out": len(history.outbound),
            "rows": len(history.rows),
            "troubles": len(history.troubles),
            "contradictions": len(self.found),
        }
        return ", ".join(f"{number} {name}" for name, number in numbers.items())


async def run_seed(seed: int, plan: Plan) -> Outcome:
    """Run one seed in a folder of its own, which is removed."""
    with tempfile.TemporaryDirectory(prefix="waspada-chaos-", dir=MEMORY) as folder:
        async with open_world(Path(folder), Random(f"{seed} carrier")) as world:
            await _live(world, seed, plan)
            await until(lambda: stores_answer(world))
            await settle(world)
            texts = [] if world.history.waiting else await appeal_to_subscribers(world)
            await collect(world, [phone(number) for number in range(plan.residents)])
            return Outcome(world.history, contradictions(world.history, world.menu, texts))


async def _live(world: ChaosWorld, seed: int, plan: Plan) -> None:
    end = time.time() + plan.seconds
    async with asyncio.TaskGroup() as tasks:
        for number in range(plan.residents):
            chance = Random(f"{seed} resident {number}")
            one = SimulatedResident(number, phone(number).e164, world.line, world.menu, chance, holds_up=plan.holds_up)
            tasks.create_task(one.live(end))
        if plan.processes:
            tasks.create_task(trouble_processes(world, Random(f"{seed} processes"), end))
        if plan.stores:
            tasks.create_task(trouble_stores(world, Random(f"{seed} stores"), end, plan.stores))
