"""Passwords: what a good one is, and the Argon2id hash that alone is stored of it.

A hash takes 64 MiB and about a fifth of a second of all that a small machine has. That is the point of it, and the
reason why it is made in a thread, and no more than two at a time.
"""

from __future__ import annotations

import asyncio
import unicodedata

from argon2 import Parameters, PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

MIN_LENGTH, MAX_LENGTH = 12, 256
_AT_A_TIME = 2


class PasswordRefused(ValueError):
    """Why a password cannot be taken."""


def check_password(password: str, name: str) -> None:
    """Raise `PasswordRefused` for what is short, endless, or the name. Length is what counts (NIST SP 800-63B)."""
    if len(password) < MIN_LENGTH:
        raise PasswordRefused(f"the password must be at least {MIN_LENGTH} characters long; four words do well")
    if len(password) > MAX_LENGTH:
        raise PasswordRefused(f"the password must be at most {MAX_LENGTH} characters long")
    if password.strip().lower() == name:
        raise PasswordRefused("the password must not be the name")


class Argon2Hasher:
    """Makes and compares hashes, off the event loop. The parameters stand in each hash, so they may change."""

    def __init__(self, parameters: Parameters = RFC_9106_LOW_MEMORY) -> None:
        self._argon2 = PasswordHasher.from_parameters(parameters)
        self._places = asyncio.Semaphore(_AT_A_TIME)
        self.decoy = _decoy(parameters)

    async def hash(self, password: str) -> str:
        """A new hash, with a salt of its own."""
        async with self._places:
            return await asyncio.to_thread(self._argon2.hash, _bytes(password))

    async def verify(self, stored: str, password: str) -> bool:
        """Whether this is the password. Compare with `decoy` where there is none: the same work, always False."""
        async with self._places:
            return await asyncio.to_thread(self._matches, stored, password)

    def _matches(self, stored: str, password: str) -> bool:
        try:
            return self._argon2.verify(stored, _bytes(password))
        except (VerificationError, InvalidHashError):
            return False

    def needs_rehash(self, stored: str) -> bool:
        """Whether a hash was made with other parameters than those of now."""
        return self._argon2.check_needs_rehash(stored)


def _decoy(parameters: Parameters) -> str:
    """A hash that no password is known for, with these parameters and without the work of making one."""
    cost = f"m={parameters.memory_cost},t={parameters.time_cost},p={parameters.parallelism}"
    salt, digest = (_zeros(length) for length in (parameters.salt_len, parameters.hash_len))
    return f"$argon2id$v={parameters.version}${cost}${salt}${digest}"


def _zeros(length: int) -> str:
    return "A" * -(-length * 4 // 3)  # base64 without padding, in which 'A' is zero


def _bytes(password: str) -> bytes:
    """One spelling for what looks the same: é typed on two keyboards may be one character or two."""
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")
