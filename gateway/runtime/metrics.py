"""Prometheus metrics of this process, in one object that is passed to everything that counts.

No label contains a number, a session or a text: channels, stores and outcomes are few and known. The metrics of a turn
are plain numbers, converted to samples at a scrape: a counter of `prometheus_client` takes a lock at each increment,
and a histogram several.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0)
"""Seconds. A store has 300 ms for an operation, and a resident gets an answer within two seconds."""

_BOUNDS = [*(f"{bound:g}" for bound in BUCKETS), "+Inf"]


class Metrics:
    """Metrics of one process. `count_turn` is for the event loop's thread only, the rest for any thread."""

    content_type = CONTENT_TYPE_LATEST

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._turns = _Turns()
        self._registry.register(self._turns)
        ProcessCollector(registry=self._registry)
        self.sends = self._counter("sends", "Messages by the outcome of sending.", "channel", "outcome")
        self.receipts = self._counter("receipts", "Delivery reports by status.", "channel", "status")
        self.store_errors = self._counter("store_errors", "Operations that a store did not answer.", "store")
        self.reports = self._counter("reports", "Reports that were filed, by category.", "category")
        self.log_lines_dropped = self._counter("log_lines_dropped", "Lines that never reached the live tail.")

    def count_turn(self, channel: str, outcome: str, seconds: float, redis_s: float, sql_s: float) -> None:
        """Count one USSD turn. A store that it did not use took 0 seconds and is not counted."""
        turns = self._turns
        turns.outcomes[channel, outcome] += 1
        turns.durations[channel].add(seconds)
        if redis_s:
            turns.redis.add(redis_s)
        if sql_s:
            turns.sql.add(sql_s)

    def add(self, collector: Collector) -> None:
        """Render the metrics of `collector` too."""
        self._registry.register(collector)

    def render(self) -> bytes:
        """Return all metrics in Prometheus' text format, of type `content_type`."""
        return generate_latest(self._registry)

    def _counter(self, name: str, meaning: str, *labels: str) -> Counter:
        return Counter(f"waspada_{name}", meaning, labels, registry=self._registry)


class _Durations:
    """Histogram of durations."""

    __slots__ = ("counts", "total")

    def __init__(self) -> None:
        self.counts = [0] * len(_BOUNDS)
        self.total = 0.0

    def add(self, seconds: float) -> None:
        self.counts[bisect_left(BUCKETS, seconds)] += 1
        self.total += seconds

    def buckets(self) -> list[tuple[str, float]]:
        """Return every bound with the number of durations up to it."""
        running = 0
        return [(bound, running := running + count) for bound, count in zip(_BOUNDS, self.counts, strict=True)]


class _Turns(Collector):
    def __init__(self) -> None:
        self.outcomes: defaultdict[tuple[str, str], int] = defaultdict(int)
        self.durations: defaultdict[str, _Durations] = defaultdict(_Durations)
        self.redis = _Durations()
        self.sql = _Durations()

    def collect(self) -> Iterable[Metric]:
        turns = CounterMetricFamily("waspada_ussd_turns", "USSD turns by outcome.", labels=["channel", "outcome"])
        for labels, count in self.outcomes.items():
            turns.add_metric(labels, count)
        took = HistogramMetricFamily("waspada_ussd_turn_seconds", "From a callback to its answer.", labels=["channel"])
        for channel, durations in self.durations.items():
            took.add_metric([channel], durations.buckets(), durations.total)
        stores = HistogramMetricFamily(
            "waspada_ussd_store_seconds", "What a turn spent waiting for a store.", labels=["store"]
        )
        for store, durations in (("redis", self.redis), ("sql", self.sql)):
            stores.add_metric([store], durations.buckets(), durations.total)
        return turns, took, stores
