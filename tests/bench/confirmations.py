"""Delay of confirmations during an appeal: from the commit until the carrier has the request.

Measured three times: without a rate, so that the worker is as busy as it can be; with a rate of a hundred parts a
second; and with a carrier that takes four seconds for each request, where every person has a text, and so a request,
of their own. Worker and carrier are those of `tests.bench.sending`.
"""

from __future__ import annotations

import asyncio
import secrets
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr
from sqlalchemy import text

from gateway.appeals.appeal import AppealStatus
from gateway.menu.pack.loader import load
from gateway.messages.message import MessageClass
from gateway.messages.outbox import NewMessage, enqueue
from gateway.runtime.clock import Clock
from gateway.runtime.embedded import EmbeddedStores
from gateway.runtime.pack_folder import read_pack
from gateway.runtime.schema import upgrade
from gateway.text.phone import Phone
from tests.bench.targets import Targets
from tests.bench.worker import CHANNEL, CODE, SlowCarrier, slow_carrier, worker
from tests.helpers.appeals import SITI, AppealWorld, open_appeal_gateway
from tests.helpers.gateway import channel_settings
from tests.helpers.packs import PEKALONGAN

SECONDS = 15
PEOPLE = 150_000  # more than a worker sends to in that time
MOST_MS = 2_000
LATEST_S = 60
_SETTLE = 10_000


@dataclass(frozen=True, slots=True)
class _Line:
    """Conditions of one measurement: rate and speed of the carrier, and confirmations per second."""

    name: str
    a_second: int = 20
    rate: int | None = None  # parts a second
    answers_s: float = 0.02
    recipients: int = 100  # of one call


_LINES = (
    _Line("no rate"),
    _Line("100 parts a second", rate=100),
    _Line("answers after 4 s", a_second=2, answers_s=4.0, recipients=1),
)
_AT_ANY_HOUR = 'quiet_hours: {from: "00:00", to: "00:00"}\nresume: {sms: true}\n'


async def measure_confirmations(targets: Targets) -> None:
    """Measure how long confirmations wait behind an appeal, over stores of its own."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        stores = await EmbeddedStores.start(folder / "data")
        stack.push_async_callback(stores.stop)
        await upgrade(stores.database_url)
        pack = shutil.copytree(PEKALONGAN, folder / "pack")
        (pack / "rules.yaml").write_text(_AT_ANY_HOUR)
        key = secrets.token_hex(32)
        services = await stack.enter_async_context(
            open_appeal_gateway(
                stores.redis_url,
                stores.database_url,
                Clock(),
                load(read_pack(pack)),
                vault_key=SecretStr(key),
                channels={CHANNEL: channel_settings(CODE)},
            )
        )
        world = AppealWorld(services, chunk_size=5_000)
        for first in range(0, PEOPLE, _SETTLE):
            await world.add_subscribers(min(_SETTLE, PEOPLE - first), first=first)
        async with world.database.begin() as connection:
            await connection.execute(text("ANALYZE"))
        for line in _LINES:
            await _measure(line, world, stores, folder, key, str(pack), targets)


async def _measure(
    line: _Line, world: AppealWorld, stores: EmbeddedStores, folder: Path, key: str, pack: str, targets: Targets
) -> None:
    settings = {"pack": pack, "send_recipients": str(line.recipients)}
    async with (
        slow_carrier(folder, answers_s=line.answers_s) as carrier,
        worker(stores, folder, key, carrier, rate=line.rate, **settings),
    ):
        appeal = await world.approved_appeal()
        while not await carrier.asked():  # noqa: ASYNC110 - it is another process that changes it
            await asyncio.sleep(0.1)
        queued = await _confirm(world, line.a_second)
        appeals = await carrier.asked() - len(queued)
        if (await world.workflow.find(appeal)).status is not AppealStatus.RUNNING:
            sys.exit(f"the appeal to {PEOPLE} people ended before the confirmations did")
        await world.workflow.cancel(appeal, SITI, "measured")
        arrivals = await _arrivals(carrier, queued.keys())
    waits = sorted((arrivals[words] - at) * 1000 for words, at in queued.items())
    print(
        f"confirmations during an appeal ({line.name}, {appeals / SECONDS:.0f} of it a second beside {line.a_second}): "
        f"p50 {_share(waits, 50):.0f} ms, p95 {_share(waits, 95):.0f} ms"
    )
    targets.at_most(f"confirmations during an appeal ({line.name}), p99", _share(waits, 99), MOST_MS, "ms")


async def _confirm(world: AppealWorld, a_second: int) -> dict[str, float]:
    """Queue confirmations at a steady pace. Returns the start of each transaction, by text."""
    queued: dict[str, float] = {}
    began = time.monotonic()
    for number in range(a_second * SECONDS):
        await asyncio.sleep(max(0.0, began + number / a_second - time.monotonic()))
        words = f"Laporan Anda diterima. No laporan: {number:04}-{number:04}. Simpan nomor ini. Darurat: 110/112"
        message = NewMessage(MessageClass.CONFIRMATION, CHANNEL, Phone(f"+62811300{number:05}"), words, "id")
        queued[words] = time.time()
        async with world.database.begin() as connection:
            await enqueue(connection, message, world.vault, world.services.clock.now())
    return queued


async def _arrivals(carrier: SlowCarrier, queued: AbstractSet[str]) -> dict[str, float]:
    """Wait until the carrier has all of these. Returns the time of each."""
    deadline = time.monotonic() + LATEST_S
    while missing := queued - (arrivals := await carrier.arrivals()).keys():
        if time.monotonic() > deadline:
            sys.exit(f"{len(missing)} confirmations had not left after {LATEST_S} seconds")
        await asyncio.sleep(0.2)
    return arrivals


def _share(ordered: Sequence[float], percent: int) -> float:
    return ordered[min(len(ordered) * percent // 100, len(ordered) - 1)]
