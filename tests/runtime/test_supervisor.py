"""Supervisor with small shell scripts in place of the servers."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import psutil
import pytest

from gateway.runtime.supervisor import ServerCommand, ServerFailed, SupervisedServer
from tests.helpers.waiting import until


@pytest.fixture
async def spare() -> AsyncIterator[int]:
    """Open a file descriptor to be inherited."""
    descriptor = os.open("/dev/null", os.O_RDONLY)
    yield descriptor
    os.close(descriptor)


@pytest.fixture
def shell(tmp_path: Path, spare: int) -> Callable[[str], ServerCommand]:
    """Return a factory of commands that run a shell script in `tmp_path`."""

    def command(script: str) -> ServerCommand:
        line = ["/bin/sh", "-c", f"cd {tmp_path}; {script}"]
        return ServerCommand("shell", line, [tmp_path], tmp_path / "log", spare, signal.SIGTERM, stop_limit=0.3)

    return command


_SCRIPT = "echo start >> starts; touch up; exec sleep 60"


def up(folder: Path) -> Callable[[], Awaitable[bool]]:
    async def answers() -> bool:
        return (folder / "up").exists()

    return answers


def starts(folder: Path) -> int:
    """Count how often a script has printed `start`."""
    record = folder / "starts"
    return len(record.read_text().splitlines()) if record.exists() else 0


async def test_dead_server_is_restarted(shell: Callable[[str], ServerCommand], tmp_path: Path) -> None:
    server = await SupervisedServer.start(shell(_SCRIPT), up(tmp_path), limit=5)
    first = server.pid

    os.kill(first, signal.SIGKILL)

    await until(lambda: server.pid != first)

    assert psutil.pid_exists(server.pid)

    await server.stop()
    assert not psutil.pid_exists(server.pid)


async def test_backoff_grows_while_the_server_keeps_dying(
    shell: Callable[[str], ServerCommand], tmp_path: Path
) -> None:
    script = "echo start >> starts; test $(wc -l < starts) = 1 || exit 1; touch up; exec sleep 60"
    server = await SupervisedServer.start(shell(script), up(tmp_path), limit=5)

    (tmp_path / "up").unlink()
    os.kill(server.pid, signal.SIGKILL)
    await asyncio.sleep(1.3)  # attempts after 0.2, 0.6 and 1.4 seconds

    assert starts(tmp_path) in {2, 3}

    await server.stop()


async def test_server_that_does_not_stop_is_killed(shell: Callable[[str], ServerCommand], tmp_path: Path) -> None:
    script = "trap '' TERM; touch up; while :; do sleep 0.1; done"
    server = await SupervisedServer.start(shell(script), up(tmp_path), limit=5)

    await server.stop()

    assert not psutil.pid_exists(server.pid)


async def test_stop_during_a_backoff_restarts_nothing(shell: Callable[[str], ServerCommand], tmp_path: Path) -> None:
    server = await SupervisedServer.start(shell(_SCRIPT), up(tmp_path), limit=5)
    os.kill(server.pid, signal.SIGKILL)
    await until(lambda: not psutil.pid_exists(server.pid))

    await server.stop()
    await asyncio.sleep(0.3)

    assert starts(tmp_path) == 1


async def test_server_that_ends_before_it_answers_fails_with_its_log(
    shell: Callable[[str], ServerCommand], tmp_path: Path
) -> None:
    with pytest.raises(ServerFailed, match=r"shell did not start \(exit status 3\)(.|\n)*no such thing"):
        await SupervisedServer.start(shell("echo no such thing; exit 3"), up(tmp_path), limit=5)


async def test_server_that_does_not_answer_in_time_is_stopped(
    shell: Callable[[str], ServerCommand], tmp_path: Path
) -> None:
    script = "echo $$ > pid; exec sleep 60"
    with pytest.raises(ServerFailed, match=r"no answer after 1 seconds"):
        await SupervisedServer.start(shell(script), up(tmp_path), limit=1)

    assert not psutil.pid_exists(int((tmp_path / "pid").read_text()))


async def test_command_that_fails_or_takes_too_long_is_stopped(
    shell: Callable[[str], ServerCommand], tmp_path: Path
) -> None:
    await shell("touch done").run(5)
    assert (tmp_path / "done").exists()

    with pytest.raises(ServerFailed, match="exit status 4"):
        await shell("exit 4").run(5)
    with pytest.raises(ServerFailed, match=r"not done after 0\.3 seconds"):
        await shell("exec sleep 60").run(0.3)


async def test_server_does_not_inherit_the_environment(
    shell: Callable[[str], ServerCommand], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WASPADA_VAULT_KEY", "not for them")

    await shell("env > seen").run(5)

    assert "WASPADA" not in (tmp_path / "seen").read_text()


async def test_log_past_its_bound_is_emptied(shell: Callable[[str], ServerCommand], tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"x" * 1_000_001)

    await shell("echo new").run(5)

    assert log.read_text() == "new\n"


async def test_supervision_survives_a_start_that_the_system_refuses(
    shell: Callable[[str], ServerCommand], tmp_path: Path
) -> None:
    """The log cannot be opened for a while, as if the disk were full or no file descriptor left."""
    server = await SupervisedServer.start(shell(_SCRIPT), up(tmp_path), limit=5)
    first = server.pid
    (tmp_path / "log").unlink()
    (tmp_path / "log").mkdir()
    os.kill(first, signal.SIGKILL)
    await asyncio.sleep(0.4)

    (tmp_path / "log").rmdir()

    await until(lambda: server.pid != first)
    await server.stop()
