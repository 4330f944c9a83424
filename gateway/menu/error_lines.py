"""Error lines: why an input was refused, above the screen that it was typed on."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.menu.days import OLDEST_DATE
from gateway.menu.limits import Limits
from gateway.menu.model import NUMBER, Menu, State
from gateway.text import gsm
from gateway.text.wording import Wording, fill

ERROR_PLACEHOLDERS = ("options", "most", "least", "days")
"""Placeholders of error lines: the numbers of the options, the bounds of a number, or of a text in characters, the days
that a date may lie back."""


def error_line(menu: Menu, state: State, words: Wording, error: str, options: int, limits: Limits) -> str:
    """Fill in the error line of that name for a screen with so many `options`."""
    text = words.errors[error]
    return fill(text, _values(menu, state, options, limits)) if "{" in text else text


def longest_error(menu: Menu, state: State, words: Wording, options: int, limits: Limits) -> int:
    """Count the septets of the longest error line that a screen may show, with its line break. 0 if it shows none."""
    lines = [error_line(menu, state, words, error, options, limits) for error in state.kind.errors_of(state)]
    return max((gsm.septets(line) + 1 for line in lines), default=0)


def _values(menu: Menu, state: State, options: int, limits: Limits) -> Mapping[str, str]:
    only = "1" if options else (limits.keys or menu.keys).back
    return {
        "options": f"1-{options}" if options > 1 else only,
        "most": str(state.most if state.source == NUMBER else min(state.most, limits.text)),
        "least": str(state.least),
        "days": str(OLDEST_DATE.days),
    }
