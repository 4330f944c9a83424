"""Embedded stores in a process of their own: `python -m tests.runtime.stores_program DATA`.

Prints their addresses as one line of JSON, and stops in order on SIGINT and SIGTERM.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

import uvloop

from gateway.runtime.embedded import EmbeddedStores


async def main(data: Path) -> None:
    stop = asyncio.Event()
    for ending in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(ending, stop.set)
    stores = await EmbeddedStores.start(data)
    where = {
        "user": os.geteuid(),
        "pids": [stores.redis_pid, stores.postgres_pid],
        "redis_url": stores.redis_url,
        "database_url": stores.database_url,
    }
    print(json.dumps(where), flush=True)
    await stop.wait()
    await stores.stop()
    print("stopped", flush=True)


if __name__ == "__main__":
    uvloop.run(main(Path(sys.argv[1])))
