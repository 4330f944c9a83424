"""PgBouncer of Debian in front of a PostgreSQL server, as operators run it."""

from __future__ import annotations

import asyncio
import shutil
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Literal

from sqlalchemy import make_url

from tests.helpers.program import free_port
from tests.helpers.redis_servers import listens
from tests.helpers.stores import LAUNCHER
from tests.helpers.waiting import until

SERVER_CONNECTIONS = 3
"""Fewer than the gateway opens, so that its transactions meet on all of them."""


@asynccontextmanager
async def run_pooler(
    folder: Path,
    database_url: str,
    mode: Literal["session", "transaction"] = "transaction",
    size: int = SERVER_CONNECTIONS,
    socket: Path | None = None,
    password: str = "",
) -> AsyncIterator[str]:
    """Run a pooler in front of a database, with `size` connections to it. Yields the URL of the database behind it.

    It listens on a port of its own, or as if it were the server on `socket`, a path that ends in `.s.PGSQL.5432`.
    """
    program = shutil.which("pgbouncer") or "/usr/sbin/pgbouncer"
    url, port = make_url(database_url), 5432 if socket else free_port()
    listen = f"unix_socket_dir = {socket.parent}" if socket else "listen_addr = 127.0.0.1\nunix_socket_dir ="
    settings = folder / "pgbouncer.ini"
    (folder / "users.txt").write_text(f'"{url.username}" "{password}"\n')
    users = f"auth_type = md5\nauth_file = {folder}/users.txt" if password else "auth_type = any"
    settings.write_text(
        "[databases]\n"
        f"{url.database} = host={url.query['host']} user={url.username} dbname={url.database}\n"
        "[pgbouncer]\n"
        f"{listen}\nlisten_port = {port}\n{users}\npool_mode = {mode}\n"
        f"default_pool_size = {size}\nserver_round_robin = 1\nlogfile = {folder}/pgbouncer.log\n"
    )
    process = await asyncio.create_subprocess_exec(
        *LAUNCHER, str(folder), "--", program, str(settings), stdin=DEVNULL, stdout=DEVNULL, stderr=DEVNULL
    )
    try:
        await until(partial(listens, socket or port))
        yield f"postgresql://{url.username}@127.0.0.1:{port}/{url.database}"
    finally:
        process.kill()
        await process.wait()
