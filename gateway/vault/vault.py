"""Encryption of phone numbers at rest (*sealed*), and their keyed hash, by which an encrypted number is found.

Two keys are derived from one master key (HKDF-SHA256), so that neither use weakens the other. A third derived value is
the fingerprint of the master key (`gateway.vault.key_check`). A plain hash would not do for the lookup: there are so
few phone numbers that all of them can be tried (facts/domain.md 4.1).

Sealing is authenticated encryption. A sealed number is one byte of format, one that names the key, 12 bytes of nonce,
and AES-256-GCM over the number padded to 16 bytes. It is always 46 bytes long, so that its length reveals nothing.

**A sealed number is bound to its hash**, which is its associated data. It opens only beside the hash, so nobody who may
write a table can put it into the row of somebody else. Both together can be copied, but opt-outs, the frequency cap and
erasure find the copy by its hash. It is bound to no table or column: SQL copies the numbers of a million people into
messages of an appeal (`gateway.appeals.expansion`), and a resident's report is copied from Redis into two tables.

Numbers of the first format have no byte of format: 45 bytes, bound to nothing by encryption. They still open, and only
beside the hash of the number that comes out. So they are bound as well, and need not be encrypted anew.
"""

from __future__ import annotations

import hashlib
import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gateway.text.errors import ExplainedError
from gateway.text.phone import Phone

KEY_ID = b"\x01"  # of the master key that sealed a number: a rotated one would get the next
_PURPOSE = b"waspada phone number"
_NONCE = 12
_PADDED = 16
_TAG = 16
_BOUND = b"\x02"  # the format: bound to the hash
_HEAD = _BOUND + KEY_ID
_BODY = _NONCE + _PADDED + _TAG
_BLOCK = 64  # of SHA-256


class CannotOpen(ExplainedError):
    """Cannot decrypt a phone number or a secret: it is of another key, was changed, or was moved from another row."""


class Vault:
    """Encrypts, decrypts and hashes phone numbers under one 32-byte master key. Its `repr` shows no key."""

    __slots__ = ("_cipher", "_inner", "_outer", "_secrets", "fingerprint")

    def __init__(self, master: bytes) -> None:
        if len(master) != 32:
            raise ValueError("the vault's key must be 32 bytes long")
        self._cipher = AESGCM(_derive(master, b"seal"))
        self._secrets = AESGCM(_derive(master, b"account secret"))
        self.fingerprint = _derive(master, b"fingerprint")
        # HMAC spelt out (RFC 2104): every USSD hop looks a number up, and with both pads hashed beforehand that
        # costs 0.7 microseconds instead of the 2.3 of hmac.digest.
        key = _derive(master, b"lookup").ljust(_BLOCK, b"\0")
        self._inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in key))
        self._outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in key))

    def seal(self, phone: Phone) -> bytes:
        """Encrypt a number to 46 bytes, different each time. The nonce is random: it must never repeat under a key."""
        nonce = os.urandom(_NONCE)
        padded = phone.e164.encode().ljust(_PADDED)
        return _HEAD + nonce + self._cipher.encrypt(nonce, padded, _HEAD + _PURPOSE + self.lookup(phone))

    def open(self, sealed: bytes, key: bytes | None) -> Phone:
        """Decrypt the number that is stored beside the keyed hash `key`. Raises `CannotOpen`.

        None opens only a number of the first format, from a place that had no hash.
        """
        head, nonce, ciphertext = sealed[:-_BODY], sealed[-_BODY : _NONCE - _BODY], sealed[_NONCE - _BODY :]
        try:
            if head == _HEAD and key is not None:
                return _phone(self._cipher.decrypt(nonce, ciphertext, _HEAD + _PURPOSE + key))
            if head == KEY_ID:
                phone = _phone(self._cipher.decrypt(nonce, ciphertext, KEY_ID + _PURPOSE))
                if key is None or hmac.compare_digest(self.lookup(phone), key):
                    return phone
        except InvalidTag:
            pass
        raise CannotOpen

    def seal_secret(self, secret: bytes, owner: str) -> bytes:
        """Encrypt the secret of a second factor, bound to the account that it is of."""
        nonce = os.urandom(_NONCE)
        return KEY_ID + nonce + self._secrets.encrypt(nonce, secret, KEY_ID + owner.encode())

    def open_secret(self, sealed: bytes, owner: str) -> bytes:
        """Decrypt a secret of `seal_secret`. Raises `CannotOpen`, also for that of another account."""
        nonce, ciphertext = sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :]
        try:
            if sealed[:1] != KEY_ID:
                raise CannotOpen
            return self._secrets.decrypt(nonce, ciphertext, KEY_ID + owner.encode())
        except (InvalidTag, ValueError):
            raise CannotOpen from None

    def masked(self, sealed: bytes | None, key: bytes | None) -> str:
        """Return the masked number, empty if erased. It is `?` if it cannot be decrypted, so that a list goes on."""
        try:
            return self.open(sealed, key).masked if sealed else ""
        except CannotOpen:
            return "?"

    def lookup(self, phone: Phone) -> bytes:
        """Return the keyed hash of a number: 32 bytes, always the same under one key."""
        inner = self._inner.copy()
        inner.update(phone.e164.encode())
        outer = self._outer.copy()
        outer.update(inner.digest())
        return outer.digest()

    def __repr__(self) -> str:
        return "Vault(…)"


def _phone(padded: bytes) -> Phone:
    return Phone(padded.decode().rstrip())


def _derive(master: bytes, purpose: bytes) -> bytes:
    return HKDF(SHA256(), length=32, salt=None, info=_PURPOSE + b" " + purpose).derive(master)
