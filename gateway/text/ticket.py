"""Ticket numbers: 8 digits with a check digit, that survive being read aloud, copied and typed on a keypad.

Seven digits are random and the eighth checks them by Damm's algorithm, which detects every single wrong digit and
every swap of two neighbours. Tickets are no sequence, so one of them does not reveal how many there are.
"""

from __future__ import annotations

import re
from collections.abc import Callable

# The quasigroup of order 10 from H. M. Damm's thesis (2004): totally anti-symmetric, with zeros on the diagonal.
_DAMM = (
    (0, 3, 1, 7, 5, 9, 8, 6, 4, 2),
    (7, 0, 9, 2, 1, 5, 4, 8, 6, 3),
    (4, 2, 0, 6, 8, 7, 1, 3, 5, 9),
    (1, 7, 5, 0, 9, 8, 3, 4, 2, 6),
    (6, 1, 2, 3, 0, 4, 5, 9, 7, 8),
    (3, 6, 7, 4, 2, 0, 9, 5, 8, 1),
    (5, 8, 6, 9, 7, 2, 0, 1, 3, 4),
    (8, 9, 4, 5, 3, 6, 2, 0, 1, 7),
    (9, 4, 3, 8, 6, 1, 7, 2, 0, 5),
    (2, 5, 8, 1, 4, 3, 6, 7, 9, 0),
)


def generate(number_below: Callable[[int], int]) -> str:
    """Draw a new ticket, one of nine million, with the randomness of `number_below` (`Clock.number_below`).

    The first digit is never 0, which spreadsheets drop.
    """
    drawn = str(1_000_000 + number_below(9_000_000))
    return f"{drawn}{_check_digit(drawn)}"


def is_valid(text: str) -> bool:
    """Return True if `text` is 8 digits with a right check digit, without dash or blanks."""
    return re.fullmatch(r"[1-9][0-9]{7}", text) is not None and _check_digit(text) == 0


def parse(text: str) -> str | None:
    """Return the ticket in typed text, with or without dash and blanks. None if the text is no ticket."""
    digits = re.sub(r"[\s\-\u2010-\u2015]", "", text)
    return digits if is_valid(digits) else None


def with_dash(ticket: str) -> str:
    """Format a ticket for a screen or an SMS: `7340-2816`."""
    return f"{ticket[:4]}-{ticket[4:]}"


def _check_digit(digits: str) -> int:
    """Compute the check digit of `digits`. It is 0 for digits that end in their own."""
    interim = 0
    for digit in digits:
        interim = _DAMM[interim][int(digit)]
    return interim
