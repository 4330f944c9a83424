"""What bounds a dialogue on one channel."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.menu.definition import Keys


@dataclass(frozen=True, slots=True, eq=False)
class Limits:
    """The size of a screen with its `CON ` or `END ` (septets), how much may be typed at once (characters), the hops
    of a dialogue and the depth of its trail; and what the navigation keys are called there, where not as in the pack.

    By identity, not by value: laid-out pages are kept for each, and a hop must find them without comparing.
    """

    septets: int = 160
    text: int = 182  # a USSD string holds no more (facts/protocols.md E.4)
    hops: int = 100
    depth: int = 50
    keys: Keys | None = None


DEFAULT = Limits()
