"""What a callback adds to what was known: the newest input, read from the carrier's cumulative `text`.

The carrier sends everything typed so far, joined by `*` and with nothing escaped, and may repeat, delay or reorder its
callbacks (facts/protocols.md A.5, A.6). Only the difference to the text before tells the newest input from a `*` that
somebody typed. Of that text a mark is enough: what was typed need not rest a second time beside the answers.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple
from zlib import crc32


class TextFingerprint(NamedTuple):
    """A text as it is remembered: its length in characters, and a checksum, which tells late callbacks from new ones
    and need withstand nobody: whoever may call us may say what he likes."""

    length: int
    checksum: int


def fingerprint(text: str) -> TextFingerprint:
    """The mark of `text`."""
    return TextFingerprint(len(text), _checksum(text))


def starts_with(text: str, marked: TextFingerprint) -> bool:
    """Whether `text` begins with the text that was marked, or is that text."""
    return len(text) >= marked.length and _checksum(text[: marked.length]) == marked.checksum


class TranscriptVerdict(StrEnum):
    """What the new text is to the marked one."""

    NEW = "new"  # it adds input
    REPEATED = "repeated"  # the same callback again
    LATE = "late"  # shorter, or another way: an older callback, or a foreign one


class NewInput(NamedTuple):
    """What a text adds to the marked one."""

    verdict: TranscriptVerdict
    keys: str = ""


def new_input(marked: TextFingerprint, text: str) -> NewInput:
    """What `text` adds: everything after the marked one and one `*`, so that a `*` within an input survives."""
    if not starts_with(text, marked):
        return NewInput(TranscriptVerdict.LATE)
    rest = text[marked.length :]
    if not rest:
        return NewInput(TranscriptVerdict.REPEATED)
    if not marked.length:
        return NewInput(TranscriptVerdict.NEW, rest)
    if rest[0] != "*":
        return NewInput(TranscriptVerdict.LATE)
    return NewInput(TranscriptVerdict.NEW, rest[1:])


def split_inputs(joined: str) -> list[str]:
    """The inputs in a text, if no `*` in it was typed."""
    return joined.split("*") if joined else []


def dialled_suffix(dialled: str, service_code: str) -> list[str]:
    """What was dialled after the service code: `*384*3375*1*2#` on `*384*3375#` is the inputs 1 and 2.

    Whether a carrier leaves them in the code or puts them into the text is not known, so both are read
    (facts/protocols.md A.5).
    """
    stem = service_code.removesuffix("#") + "*"
    if not service_code or not dialled.startswith(stem) or not dialled.endswith("#"):
        return []
    return split_inputs(dialled[len(stem) : -1])


def _checksum(text: str) -> int:
    return crc32(text.encode("utf-8", "surrogatepass"))
