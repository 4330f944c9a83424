"""Seam for time, ids and randomness. Nothing else in the gateway reads a clock or draws a random number."""

from __future__ import annotations

import random
import secrets
import time
import uuid
from datetime import UTC, datetime


class Clock:
    """Real clock and the system's randomness. Tests pass a subclass that moves by hand."""

    def now(self) -> datetime:
        """Return the present time, aware, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return the seconds of a clock that never jumps, for durations."""
        return time.perf_counter()

    def number_below(self, bound: int) -> int:
        """Return an unguessable number from 0 to `bound` - 1."""
        return secrets.randbelow(bound)

    def token(self) -> str:
        """Return an unguessable text of 22 characters for URLs and sessions (128 bits)."""
        return secrets.token_urlsafe(16)

    def long_token(self) -> str:
        """Return an unguessable text of 43 characters, for secrets that are valid for months (256 bits)."""
        return secrets.token_urlsafe(32)

    def secret_bytes(self, length: int) -> bytes:
        """Return unguessable bytes, for a key or a secret."""
        return secrets.token_bytes(length)

    def new_id(self) -> str:
        """Return a new unique id of 32 hex digits."""
        return uuid.uuid4().hex

    def jitter(self) -> float:
        """Return a number in [0, 1) that spreads retries. Not for secrets."""
        return random.random()  # noqa: S311
