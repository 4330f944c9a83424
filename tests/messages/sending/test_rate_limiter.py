"""Rate limiter: counted in parts, shared by all workers through Redis, kept by each worker without it."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
import structlog
from redis.asyncio import Redis

from gateway.carriers.carrier import Outcome
from gateway.messages.message import MessageClass
from gateway.messages.outbox import Outbox
from gateway.messages.sending.batch import group_into_calls
from gateway.messages.sending.rate_limiter import RateLimiter
from gateway.runtime.clock import Clock
from gateway.runtime.postgres import Database
from gateway.runtime.redis import Pipeline, redis_client
from gateway.text.phone import Phone
from gateway.vault.vault import Vault
from tests.helpers.messages import MessageQueue, ScriptedCarrier
from tests.helpers.phones import phone
from tests.helpers.senders import FAST, is_drained, make_claim, running, sender_of
from tests.helpers.waiting import until


class Timed(ScriptedCarrier):
    """Carrier that notes the time and the number of recipients of each call."""

    def __init__(self) -> None:
        super().__init__()
        self.times: list[tuple[float, int]] = []

    async def send(self, text: str, recipients: Sequence[Phone]) -> dict[Phone, Outcome]:
        self.times.append((time.monotonic(), len(recipients)))
        return await super().send(text, recipients)


@pytest.fixture
async def pipelines(redis_url: str) -> AsyncIterator[list[Pipeline]]:
    """Return two pipelines, as of two workers."""
    clients = [redis_client(redis_url) for _ in range(2)]
    made = [Pipeline(client, 0.3) for client in clients]
    yield made
    for pipeline in made:
        await pipeline.close()
    for client in clients:
        await client.aclose()


@pytest.fixture
async def nowhere() -> AsyncIterator[Pipeline]:
    client = redis_client("redis://127.0.0.1:1")
    pipeline = Pipeline(client, 0.3)
    yield pipeline
    await pipeline.close()
    await client.aclose()


async def test_two_workers_share_one_rate(pipelines: list[Pipeline]) -> None:
    workers = [RateLimiter(pipeline, Clock(), {"at": 100.0}) for pipeline in pipelines]
    waits = [await workers[number % 2].acquire("at", 10) for number in range(5)]

    assert all(granted for granted, _ in waits)
    assert [round(wait, 1) for _, wait in waits] == [0.0, 0.1, 0.2, 0.3, 0.4]


async def test_acquire_reserves_nothing_too_far_ahead(pipelines: list[Pipeline]) -> None:
    rate_limiter = RateLimiter(pipelines[0], Clock(), {"at": 1.0})
    assert await rate_limiter.acquire("at", 3) == (True, 0.0)

    for _ in range(3):
        granted, wait = await rate_limiter.acquire("at", 1)
        assert not granted
        assert 2.5 < wait <= 3


async def test_unused_capacity_makes_no_burst(pipelines: list[Pipeline]) -> None:
    rate_limiter = RateLimiter(pipelines[0], Clock(), {"at": 50.0})
    await rate_limiter.acquire("at", 1)
    await asyncio.sleep(0.2)

    waits = [(await rate_limiter.acquire("at", 5))[1] for _ in range(3)]

    assert [round(wait, 1) for wait in waits] == [0.0, 0.1, 0.2]


async def test_channels_have_their_own_rate_or_none(pipelines: list[Pipeline]) -> None:
    rate_limiter = RateLimiter(pipelines[0], Clock(), {"at": 1.0, "other": 1.0, "free": None})
    granted = [await rate_limiter.acquire(channel, 100) for channel in ("at", "other", "free", "free")]

    assert granted == [(True, 0.0)] * 4
    assert [rate_limiter.max_parts_per_call(channel) for channel in ("at", "free")] == [1, None]
    assert RateLimiter(pipelines[0], Clock(), {"at": 12.5}).max_parts_per_call("at") == 12


async def test_the_redis_key_expires(pipelines: list[Pipeline], redis_url: str) -> None:
    await RateLimiter(pipelines[0], Clock(), {"at": 1000.0}).acquire("at", 1)
    async with Redis.from_url(redis_url) as client:
        assert 0 < await client.pttl("waspada:rate:at") <= 1002


async def test_each_worker_keeps_the_rate_by_itself_without_redis(nowhere: Pipeline) -> None:
    rate_limiter = RateLimiter(nowhere, Clock(), {"at": 10.0})
    with structlog.testing.capture_logs() as logs:
        waits = [await rate_limiter.acquire("at", 5) for _ in range(4)]

    assert [(granted, round(wait, 1)) for granted, wait in waits[:3]] == [(True, 0.0), (True, 0.5), (True, 1.0)]
    assert waits[3][0] is False
    assert [line["event"] for line in logs] == ["worker.rate_without_redis"]


def test_a_call_has_at_most_the_parts_of_one_second() -> None:
    claims = [replace(make_claim(number, "a", phone(number)), parts=2) for number in range(7)]

    assert [len(group) for group in group_into_calls(claims, 100, 5)] == [2, 2, 2, 1]
    assert [len(group) for group in group_into_calls(claims, 100, 1)] == [1] * 7
    assert [len(group) for group in group_into_calls(claims, 100)] == [7]


async def test_two_workers_keep_the_rate(database: Database, vault: Vault, pipelines: list[Pipeline]) -> None:
    clock = Clock()
    queue, outbox = MessageQueue(database, vault, clock), Outbox(database, vault, clock)
    for number in range(12):
        await queue.put(f"{number}" + "x" * 200, to=phone(number))  # two parts
    carriers = [Timed(), Timed()]
    workers = [
        sender_of(
            outbox,
            {"at": carrier},
            clock,
            f"w{number}",
            rate_limiter=RateLimiter(pipelines[number], clock, {"at": 20.0}),
        )
        for number, carrier in enumerate(carriers)
    ]
    began = time.monotonic()
    async with running(*workers):
        await until(lambda: is_drained(queue))

    times = sorted(entry for carrier in carriers for entry in carrier.times)
    assert times[-1][0] - began > 1.0 - 0.05, "24 parts at 20 a second, of which the last call's are not waited for"

    sent = Counter(number for carrier in carriers for _, number in carrier.sent)
    assert sent == Counter(phone(number).e164 for number in range(12))


async def test_a_channel_that_waits_for_its_rate_delays_no_other(
    database: Database, vault: Vault, pipelines: list[Pipeline]
) -> None:
    """Between two turns of the slow channel are 50 seconds. The other message is sent before the second."""
    clock = Clock()
    queue, outbox = MessageQueue(database, vault, clock), Outbox(database, vault, clock)
    for number in range(4):
        await queue.put(f"text {number}", to=phone(number))
    carriers = [ScriptedCarrier(), ScriptedCarrier()]
    workers = [
        sender_of(
            outbox,
            {"at": carrier, "quick": ScriptedCarrier()},
            clock,
            f"w{number}",
            rate_limiter=RateLimiter(pipelines[number], clock, {"at": 0.02}),
        )
        for number, carrier in enumerate(carriers)
    ]

    async with running(*workers):
        await until(lambda: _one_is_sent_and_one_waits(queue))
        quick_message = await queue.put(channel="quick")
        await until(lambda: _accepted(queue, quick_message), seconds=20)
        assert sum(len(carrier.calls) for carrier in carriers) == 1


async def _one_is_sent_and_one_waits(queue: MessageQueue) -> bool:
    return {"accepted", "sending"} <= set(await queue.statuses())


async def _accepted(queue: MessageQueue, message: int) -> bool:
    return bool((await queue.row(message))["status"] == "accepted")


async def test_claims_that_wait_too_long_for_the_rate_are_released(
    database: Database, vault: Vault, pipelines: list[Pipeline]
) -> None:
    clock = Clock()
    queue, outbox = MessageQueue(database, vault, clock), Outbox(database, vault, clock)
    for number in range(10):
        await queue.put(f"text {number}", to=phone(number))
    carrier = ScriptedCarrier()
    hasty = replace(FAST, lost_after=timedelta(seconds=2.5))
    rate_limiter = RateLimiter(pipelines[0], clock, {"at": 3.0})

    async with running(sender_of(outbox, {"at": carrier}, clock, options=hasty, rate_limiter=rate_limiter)):
        await until(lambda: is_drained(queue))

    assert len(carrier.calls) == 10
    assert [(row["attempts"], row["unknowns"]) for row in await queue.rows()] == [(1, 0)] * 10


async def test_a_priority_message_waits_at_most_half_a_second_for_claimed_appeals(
    database: Database, vault: Vault, pipelines: list[Pipeline]
) -> None:
    clock = Clock()
    queue, outbox = MessageQueue(database, vault, clock), Outbox(database, vault, clock)
    for number in range(90):
        await queue.put(f"{number}", to=phone(number), kind=MessageClass.APPEAL)
    carrier = ScriptedCarrier()
    rate_limiter = RateLimiter(pipelines[0], clock, {"at": 40.0})

    async with running(sender_of(outbox, {"at": carrier}, clock, rate_limiter=rate_limiter)):
        await until(lambda: _called(carrier, 25))
        pressing = await queue.put("pressing", to=phone(99))
        before = len(carrier.calls)
        await until(lambda: _accepted(queue, pressing))
        assert [text for text, _ in carrier.calls].index("pressing") < before + 20
        await until(lambda: is_drained(queue))

    assert len(carrier.calls) == 91


async def _called(carrier: ScriptedCarrier, times: int) -> bool:
    return len(carrier.calls) >= times
