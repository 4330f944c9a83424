"""Probe of Redis, over real servers that take no writes."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from gateway.runtime import redis_probe
from gateway.runtime.readiness import UNREACHABLE, NotReady
from gateway.runtime.redis import redis_client
from gateway.runtime.redis_probe import probe_redis
from tests.helpers.program import free_port
from tests.helpers.redis_servers import listens, run_redis
from tests.helpers.waiting import until

PASSWORD = "It refuses the user or the password of redis_url."
FULL = "It is out of memory: raise maxmemory, or look for what fills it."
NO_DATABASE = "It has no database of the number in redis_url."
ALONE = "It takes no writes without its replicas (min-replicas-to-write)."
SECONDS = 10.0


async def fault(url: str, seconds: float = SECONDS) -> str:
    """Return what the probe says, or nothing if Redis can be used."""
    async with redis_client(url) as client:
        try:
            await probe_redis(client, seconds)
        except NotReady as unready:
            return str(unready)
    return ""


@pytest.fixture
async def primary(tmp_path: Path) -> AsyncIterator[int]:
    async with run_redis(tmp_path) as port:
        yield port


@pytest.mark.parametrize(
    ("lines", "address", "reason"),
    [
        ("", "{}/0", ""),
        ("", "{}", ""),
        ("", "{}/15", ""),
        ("", "{}/16", NO_DATABASE),
        ("rename-command HELLO ''", "{}/0", "It is too old"),  # as a server from before Redis 6
        ("requirepass right", ":right@{}/0", ""),
        ("requirepass right", "{}/0", PASSWORD),
        ("requirepass right", ":wrong@{}/0", PASSWORD),
        ("requirepass right", "stranger:right@{}/0", PASSWORD),
        ("user gateway on >right ~other:* +@all", "gateway:right@{}/0", "Its user may not run"),
        ("user gateway on >right ~* +@all -set", "gateway:right@{}/0", "Its user may not run"),
        ("user gateway on >right ~* +@all -@dangerous", "gateway:right@{}/0", ""),
        ("maxmemory 1\nmaxmemory-policy noeviction", "{}/0", FULL),
        ("min-replicas-to-write 1", "{}/0", ALONE),
        ("cluster-enabled yes", "{}/0", redis_probe.CLUSTER),
        ("cluster-enabled yes", "{}/1", redis_probe.CLUSTER),
        ("cluster-enabled yes\nrequirepass right", ":right@{}", redis_probe.CLUSTER),
        ("cluster-enabled yes\ncluster-require-full-coverage no", "{}/0", redis_probe.CLUSTER),
    ],
)
@pytest.mark.parametrize("over", ["a port", "a socket"])
async def test_reason_tells_what_is_wrong(tmp_path: Path, over: str, lines: str, address: str, reason: str) -> None:
    socket = tmp_path / "redis.sock"
    async with run_redis(tmp_path, lines=f"{lines}\nunixsocket {socket}") as port:
        if over == "a port":
            said = await fault("redis://" + address.format(f"127.0.0.1:{port}"))
        else:
            await until(partial(listens, socket))
            before, _, number = address.partition("{}")
            said = await fault(f"unix://{before}{socket}?db={number.removeprefix('/') or 0}")

    assert said.startswith(reason) if reason else not said, said


async def test_node_of_a_cluster_that_owns_every_slot_is_refused_too(tmp_path: Path) -> None:
    """Every write is taken then, and half of them when the cluster grows."""
    async with run_redis(tmp_path, lines="cluster-enabled yes") as port:
        async with redis_client(f"redis://127.0.0.1:{port}") as client:
            await client.execute_command("CLUSTER", "ADDSLOTS", *range(16384))  # type: ignore[no-untyped-call]

            async def takes_writes() -> bool:
                try:
                    return bool(await client.set("key", "1"))
                except ResponseError:
                    return False

            await until(takes_writes)

        assert await fault(f"redis://127.0.0.1:{port}") == redis_probe.CLUSTER


@pytest.mark.parametrize("lines", ["", "replica-read-only no", "replica-serve-stale-data no"])
async def test_replica_is_refused(tmp_path: Path, primary: int, lines: str) -> None:
    async with run_redis(tmp_path, lines=f"{lines}\nreplicaof 127.0.0.1 {primary}") as port:
        assert await fault(f"redis://127.0.0.1:{port}") == redis_probe.REPLICA


async def test_replica_whose_primary_is_gone_is_refused(tmp_path: Path) -> None:
    lines = f"replicaof 127.0.0.1 {free_port()}\nreplica-serve-stale-data no"
    async with run_redis(tmp_path, lines=lines) as port:
        assert await fault(f"redis://127.0.0.1:{port}") == redis_probe.REPLICA


@pytest.mark.parametrize("address", ["{}", "{}/0", "{}/1", ":password@{}/0"])
async def test_port_of_a_sentinel_is_refused(tmp_path: Path, primary: int, address: str) -> None:
    lines = f"sentinel monitor waspada 127.0.0.1 {primary} 1"
    async with run_redis(tmp_path, "--sentinel", lines=lines) as port:
        assert await fault("redis://" + address.format(f"127.0.0.1:{port}")) == redis_probe.SENTINEL


async def test_redis_that_cannot_save_is_refused(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    async with run_redis(tmp_path, lines=f"dir {data}\nsave 3600 1") as port:
        async with redis_client(f"redis://127.0.0.1:{port}") as client:
            shutil.rmtree(data)
            await client.bgsave()

            async def saving_has_failed() -> bool:
                return str((await client.info("persistence"))["rdb_last_bgsave_status"]) == "err"

            await until(saving_has_failed)

        assert "cannot save to its disk" in await fault(f"redis://127.0.0.1:{port}")


async def test_redis_without_a_free_connection_is_refused(tmp_path: Path) -> None:
    async with run_redis(tmp_path, lines="maxclients 1") as port, redis_client(f"redis://127.0.0.1:{port}") as only:

        async def has_the_only_connection() -> bool:
            try:
                return bool(await only.ping())
            except Exception:  # noqa: BLE001 - the one that asked if the server listens may not be closed yet
                return False

        await until(has_the_only_connection)
        assert "no free connection" in await fault(f"redis://127.0.0.1:{port}")


@pytest.mark.parametrize("url", ["unix:///nowhere/redis.sock", "redis://127.0.0.1:{}/0", "redis://host.invalid/0"])
async def test_nothing_that_listens_is_unreachable(url: str) -> None:
    assert await fault(url.format(free_port())) == UNREACHABLE


async def test_plain_port_is_told_from_a_port_with_tls(primary: int) -> None:
    said = await fault(f"rediss://127.0.0.1:{primary}/0", 0.5)

    assert "plain port" in said
    assert "redis://" in said


async def test_redis_that_does_not_answer_is_late(primary: int) -> None:
    async with redis_client(f"redis://127.0.0.1:{primary}/0") as sleeper:
        sleep = sleeper.execute_command("DEBUG", "SLEEP", "1.5")  # type: ignore[no-untyped-call]
        asleep = asyncio.create_task(sleep)
        await asyncio.sleep(0.1)
        with pytest.raises(TimeoutError):
            await fault(f"redis://127.0.0.1:{primary}/0", 0.2)
        await asleep


@pytest.mark.parametrize("answer", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"", b"E\x00\x00\x00\x05nope"])
async def test_server_that_is_no_redis_is_refused(answer: bytes) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(answer)
        writer.close()

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        assert await fault(f"redis://127.0.0.1:{port}")


async def test_probe_leaves_one_key_that_expires(primary: int) -> None:
    url = f"redis://127.0.0.1:{primary}/0"
    for _ in range(3):
        assert not await fault(url)

    async with Redis.from_url(url, decode_responses=True) as client:
        assert await client.keys() == ["waspada:readiness"]
        assert 0 < await client.ttl("waspada:readiness") <= 60
