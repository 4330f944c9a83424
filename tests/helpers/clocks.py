"""Clocks that a test controls."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from gateway.runtime.clock import Clock


class ManualClock(Clock):
    """Clock that moves only when a test advances it. The system's time would make waits and expiry untestable.

    Durations (`monotonic`) and ids are real; `jitter` is 0.
    """

    def __init__(self, time: datetime = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)) -> None:
        self.time = time

    def now(self) -> datetime:
        return self.time

    def jitter(self) -> float:
        return 0.0

    def advance(self, **time: float) -> None:
        """Move on by the arguments of a `timedelta`: `clock.advance(minutes=5)`."""
        self.time += timedelta(**time)
