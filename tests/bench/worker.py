"""Worker under test and its carrier, each a process of its own."""

from __future__ import annotations

import secrets
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from gateway.runtime.embedded import EmbeddedStores
from tests.bench.processes import running
from tests.helpers.program import free_port

CHANNEL, CODE = "at", "*384*3375#"


@dataclass(frozen=True, slots=True)
class SlowCarrier:
    """Running `tests.bench.slow_carrier`."""

    port: int

    async def asked(self) -> int:
        """Return the number of recipients since the last call."""
        return int(await self._get(""))

    async def arrivals(self) -> dict[str, float]:
        """Return the first arrival of each text, in seconds of the machine's clock."""
        arrivals: dict[str, float] = await self._get("arrivals")
        return arrivals

    async def _get(self, what: str) -> Any:
        async with aiohttp.ClientSession() as http, http.get(f"http://127.0.0.1:{self.port}/{what}") as answer:
            return await answer.json()


@asynccontextmanager
async def slow_carrier(folder: Path, *, answers_s: float = 0.02) -> AsyncIterator[SlowCarrier]:
    port = free_port()
    command = [sys.executable, "-m", "tests.bench.slow_carrier", str(port), str(answers_s)]
    async with running(command, {}, folder / "carrier.log", port):
        yield SlowCarrier(port)


@asynccontextmanager
async def worker(
    stores: EmbeddedStores, folder: Path, key: str, carrier: SlowCarrier, *, rate: int | None = None, **settings: str
) -> AsyncIterator[int]:
    """Run a worker with everything on, and yield its process id. `rate` is the rate of the channel."""
    config = folder / "worker.toml"
    config.write_text(
        f'[channels.{CHANNEL}]\ncarrier = "africastalking"\nusername = "sandbox"\n'
        f'api_key = "{secrets.token_hex(16)}"\nsecret = "{secrets.token_hex(16)}"\nservice_code = "{CODE}"\n'
        f'api_url = "http://127.0.0.1:{carrier.port}"\n' + (f"rate = {rate}\n" if rate else "")
    )
    health = free_port()
    variables = {
        "WASPADA_CONFIG": str(config),
        "WASPADA_REDIS_URL": stores.redis_url,
        "WASPADA_DATABASE_URL": stores.database_url,
        "WASPADA_VAULT_KEY": key,
        "WASPADA_LOG_FORMAT": "json",
        "WASPADA_WORKER_PORT": str(health),
        **{f"WASPADA_{name.upper()}": value for name, value in settings.items()},
    }
    command = [sys.executable, "-m", "gateway", "worker"]
    async with running(command, variables, folder / "worker.log", health) as pid:
        yield pid
