"""Transliteration to GSM-7: replace characters outside the alphabet by some that are read the same.

Editors put curly quotes, long dashes and no-break spaces where nobody typed them, and a single one of them more than
doubles the price of an SMS (facts/protocols.md E.1). The author is shown each replacement. A character without a
substitute, such as an emoji or one of Javanese script, stays, with the marks and joiners that belong to it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from gateway.text.gsm_alphabet import FOREIGN, composed

_QUOTES = {**dict.fromkeys("\u2018\u2019\u201a\u201b\u2039\u203a\u2032\u2035\u02bb\u02bc\u02b9`\u00b4", "'")}
_QUOTES |= dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033\u2036\u3003", '"')
_DASHES = dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2043\ufe58\ufe63\uff0d", "-")
_BULLETS = dict.fromkeys("\u2022\u2023\u25e6\u00b7\u2219\u25aa\u25cf\u25cb\u25a0", "-")
_SPACES = {"\t": " ", "\u1680": " ", "\u2028": "\n", "\u2029": "\n", "\u0085": "\n", "\v": "\n"}
_LETTERS = {
    "\u0111": "d", "\u0110": "D", "\u0142": "l", "\u0141": "L", "\u0131": "i", "\u0127": "h", "\u0126": "H",
    "\u0167": "t", "\u0166": "T", "\u0153": "oe", "\u0152": "OE", "\u00fe": "th", "\u00de": "Th", "\u00f0": "d",
    "\u00d0": "D", "\u014b": "ng", "\u014a": "Ng", "\u0268": "i", "\u0289": "u", "\u0253": "b", "\u0257": "d",
}  # fmt: skip
_SIGNS = {"\u00d7": "x", "\u2044": "/", "\u2215": "/", "\u00a9": "(c)", "\u00ae": "(r)"}

# Characters that Unicode's own tables (NFKD) cannot take apart, or would take apart wrongly.
SUBSTITUTES: Mapping[str, str] = {**_QUOTES, **_DASHES, **_BULLETS, **_SPACES, **_LETTERS, **_SIGNS}

# Zero-width, invisible and directional characters. Some of them hold an emoji or a syllable together.
INVISIBLE = frozenset(
    "\u00ad\u034f\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u2060\u2061\u2062\u2063\u2064\ufeff\ufe0e\ufe0f"
    "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)
_ACCENT = re.compile("[\u0300-\u036f]")


class Replacement(NamedTuple):
    """Replacement of one character. `position` is its index in the composed text."""

    original: str
    substitute: str
    position: int


@dataclass(frozen=True, slots=True)
class Transliterated:
    text: str
    replacements: tuple[Replacement, ...]


def transliterate(text: str) -> Transliterated:
    """Replace every character outside GSM-7 that has a substitute. A text within GSM-7 stays as it is."""
    kept: list[str] = []
    replacements: list[Replacement] = []
    foreign = False  # True after a character that stays foreign, and after the marks that belong to it
    for position, char in enumerate(composed(text)):
        if _within(char):
            foreign = False
            kept.append(char)
            continue
        is_mark = char in INVISIBLE or _ACCENT.fullmatch(char)
        substitute = None if is_mark and foreign else _substitute(char)
        foreign = substitute is None
        kept.append(char if substitute is None else substitute)
        if substitute is not None:
            replacements.append(Replacement(char, substitute, position))
    return Transliterated("".join(kept), tuple(replacements))


def _substitute(char: str) -> str | None:
    """Return text within GSM-7 that is read as `char`: empty for an invisible one, None where there is none."""
    if char in INVISIBLE:
        return ""
    if char in SUBSTITUTES:
        return SUBSTITUTES[char]
    apart = _ACCENT.sub("", unicodedata.normalize("NFKD", char))
    found = "".join(SUBSTITUTES.get(part, part) for part in apart)
    return found if _within(found) and (found or _ACCENT.fullmatch(char)) else None


def _within(text: str) -> bool:
    return not FOREIGN.search(text)
