"""Clocks that a test moves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from gateway.runtime.clock import Clock


class StandingClock(Clock):
    """Stands still until it is moved; the system's time would make waits and expiry untestable."""

    def __init__(self) -> None:
        self.time = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time

    def jitter(self) -> float:
        return 0.0

    def pass_time(self, **time: float) -> None:
        self.time += timedelta(**time)
