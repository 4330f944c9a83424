"""The servers from the wheels, as real processes: started twice, killed, orphaned, left in disorder."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from sqlalchemy import text

from gateway.runtime import drop_root
from gateway.runtime.data_folder import DataFolderInUse
from gateway.runtime.embedded import EmbeddedMissing, EmbeddedStores, find_binaries, store_urls
from gateway.runtime.postgres import Database, DatabaseUnavailable
from gateway.runtime.supervisor import ServerFailed

_ROOT = Path(__file__).parents[2]
_PROGRAM = [sys.executable, "-m", "tests.runtime.stores_program"]
_LAUNCHER = [sys.executable, "-I", "-S", str(Path(drop_root.__file__)), str(os.getpid()), str(int(signal.SIGTERM))]


@pytest.fixture(scope="session")
async def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder after its first start, to be copied: making one takes longer than anything else here."""
    folder = tmp_path_factory.mktemp("made")
    async with running(folder):
        pass
    return folder


@pytest.fixture
def data(made: Path, tmp_path: Path) -> Path:
    """A data folder of the test's own that has been used before."""
    return shutil.copytree(made, tmp_path / "var", symlinks=True)


@asynccontextmanager
async def running(data: Path) -> AsyncIterator[EmbeddedStores]:
    stores = await EmbeddedStores.start(data)
    try:
        yield stores
    finally:
        await stores.stop()


async def write(redis_url: str, database_url: str) -> None:
    """Leave a mark in both stores."""
    async with Redis.from_url(redis_url) as client:
        await client.set("mark", "kept")
    database = Database(database_url)
    async with database.begin() as connection:
        await connection.execute(text("CREATE TABLE mark AS SELECT 'kept' AS mark"))
    await database.close()


async def read(redis_url: str, database_url: str) -> tuple[Any, Any]:
    """The marks in both stores."""
    database = Database(database_url)
    try:
        async with Redis.from_url(redis_url, decode_responses=True) as client, database.begin() as connection:
            return await client.get("mark"), await connection.scalar(text("SELECT mark FROM mark"))
    finally:
        await database.close()


async def gone(pids: list[int]) -> None:
    """Return when none of the processes runs any more."""
    for _ in range(500):
        if not any(psutil.pid_exists(pid) and psutil.Process(pid).status() != "zombie" for pid in pids):
            return
        await asyncio.sleep(0.01)
    pytest.fail(f"some of {pids} still run after five seconds")


def give_to_nobody(folder: Path) -> None:
    for path in [folder, *folder.rglob("*")]:
        os.lchown(path, drop_root.NOBODY, drop_root.NOBODY)
    open_way_to(folder)


def open_way_to(folder: Path) -> None:
    """Let other users pass through what pytest made above `folder`."""
    for parent in folder.parents[:-2]:
        parent.chmod(0o711)


@dataclass(frozen=True, slots=True)
class Program:
    """A gateway of nothing but stores, in a process of its own."""

    process: subprocess.Popen[str]
    user: int
    pids: list[int]
    redis_url: str
    database_url: str


@contextmanager
def program(data: Path, *launcher: str) -> Iterator[Program]:
    process = subprocess.Popen(
        [*launcher, *_PROGRAM, str(data)], cwd=_ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    with process:
        assert process.stdout
        yield Program(process, **json.loads(process.stdout.readline()))
        process.kill()


async def test_data_is_there_after_a_stop_and_a_start(tmp_path: Path) -> None:
    data = tmp_path / "with a blank"
    async with running(data) as stores:
        await write(stores.redis_url, stores.database_url)

    async with running(data) as stores:
        assert await read(stores.redis_url, stores.database_url) == ("kept", "kept")
        assert store_urls(data) == (stores.redis_url, stores.database_url)


async def test_servers_listen_on_private_sockets_only(stores: EmbeddedStores) -> None:
    for pid in (stores.redis_pid, stores.postgres_pid):
        assert psutil.Process(pid).net_connections("inet") == []
    async with Redis.from_url(stores.redis_url) as client:
        folder = Path(str((await client.config_get("unixsocket"))["unixsocket"])).parent
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


async def test_servers_have_no_part_in_our_terminal_and_environment(stores: EmbeddedStores) -> None:
    for pid in (stores.redis_pid, stores.postgres_pid):
        assert os.getsid(pid) == pid
        assert set(psutil.Process(pid).environ()) <= {"TZ", "LC_ALL", "PGDATA", "PG_GRANDPARENT_PID"}


async def test_stopping_leaves_no_process_and_may_be_repeated(data: Path) -> None:
    stores = await EmbeddedStores.start(data)
    pids = [stores.redis_pid, stores.postgres_pid]
    pids += [child.pid for pid in pids for child in psutil.Process(pid).children(recursive=True)]

    await stores.stop()
    await stores.stop()

    assert not any(psutil.pid_exists(pid) for pid in pids)


async def test_a_folder_in_use_is_refused_and_its_user_undisturbed(data: Path) -> None:
    async with running(data) as stores:
        with pytest.raises(DataFolderInUse, match=rf"already used by another waspada run \(process {os.getpid()}\)"):
            await EmbeddedStores.start(data)
        await write(stores.redis_url, stores.database_url)
        assert await read(stores.redis_url, stores.database_url) == ("kept", "kept")


async def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(DataFolderInUse, match="cannot be used: File exists"):
        await EmbeddedStores.start(tmp_path / "file")


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM])
async def test_killed_servers_come_back_with_their_data(data: Path, ending: signal.Signals) -> None:
    async with running(data) as stores:
        await write(stores.redis_url, stores.database_url)
        before = stores.redis_pid, stores.postgres_pid

        for pid in before:
            os.kill(pid, ending)
        for _ in range(100):
            try:
                marks = await read(stores.redis_url, stores.database_url)
                break
            except (RedisConnectionError, DatabaseUnavailable):
                await asyncio.sleep(0.05)

        assert marks == ("kept", "kept")
        assert not set(before) & {stores.redis_pid, stores.postgres_pid}


async def test_a_killed_gateway_leaves_no_orphans_and_a_usable_folder(data: Path) -> None:
    with program(data) as first:
        await write(first.redis_url, first.database_url)
        first.process.kill()

        async with running(data) as stores:  # at once, while the first servers are still stopping
            assert await read(stores.redis_url, stores.database_url) == ("kept", "kept")
            await gone(first.pids)


async def test_ctrl_c_ends_everything_in_order(data: Path) -> None:
    with program(data) as gateway:
        os.killpg(gateway.process.pid, signal.SIGINT)

        assert await asyncio.to_thread(gateway.process.wait, 10) == 0
        assert gateway.process.stdout
        assert gateway.process.stdout.read() == "stopped\n"
        await gone(gateway.pids)
    assert "database system is shut down" in (data / "run" / "postgres.log").read_text()


async def test_an_ordinary_user_can_run_it(tmp_path: Path) -> None:
    """The launcher makes the whole gateway an ordinary user when root runs the tests."""
    with program(tmp_path / "var", *_LAUNCHER, str(tmp_path), "--") as gateway:
        assert gateway.user != 0
        await write(gateway.redis_url, gateway.database_url)
        gateway.process.terminate()
        assert await asyncio.to_thread(gateway.process.wait, 10) == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
async def test_root_runs_the_servers_as_the_user_to_whom_the_data_belongs(data: Path) -> None:
    async with running(data) as stores:
        await write(stores.redis_url, stores.database_url)
    give_to_nobody(data)

    async with running(data) as stores:
        assert await read(stores.redis_url, stores.database_url) == ("kept", "kept")
        users = {psutil.Process(pid).uids().real for pid in (stores.redis_pid, stores.postgres_pid)}
        assert users == {drop_root.NOBODY}


async def test_the_rest_of_an_unfinished_first_start_is_swept_away(tmp_path: Path) -> None:
    (tmp_path / "postgres.new" / "base").mkdir(parents=True)
    (tmp_path / "postgres.new" / "PG_VERSION").write_text("16\n")

    async with running(tmp_path) as stores:
        await write(stores.redis_url, stores.database_url)
    assert not (tmp_path / "postgres.new").exists()


async def test_a_process_number_from_before_a_crash_does_not_block(data: Path) -> None:
    """After a power cut another process, here ours, may have the number that the dead server wrote down."""
    async with running(data):
        stale = (data / "postgres" / "postmaster.pid").read_text().splitlines()
    stale[0] = str(os.getpid())
    (data / "postgres" / "postmaster.pid").write_text("\n".join(stale))
    (data / "run" / ".s.PGSQL.5432.lock").write_text("\n".join(stale))
    (data / "run" / "redis.sock").touch()

    async with running(data) as stores:
        await write(stores.redis_url, stores.database_url)


async def test_a_path_too_long_for_a_socket_works(made: Path, tmp_path: Path) -> None:
    data = shutil.copytree(made, tmp_path / ("long" * 25), symlinks=True)
    async with running(data) as stores:
        await write(stores.redis_url, stores.database_url)
        assert str(tmp_path) not in stores.redis_url
        assert len(stores.redis_url) < 100


async def test_a_strangers_file_in_place_of_the_distant_sockets_is_refused(tmp_path: Path) -> None:
    data = tmp_path / ("long" * 25)
    sockets = Path(store_urls(data).redis.removeprefix("unix://").partition("?")[0]).parent
    sockets.symlink_to(tmp_path)

    try:
        with pytest.raises(DataFolderInUse, match="is in the way"):
            await EmbeddedStores.start(data)
    finally:
        sockets.unlink()


async def test_damaged_data_is_reported_with_the_servers_words(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir(mode=0o700)

    with pytest.raises(ServerFailed, match=r"postgres did not start(.|\n)*could not access the server config"):
        await EmbeddedStores.start(tmp_path)

    (tmp_path / "postgres").rmdir()
    async with running(tmp_path):
        pass


def test_a_missing_wheel_is_named() -> None:
    with pytest.raises(EmbeddedMissing, match="pip install"):
        find_binaries("no_such_wheel", "bin")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has something to lose")
def test_where_namespaces_are_refused_root_becomes_nobody(tmp_path: Path) -> None:
    """The kernel refuses a user namespace to a process with two threads, as a container does to any."""
    open_way_to(tmp_path)
    script = (
        "import os, sys, threading, time; from gateway.runtime import drop_root;"
        "threading.Thread(target=time.sleep, args=(60,), daemon=True).start();"
        "drop_root.main([str(os.getppid()), '15', *sys.argv[1:], '--',"
        "'/bin/sh', '-c', f'id -u; touch {sys.argv[1]}/it'])"
    )

    ran = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], cwd=_ROOT, capture_output=True, text=True, check=True
    )

    assert ran.stdout == f"{drop_root.NOBODY}\n"
    assert (tmp_path / "it").stat().st_uid == drop_root.NOBODY


def test_a_folder_out_of_reach_is_named() -> None:
    folder = "/proc/1"
    ran = subprocess.run([*_LAUNCHER, folder, "--", "/bin/true"], capture_output=True, text=True, check=False)

    assert ran.returncode == 1
    assert f"may not use {folder}" in ran.stderr


def test_a_server_whose_parent_is_gone_does_not_start(tmp_path: Path) -> None:
    launcher = [*_LAUNCHER[:4], "1", *_LAUNCHER[5:]]
    ran = subprocess.run([*launcher, str(tmp_path), "--", "/bin/true"], capture_output=True, text=True, check=False)

    assert ran.returncode == 1
    assert "is gone" in ran.stderr
