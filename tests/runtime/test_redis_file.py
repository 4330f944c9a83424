"""Append-only file of a real Redis: words that were called off leave the disk, and a refusal changes nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from gateway.runtime.embedded import EmbeddedStores
from gateway.runtime.redis import redis_client
from gateway.runtime.redis_file import EVERY_S, RedisFile
from tests.helpers.phones import OTHER
from tests.helpers.redis_servers import run_redis
from tests.helpers.stores import run_stores
from tests.helpers.ussd import TO_CONFIRM, TO_DESCRIBE, Resident, ussd_gateway
from tests.helpers.waiting import until

CALLED_OFF, DELETED, KEPT = "tetangga-yang-memukul", "anak-yang-bolos", "orang-yang-menunggu"
LOCK = "waspada:file_rewritten"


def on_disk(folder: Path, words: str) -> bool:
    """Return True if these words are in a file below the folder."""
    return any(words.encode() in file.read_bytes() for file in folder.rglob("*") if file.is_file())


async def state(client: Redis) -> dict[str, Any]:
    found: dict[str, Any] = await client.info("persistence")
    return found


async def is_rewritten(client: Redis) -> bool:
    """Return True once a rewrite has ended. It gives the file a size to compare with."""
    found = await state(client)
    return bool(found["aof_base_size"]) and not found["aof_rewrite_in_progress"]


async def test_rewrite_removes_words_of_a_report_that_was_called_off_and_deleted(
    tmp_path: Path, database_url: str
) -> None:
    async with (
        run_stores(tmp_path) as servers,
        ussd_gateway(servers.redis_url, database_url) as gateway,
        redis_client(servers.redis_url) as client,
    ):
        await client.config_set("rdbcompression", "no")  # so that words in the file can be found
        turns = gateway.services.turns
        await Resident(turns).walk((*TO_DESCRIBE, CALLED_OFF, *TO_CONFIRM[-1:], "3", "1"))
        await Resident(turns).walk(("3", "1"))  # dials again, and deletes it instead of continuing
        await Resident(turns, OTHER).walk((*TO_DESCRIBE, KEPT))
        await client.hset("waspada:unfiled", "at:s:1", DELETED)
        await client.hdel("waspada:unfiled", "at:s:1")
        folder = tmp_path / "redis"
        await until(lambda: on_disk(folder, KEPT))
        assert on_disk(folder, CALLED_OFF)
        assert on_disk(folder, DELETED)

        await gateway.services.redis_file.rewrite()
        await until(lambda: is_rewritten(client))

        assert not on_disk(tmp_path, CALLED_OFF)
        assert not on_disk(tmp_path, DELETED)
        assert on_disk(folder, KEPT), "a dialogue under way stays"


async def test_rewrite_begins_once_an_hour_for_all_workers(tmp_path: Path) -> None:
    async with run_stores(tmp_path) as servers, redis_client(servers.redis_url) as client:
        await RedisFile(client).rewrite()
        assert EVERY_S - 60 < await client.ttl(LOCK) <= EVERY_S
        await until(lambda: is_rewritten(client))
        size = (await state(client))["aof_base_size"]
        await client.set("more", "x" * 10_000)

        await RedisFile(client).rewrite()
        assert (await state(client))["aof_base_size"] == size

        await client.delete(LOCK)
        await RedisFile(client).rewrite()
        await until(lambda: _has_grown(client, size))


async def _has_grown(client: Redis, size: int) -> bool:
    return int((await state(client))["aof_base_size"]) > size


async def test_embedded_redis_rewrites_a_file_that_has_doubled_from_one_mebibyte(stores: EmbeddedStores) -> None:
    async with redis_client(stores.redis_url) as client:
        set_to: dict[Any, Any] = await client.config_get("auto-aof-rewrite-*")

    assert set_to == {"auto-aof-rewrite-min-size": "1048576", "auto-aof-rewrite-percentage": "100"}


async def test_rewrite_leaves_a_redis_without_such_a_file_alone(tmp_path: Path) -> None:
    async with run_redis(tmp_path) as port, redis_client(f"redis://127.0.0.1:{port}") as client:
        with capture_logs() as lines:
            await RedisFile(client).rewrite()

        assert lines == []
        assert await client.exists(LOCK) == 0


@pytest.mark.parametrize(
    ("lines", "user"),
    [
        ("appendonly yes\nrename-command BGREWRITEAOF ''", ""),
        ("appendonly yes\nuser gateway on >right ~* +@all -bgrewriteaof", "gateway:right@"),
        ("appendonly yes\nuser gateway on >right ~* +@all -@dangerous", "gateway:right@"),
    ],
    ids=["no such command", "not allowed", "not even asked for its state"],
)
async def test_refusal_is_logged_once(tmp_path: Path, lines: str, user: str) -> None:
    async with (
        run_redis(tmp_path, lines=lines) as port,
        redis_client(f"redis://{user}127.0.0.1:{port}") as client,
        redis_client(f"redis://127.0.0.1:{port}") as root,
    ):
        file = RedisFile(client)
        with capture_logs() as logged:
            for _ in range(3):
                await file.rewrite()
                await root.delete(LOCK)

    assert [line["event"] for line in logged] == ["redis.file_not_rewritten"]


async def test_failed_rewrite_is_logged(tmp_path: Path) -> None:
    async with run_redis(tmp_path, lines="appendonly yes") as port, redis_client(f"redis://127.0.0.1:{port}") as client:
        folder = tmp_path / "gone"
        folder.mkdir()
        await client.config_set("dir", str(folder))
        folder.rmdir()
        file = RedisFile(client)
        with capture_logs() as logged:
            await file.rewrite()
            await until(lambda: _has_failed(client))
            await client.delete(LOCK)
            await file.rewrite()

    assert [(line["event"], line["reason"]) for line in logged] == [
        ("redis.file_not_rewritten", "the last rewrite failed")
    ]


async def _has_failed(client: Redis) -> bool:
    return bool((await state(client))["aof_last_bgrewrite_status"] == "err")


async def test_unreachable_redis_is_left_alone() -> None:
    async with redis_client("redis://127.0.0.1:9") as client:
        with capture_logs() as lines:
            await RedisFile(client).rewrite()

    assert lines == []
