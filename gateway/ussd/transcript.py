"""Newest input, read out of the carrier's transcript: the cumulative `text` of a session.

The carrier sends everything typed so far, joined by `*` and with nothing escaped. It may repeat, delay or reorder its
callbacks (facts/protocols.md A.5, A.6). Only the difference to the earlier text can separate the newest input from a
typed `*`. A fingerprint of the earlier text is enough, so typed words need not be stored a second time.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple
from zlib import crc32

from gateway.text.typed import drop_control


class TextFingerprint(NamedTuple):
    """Length in characters and checksum of a transcript. It recognises late callbacks and is no defence: a caller who
    may send callbacks can send any text."""

    length: int
    checksum: int


def fingerprint(text: str) -> TextFingerprint:
    return TextFingerprint(len(text), _checksum(text))


def starts_with(text: str, earlier: TextFingerprint) -> bool:
    """Return True if `text` begins with the text of this fingerprint, or is that text."""
    return len(text) >= earlier.length and _checksum(text[: earlier.length]) == earlier.checksum


class TranscriptVerdict(StrEnum):
    NEW = "new"  # it adds input
    REPEATED = "repeated"  # the same callback again
    LATE = "late"  # shorter, or different: an older callback, or a foreign one


class NewInput(NamedTuple):
    verdict: TranscriptVerdict
    keys: str = ""


def new_input(earlier: TextFingerprint, text: str) -> NewInput:
    """Return the input after the earlier text and one `*`, so that a `*` within an input survives."""
    if not starts_with(text, earlier):
        return NewInput(TranscriptVerdict.LATE)
    rest = text[earlier.length :]
    if not rest:
        return NewInput(TranscriptVerdict.REPEATED)
    if not earlier.length:
        return NewInput(TranscriptVerdict.NEW, rest)
    if rest[0] != "*":
        return NewInput(TranscriptVerdict.LATE)
    return NewInput(TranscriptVerdict.NEW, rest[1:])


def clean(text: str) -> str:
    """Clean each input of a transcript of control characters (`text.typed.drop_control`).

    The clean form of a transcript begins with that of every earlier one, whether or not a carrier repeats the control
    characters of an input in later callbacks.
    """
    return text if text.isprintable() else "*".join(map(drop_control, text.split("*")))


def split_inputs(joined: str) -> list[str]:
    """Return the inputs of a transcript, as if no `*` in it was typed."""
    return joined.split("*") if joined else []


def dialled_suffix(dialled: str, service_code: str) -> list[str]:
    """Return the inputs dialled after the service code: 1 and 2 for `*384*3375*1*2#` on `*384*3375#`.

    It is unknown whether a carrier leaves them in the code or moves them into the text, so both are read
    (facts/protocols.md A.5).
    """
    stem = service_code.removesuffix("#") + "*"
    if not service_code or not dialled.startswith(stem) or not dialled.endswith("#"):
        return []
    return split_inputs(dialled[len(stem) : -1])


def _checksum(text: str) -> int:
    return crc32(text.encode("utf-8", "surrogatepass"))
