"""Live tail over a real Redis: capped, filtered, followed, and harmless without Redis."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from gateway.runtime.embedded import EmbeddedStores
from gateway.runtime.log_stream import (
    KEY,
    MAX_BUFFERED_BYTES,
    MAX_ENTRIES,
    MAX_ENTRY_BYTES,
    LineFilter,
    LogStream,
    follow,
    read_tail,
)
from tests.helpers.outages import OwnRedis, own_redis

__all__ = ["own_redis"]

EVERYTHING = LineFilter()


def line(number: int, event: str = "probe", **fields: Any) -> bytes:
    at = f"2026-11-23T20:41:05.{number:03d}Z"
    return json.dumps({"at": at, "level": "info", "event": event, "number": number, **fields}).encode()


@pytest.fixture
async def client(redis_url: str) -> AsyncIterator[Redis]:
    async with Redis.from_url(redis_url, retry=Retry(NoBackoff(), 0)) as connected:
        yield connected


class Drops:
    """Counter of dropped lines."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, lines: int) -> None:
        self.count += lines


def numbers(lines: list[dict[str, Any]]) -> list[int]:
    return [line["number"] for line in lines]


async def test_batch_is_one_entry_and_is_read_as_lines(client: Redis) -> None:
    tail = LogStream(client, Drops())
    tail.put([line(1, text="é"), line(2)])
    tail.put([line(3)])
    await tail.close()

    assert await client.xlen(KEY) == 2

    found = await read_tail(client, EVERYTHING, 10)
    assert numbers(found) == [1, 2, 3]
    assert found[0]["text"] == "é"


async def test_decoding_client_reads_the_same(client: Redis, redis_url: str) -> None:
    tail = LogStream(client, Drops())
    tail.put([line(1, text="a\u2028b"), line(2)])
    await tail.close()
    async with Redis.from_url(redis_url, decode_responses=True) as decoding:
        assert numbers(await read_tail(decoding, EVERYTHING, 10)) == [1, 2]


async def test_lines_of_all_processes_are_in_order_of_time(client: Redis) -> None:
    web, worker = LogStream(client, Drops()), LogStream(client, Drops())
    web.put([line(1), line(4)])
    await web.close()
    worker.put([line(2), line(3)])

    await worker.close()

    assert numbers(await read_tail(client, EVERYTHING, 10)) == [1, 2, 3, 4]


async def test_newest_lines_are_read_across_many_entries(client: Redis) -> None:
    tail = LogStream(client, Drops())
    for number in range(450):
        tail.put([line(2 * number), line(2 * number + 1)])

    await tail.close()

    assert numbers(await read_tail(client, EVERYTHING, 5)) == [895, 896, 897, 898, 899]
    assert numbers(await read_tail(client, EVERYTHING, 5000)) == list(range(900))


async def test_empty_stream_has_no_lines(client: Redis) -> None:
    assert await read_tail(client, EVERYTHING, 10) == []


async def test_large_batches_become_several_entries(client: Redis) -> None:
    tail = LogStream(client, Drops())
    tail.put([line(number, text="x" * 1000) for number in range(40)] + [line(40, text="x" * 3 * MAX_ENTRY_BYTES)])
    await tail.close()
    entries: Any = await client.xrange(KEY)

    sizes = [len(fields[b"lines"]) for _, fields in entries]

    assert sizes[:-1] == [size for size in sizes[:-1] if size <= MAX_ENTRY_BYTES]
    assert len(sizes) == 4
    assert numbers(await read_tail(client, EVERYTHING, 100)) == list(range(41))


async def test_stream_is_capped(client: Redis) -> None:
    async with client.pipeline(transaction=False) as pipeline:
        for number in range(MAX_ENTRIES + 500):
            pipeline.xadd(KEY, {"lines": line(number)})
        await pipeline.execute()
    tail = LogStream(client, Drops())
    tail.put([line(1)])

    await tail.close()

    assert MAX_ENTRIES <= await client.xlen(KEY) < MAX_ENTRIES + 200


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (LineFilter(), [1, 2, 3, 4]),
        (LineFilter(level="info"), [1, 2, 3]),
        (LineFilter(level="warning"), [3]),
        (LineFilter(event="ussd."), [1, 2]),
        (LineFilter(event="ussd.turn"), [1]),
        (LineFilter(channel="at"), [1, 3]),
        (LineFilter(session="s1"), [1]),
        (LineFilter(ticket="73402816"), [3]),
        (LineFilter(ticket="7340-2816"), [3]),
        (LineFilter(channel="at", event="ussd"), [1]),
        (LineFilter(session="s"), []),
    ],
)
async def test_filter_keeps_matching_lines(client: Redis, wanted: LineFilter, found: list[int]) -> None:
    tail = LogStream(client, Drops())
    tail.put(
        [
            line(1, "ussd.turn", channel="at", session="s1"),
            line(2, "ussd.failed", channel="local", session="s2"),
            line(3, "message.sent", channel="at", ticket="7340-2816", level="warning"),
            line(4, "sql.slow", level="debug"),
        ]
    )

    await tail.close()

    assert numbers(await read_tail(client, wanted, 10)) == found


async def test_follow_begins_with_the_last_lines_and_misses_none(client: Redis) -> None:
    tail = LogStream(client, Drops())
    tail.put([line(1), line(2), line(3)])
    await tail.close()
    followed = follow(client, EVERYTHING, 2)
    seen = [(await anext(followed))["number"], (await anext(followed))["number"]]
    for number in range(4, 254):
        tail.put([line(number), line(number, "noise")])
    await tail.close()
    async with asyncio.timeout(5):
        while len(seen) < 502:
            seen.append((await anext(followed))["number"])

    await followed.aclose()

    assert seen == [2, 3, *(number for number in range(4, 254) for _ in "ab")]


async def test_follow_yields_only_matching_lines(client: Redis) -> None:
    followed = follow(client, LineFilter(event="ussd."), 0)
    first = asyncio.ensure_future(anext(followed))
    await asyncio.sleep(0.05)
    tail = LogStream(client, Drops())
    tail.put([line(1, "message.sent"), line(2, "ussd.turn")])
    await tail.close()
    async with asyncio.timeout(5):
        assert (await first)["number"] == 2
    await followed.aclose()


async def test_follow_survives_an_outage_of_redis(own_redis: OwnRedis) -> None:
    """Redis hangs, restarts with its data, and restarts without it."""
    outages: asyncio.Queue[None] = asyncio.Queue()  # one entry per call
    async with Redis.from_url(own_redis.url, retry=Retry(NoBackoff(), 0)) as client:
        await client.xadd(KEY, {"lines": line(0)})
        followed = follow(client, EVERYTHING, 1, lambda: outages.put_nowait(None))

        assert numbers([await anext(followed)]) == [0]

        for number, again in enumerate((hung, killed, emptied), 1):
            waiting = asyncio.ensure_future(anext(followed))
            await asyncio.sleep(0.05)
            async with asyncio.timeout(10):
                await again(own_redis, outages)
            async with Redis.from_url(own_redis.url) as writing:
                await writing.xadd(KEY, {"lines": line(number)})
            async with asyncio.timeout(10):
                assert numbers([await waiting]) == [number]
            assert outages.empty(), "told once"
        await followed.aclose()


async def hung(server: OwnRedis, outages: asyncio.Queue[None]) -> None:
    server.hang()
    await outages.get()
    server.resume()


async def killed(server: OwnRedis, outages: asyncio.Queue[None]) -> None:
    await server.kill()
    await outages.get()
    await asyncio.sleep(1.5)  # long enough for one more attempt, which is not reported
    await server.start()


async def emptied(server: OwnRedis, outages: asyncio.Queue[None]) -> None:
    await server.kill()
    await outages.get()
    await server.start()
    async with Redis.from_url(server.url) as client:
        await client.flushall()


async def test_put_does_not_wait_for_an_unavailable_redis(tmp_path: Path) -> None:
    drops = Drops()
    async with Redis(unix_socket_path=str(tmp_path / "nothing"), retry=Retry(NoBackoff(), 0)) as nowhere:
        tail = LogStream(nowhere, drops)
        large = [line(number, text="x" * 10_000) for number in range(100)]
        for _ in range(10):
            tail.put(large)
            await asyncio.sleep(0)
        kept = MAX_BUFFERED_BYTES // 10_000
        assert 1000 - kept <= drops.count < 1000 - kept + 20
        await tail.close()

    assert drops.count == 1000


async def test_newest_lines_arrive_after_an_outage(tmp_path: Path) -> None:
    """Redis is killed during the writes and started again."""
    stores = await EmbeddedStores.start(tmp_path)
    try:
        async with Redis.from_url(stores.redis_url, retry=Retry(NoBackoff(), 0)) as client:
            drops = Drops()
            tail = LogStream(client, drops)
            tail.put([line(1)])
            await asyncio.sleep(0.1)
            os.kill(stores.redis_pid, signal.SIGKILL)
            for number in range(2, 6):
                tail.put([line(number)])
                await asyncio.sleep(0.01)
            found: list[dict[str, Any]] = []
            async with asyncio.timeout(20):
                while len(found) < 5:
                    await asyncio.sleep(0.1)
                    with suppress(RedisError, OSError):
                        found = await read_tail(client, EVERYTHING, 10)
            await tail.close()
        assert numbers(found)[-4:] == [2, 3, 4, 5]
        assert drops.count == 0
    finally:
        await stores.stop()


async def test_lines_without_a_loop_are_sent_at_close(client: Redis) -> None:
    tail = LogStream(client, Drops())
    await asyncio.to_thread(tail.put, [line(1)])

    assert await read_tail(client, EVERYTHING, 10) == []

    await tail.close()
    assert numbers(await read_tail(client, EVERYTHING, 10)) == [1]


async def test_close_gives_up_on_a_hanging_redis_within_a_second(tmp_path: Path) -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_unix_server(silent, tmp_path / "hanging")
    drops = Drops()
    async with server, Redis(unix_socket_path=str(tmp_path / "hanging"), retry=Retry(NoBackoff(), 0)) as hanging:
        tail = LogStream(hanging, drops)
        tail.put([line(1), line(2)])
        async with asyncio.timeout(3):
            await tail.close()
    assert drops.count == 2
