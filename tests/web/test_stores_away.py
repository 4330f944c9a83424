"""The webhooks while a store is away: what could not be stored is asked for again, and a dialogue goes on."""

from __future__ import annotations

import asyncio
import time

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


async def test_postgresql_away(shaky: WebGateway, postgres: PostgresGate) -> None:
    """What could not be stored is asked for again; a dialogue goes on."""
    await postgres.close()
    for hook, name in CALLBACKS.items():
        assert (await shaky.post(hook, fixture(name))).status == 503
    assert {line["hook"] for line in shaky.lines("hook.not_stored")} == CALLBACKS.keys()
    assert (await shaky.post("ussd", fixture("ussd_03_same_choice_again"))).text == screen("1", "1")
    await postgres.open()
    for hook, name in CALLBACKS.items():
        assert (await shaky.post(hook, fixture(name))).status == 200


async def test_a_postgresql_that_hangs(shaky: WebGateway, postgres: PostgresGate) -> None:
    """The proxy waits for five seconds, the carrier for ten."""
    assert (await shaky.post("sms", fixture("inbox_iso_date"))).status == 200
    postgres.freeze()
    began = time.monotonic()
    answers = await asyncio.gather(*(shaky.post(hook, fixture(name)) for hook, name in CALLBACKS.items()))
    assert time.monotonic() - began < 4
    assert [answer.status for answer in answers] == [503] * len(CALLBACKS)
    await postgres.open()
    for hook, name in CALLBACKS.items():
        assert (await shaky.post(hook, fixture(name))).status == 200


async def test_redis_away(shaky: WebGateway, own_redis: OwnRedis) -> None:
    own_redis.hang()
    began = time.monotonic()
    answer = await shaky.post("ussd", fixture("ussd_03_same_choice_again"))
    assert time.monotonic() - began < 2
    assert answer.text == screen("1", "1")
    for hook, name in CALLBACKS.items():
        assert (await shaky.post(hook, fixture(name))).status == 200, "none of these needs Redis"
    own_redis.resume()
