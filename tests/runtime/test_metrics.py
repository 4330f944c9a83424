"""Metrics of a process, read with Prometheus' own parser."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from gateway.runtime.metrics import Metrics


def samples(metrics: Metrics) -> dict[str, float]:
    """Return every sample by its name and labels as they are written."""
    return {
        sample.name + "".join(f" {key}={value}" for key, value in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(metrics.render().decode())
        for sample in family.samples
    }


def test_turns_are_counted_by_channel_and_outcome() -> None:
    metrics = Metrics()
    for outcome in ("new", "new", "repeated"):
        metrics.count_turn("at", outcome, 0.004, 0.001, 0.0)
    metrics.count_turn("local", "new", 0.004, 0.001, 0.0)

    found = samples(metrics)

    assert found["waspada_ussd_turns_total channel=at outcome=new"] == 2
    assert found["waspada_ussd_turns_total channel=at outcome=repeated"] == 1
    assert found["waspada_ussd_turns_total channel=local outcome=new"] == 1


def test_durations_fall_into_cumulative_buckets() -> None:
    metrics = Metrics()
    for seconds in (0.0005, 0.001, 0.0015, 0.3, 5.0):
        metrics.count_turn("at", "new", seconds, 0.0, 0.0)
    found = samples(metrics)

    by_bound = {
        bound: found[f"waspada_ussd_turn_seconds_bucket channel=at le={bound}"]
        for bound in ("0.001", "0.002", "0.2", "0.3", "2", "+Inf")
    }

    assert by_bound == {"0.001": 2, "0.002": 3, "0.2": 3, "0.3": 4, "2": 4, "+Inf": 5}
    assert found["waspada_ussd_turn_seconds_count channel=at"] == 5
    assert found["waspada_ussd_turn_seconds_sum channel=at"] == 5.303


def test_store_that_a_turn_did_not_use_is_not_counted() -> None:
    metrics = Metrics()
    metrics.count_turn("at", "new", 0.004, 0.002, 0.0)
    metrics.count_turn("at", "failed", 0.3, 0.0, 0.0)

    found = samples(metrics)

    assert found["waspada_ussd_store_seconds_count store=redis"] == 1
    assert found["waspada_ussd_store_seconds_count store=sql"] == 0


def test_other_metrics_are_counters_and_gauges() -> None:
    metrics = Metrics()
    metrics.sends.labels("at", "accepted").inc()
    metrics.receipts.labels("at", "delivered").inc(2)
    metrics.store_errors.labels("redis").inc()
    metrics.log_lines_dropped.inc(7)

    found = samples(metrics)

    assert found["waspada_sends_total channel=at outcome=accepted"] == 1
    assert found["waspada_receipts_total channel=at status=delivered"] == 2
    assert found["waspada_store_errors_total store=redis"] == 1
    assert found["waspada_log_lines_dropped_total"] == 7
    assert found["process_resident_memory_bytes"] > 0


def test_two_metrics_in_one_process_count_separately() -> None:
    one, other = Metrics(), Metrics()
    one.log_lines_dropped.inc()

    assert samples(other)["waspada_log_lines_dropped_total"] == 0


def test_content_type_is_the_text_format() -> None:
    assert Metrics.content_type.startswith("text/plain; version=")
