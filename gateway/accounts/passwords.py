"""Passwords: the rules for a good one, and its Argon2id hash with a random salt, which alone is stored.

A hash takes 64 MiB and about a fifth of a second of a small machine. That is its purpose, and the reason why it is
computed in a thread, at most two at a time.
"""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import Collection

from argon2 import Parameters, PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

from gateway.accounts.guessable import is_guessable
from gateway.text.errors import UserError

MIN_LENGTH, MAX_LENGTH = 12, 128
"""Characters of a new password (OWASP ASVS 2.1.1, 2.1.2)."""
MAX_VERIFIED = 256
"""Characters of a password that is verified. Those that were set before the bound was 128 still count."""
_MAX_PARALLEL = 2


class PasswordRefused(UserError, ValueError):
    """Password that breaks a rule. The message names the rule."""


def check_password(password: str, names: Collection[str]) -> None:
    """Raise `PasswordRefused` for a password that is too short, too long, or easy to guess from lists and `names`.

    There is no rule about kinds of characters (NIST SP 800-63B).
    """
    if len(password) < MIN_LENGTH:
        raise PasswordRefused(f"the password must be at least {MIN_LENGTH} characters long; four words do well")
    if len(password) > MAX_LENGTH:
        raise PasswordRefused(f"the password must be at most {MAX_LENGTH} characters long")
    if is_guessable(password, names):
        raise PasswordRefused(
            "the password is easy to guess: it is known from leaks, or made of names of here, repetitions, dates or"
            " rows of keys; four words that do not belong together do well"
        )


class Argon2Hasher:
    """Computes and verifies hashes off the event loop. A hash has its own parameters, so the defaults may change."""

    def __init__(self, parameters: Parameters = RFC_9106_LOW_MEMORY) -> None:
        self._argon2 = PasswordHasher.from_parameters(parameters)
        self._slots = asyncio.Semaphore(_MAX_PARALLEL)
        self.decoy = _decoy(parameters)

    async def hash(self, password: str) -> str:
        async with self._slots:
            return await asyncio.to_thread(self._argon2.hash, _encode(password))

    async def verify(self, stored: str, password: str) -> bool:
        """Return True if this is the password. Verify against `decoy` if there is no hash: same work, always False."""
        async with self._slots:
            return await asyncio.to_thread(self._matches, stored, password)

    def _matches(self, stored: str, password: str) -> bool:
        try:
            return self._argon2.verify(stored, _encode(password))
        except (VerificationError, InvalidHashError):
            return False

    def needs_rehash(self, stored: str) -> bool:
        """Return True if a hash was computed with other parameters than today's."""
        return self._argon2.check_needs_rehash(stored)


def _decoy(parameters: Parameters) -> str:
    """Build a hash that no known password matches, with these parameters and without the work of computing one."""
    cost = f"m={parameters.memory_cost},t={parameters.time_cost},p={parameters.parallelism}"
    salt, digest = (_base64_zeros(length) for length in (parameters.salt_len, parameters.hash_len))
    return f"$argon2id$v={parameters.version}${cost}${salt}${digest}"


def _base64_zeros(length: int) -> str:
    return "A" * -(-length * 4 // 3)  # base64 without padding, in which 'A' is zero


def _encode(password: str) -> bytes:
    """Encode a password in NFC: é typed on two keyboards may be one character or two."""
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")
