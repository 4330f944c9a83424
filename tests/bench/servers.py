"""Compared servers, each a process of its own on the same core."""

from __future__ import annotations

import re
import secrets
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from gateway.menu import engine
from gateway.menu.pack.loader import load
from gateway.runtime.embedded import EmbeddedStores
from gateway.runtime.pack_folder import read_pack
from tests.bench import bare
from tests.bench.processes import cpu_seconds, peak_memory_mb, running
from tests.bench.residents import Verify
from tests.helpers.program import free_port

KEYS = ["1", "2", "1", "3", "1", "2", "1", "2", "3", "1", "tawuran di pasar", "1", "1"]
TICKET = re.compile(r"\d{4}-\d{4}")


@dataclass(frozen=True, slots=True)
class Server:
    """Server under test: its process, address and expected answers."""

    name: str
    pid: int
    port: int
    path: str
    verify: Verify

    def cpu_seconds(self) -> float:
        return cpu_seconds(self.pid)

    def memory_mb(self) -> float:
        return peak_memory_mb(self.pid)


@asynccontextmanager
async def bare_handler(stores: EmbeddedStores, folder: Path, core: int) -> AsyncIterator[Server]:
    port = free_port()
    command = [sys.executable, "-m", "tests.bench.bare", stores.redis_url, str(port)]
    async with running(command, {}, folder / "bare.log", port, core) as pid:
        yield Server("bare", pid, port, "/ussd", lambda _, body: body == bare.SCREEN)


@asynccontextmanager
async def gateway_web(stores: EmbeddedStores, folder: Path, core: int) -> AsyncIterator[Server]:
    port, secret = free_port(), secrets.token_urlsafe(16)
    config = folder / "bench.toml"
    config.write_text(
        f'[channels.bench]\ncarrier = "africastalking"\nusername = "sandbox"\napi_key = "{secrets.token_hex(16)}"\n'
        f'secret = "{secret}"\nservice_code = "*384*3375#"\napi_url = "http://127.0.0.1:9"\n'
    )
    settings = {
        "WASPADA_CONFIG": str(config),
        "WASPADA_REDIS_URL": stores.redis_url,
        "WASPADA_DATABASE_URL": stores.database_url,
        "WASPADA_VAULT_KEY": secrets.token_hex(32),
        "WASPADA_LOG_FORMAT": "json",
        "WASPADA_PORT": str(port),
    }
    async with running([sys.executable, "-m", "gateway", "web"], settings, folder / "web.log", port, core) as pid:
        yield Server("gateway", pid, port, f"/hooks/bench/{secret}/ussd", _journey())


def _journey() -> Verify:
    """Return a check of every screen of the journey against the engine. Any ticket number is right."""
    menu = load(read_pack(Path("menus/pekalongan")))
    given = {"ussd": "*384*3375#"}
    step = engine.begin(menu, given=given)
    screens = [step.screen]
    for keys in KEYS:
        step = engine.step(menu, step.session, keys, given=given)
        if step.effect:
            step = engine.resume(menu, step.session, "filed", {"ticket": "0000-0000"})
        screens.append(step.screen)
    expected = [f"CON {screen}" for screen in screens[:-1]]
    last = f"END {screens[-1]}"

    def verify(hop: int, body: str) -> bool:
        return body == expected[hop] if hop < len(expected) else TICKET.sub("0000-0000", body) == last

    return verify
