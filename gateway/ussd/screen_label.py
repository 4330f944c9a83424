"""Label of a screen, which a carrier echoes with the next callback and shows on its own pages.

It has the state, the language, and the beginning of the dialogue, if that was not the first screen:
`category.jv.home`. That is enough to replay a lost session from the transcript, and has nothing of a person
(facts/protocols.md A.2).
"""

from __future__ import annotations

from typing import NamedTuple


class ScreenLabel(NamedTuple):
    """Screen that the newest input answers. `language` is empty if the label has none."""

    state: str
    language: str
    began: str = ""  # as `menu.session.Session.began`

    def __str__(self) -> str:
        label = f"{self.state}.{self.language}"
        return f"{label}.{self.began}" if self.began else label


def parse_label(text: str | None) -> ScreenLabel | None:
    """Parse the label that a carrier echoes. Returns None for a carrier that echoes none."""
    if text is None:
        return None
    state, _, rest = text.partition(".")
    language, _, began = rest.partition(".")
    return ScreenLabel(state, language, began)
