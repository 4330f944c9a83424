"""What bounds a dialogue on one channel."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.menu.model import Keys

USSD_STRING = 182
"""Septets that a USSD string can hold at all, in either direction (facts/protocols.md E.4)."""


@dataclass(frozen=True, slots=True, eq=False)
class Limits:
    """The size of a screen with its `CON ` or `END ` (septets), how much may be typed at once (characters), the hops
    of a dialogue and the depth of its trail; and what the navigation keys are called there, where not as in the pack.

    By identity, not by value: laid-out pages are kept for each, and a hop must find them without comparing.
    """

    septets: int = 160
    text: int = USSD_STRING
    hops: int = 100
    depth: int = 50
    keys: Keys | None = None


DEFAULT = Limits()
