"""Command `waspada` as a process of its own, configured by options and variables, observed by its output."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from click.testing import CliRunner

from gateway.cli import main
from tests.helpers.waiting import until

ROOT = Path(__file__).parents[2]
COMMAND = (sys.executable, "-m", "gateway")
START_S = 60.0
"""Seconds for a first start on a busy machine. Targets of speed are checked by `make bench`, not here."""


@dataclass(frozen=True, slots=True)
class Program:
    """Running `waspada`."""

    process: Process
    data: Path
    port: int
    log: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def servers(self) -> list[psutil.Process]:
        """Return the processes of the stores that it has started. No signal of the terminal reaches them."""
        return psutil.Process(self.process.pid).children(recursive=True)

    async def server(self, name: str, but: int = 0) -> psutil.Process:
        """Wait for the process of a store, other than the one with the pid `but`, and return it."""

        def found() -> list[psutil.Process]:
            children = psutil.Process(self.process.pid).children()
            return [child for child in children if child.pid != but and name in name_of(child)]

        async def one_runs() -> bool:
            return bool(found())

        await until(one_runs)
        return found()[0]

    async def list_json(self, *verb: str) -> list[dict[str, Any]]:
        """Return the rows of a list of this gateway, as the command prints them."""
        status, out, err = await run_verb(*verb, "list", "--json", "--data", str(self.data))
        assert (status, err) == (0, "")
        listed: list[dict[str, Any]] = json.loads(out)
        return listed

    async def end_with(self, how: signal.Signals) -> int:
        """Send a signal and wait for the end. Returns the exit status."""
        self.process.send_signal(how)
        async with asyncio.timeout(20):
            return await self.process.wait()

    async def rest_of_output(self) -> str:
        assert self.process.stdout
        return (await self.process.stdout.read()).decode()


def environment(**settings: str) -> dict[str, str]:
    """Return the environment of this process, with these settings of the gateway and no other."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("WASPADA_")}
    return ours | {f"WASPADA_{name.upper()}": value for name, value in settings.items()}


async def run_command(*arguments: str, **settings: str) -> tuple[int, str, str]:
    """Run a verb to its end. Returns exit status, stdout and stderr."""
    process = await asyncio.create_subprocess_exec(
        *COMMAND, *arguments, stdin=DEVNULL, stdout=PIPE, stderr=PIPE, cwd=ROOT, env=environment(**settings)
    )
    async with asyncio.timeout(START_S):
        out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


async def run_verb(*arguments: str, **settings: str) -> tuple[int, str, str]:
    """Run a verb within this process, as `run_command` does in one of its own, whose imports take seconds.

    It shares nothing with a gateway that runs but its data folder and its stores.
    """
    ours = environment(**settings)
    env = {name: ours.get(name) for name in os.environ.keys() | ours.keys() if name.startswith("WASPADA_")}
    result = await asyncio.to_thread(CliRunner(env=env).invoke, main, arguments)
    return result.exit_code, result.stdout, result.stderr


@asynccontextmanager
async def run_program(*arguments: str, data: Path, port: int = 0, **settings: str) -> AsyncIterator[Program]:
    """Run `waspada` with these arguments. The block begins at its greeting, and kills it at the end."""
    port = port or free_port()
    log = data.with_suffix(".log")
    defaults = {"data": str(data), "port": str(port), "log_format": "json", "poll_ms": "50"}
    with log.open("ab") as errors:
        process = await asyncio.create_subprocess_exec(
            *COMMAND,
            *arguments,
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=errors,
            cwd=ROOT,
            env=environment(**defaults | settings),
        )
    try:
        await _greeted(process, log)
        yield Program(process, data, port, log)
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def _greeted(process: Process, log: Path) -> None:
    assert process.stdout
    async with asyncio.timeout(START_S):
        greeting = (await process.stdout.readline()).decode()
    if not greeting.startswith("Waspada "):
        raise AssertionError(f"the program did not start, see {log}")


def free_port() -> int:
    """Return a port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def name_of(process: psutil.Process) -> str:
    """Return the name of a process, or an empty text if it has ended."""
    try:
        return process.name()
    except psutil.NoSuchProcess:
        return ""


async def wait_until_gone(processes: Iterable[psutil.Process], seconds: float = 15.0) -> None:
    """Return when all of the processes have ended."""
    processes = list(processes)

    async def none_runs() -> bool:
        return not any(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in processes)

    await until(none_runs, seconds)
