"""The label of a screen: what a carrier echoes with the next callback, and shows on its own pages.

It is the state, the language, and where the dialling began, if not at the first screen: `category.jv.home`. That is
enough to find a lost dialogue again by what was typed, and nothing of a person (facts/protocols.md A.2).
"""

from __future__ import annotations

from typing import NamedTuple


class ScreenLabel(NamedTuple):
    """The screen that the newest input answers. `language` is empty where the label does not tell."""

    state: str
    language: str
    began: str = ""  # as `menu.engine.Session.began`

    def __str__(self) -> str:
        label = f"{self.state}.{self.language}"
        return f"{label}.{self.began}" if self.began else label


def parse_label(text: str | None) -> ScreenLabel | None:
    """The label that a carrier echoes; None where it does not."""
    if text is None:
        return None
    state, _, rest = text.partition(".")
    language, _, began = rest.partition(".")
    return ScreenLabel(state, language, began)
