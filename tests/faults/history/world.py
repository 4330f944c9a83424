"""World of a run: stores of its own, two `waspada web` and two `waspada worker`, and the carrier around them."""

from __future__ import annotations

import asyncio
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import psutil
from aiohttp import ClientSession, DummyCookieJar, TCPConnector

from gateway.menu.model import Menu
from gateway.menu.pack.loader import load
from gateway.runtime.embedded import EmbeddedStores
from gateway.runtime.pack_folder import read_pack
from gateway.runtime.schema import upgrade
from tests.faults.history.carrier_api import CarrierApi
from tests.faults.history.line import CODE, SECRET, Line
from tests.faults.history.records import History
from tests.faults.worker_program import KEY
from tests.helpers.packs import PEKALONGAN
from tests.helpers.program import Program, free_port, run_program

WEBS, WORKERS = ("web0", "web1"), ("worker0", "worker1")
_QUIET = 'quiet_hours: {from: "20:00", to: "07:00"}'
_NEVER_QUIET = 'quiet_hours: {from: "00:00", to: "00:00"}'  # a run starts at any time of the day
_STAGES_OVER = (
    "- {key: masa_tenang, first: 2020-01-01, last: 2020-01-02}\n"
    "- {key: pemungutan, first: 2020-01-03, last: 2020-01-03}\n"
)


@dataclass(slots=True)
class ChaosWorld:
    """Running world, whose processes and stores may be killed, stopped and started again."""

    folder: Path
    menu: Menu
    stores: EmbeddedStores
    history: History
    line: Line
    _ports: dict[str, int]
    _stack: AsyncExitStack
    _programs: dict[str, Program] = field(default_factory=dict)

    async def start(self, name: str) -> None:
        """Start a process of this name, again if it has ended."""
        config = str(self.folder / "waspada.toml")
        verb = name.rstrip("01")
        started = run_program(verb, data=self.folder / name, port=self._ports[name], config=config)
        self._programs[name] = await self._stack.enter_async_context(started)

    async def end(self, name: str, how: signal.Signals) -> None:
        """End a process."""
        await self._programs[name].end_with(how)

    def signal(self, target: str, how: signal.Signals) -> None:
        """Send a signal to a process, or to a store with all its children."""
        for process in self._processes(target):
            try:
                process.send_signal(how)
            except psutil.NoSuchProcess:
                continue

    def _processes(self, target: str) -> list[psutil.Process]:
        pids = {"redis": lambda: self.stores.redis_pid, "postgres": lambda: self.stores.postgres_pid}
        pid = pids[target]() if target in pids else self._programs[target].process.pid
        try:
            process = psutil.Process(pid)
            return [process, *process.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def log_lines(self) -> list[str]:
        """Return the lines that all processes have logged."""
        logs = (self.folder / f"{name}.log" for name in (*WEBS, *WORKERS))
        return [line for log in logs for line in log.read_text(errors="replace").splitlines()]


@asynccontextmanager
async def open_world(folder: Path, chance: Random) -> AsyncIterator[ChaosWorld]:
    """Open a world in an empty folder, with all its processes."""
    pack = shutil.copytree(PEKALONGAN, folder / "pack")
    rules = (pack / "rules.yaml").read_text()
    assert _QUIET in rules
    (pack / "rules.yaml").write_text(rules.replace(_QUIET, _NEVER_QUIET))
    (pack / "stages.yaml").write_text(_STAGES_OVER)
    stores = await EmbeddedStores.start(folder / "stores")
    async with AsyncExitStack() as stack:
        stack.push_async_callback(stores.stop)
        await upgrade(stores.database_url)
        ports = {name: free_port() for name in (*WEBS, *WORKERS)}
        http = await stack.enter_async_context(
            ClientSession(cookie_jar=DummyCookieJar(), connector=TCPConnector(limit=0))
        )
        history = History()
        line = Line(http, {name: f"http://127.0.0.1:{ports[name]}" for name in WEBS}, history, chance)
        api_url = await stack.enter_async_context(CarrierApi(line, chance).serve())
        (folder / "waspada.toml").write_text(
            f'redis_url = "{stores.redis_url}"\ndatabase_url = "{stores.database_url}"\nvault_key = "{KEY.hex()}"\n'
            f'pack = "{pack}"\nclaim_timeout_s = 10\nunknown_resend_after_s = 0\nappeal_pause_share = 1.0\n'
            f'[channels.at]\ncarrier = "africastalking"\nusername = "sandbox"\napi_key = "key"\nsender = "3375"\n'
            f'api_url = "{api_url}"\nsecret = "{SECRET}"\nservice_code = "{CODE}"\n'
        )
        world = ChaosWorld(folder, load(read_pack(pack)), stores, history, line, ports, stack)
        await asyncio.gather(*(world.start(name) for name in (*WEBS, *WORKERS)))
        yield world
