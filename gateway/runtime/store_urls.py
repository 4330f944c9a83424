"""URLs of the embedded stores of a data folder. Every command needs them, and few need the servers themselves."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

SERVER_NAME = "waspada"
"""Name of the database, its user, and the servers."""
_MAX_SOCKET_PATH = 100
"""Bytes. The kernel takes 107, and PostgreSQL appends `.lock` to one of its names."""


class StoreUrls(NamedTuple):
    redis: str
    database: str


def store_urls(data: Path) -> StoreUrls:
    """Return the URLs of the servers of folder `data`, running or not."""
    sockets = socket_folder(data.resolve())
    host = quote(str(sockets), safe="")
    redis_url = f"unix://{quote(str(sockets / 'redis.sock'))}?db=0"
    return StoreUrls(redis_url, f"postgresql+asyncpg://{SERVER_NAME}@/{SERVER_NAME}?host={host}")


def socket_folder(data: Path) -> Path:
    """Return the folder of the sockets: in the data folder, or a temporary one if that path is too long."""
    folder = data / "run"
    if len(os.fsencode(folder / ".s.PGSQL.5432.lock")) <= _MAX_SOCKET_PATH:
        return folder
    return Path(tempfile.gettempdir()) / f"waspada-{hashlib.sha256(os.fsencode(data)).hexdigest()[:16]}"
