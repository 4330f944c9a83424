"""Supervisor of one server process: start it, restart it with exponential backoff when it dies, stop it in order."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import structlog

from gateway.text.errors import UserError

log = structlog.get_logger()

_LAUNCHER = Path(__file__).with_name("drop_root.py")
_POLL = 0.02
_FIRST_BACKOFF = 0.2
_MAX_BACKOFF = 5.0
_LOG_LINES_SHOWN = 5
_LOG_BYTES_KEPT = 1_000_000


class ServerFailed(UserError):
    """Error: a server did not start. The message ends with the last lines of its log."""


@dataclass(frozen=True, slots=True)
class ServerCommand:
    """Command line of a server, its user, and its end."""

    name: str
    arguments: list[str]
    folders: list[Path]
    """Folders that it must be able to write to. If we are root, it runs as the owner of the first one."""
    log: Path
    keep_open: int
    """File descriptor that the server keeps open while it lives."""
    stop_signal: signal.Signals
    stop_limit: float = 10.0
    """Seconds after which a server that does not stop is killed."""

    async def spawn(self) -> asyncio.subprocess.Process:
        """Start the process, tied to the life of this one.

        It has a session of its own, so that Ctrl-C of the terminal reaches only this process, and an empty
        environment, because ours contains secrets.
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
        """Run the command to its end. Raises `ServerFailed` if it fails, or takes more than `limit` seconds."""
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
    """Running server. Create with `start`."""

    def __init__(self, command: ServerCommand, answers: Callable[[], Awaitable[bool]]) -> None:
        self._command = command
        self._answers = answers
        self._stopping = asyncio.Event()
        self._process: asyncio.subprocess.Process
        self._supervision: asyncio.Task[None]

    @classmethod
    async def start(
        cls, command: ServerCommand, answers: Callable[[], Awaitable[bool]], *, limit: float
    ) -> SupervisedServer:
        """Start `command` and supervise it from the moment that it `answers`.

        Raises `ServerFailed` if it ends before, or does not answer within `limit` seconds.
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
        server._supervision = asyncio.create_task(server._supervise(), name=f"keep {command.name}")
        return server

    @property
    def pid(self) -> int:
        return self._process.pid

    async def stop(self) -> None:
        """Stop the server in order, and kill it if that takes too long."""
        self._stopping.set()
        await self._terminate()
        await asyncio.gather(self._supervision, return_exceptions=True)

    async def _supervise(self) -> None:
        backoff = _FIRST_BACKOFF
        while not self._stopping.is_set():
            status = await self._process.wait()
            if await self._stops_within(0):
                return
            log.error("store.died", store=self._command.name, status=status, again_after=backoff)
            if await self._stops_within(backoff):
                return
            if await self._restart():
                log.info("store.back", store=self._command.name)
                backoff = _FIRST_BACKOFF
            else:
                backoff = min(2 * backoff, _MAX_BACKOFF)

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
        """Wait until the server answers. Returns False if it ended instead."""
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
    """Empty a log that has grown past its bound. The servers log little, so a long one is about an old fault."""
    if path.exists() and path.stat().st_size > _LOG_BYTES_KEPT:
        path.write_bytes(b"")
