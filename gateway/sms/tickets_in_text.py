"""Pure: tickets in the text of an SMS, also with other marks between their digits, or with letters for digits."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gateway.sms.typed_text import trim
from gateway.text import ticket as tickets

_GAP = r"[^0-9A-Za-z]{0,3}"
_LETTERS_FOR_DIGITS = str.maketrans("OoQIil|SsB", "0001111558")
_LETTERED = r"[0-9OoQIil|SsB]"
_MIN_DIGITS = 5  # of the eight characters of a ticket with letters
_FORMS = (
    re.compile(rf"(?<![0-9])(?=([1-9][0-9]{{3}}{_GAP}[0-9]{{4}})(?![0-9]))"),
    re.compile(rf"(?<![0-9])(?=([1-9](?:{_GAP}[0-9]){{7}})(?![0-9]))"),
    re.compile(rf"(?<![0-9A-Za-z])(?=({_LETTERED}{{4}}{_GAP}{_LETTERED}{{4}})(?![0-9A-Za-z]))"),
)
"""Forms of a ticket, the most certain first."""
_TICKET_LIKE = re.compile(
    rf"[0-9](?:{_GAP}[0-9]){{5}}|(?<![0-9A-Za-z])(?=[A-Za-z]*[0-9]){_LETTERED}{{4}}-{_LETTERED}{{4}}(?![0-9A-Za-z])"
)  # at least six digits: neither a time nor a number of people


def find_ticket(text: str) -> tuple[str, str]:
    """Find the first valid ticket in `text`. Returns its 8 digits without a dash, or "", and the rest of the text.

    Any words may precede it (`CEK nomor 7340-2816 pak`): eight valid digits are hardly anything else. The check digit
    decides if `O` means a zero (`734O-2816`).
    """
    ticket, before, after = split_at_ticket(text)
    return ticket, f"{before} {after}".strip()


def split_at_ticket(text: str) -> tuple[str, str, str]:
    """Return the first valid ticket in `text`, and what is before and after it. Without one, all is after it."""
    for found, ticket in _candidates(text):
        if tickets.is_valid(ticket):
            return ticket, trim(text[: found.start(1)]), trim(text[found.end(1) :])
    return "", "", trim(text)


def all_tickets(text: str) -> frozenset[str]:
    """Return every valid ticket that `text` may name, in any of the forms."""
    return frozenset(ticket for _, ticket in _candidates(text) if tickets.is_valid(ticket))


def has_ticket_like_number(text: str) -> bool:
    """Return True if `text` contains a number that may be a mistyped ticket."""
    return _TICKET_LIKE.search(text) is not None


def _candidates(text: str) -> Iterator[tuple[re.Match[str], str]]:
    for form in _FORMS:
        for found in form.finditer(text):
            if len(re.findall(r"[0-9]", found[1])) >= _MIN_DIGITS:
                yield found, re.sub(r"[^0-9]", "", found[1].translate(_LETTERS_FOR_DIGITS))
