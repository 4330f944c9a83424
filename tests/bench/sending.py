"""Speed and memory of one worker that drains a queue: real processes and stores, a carrier that takes 20 ms.

The worker runs with everything on: sealed numbers, a log line per message, the tail, metrics, the history.
"""

from __future__ import annotations

import asyncio
import secrets
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, insert, select, text

from gateway.messages.message import MessageClass
from gateway.messages.outbox import NewMessage, queued_row
from gateway.messages.tables import messages
from gateway.runtime.clock import Clock
from gateway.runtime.embedded import EmbeddedStores
from gateway.runtime.postgres import Database
from gateway.runtime.schema import upgrade
from gateway.text.phone import Phone
from gateway.vault.vault import Vault
from tests.bench.processes import cpu_seconds, peak_memory_mb
from tests.bench.targets import Targets
from tests.bench.worker import CHANNEL, slow_carrier, worker

EQUAL, FEW, DIFFERENT = 100_000, 1_000, 5_000
LONGEST_RUN_S = 300
MOST_GROWTH_MB = 20
LEAST_EQUAL, LEAST_DIFFERENT = 3_000, 300
_CHUNK = 5_000

TextOf = Callable[[int], str]


@dataclass(frozen=True, slots=True)
class Drained:
    """Figures of a drained queue."""

    messages: int
    seconds: float
    memory_mb: float
    cpu_seconds: float

    @property
    def rate(self) -> float:
        return self.messages / self.seconds


async def measure_sending(targets: Targets) -> None:
    """Measure rates and memory of one worker, over stores of its own."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        stores = await EmbeddedStores.start(folder / "data")
        stack.push_async_callback(stores.stop)
        await upgrade(stores.database_url)
        bench = _Bench(stores, folder)
        stack.push_async_callback(bench.close)
        few = await bench.drain(FEW, MessageClass.APPEAL, _same)
        many = await bench.drain(EQUAL, MessageClass.APPEAL, _same)
        apart = await bench.drain(DIFFERENT, MessageClass.CONFIRMATION, _each_its_own)
    growth = many.memory_mb - few.memory_mb
    for name, drained, least in (("equal texts", many, LEAST_EQUAL), ("different texts", apart, LEAST_DIFFERENT)):
        print(f"{name}: {drained.cpu_seconds / drained.messages * 1e6:.0f} µs of the worker's processor each")
        targets.at_least(f"sending {drained.messages} {name}", drained.rate, least, "a second")
    print(f"memory of the worker: {few.memory_mb:.1f} MB for {FEW} queued, {many.memory_mb:.1f} MB for {EQUAL}")
    targets.at_most("growth of the worker", growth, MOST_GROWTH_MB, "MB", digits=1)


class _Bench:
    def __init__(self, stores: EmbeddedStores, folder: Path) -> None:
        self._stores = stores
        self._folder = folder
        self._key = secrets.token_hex(32)
        self._database = Database(stores.database_url)

    async def close(self) -> None:
        await self._database.close()

    async def drain(self, count: int, kind: MessageClass, text_of: TextOf) -> Drained:
        """Fill the queue, start a worker, and wait until the carrier has accepted every message once."""
        await self._fill(count, kind, text_of)
        async with (
            slow_carrier(self._folder) as carrier,
            worker(self._stores, self._folder, self._key, carrier) as pid,
        ):
            began, cpu = await self._begun(count), cpu_seconds(pid)
            left = count
            while left:
                await asyncio.sleep(0.1)
                left = await self._left()
                if time.perf_counter() - began > LONGEST_RUN_S:
                    sys.exit(f"{left} of {count} messages had not left after {LONGEST_RUN_S} seconds")
            took = time.perf_counter() - began
            asked = await carrier.asked()
            if asked != count:
                sys.exit(f"the carrier was asked for {asked} messages instead of {count}")
            return Drained(count, took, peak_memory_mb(pid), cpu_seconds(pid) - cpu)

    async def _fill(self, count: int, kind: MessageClass, text_of: TextOf) -> None:
        vault, now = Vault(bytes.fromhex(self._key)), Clock().now() - timedelta(seconds=1)
        async with self._database.begin() as connection:
            await connection.execute(text("TRUNCATE messages CASCADE"))
            for start in range(0, count, _CHUNK):
                rows = [
                    queued_row(
                        NewMessage(kind, CHANNEL, Phone(f"+62812300{number:06}"), text_of(number), "id"), vault, now
                    )
                    for number in range(start, min(start + _CHUNK, count))
                ]
                await connection.execute(insert(messages), rows)
        async with self._database.begin() as connection:
            await connection.execute(text("ANALYZE messages"))

    async def _begun(self, count: int) -> float:
        while await self._left() == count:  # noqa: ASYNC110 - it is another process that changes it
            await asyncio.sleep(0.02)
        return time.perf_counter()

    async def _left(self) -> int:
        counting = select(func.count()).where(messages.c.status.in_(("queued", "sending")))
        async with self._database.begin() as connection:
            return int((await connection.execute(counting)).scalar_one())


def _same(_: int) -> str:
    return "Himbauan: jaga ketertiban di TPS. Lapor kejadian lewat *384*3375#. Berhenti: STOP ke 3375"


def _each_its_own(number: int) -> str:
    return f"Laporan Anda diterima. No laporan: {number % 9000 + 1000}-{number:04}. Simpan nomor ini. Darurat: 110/112"
