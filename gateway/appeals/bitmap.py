"""Pure: a crowd is a set of people, a bit for each id. A million take 125 kB, counted in milliseconds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_BYTE = 8


@dataclass(frozen=True, slots=True)
class IdBitmap:
    """A set of people, by their ids.

    The lowest bit of the first byte stands for the id `first`, which is a multiple of eight; the next bit for the next
    one. So PostgreSQL counts bits too (`get_bit`).
    """

    first: int
    bits: bytes

    @classmethod
    def of(cls, ids: Sequence[int]) -> IdBitmap:
        """Those with these ids, in any order; none may be negative."""
        if not ids:
            return EMPTY
        first = min(ids) // _BYTE * _BYTE
        bits = bytearray((max(ids) - first) // _BYTE + 1)
        for one in ids:
            bits[(one - first) // _BYTE] |= 1 << one % _BYTE
        return cls(first, bytes(bits))

    @property
    def end(self) -> int:
        """The id behind the last one that there is a bit for."""
        return self.first + len(self.bits) * _BYTE

    def without(self, ids: Iterable[int]) -> IdBitmap:
        """The others."""
        bits = bytearray(self.bits)
        for one in ids:
            if self.first <= one < self.end:
                bits[(one - self.first) // _BYTE] &= ~(1 << one % _BYTE)
        return IdBitmap(self.first, bytes(bits))


EMPTY = IdBitmap(0, b"")


def union(crowds: Iterable[IdBitmap]) -> IdBitmap:
    """Whoever is in any of them."""
    some = [crowd for crowd in crowds if crowd.bits]
    if not some:
        return EMPTY
    first = min(crowd.first for crowd in some)
    bits = bytearray((max(crowd.end for crowd in some) - first) // _BYTE)
    for crowd in some:
        start = (crowd.first - first) // _BYTE
        place = slice(start, start + len(crowd.bits))
        both = int.from_bytes(bits[place], "little") | int.from_bytes(crowd.bits, "little")
        bits[place] = both.to_bytes(len(crowd.bits), "little")
    return IdBitmap(first, bytes(bits))


def in_at_least(count: int, crowds: Iterable[IdBitmap]) -> IdBitmap:
    """Whoever is in `count` of them, at least 1, or in more."""
    some = [crowd for crowd in crowds if crowd.bits]
    if len(some) < count:
        return EMPTY
    first = min(crowd.first for crowd in some)
    length = (max(crowd.end for crowd in some) - first) // _BYTE
    seen = [0] * count  # seen[k]: whoever is in more than k of those looked at
    for crowd in some:
        bits = int.from_bytes(crowd.bits, "little") << (crowd.first - first)
        for k in range(count - 1, 0, -1):
            seen[k] |= seen[k - 1] & bits
        seen[0] |= bits
    return IdBitmap(first, seen[-1].to_bytes(length, "little")) if seen[-1] else EMPTY
