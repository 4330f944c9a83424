"""Gauges of the whole service, read from the stores when Prometheus asks, and at most once in ten seconds.

Every process shows the same values, so a dashboard takes their maximum. While a store is unavailable its gauges are
absent, not 0: an empty queue and an unknown one are not the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from gateway.text.errors import StoreUnavailable

DEADLINE_S = 1.0
"""Seconds that the values of one store may take."""
KEPT_S = 10.0
"""Seconds until the stores are asked again, also after a failure."""

Values = Mapping[tuple[str, ...], float]
"""Value of a gauge by the values of its labels. All of them are few and known."""

Gauge = tuple[str, str, tuple[str, ...], Callable[[float], Awaitable[Values]]]
"""Name, meaning and labels of a gauge, and the function that reads it within so many seconds."""


class ServiceGauges(Collector):
    """Gauges of the whole service. Each entry of `stores` has the gauges of one store, in the order of reading."""

    def __init__(self, stores: Iterable[Iterable[Gauge]], monotonic: Callable[[], float]) -> None:
        self._stores = [list(gauges) for gauges in stores]
        self._monotonic = monotonic
        self._families: list[Metric] = []
        self._read_at: float | None = None
        self._reading = asyncio.Lock()

    async def refresh(self) -> None:
        """Read the gauges anew if they are older than `KEPT_S`. Takes `DEADLINE_S` per store at most."""
        async with self._reading:
            if self._read_at is not None and self._monotonic() - self._read_at < KEPT_S:
                return
            read = await asyncio.gather(*map(_read_store, self._stores))
            self._families = [family for families in read for family in families]
            self._read_at = self._monotonic()

    def collect(self) -> Iterable[Metric]:
        return self._families


async def _read_store(gauges: Iterable[Gauge]) -> list[Metric]:
    """Read gauges one after the other, so that they take one connection. Those after a failure are absent."""
    families: list[Metric] = []
    try:
        async with asyncio.timeout(DEADLINE_S):
            for name, meaning, labels, read in gauges:
                family = GaugeMetricFamily(f"waspada_{name}", meaning, labels=labels)
                for values, value in (await read(DEADLINE_S)).items():
                    family.add_metric(values, value)
                families.append(family)
    except (StoreUnavailable, TimeoutError):
        pass
    return families
