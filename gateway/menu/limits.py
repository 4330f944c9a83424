"""Limits of a dialogue on one channel, and the keys that navigate it."""

from __future__ import annotations

from dataclasses import dataclass

USSD_STRING = 182
"""Most septets of a USSD string, in either direction (facts/protocols.md E.4)."""


@dataclass(frozen=True, slots=True)
class Keys:
    """Navigation keys, as a resident types them."""

    back: str
    back_elsewhere: str
    home: str
    more: str


@dataclass(frozen=True, slots=True, eq=False)
class Limits:
    """Size limits of a channel, and its navigation keys if they differ from those of the pack.

    Compared by identity, not by value: the cache of pages has it in its keys, and a hop must find them without
    comparing fields.
    """

    septets: int = 160  # of a screen, with its `CON ` or `END `
    text: int = USSD_STRING  # characters of one input
    hops: int = 100  # inputs of a dialogue
    depth: int = 50  # states of its trail
    keys: Keys | None = None


DEFAULT = Limits()
