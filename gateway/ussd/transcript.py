"""What a callback adds to what was known: the newest input, read from the carrier's cumulative `text`.

The carrier sends everything typed so far, joined by `*` and with nothing escaped, and may repeat, delay or reorder its
callbacks (facts/protocols.md A.5, A.6). Only the difference to the stored text tells the newest input from a `*` that
somebody typed.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Reading(StrEnum):
    """What the new text is to the stored one."""

    NEW = "new"  # it adds input
    REPEATED = "repeated"  # the same callback again
    LATE = "late"  # shorter, or another way: an older callback, or a foreign one


class Addition(NamedTuple):
    """What a text adds to the stored one."""

    reading: Reading
    keys: str = ""


def added(stored: str, text: str) -> Addition:
    """What `text` adds to `stored`: everything after it and one `*`, so that a `*` within an input survives."""
    if text == stored:
        return Addition(Reading.REPEATED)
    if not text.startswith(stored):
        return Addition(Reading.LATE)
    rest = text[len(stored) :]
    if not stored:
        return Addition(Reading.NEW, rest)
    if rest[0] != "*":
        return Addition(Reading.LATE)
    return Addition(Reading.NEW, rest[1:])


def whole(text: str, dialled: str, service_code: str) -> list[str]:
    """Every input of a dialling, when nothing of it is stored: the suffix of the dialled code, then the text.

    `*384*3375*1*2#` dialled on `*384*3375#` is the inputs 1 and 2; whether a carrier puts them here or into the text
    is not known, so both are read (facts/protocols.md A.5).
    """
    suffix = ""
    stem = service_code.removesuffix("#") + "*"
    if service_code and dialled.startswith(stem) and dialled.endswith("#"):
        suffix = dialled[len(stem) : -1]
    return [*(suffix.split("*") if suffix else ()), *(text.split("*") if text else ())]
