"""Inputs as phones send them: control characters, digits of other scripts, and signs around a number."""

from __future__ import annotations

import re
import unicodedata

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
_AT_THE_END = "".join(map(chr, (*range(0x21), *range(0x7F, 0xA0))))  # control characters and the blank
_NUMBER = re.compile(r"[\W_]*([0-9]{1,4})[\W_]*")


def drop_control(text: str) -> str:
    """Drop control characters at the end of `text`, with the blanks among them. Others become a blank.

    A network pads a string of 8n-1 characters with a carriage return, and not every carrier strips it
    (facts/protocols.md E.4).
    """
    if text.isprintable() or not _CONTROL.search(text):
        return text
    if _CONTROL.match(text[-1]):
        text = text.rstrip(_AT_THE_END)
    return _CONTROL.sub(" ", text)


def ascii_digits(text: str) -> str:
    """Write the digits of other scripts, and full-width ones, as 0 to 9."""
    if text.isascii():
        return text
    return "".join(str(unicodedata.decimal(char)) if char.isdecimal() else char for char in text)


def plain_number(keys: str) -> str:
    """Return the number of at most four digits in an input such as `1.`, `(1)` or `#1`, in ASCII digits.

    Returns the input itself if it is anything else.
    """
    if keys.isascii() and keys.isdecimal():
        return keys
    found = _NUMBER.fullmatch(ascii_digits(keys))
    return found[1] if found else keys
