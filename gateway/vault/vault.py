"""Phone numbers at rest: sealed so that only the key opens them, and found again by a keyed hash.

Two keys are derived from one master (HKDF-SHA256), so that neither use weakens the other, and a fingerprint that tells
one master from another (`gateway.vault.key_check`) and nothing else of it. A plain hash would not do
for finding: there are so few numbers that all of them can be tried (facts/domain.md 4.1).

The sealed form is one byte that names the key, 12 bytes of nonce, and AES-256-GCM over the number padded to 16 bytes:
every sealed number is 45 bytes long, and its length tells nothing.
"""

from __future__ import annotations

import hashlib
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gateway.text.errors import ExplainedError
from gateway.text.phone import Phone

KEY_ID = b"\x01"  # names the master that sealed a number; a rotated master gets the next one
_PURPOSE = b"waspada phone number"
_NONCE = 12
_PADDED = 16
_SEALED = len(KEY_ID) + _NONCE + _PADDED + 16
_BLOCK = 64


class CannotOpen(ExplainedError):
    """A sealed number cannot be opened: it was sealed with another key, or its bytes were changed."""


class Vault:
    """Seals, opens and looks up phone numbers under one 32-byte master key. Shows no key in its `repr`."""

    __slots__ = ("_cipher", "_inner", "_outer", "fingerprint")

    def __init__(self, master: bytes) -> None:
        if len(master) != 32:
            raise ValueError("the vault's key must be 32 bytes long")
        self._cipher = AESGCM(_derived(master, b"seal"))
        self.fingerprint = _derived(master, b"fingerprint")
        # HMAC spelt out (RFC 2104): every USSD hop looks a number up, and with both pads hashed beforehand that
        # costs 0.7 microseconds instead of the 2.3 of hmac.digest.
        key = _derived(master, b"lookup").ljust(_BLOCK, b"\0")
        self._inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in key))
        self._outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in key))

    def seal(self, phone: Phone) -> bytes:
        """45 bytes, different each time. The nonce comes from the system: it must never repeat under one key."""
        nonce = os.urandom(_NONCE)
        padded = phone.e164.encode().ljust(_PADDED)
        return KEY_ID + nonce + self._cipher.encrypt(nonce, padded, KEY_ID + _PURPOSE)

    def open(self, sealed: bytes) -> Phone:
        """The number again. Raises `CannotOpen`."""
        if len(sealed) != _SEALED or sealed[:1] != KEY_ID:
            raise CannotOpen
        nonce, box = sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :]
        try:
            padded = self._cipher.decrypt(nonce, box, KEY_ID + _PURPOSE)
        except InvalidTag:
            raise CannotOpen from None
        return Phone(padded.decode().rstrip())

    def masked(self, sealed: bytes | None) -> str:
        """The number as lists show it; empty where it was erased, `?` where it cannot be opened: a list goes on."""
        try:
            return self.open(sealed).masked if sealed else ""
        except CannotOpen:
            return "?"

    def lookup(self, phone: Phone) -> bytes:
        """32 bytes, always the same for one number under one key: what a number is found by."""
        inner = self._inner.copy()
        inner.update(phone.e164.encode())
        outer = self._outer.copy()
        outer.update(inner.digest())
        return outer.digest()

    def __repr__(self) -> str:
        return "Vault(…)"


def _derived(master: bytes, purpose: bytes) -> bytes:
    return HKDF(SHA256(), length=32, salt=None, info=_PURPOSE + b" " + purpose).derive(master)
