"""Embedded servers as real processes: started twice, killed, orphaned, and after a crash."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from gateway.runtime import drop_root
from gateway.runtime.data_folder import DataFolderInUse
from gateway.runtime.embedded import EmbeddedMissing, EmbeddedStores, find_binaries
from gateway.runtime.postgres import DatabaseUnavailable
from gateway.runtime.store_urls import store_urls
from gateway.runtime.supervisor import ServerFailed
from tests.helpers.packs import ROOT
from tests.helpers.program import wait_until_gone
from tests.helpers.stores import LAUNCHER, let_others_reach, read_marks, run_stores, write_marks

_PROGRAM = [sys.executable, "-m", "tests.runtime.stores_program"]


def give_to_nobody(folder: Path) -> None:
    for path in [folder, *folder.rglob("*")]:
        os.lchown(path, drop_root.NOBODY, drop_root.NOBODY)
    let_others_reach(folder)


@dataclass(frozen=True, slots=True)
class Program:
    """Embedded stores in a process of their own."""

    process: subprocess.Popen[str]
    user: int
    servers: list[psutil.Process]
    redis_url: str
    database_url: str


@contextmanager
def program(data: Path, *launcher: str) -> Iterator[Program]:
    process = subprocess.Popen(
        [*launcher, *_PROGRAM, str(data)], cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    with process:
        assert process.stdout
        addresses = json.loads(process.stdout.readline())
        servers = [psutil.Process(pid) for pid in addresses.pop("pids")]
        yield Program(process, servers=servers, **addresses)
        process.kill()


async def test_data_survives_a_stop_and_a_start(tmp_path: Path) -> None:
    data = tmp_path / "with a blank"
    async with run_stores(data) as stores:
        await write_marks(stores.redis_url, stores.database_url)

    async with run_stores(data) as stores:
        assert await read_marks(stores.redis_url, stores.database_url) == ("kept", "kept")
        assert store_urls(data) == (stores.redis_url, stores.database_url)


async def test_servers_listen_on_private_sockets_only(stores: EmbeddedStores) -> None:
    for pid in (stores.redis_pid, stores.postgres_pid):
        assert psutil.Process(pid).net_connections("inet") == []

    async with Redis.from_url(stores.redis_url) as client:
        folder = Path(str((await client.config_get("unixsocket"))["unixsocket"])).parent
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


async def test_servers_share_neither_terminal_nor_environment(stores: EmbeddedStores) -> None:
    for pid in (stores.redis_pid, stores.postgres_pid):
        assert os.getsid(pid) == pid
        assert set(psutil.Process(pid).environ()) <= {"TZ", "LC_ALL", "PGDATA", "PG_GRANDPARENT_PID"}


async def test_stop_leaves_no_process_and_may_be_repeated(data: Path) -> None:
    stores = await EmbeddedStores.start(data)
    pids = [stores.redis_pid, stores.postgres_pid]
    pids += [child.pid for pid in pids for child in psutil.Process(pid).children(recursive=True)]

    await stores.stop()
    await stores.stop()

    assert not any(psutil.pid_exists(pid) for pid in pids)


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM])
async def test_killed_servers_restart_with_their_data(data: Path, ending: signal.Signals) -> None:
    async with run_stores(data) as stores:
        await write_marks(stores.redis_url, stores.database_url)
        before = stores.redis_pid, stores.postgres_pid

        for pid in before:
            os.kill(pid, ending)
        for _ in range(100):
            try:
                marks = await read_marks(stores.redis_url, stores.database_url)
                break
            except (RedisConnectionError, DatabaseUnavailable):
                await asyncio.sleep(0.05)

        assert marks == ("kept", "kept")
        assert not set(before) & {stores.redis_pid, stores.postgres_pid}


async def test_killed_gateway_leaves_no_orphans_and_a_usable_folder(data: Path) -> None:
    with program(data) as first:
        await write_marks(first.redis_url, first.database_url)
        first.process.kill()

        async with run_stores(data) as stores:  # at once, while the first servers are still stopping
            assert await read_marks(stores.redis_url, stores.database_url) == ("kept", "kept")
            await wait_until_gone(first.servers)


async def test_ctrl_c_stops_everything_in_order(data: Path) -> None:
    with program(data) as gateway:
        os.killpg(gateway.process.pid, signal.SIGINT)

        assert await asyncio.to_thread(gateway.process.wait, 10) == 0
        assert gateway.process.stdout
        assert gateway.process.stdout.read() == "stopped\n"
        await wait_until_gone(gateway.servers)
    assert "database system is shut down" in (data / "run" / "postgres.log").read_text()


async def test_stores_run_as_an_ordinary_user(tmp_path: Path) -> None:
    """If root runs the tests, the launcher makes the whole program an ordinary user."""
    with program(tmp_path / "var", *LAUNCHER, str(tmp_path), "--") as gateway:
        assert gateway.user != 0

        await write_marks(gateway.redis_url, gateway.database_url)
        gateway.process.terminate()
        assert await asyncio.to_thread(gateway.process.wait, 10) == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
async def test_root_runs_the_servers_as_the_owner_of_the_data(data: Path) -> None:
    async with run_stores(data) as stores:
        await write_marks(stores.redis_url, stores.database_url)
    give_to_nobody(data)

    async with run_stores(data) as stores:
        assert await read_marks(stores.redis_url, stores.database_url) == ("kept", "kept")

        users = {psutil.Process(pid).uids().real for pid in (stores.redis_pid, stores.postgres_pid)}
        assert users == {drop_root.NOBODY}


async def test_unfinished_first_start_is_cleaned_up(tmp_path: Path) -> None:
    (tmp_path / "postgres.new" / "base").mkdir(parents=True)
    (tmp_path / "postgres.new" / "PG_VERSION").write_text("16\n")

    async with run_stores(tmp_path) as stores:
        await write_marks(stores.redis_url, stores.database_url)
    assert not (tmp_path / "postgres.new").exists()


async def test_stale_process_id_does_not_block_the_start(data: Path) -> None:
    """After a power cut another process, here this one, may have the process id in the file of the dead server."""
    async with run_stores(data):
        stale = (data / "postgres" / "postmaster.pid").read_text().splitlines()
    stale[0] = str(os.getpid())
    (data / "postgres" / "postmaster.pid").write_text("\n".join(stale))
    (data / "run" / ".s.PGSQL.5432.lock").write_text("\n".join(stale))
    (data / "run" / "redis.sock").touch()

    async with run_stores(data) as stores:
        await write_marks(stores.redis_url, stores.database_url)


async def test_path_too_long_for_a_socket_works(used_data_folder: Path, tmp_path: Path) -> None:
    data = shutil.copytree(used_data_folder, tmp_path / ("long" * 25), symlinks=True)
    async with run_stores(data) as stores:
        await write_marks(stores.redis_url, stores.database_url)

        assert str(tmp_path) not in stores.redis_url
        assert len(stores.redis_url) < 100


async def test_foreign_file_in_place_of_the_socket_folder_is_refused(tmp_path: Path) -> None:
    data = tmp_path / ("long" * 25)
    sockets = Path(store_urls(data).redis.removeprefix("unix://").partition("?")[0]).parent
    sockets.symlink_to(tmp_path)

    try:
        with pytest.raises(DataFolderInUse, match="cannot be replaced"):
            await EmbeddedStores.start(data)
    finally:
        sockets.unlink()


async def test_damaged_data_is_reported_with_the_server_s_log(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir(mode=0o700)

    with pytest.raises(ServerFailed, match=r"postgres did not start(.|\n)*could not access the server config"):
        await EmbeddedStores.start(tmp_path)

    (tmp_path / "postgres").rmdir()
    async with run_stores(tmp_path):
        pass


def test_missing_wheel_is_named() -> None:
    with pytest.raises(EmbeddedMissing, match="pip install"):
        find_binaries("no_such_wheel", "bin")
