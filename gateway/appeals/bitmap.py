"""Pure: bitmap of person ids, with a bit for each id. A million ids take 125 kB and are counted in milliseconds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_BYTE = 8


@dataclass(frozen=True, slots=True)
class IdBitmap:
    """Bitmap of ids.

    The lowest bit of the first byte is the id `first`, a multiple of eight. The next bit is the next id. PostgreSQL
    numbers bits in the same way (`get_bit`).
    """

    first: int
    bits: bytes

    @classmethod
    def of(cls, ids: Sequence[int]) -> IdBitmap:
        """Build a bitmap of these ids, in any order. None of them may be negative."""
        if not ids:
            return EMPTY
        first = min(ids) // _BYTE * _BYTE
        bits = bytearray((max(ids) - first) // _BYTE + 1)
        for number in ids:
            bits[(number - first) // _BYTE] |= 1 << number % _BYTE
        return cls(first, bytes(bits))

    @property
    def end(self) -> int:
        """First id after the last bit."""
        return self.first + len(self.bits) * _BYTE

    def without(self, ids: Iterable[int]) -> IdBitmap:
        bits = bytearray(self.bits)
        for number in ids:
            if self.first <= number < self.end:
                bits[(number - self.first) // _BYTE] &= ~(1 << number % _BYTE)
        return IdBitmap(self.first, bytes(bits))


EMPTY = IdBitmap(0, b"")


def union(bitmaps: Iterable[IdBitmap]) -> IdBitmap:
    """Return the ids that are in any of the bitmaps."""
    filled = [bitmap for bitmap in bitmaps if bitmap.bits]
    if not filled:
        return EMPTY
    first = min(bitmap.first for bitmap in filled)
    bits = bytearray((max(bitmap.end for bitmap in filled) - first) // _BYTE)
    for bitmap in filled:
        start = (bitmap.first - first) // _BYTE
        place = slice(start, start + len(bitmap.bits))
        both = int.from_bytes(bits[place], "little") | int.from_bytes(bitmap.bits, "little")
        bits[place] = both.to_bytes(len(bitmap.bits), "little")
    return IdBitmap(first, bytes(bits))


def in_at_least(count: int, bitmaps: Iterable[IdBitmap]) -> IdBitmap:
    """Return the ids that are in at least `count` of the bitmaps. `count` is at least 1."""
    filled = [bitmap for bitmap in bitmaps if bitmap.bits]
    if len(filled) < count:
        return EMPTY
    first = min(bitmap.first for bitmap in filled)
    length = (max(bitmap.end for bitmap in filled) - first) // _BYTE
    # A bitmap is one large integer here: in_more_than[k] has the ids in more than k of the bitmaps visited so far.
    in_more_than = [0] * count
    for bitmap in filled:
        bits = int.from_bytes(bitmap.bits, "little") << (bitmap.first - first)
        for k in range(count - 1, 0, -1):
            in_more_than[k] |= in_more_than[k - 1] & bits
        in_more_than[0] |= bits
    return IdBitmap(first, in_more_than[-1].to_bytes(length, "little")) if in_more_than[-1] else EMPTY
