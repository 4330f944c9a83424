"""Label of a screen, which a carrier echoes with the next callback and shows on its own pages.

It has the state, the language, and the beginning of the dialogue, if that was not the first screen:
`category.jv.home`. Nothing in a transcript separates a typed `*` from one that joins two inputs. So the label also
says which inputs had a star, and where the transcript ended on a screen that asks for a text. That is enough to replay
a lost session without guessing, and has nothing of a person (facts/protocols.md A.2).
"""

from __future__ import annotations

import re
from typing import NamedTuple

Spans = tuple[tuple[int, int], ...]
"""Start and end, in characters of the transcript, of each typed input that has a `*` in it."""

_MARKS = re.compile(r"(?:[0-9]{1,6}-[0-9]{1,6}_)*[0-9]{0,6}")


class ScreenLabel(NamedTuple):
    """Screen that the newest input answers. `language` is empty if the label has none."""

    state: str
    language: str
    began: str = ""  # as `menu.session.Session.began`
    spans: Spans = ()
    length: int | None = None  # of the transcript by this screen, if it asks for a text

    def __str__(self) -> str:
        label = f"{self.state}.{self.language}"
        if self.spans or self.length is not None:
            spans = "".join(f"{start}-{end}_" for start, end in self.spans)
            return f"{label}.{self.began}.{spans}{'' if self.length is None else self.length}"
        return f"{label}.{self.began}" if self.began else label


def parse_label(text: str | None) -> ScreenLabel | None:
    """Parse the label that a carrier echoes. Returns None for a carrier that echoes none."""
    if text is None:
        return None
    state, _, rest = text.partition(".")
    language, _, rest = rest.partition(".")
    began, _, marks = rest.partition(".")
    if not marks:
        return ScreenLabel(state, language, began)
    if not _MARKS.fullmatch(marks):
        return ScreenLabel(text, "")  # no label of ours: the name of no state
    *spans, length = marks.split("_")
    return ScreenLabel(
        state,
        language,
        began,
        tuple((int(start), int(end)) for start, _, end in (span.partition("-") for span in spans)),
        int(length) if length else None,
    )
