"""One server process kept alive: started, watched, started again when it dies, stopped when asked."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import structlog

log = structlog.get_logger()

_LAUNCHER = Path(__file__).with_name("drop_root.py")
_POLL = 0.02
_FIRST_BACKOFF = 0.2
_MAX_BACKOFF = 5.0
_LOG_LINES_SHOWN = 5
_LOG_BYTES_KEPT = 1_000_000


class ServerFailed(Exception):
    """A server did not start. The message ends with the last lines of its log."""


@dataclass(frozen=True, slots=True)
class ServerCommand:
    """What to run, as what, and how to end it."""

    name: str
    arguments: list[str]
    folders: list[Path]
    """What it must be able to write. The owner of the first one is the user it runs as when we are root."""
    log: Path
    keep_open: int
    """A file descriptor that the server holds while it lives."""
    stop_signal: signal.Signals
    stop_limit: float = 10.0
    """Seconds after which a server that does not stop is killed."""

    async def spawn(self) -> asyncio.subprocess.Process:
        """Start it, to end when we end.

        It has a session of its own, so that the terminal's Ctrl-C reaches only us, and an empty environment,
        because ours carries secrets.
        """
        launcher = [sys.executable, "-I", "-S", str(_LAUNCHER), str(os.getpid()), str(int(self.stop_signal))]
        _truncate_log(self.log)
        with self.log.open("ab") as output:
            return await asyncio.create_subprocess_exec(
                *launcher,
                *map(str, self.folders),
                "--",
                *self.arguments,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={"TZ": "UTC", "LC_ALL": "C"},
                pass_fds=(self.keep_open,),
                start_new_session=True,
            )

    async def run(self, limit: float) -> None:
        """Run it to its end. Raises `ServerFailed` when it fails or is not done after `limit` seconds."""
        process = await self.spawn()
        try:
            async with asyncio.timeout(limit):
                await process.wait()
        except TimeoutError:
            raise self.failure(f"not done after {limit:g} seconds") from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode != 0:
            raise self.failure(f"exit status {process.returncode}")

    def failure(self, reason: str) -> ServerFailed:
        lines = self.log.read_text(errors="replace").splitlines()[-_LOG_LINES_SHOWN:]
        return ServerFailed("\n  ".join([f"{self.name} did not start ({reason}); its log {self.log} ends:", *lines]))


class SupervisedServer:
    """A running server. Make one with `started`."""

    def __init__(self, command: ServerCommand, answers: Callable[[], Awaitable[bool]]) -> None:
        self._command = command
        self._answers = answers
        self._stopping = asyncio.Event()
        self._process: asyncio.subprocess.Process
        self._watch: asyncio.Task[None]

    @classmethod
    async def start(
        cls, command: ServerCommand, answers: Callable[[], Awaitable[bool]], *, limit: float
    ) -> SupervisedServer:
        """Start `command` and watch it from the moment that it `answers`.

        Raises `ServerFailed` when it ends before, or does not answer within `limit` seconds.
        """
        server = cls(command, answers)
        server._process = await command.spawn()
        try:
            async with asyncio.timeout(limit):
                answered = await server._wait_until_ready()
        except TimeoutError:
            await server._terminate()
            raise command.failure(f"no answer after {limit:g} seconds") from None
        except BaseException:
            await server._terminate()
            raise
        if not answered:
            raise command.failure(f"exit status {server._process.returncode}")
        server._watch = asyncio.create_task(server._supervise(), name=f"keep {command.name}")
        return server

    @property
    def pid(self) -> int:
        return self._process.pid

    async def stop(self) -> None:
        """End the server in order; kill it when that takes too long."""
        self._stopping.set()
        await self._terminate()
        await asyncio.gather(self._watch, return_exceptions=True)

    async def _supervise(self) -> None:
        pause = _FIRST_BACKOFF
        while not self._stopping.is_set():
            status = await self._process.wait()
            if await self._stops_within(0):
                return
            log.error("store.died", store=self._command.name, status=status, again_after=pause)
            if await self._stops_within(pause):
                return
            if await self._restart():
                log.info("store.back", store=self._command.name)
                pause = _FIRST_BACKOFF
            else:
                pause = min(2 * pause, _MAX_BACKOFF)

    async def _restart(self) -> bool:
        try:
            self._process = await self._command.spawn()
        except OSError as error:
            log.warning("store.not_started", store=self._command.name, error=repr(error))
            return False
        if self._stopping.is_set():
            await self._terminate()
        return await self._wait_until_ready()

    async def _stops_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                return await self._stopping.wait()
        except TimeoutError:
            return self._stopping.is_set()

    async def _wait_until_ready(self) -> bool:
        """Wait until the server answers; False when it ended instead."""
        while self._process.returncode is None:
            if await self._answers():
                return True
            await asyncio.sleep(_POLL)
        return False

    async def _terminate(self) -> None:
        if self._process.returncode is not None:
            return
        self._process.send_signal(self._command.stop_signal)
        try:
            async with asyncio.timeout(self._command.stop_limit):
                await self._process.wait()
        except TimeoutError:
            log.warning("store.killed", store=self._command.name)
            self._process.kill()
            await self._process.wait()


def _truncate_log(path: Path) -> None:
    """Empty a log that has grown past its bound: the servers are quiet, so a long one is old trouble."""
    if path.exists() and path.stat().st_size > _LOG_BYTES_KEPT:
        path.write_bytes(b"")
