"""Encoding and cost of an SMS: GSM-7 or UCS-2, septets, and the parts that a long one is sent in.

A message is sent in GSM-7 when every character is in that alphabet, else the whole of it is UCS-2: one
curly quote more than doubles the price (facts/protocols.md E.1, E.2). Texts are composed (NFC) before they are
counted, since `e` and a combining accent are not in the alphabet although `é` is; the parts are composed.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from gateway.text.gsm_alphabet import EXTENDED, EXTENSION, FOREIGN, composed
from gateway.text.transliteration import Replacement, Transliterated, transliterate

__all__ = [
    "Cost",
    "Encoding",
    "NotGsm7",
    "Replacement",
    "Transliterated",
    "cost",
    "encoding",
    "packed_octets",
    "parts",
    "septets",
    "transliterate",
    "utf16_units",
]

# Septets or UTF-16 units per SMS. A part of several gives up room for its header (facts/protocols.md E.2).
_SINGLE_PART = {"gsm7": 160, "ucs2": 70}
_PART_OF_SEVERAL = {"gsm7": 153, "ucs2": 67}

Encoding = Literal["gsm7", "ucs2"]


class NotGsm7(ValueError):
    """Character outside the GSM-7 alphabet: a single one turns the whole message into UCS-2.

    `index` counts from 0 in the composed text.
    """

    def __init__(self, character: str, index: int) -> None:
        self.character = character
        self.index = index
        name = unicodedata.name(character, "a control character")
        super().__init__(
            f"{character!r} (U+{ord(character):04X}, {name}) is not in the GSM-7 alphabet: "
            f"it is character {index + 1} of the text"
        )


def encoding(text: str) -> Encoding:
    return "ucs2" if FOREIGN.search(composed(text)) else "gsm7"


def septets(text: str) -> int:
    """Count the septets of `text` in GSM-7. A character of the extension table counts twice.

    Raises `NotGsm7` at the first character that is in neither table, a raw ESC among them.
    """
    text = composed(text)
    foreign = FOREIGN.search(text)
    if foreign:
        raise NotGsm7(foreign[0], foreign.start())
    return len(text) + len(EXTENDED.findall(text))


def utf16_units(text: str) -> int:
    """Count the UTF-16 code units of `text`, its length in UCS-2. An emoji counts twice."""
    return len(composed(text).encode("utf-16-le", "surrogatepass")) // 2


def packed_octets(text: str) -> int:
    """Count the octets of `text` packed for USSD, which has room for 160 octets: 182 septets.

    Seven spare bits at the end are padded with CR, lest they be read as `@`; that takes no octet more
    (facts/protocols.md E.4). Raises `NotGsm7`.
    """
    return (septets(text) * 7 + 7) // 8


def parts(text: str) -> list[str]:
    """Cut `text` into the parts of an SMS. Joined they are the composed text, and there is always at least one.

    Nothing that is sent or seen as one is cut in two: an escape with its character, a surrogate pair, a letter
    with its accents, an emoji with its modifiers.
    """
    text = composed(text)
    kind = encoding(text)
    if (septets(text) if kind == "gsm7" else utf16_units(text)) <= _SINGLE_PART[kind]:
        return [text]
    widths = [2 if (char in EXTENSION if kind == "gsm7" else char > "\uffff") else 1 for char in text]
    return list(_cut(text, widths, _PART_OF_SEVERAL[kind]))


@dataclass(frozen=True, slots=True)
class Cost:
    """Cost of an SMS, for its author. `length` is in septets, or in UTF-16 units where the encoding is UCS-2."""

    text: str  # as it would be sent
    encoding: Encoding
    length: int
    parts: int
    replacements: tuple[Replacement, ...]


def cost(text: str) -> Cost:
    changed = transliterate(text)
    kind = encoding(changed.text)
    length = septets(changed.text) if kind == "gsm7" else utf16_units(changed.text)
    return Cost(changed.text, kind, length, len(parts(changed.text)), changed.replacements)


def _cut(text: str, widths: Sequence[int], room: int) -> Iterator[str]:
    start = 0
    while start < len(text):
        end, used = start, 0
        while end < len(text) and used + widths[end] <= room:
            used += widths[end]
            end += 1
        end = _before_cluster(text, start, end)
        yield text[start:end]
        start = end


def _before_cluster(text: str, start: int, end: int) -> int:
    """Find the cut at or before `end` that keeps the cluster around it whole.

    Returns `end` itself if the cluster fills a part alone.
    """
    for cut in range(end, start, -1):
        if cut == len(text) or not _belongs_together(text, cut):
            return cut
    return end


def _belongs_together(text: str, index: int) -> bool:
    """Return True if the character at `index` is seen as one with the one before (UAX 29 without the jamo)."""
    before, char = text[index - 1], text[index]
    if before == "\u200d" or (before, char) == ("\r", "\n"):
        return True
    if _is_flag_letter(char):
        letters = 0
        while letters < index and _is_flag_letter(text[index - 1 - letters]):
            letters += 1
        return letters % 2 == 1
    return (
        char in "\u200c\u200d"  # the joiners
        or "\U0001f3fb" <= char <= "\U0001f3ff"  # skin tones
        or "\U000e0020" <= char <= "\U000e007f"  # tags of regional flags
        or unicodedata.category(char) in {"Mn", "Mc", "Me", "Cs"}
    )


def _is_flag_letter(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"
