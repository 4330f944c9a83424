"""Excerpts of a history for a contradiction: short lines with masked numbers."""

from __future__ import annotations

from collections.abc import Iterable

from gateway.text.phone import Phone
from tests.faults.history.records import History, Hop

_LAST = 8


def masked(phone: str) -> str:
    """Return a number with its middle hidden."""
    return str(Phone(phone))


def hop_line(hop: Hop) -> str:
    """Return a callback and its answer in one line."""
    typed = "dials" if hop.typed is None else f"types {hop.typed!r}"
    seen = f"{hop.status or 'nothing'} {hop.body[:90]!r}" if hop.answered else "no answer"
    notes = "".join(f" ({note})" for note, holds in (("unseen", not hop.shown), ("copy", hop.repeated)) if holds)
    held = f" sent {hop.sent - hop.at:.1f} s later" if hop.sent - hop.at > 1 else ""
    return f"{hop.at:.2f} {hop.call} {masked(hop.phone)} {typed}{held} -> {seen}{notes}"


def calls_excerpt(history: History, calls: Iterable[str]) -> tuple[str, ...]:
    """Return the last callbacks of these calls."""
    wanted = set(calls)
    hops = sorted((hop for hop in history.hops if hop.call in wanted), key=lambda hop: hop.at)
    return tuple(hop_line(hop) for hop in hops[-_LAST:])


def trouble_lines(history: History, began: float, ended: float) -> tuple[str, ...]:
    """Return the troubles between two times."""
    return tuple(
        f"{one.began:.2f} to {one.ended:.2f}: {one.kind} {one.target}"
        for one in history.troubles
        if one.overlaps(began, ended)
    )
