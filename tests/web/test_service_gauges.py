"""Gauges of the whole service: kept for a while, and absent while their store is unavailable."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from prometheus_client import CollectorRegistry

from gateway.runtime.redis import RedisUnavailable
from gateway.web.service_gauges import KEPT_S, Gauge, ServiceGauges, Values


def gauge(name: str, read: Callable[[], Awaitable[Values]]) -> Gauge:
    async def within(_: float) -> Values:
        return await read()

    return name, "Something.", ("kind",), within


def shown(gauges: ServiceGauges) -> dict[str, float]:
    return {sample.name: sample.value for family in gauges.collect() for sample in family.samples}


async def test_values_are_read_again_only_when_they_are_old() -> None:
    reads, now = iter(range(1, 10)), [0.0]

    async def read() -> Values:
        return {("a",): next(reads)}

    gauges = ServiceGauges([[gauge("things", read)]], lambda: now[0])
    assert shown(gauges) == {}
    for at, expected in ((0.0, 1), (KEPT_S - 1, 1), (KEPT_S, 2), (2 * KEPT_S + 1, 3)):
        now[0] = at
        await gauges.refresh()
        assert shown(gauges) == {"waspada_things": expected}


async def test_gauges_of_an_unavailable_store_are_absent_and_the_others_shown() -> None:
    available = [True]

    async def fails() -> Values:
        if not available[0]:
            raise RedisUnavailable
        return {("a",): 7}

    async def works() -> Values:
        return {("a",): 5}

    now = [0.0]
    gauges = ServiceGauges([[gauge("lost", fails), gauge("behind", works)], [gauge("there", works)]], lambda: now[0])
    await gauges.refresh()
    assert shown(gauges) == {"waspada_lost": 7, "waspada_behind": 5, "waspada_there": 5}

    available[0], now[0] = False, KEPT_S
    await gauges.refresh()
    assert shown(gauges) == {"waspada_there": 5}


def test_gauges_can_be_registered_before_the_first_read() -> None:
    CollectorRegistry().register(ServiceGauges([], lambda: 0.0))
