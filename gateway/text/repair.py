"""Damaged text of people, repaired as far as it can be: no letter is lost for one of its bytes.

Phones, modems and carriers cut an emoji in two, encode its halves one by one (CESU-8), or write Latin-1 into UTF-8.
"""

from __future__ import annotations

import re

MARK = "\N{REPLACEMENT CHARACTER}"
"""Character that stands for bytes that cannot be read."""
CUT = "\N{HORIZONTAL ELLIPSIS}"
"""Character at the end of a text that was too long to be kept whole."""

_PAIR = re.compile(rb"\xed[\xa0-\xaf][\x80-\xbf]\xed[\xb0-\xbf][\x80-\xbf]")  # both halves of an emoji, in CESU-8
_HALF = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]")
_NOT_STORABLE = re.compile(r"[\x00\ud800-\udfff]")


def decode_damaged(raw: bytes) -> str:
    """Decode UTF-8. An emoji in CESU-8 is joined, and whatever cannot be read becomes `MARK`. Never fails."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        joined = _PAIR.sub(lambda pair: _join(pair[0]), raw)
        return _HALF.sub(MARK.encode(), joined).decode(errors="replace")


def storable(text: str) -> str:
    """Return the text without what PostgreSQL cannot store: NUL is dropped, half a surrogate pair becomes `MARK`."""
    return _NOT_STORABLE.sub(lambda found: "" if found[0] == "\0" else MARK, text)


def cut(text: str, longest: int) -> str:
    """Return at most `longest` characters of the text. `CUT` at its end says that there were more."""
    return text if len(text) <= longest else text[: longest - 1] + CUT


def _join(pair: bytes) -> bytes:
    return pair.decode("utf-8", "surrogatepass").encode("utf-16", "surrogatepass").decode("utf-16").encode()
