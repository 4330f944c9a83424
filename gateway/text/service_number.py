"""Numbers that SMS go to: a short code such as `3375`, or a phone number in any spelling."""

from __future__ import annotations

import re

from gateway.text.phone import NotAPhoneNumber, normalise

_NUMBER = re.compile(r"\+?[0-9][0-9 -]{1,18}")


def is_number(sender: str) -> bool:
    """Return True if a sender can be written to. A name cannot: a phone has no key for it."""
    return bool(_NUMBER.fullmatch(sender))


def is_same_number(one: str, other: str, region: str) -> bool:
    """Return True if two spellings mean the same number, as in `+62 812…` and `0812…`."""
    return _plain(one, region) == _plain(other, region)


def _plain(number: str, region: str) -> str:
    try:
        return normalise(number, region)
    except NotAPhoneNumber:  # a short code
        return re.sub(r"\D", "", number)
