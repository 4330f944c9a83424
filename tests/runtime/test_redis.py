"""Auto-pipelining: commands share a round trip, each gets its own answer, and none waits beyond the deadline."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError

from gateway.runtime.redis import MAX_BATCH, Pipeline, RedisUnavailable, redis_client
from tests.helpers.outages import OwnRedis, own_redis

__all__ = ["own_redis"]
DEADLINE = 0.15


@pytest.fixture
async def client(own_redis: OwnRedis) -> AsyncIterator[Redis]:
    async with redis_client(own_redis.url) as opened:
        yield opened


@pytest.fixture
async def pipeline(client: Redis) -> AsyncIterator[Pipeline]:
    made = Pipeline(client, DEADLINE)
    yield made
    await made.close()


async def stats(client: Redis) -> dict[str, Any]:
    stats: dict[str, Any] = await client.info("stats")
    return stats


async def test_concurrent_commands_get_their_own_answers(pipeline: Pipeline) -> None:
    await asyncio.gather(*(pipeline.run("SET", f"key{number}", number) for number in range(100)))
    answers = await asyncio.gather(*(pipeline.run("GET", f"key{number}") for number in range(100)))

    assert answers == [str(number).encode() for number in range(100)]
    assert await pipeline.run("GET", "nothing") is None


async def test_concurrent_commands_share_round_trips(pipeline: Pipeline, client: Redis) -> None:
    await pipeline.run("PING")
    before = await stats(client)
    for _ in range(10):
        await asyncio.gather(*(pipeline.run("ECHO", number) for number in range(64)))

    after = await stats(client)

    assert after["total_commands_processed"] - before["total_commands_processed"] >= 640
    assert after["total_reads_processed"] - before["total_reads_processed"] <= 30


async def test_single_command_is_sent_at_once(pipeline: Pipeline) -> None:
    await pipeline.run("PING")
    began = time.monotonic()

    for _ in range(20):
        await pipeline.run("PING")

    assert time.monotonic() - began < 0.1


async def test_more_commands_than_a_batch_are_all_answered(pipeline: Pipeline) -> None:
    many = MAX_BATCH * 3 + 7
    answers = await asyncio.gather(*(pipeline.run("ECHO", number) for number in range(many)))

    assert answers == [str(number).encode() for number in range(many)]


async def test_large_and_binary_values_are_returned_unchanged(pipeline: Pipeline) -> None:
    values = [b"", b"\r\n$5\r\n", bytes(range(256)) * 4000, "è 🚨".encode()]
    await asyncio.gather(*(pipeline.run("SET", number, value) for number, value in enumerate(values)))

    assert await asyncio.gather(*(pipeline.run("GET", number) for number in range(4))) == values


async def test_refused_command_fails_its_caller_only(pipeline: Pipeline) -> None:
    await pipeline.run("LPUSH", "list", 1)
    commands = [("GET", "list"), ("PING",), ("EVALSHA", "0" * 40, 0), ("NONSENSE",), ("ECHO", "last")]

    answers = await asyncio.gather(*(pipeline.run(*command) for command in commands), return_exceptions=True)

    assert [type(answer) for answer in answers[:4]] == [RedisUnavailable, bytes, NoScriptError, RedisUnavailable]
    assert answers[4] == b"last"


async def test_invalid_command_fails_its_caller_only(pipeline: Pipeline) -> None:
    answers = await asyncio.gather(
        pipeline.run("ECHO", 1), pipeline.run("ECHO", object()), pipeline.run("ECHO", 3), return_exceptions=True
    )

    assert (answers[0], answers[2]) == (b"1", b"3")
    assert isinstance(answers[1], TypeError)


async def test_hanging_redis_is_unavailable_after_the_deadline(pipeline: Pipeline, own_redis: OwnRedis) -> None:
    await pipeline.run("SET", "first", "1")
    await pipeline.run("SET", "second", "2")
    own_redis.hang()
    began = time.monotonic()
    first = asyncio.create_task(pipeline.run("GET", "first"))
    await asyncio.sleep(DEADLINE / 3)
    late = asyncio.create_task(pipeline.run("GET", "first"))

    for asked in (first, late):
        with pytest.raises(RedisUnavailable):
            await asked
    assert time.monotonic() - began < DEADLINE * 2

    own_redis.resume()
    assert await pipeline.run("GET", "second") == b"2", "not the late answer to the question before"


async def test_dead_redis_is_unavailable_until_it_is_back(pipeline: Pipeline, own_redis: OwnRedis) -> None:
    await pipeline.run("SET", "key", "kept")
    await own_redis.kill()
    began = time.monotonic()

    for _ in range(3):
        with pytest.raises(RedisUnavailable):
            await pipeline.run("GET", "key")
    assert time.monotonic() - began < DEADLINE

    await own_redis.start()
    assert await pipeline.run("GET", "key") == b"kept"


@pytest.mark.parametrize("how", ["hangs", "refuses"])
async def test_long_outage_leaks_no_connection(own_redis: OwnRedis, how: str) -> None:
    """A pool that lost a connection with every failure would be empty after the outage."""
    async with Redis.from_url(own_redis.url, max_connections=3, retry=Retry(NoBackoff(), 0)) as client:
        pipeline = Pipeline(client, 0.2)
        for _ in range(5):
            assert await pipeline.run("ECHO", "here") == b"here"
            own_redis.hang() if how == "hangs" else await own_redis.kill()
            with pytest.raises(RedisUnavailable):
                await pipeline.run("PING")
            own_redis.resume() if how == "hangs" else await own_redis.start()
        await pipeline.close()


async def test_cancelled_caller_does_not_affect_other_answers(pipeline: Pipeline) -> None:
    await pipeline.run("PING")
    asked = [asyncio.create_task(pipeline.run("ECHO", number)) for number in range(20)]
    await asyncio.sleep(0)
    for task in asked[::3]:
        task.cancel()

    answers = await asyncio.gather(*asked, return_exceptions=True)

    for number, answer in enumerate(answers):
        assert isinstance(answer, asyncio.CancelledError) if number % 3 == 0 else answer == str(number).encode()


async def test_close_fails_waiting_commands(pipeline: Pipeline, own_redis: OwnRedis) -> None:
    await pipeline.run("PING")
    own_redis.hang()
    asked = [asyncio.create_task(pipeline.run("PING")) for _ in range(MAX_BATCH + 3)]
    await asyncio.sleep(0.01)
    await pipeline.close()

    assert {type(answer) for answer in await asyncio.gather(*asked, return_exceptions=True)} == {RedisUnavailable}

    own_redis.resume()


async def test_command_after_close_fails(pipeline: Pipeline) -> None:
    await pipeline.run("PING")
    await pipeline.close()
    async with asyncio.timeout(1):
        with pytest.raises(RedisUnavailable):
            await pipeline.run("PING")
    await pipeline.close()


async def test_close_before_the_first_command_is_allowed(pipeline: Pipeline) -> None:
    asked = asyncio.create_task(pipeline.run("PING"))
    await asyncio.sleep(0)

    await pipeline.close()

    with pytest.raises(RedisUnavailable):
        await asked
