"""Lock of a data folder: one owner at a time, held by the kernel, so that no crash leaves it behind."""

from __future__ import annotations

import asyncio
import fcntl
import os
from pathlib import Path

from gateway.runtime.supervisor import ServerFailed

_OWNER_LIMIT = 0.5
"""Seconds that a killed gateway may take to end."""
_SERVERS_LIMIT = 15.0
"""Seconds that the servers of a killed gateway may take to stop in order."""
_POLL = 0.02


class DataFolderInUse(ServerFailed):
    """Error: the data folder belongs to another run, or to another user."""


class DataFolder:
    """Data folder that this process owns. Get one with `acquire`, end with `release`."""

    def __init__(self, data: Path) -> None:
        self.path = data.resolve()
        self.servers_lock = -1
        """File descriptor for the servers to inherit: the next owner waits until they have closed it."""
        self._lock = -1

    @classmethod
    async def acquire(cls, data: Path) -> DataFolder:
        """Lock the folder `data`, and create it if it is missing. Raises `DataFolderInUse`."""
        folder = cls(data)
        try:
            await folder._acquire()
        except BaseException:
            folder.release()
            raise
        return folder

    async def _acquire(self) -> None:
        self._lock = _open(self.path, "lock")
        if not await _try_lock(self._lock, _OWNER_LIMIT):
            owner = os.pread(self._lock, 20, 0).decode()
            raise DataFolderInUse(f"{self.path} is already used by another waspada run (process {owner})")
        os.truncate(self._lock, 0)
        os.pwrite(self._lock, str(os.getpid()).encode(), 0)
        self.servers_lock = _open(self.path, "servers.lock")
        if not await _try_lock(self.servers_lock, _SERVERS_LIMIT):
            raise DataFolderInUse(f"{self.path} is still used by the servers of an earlier waspada run")

    def release(self) -> None:
        """Unlock the folder. May be called again."""
        for descriptor in (self.servers_lock, self._lock):
            if descriptor >= 0:
                os.close(descriptor)
        self.servers_lock = self._lock = -1


def _open(data: Path, name: str) -> int:
    try:
        data.mkdir(parents=True, exist_ok=True)
        return os.open(data / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        reason = f"{error.strerror} ({error.filename})"
        raise DataFolderInUse(f"the data folder {data} cannot be used: {reason}") from None


async def _try_lock(descriptor: int, limit: float) -> bool:
    """Return True if the lock was acquired within `limit` seconds."""
    for _ in range(int(limit / _POLL)):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            await asyncio.sleep(_POLL)
        else:
            return True
    return False
