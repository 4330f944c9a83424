"""The one seam for time, ids and chance: nothing else in the gateway reads a clock or rolls dice."""

from __future__ import annotations

import random
import secrets
import time
import uuid
from datetime import UTC, datetime


class Clock:
    """The real clock and the system's randomness. Tests hand in a subclass that stands still."""

    def now(self) -> datetime:
        """The present, aware, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds of a clock that never jumps, for durations."""
        return time.perf_counter()

    def number_below(self, bound: int) -> int:
        """An unguessable number from 0 to `bound` - 1."""
        return secrets.randbelow(bound)

    def token(self) -> str:
        """An unguessable text of 22 characters for URLs and sessions (128 bits)."""
        return secrets.token_urlsafe(16)

    def long_token(self) -> str:
        """An unguessable text of 43 characters, for what is good for months (256 bits)."""
        return secrets.token_urlsafe(32)

    def new_id(self) -> str:
        """A new unique id, 32 hex digits."""
        return uuid.uuid4().hex

    def jitter(self) -> float:
        """A number in [0, 1) to spread retries; not for secrets."""
        return random.random()  # noqa: S311
