"""Delivery reports of a large appeal on one machine: `waspada run` sends it and takes its reports in one process.

The built-in carrier answers at once and reports each message twice, so that its reports compete with our own sending.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from pydantic import SecretStr
from sqlalchemy import func, select, text

from gateway.menu.pack.loader import load
from gateway.messages.message import MessageClass, MessageStatus
from gateway.messages.outbox import NewMessage, enqueue
from gateway.messages.tables import messages
from gateway.runtime.clock import Clock
from gateway.runtime.pack_folder import read_pack
from gateway.settings import Settings
from gateway.text.phone import Phone
from gateway.wiring.running_instance import LOCAL, locate
from tests.bench.targets import Targets
from tests.helpers.appeals import DRAFT, AppealWorld, open_appeal_gateway
from tests.helpers.journeys import run_standalone_gateway
from tests.helpers.packs import PEKALONGAN
from tests.helpers.program import Program

PEOPLE = 6_000
CONFIRMATIONS = 40
LATEST_S = 180
MOST_MS = 2_000
_AT_ANY_HOUR = 'quiet_hours: {from: "00:00", to: "00:00"}\nresume: {sms: true}\n'


async def measure_reports(targets: Targets) -> None:
    """Measure how many reports are refused while an appeal is sent, and how long confirmations take meanwhile."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pack = shutil.copytree(PEKALONGAN, folder / "pack")
        (pack / "rules.yaml").write_text(_AT_ANY_HOUR)
        async with (
            run_standalone_gateway(folder / "var", "--pack", str(pack)) as gateway,
            _world(gateway.program, pack) as world,
        ):
            await world.add_subscribers(PEOPLE, channel=LOCAL)
            began = time.monotonic()
            await world.approved_appeal(replace(DRAFT, channel=LOCAL))
            waits = await _confirm(world)
            await _wait_until_delivered(world)
            seconds = time.monotonic() - began
        lines = [json.loads(line) for line in (folder / "var.log").read_text().splitlines() if line.startswith("{")]
    refused = sum(line["event"] == "hook.not_stored" for line in lines)
    print(f"an appeal to {PEOPLE} people was sent and its {2 * PEOPLE} reports stored in {seconds:.1f} s")
    targets.at_most("delivery reports refused during it", refused, 0, "reports")
    targets.at_most("confirmations during it, slowest", max(waits) * 1000, MOST_MS, "ms")


@asynccontextmanager
async def _world(program: Program, pack: Path) -> AsyncIterator[AppealWorld]:
    """Open the stores of the running gateway a second time."""
    found = locate(Settings(data=program.data))
    async with open_appeal_gateway(
        found.redis_address,
        found.database_address,
        Clock(),
        load(read_pack(pack)),
        vault_key=SecretStr(found.vault_key_bytes.hex()),
        channels=found.channels,
    ) as services:
        yield AppealWorld(services)


async def _confirm(world: AppealWorld) -> list[float]:
    """Queue confirmations one by one while the appeal is sent. Returns the seconds until each was accepted."""
    waits = []
    for number in range(CONFIRMATIONS):
        message = NewMessage(MessageClass.CONFIRMATION, LOCAL, Phone(f"+62811300{number:05}"), "Diterima", "id")
        async with world.database.begin() as connection:
            await enqueue(connection, message, world.vault, world.services.clock.now())
        began = time.monotonic()
        while await _count(world, messages.c["class"] == MessageClass.CONFIRMATION, messages.c.sent_at.is_(None)):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        waits.append(time.monotonic() - began)
    return waits


async def _wait_until_delivered(world: AppealWorld) -> None:
    deadline = time.monotonic() + LATEST_S
    while await _count(world, messages.c.status == MessageStatus.DELIVERED) < PEOPLE + CONFIRMATIONS:
        if time.monotonic() > deadline:
            async with world.database.begin() as connection:
                counts = (await connection.execute(text("SELECT status, count(*) FROM messages GROUP BY 1"))).all()
            sys.exit(f"after {LATEST_S} s not all messages are reported as delivered: {counts}")
        await asyncio.sleep(0.25)


async def _count(world: AppealWorld, *where: object) -> int:
    async with world.database.begin() as connection:
        return int((await connection.execute(select(func.count()).select_from(messages).where(*where))).scalar_one())  # type: ignore[arg-type]
