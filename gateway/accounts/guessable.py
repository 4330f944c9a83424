"""Pure: estimate of the guesses that find a password, by the lists and patterns of the package zxcvbn (MIT).

It knows 30,000 breached passwords and the usual disguises of them: other case, digits for letters, a year or `123` at
the end, rows of keys, repetitions, dates.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

MIN_GUESSES = 10**9
"""Guesses that a password must withstand: more than three known parts in a row. A lock allows 960 a day."""

_OWN_NAMES = ("waspada", "sms", "ussd")
_MAX_ESTIMATED = 72  # characters; the time grows with their square, and a long beginning is enough to judge by
_SHORTEST_WORD = 3
_SEPARATORS = re.compile(r"[\s._-]+")


def is_guessable(password: str, names: Collection[str]) -> bool:
    """Return True if fewer than `MIN_GUESSES` find the password. `names` are guessed first, whole and word by word.

    Takes some milliseconds, for patterns of digits and signs up to two seconds.
    """
    from zxcvbn import zxcvbn  # noqa: PLC0415 - takes 70 ms and 10 MB, which only a new password needs

    joined = _SEPARATORS.sub("", password)  # `siaga.pilkada` is no better than `siagapilkada`
    if not joined:
        return True
    words = list(dict.fromkeys(word for name in (*_OWN_NAMES, *names) for word in _words(name)))
    return bool(zxcvbn(joined[:_MAX_ESTIMATED], words)["guesses"] < MIN_GUESSES)


def _words(name: str) -> Iterator[str]:
    parts = re.findall(r"[^\W_]+", name.lower())
    yield from (name.lower(), "".join(parts))
    yield from (part for part in parts if len(part) >= _SHORTEST_WORD)
