"""One owner per data folder: a lock that lasts as long as anything runs in there."""

from __future__ import annotations

import asyncio
import fcntl
import os
from pathlib import Path

from gateway.runtime.supervised import ServerFailed

_TAKEOVER_LIMIT = 15.0
_POLL = 0.05


class DataFolderTaken(ServerFailed):
    """The data folder belongs to another run, or to another user."""


async def take(data: Path) -> int:
    """The file descriptor that holds the lock of the data folder, which is made when it is not there.

    Servers inherit the lock. Those of a gateway that was killed hold it until they have stopped: that is
    waited for, up to 15 seconds.
    """
    lock = _open(data)
    try:
        async with asyncio.timeout(_TAKEOVER_LIMIT):
            while not _locked(lock):
                _check_owner(data, lock)
                await asyncio.sleep(_POLL)
    except TimeoutError:
        os.close(lock)
        raise DataFolderTaken(f"{data} is still used by the servers of an earlier waspada run") from None
    except BaseException:
        os.close(lock)
        raise
    os.truncate(lock, 0)
    os.pwrite(lock, str(os.getpid()).encode(), 0)
    return lock


def _open(data: Path) -> int:
    try:
        data.mkdir(parents=True, exist_ok=True)
        return os.open(data / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        reason = f"{error.strerror} ({error.filename})"
        raise DataFolderTaken(f"the data folder {data} cannot be used: {reason}") from None


def _locked(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _check_owner(data: Path, lock: int) -> None:
    owner = os.pread(lock, 20, 0).decode()
    if not owner:
        return
    try:
        os.kill(int(owner), 0)
    except ProcessLookupError:
        return
    except PermissionError:
        pass
    raise DataFolderTaken(f"{data} is already used by another waspada run (process {owner})")
