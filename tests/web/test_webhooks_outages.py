"""Webhooks during an outage of a store: callbacks ask for a retry, and a dialogue goes on."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack

from tests.helpers.captured import screen
from tests.helpers.carrier_server import fixture
from tests.helpers.outages import OwnRedis, PostgresGate
from tests.helpers.web import WebGateway

CALLBACKS = {
    "receipt": "dlr_success",
    "sms": "inbox_iso_date",
    "optout": "optout_alphanumeric",
    "ussd-event": "ussd_event_success",
}


async def test_outage_of_postgresql_asks_for_retries_and_keeps_dialogues(
    unreliable_gateway: WebGateway, postgres: PostgresGate
) -> None:
    await postgres.close()
    for hook, name in CALLBACKS.items():
        assert (await unreliable_gateway.post(hook, fixture(name))).status == 503
    assert {line["hook"] for line in unreliable_gateway.lines("hook.not_stored")} == CALLBACKS.keys()
    assert (await unreliable_gateway.post("ussd", fixture("ussd_03_same_choice_again"))).text == screen("1", "1")

    await postgres.open()
    for hook, name in CALLBACKS.items():
        assert (await unreliable_gateway.post(hook, fixture(name))).status == 200


async def test_hanging_postgresql_asks_for_retries_within_four_seconds(
    unreliable_gateway: WebGateway, postgres: PostgresGate
) -> None:
    """The proxy waits five seconds, the carrier ten."""
    assert (await unreliable_gateway.post("sms", fixture("inbox_iso_date"))).status == 200

    postgres.freeze()
    began = time.monotonic()
    answers = await asyncio.gather(*(unreliable_gateway.post(hook, fixture(name)) for hook, name in CALLBACKS.items()))
    assert time.monotonic() - began < 4
    assert [answer.status for answer in answers] == [503] * len(CALLBACKS)

    await postgres.open()
    for hook, name in CALLBACKS.items():
        assert (await unreliable_gateway.post(hook, fixture(name))).status == 200


async def test_callbacks_are_stored_while_our_own_work_has_all_its_connections(web_gateway: WebGateway) -> None:
    services = web_gateway.services
    async with AsyncExitStack() as stack:
        for _ in range(services.settings.database_pool_size):
            await stack.enter_async_context(services.database.begin())

        for hook, name in CALLBACKS.items():
            assert (await web_gateway.post(hook, fixture(name))).status == 200


async def test_hanging_redis_delays_a_screen_by_less_than_two_seconds(
    unreliable_gateway: WebGateway, own_redis: OwnRedis
) -> None:
    own_redis.hang()
    began = time.monotonic()
    answer = await unreliable_gateway.post("ussd", fixture("ussd_03_same_choice_again"))

    assert time.monotonic() - began < 2
    assert answer.text == screen("1", "1")
    for hook, name in CALLBACKS.items():
        assert (await unreliable_gateway.post(hook, fixture(name))).status == 200, "none of these needs Redis"

    own_redis.resume()
