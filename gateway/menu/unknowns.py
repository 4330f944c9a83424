"""What cannot be told of a pack that is not whole, so that nothing is said of it which only follows from a fault.

Every check that can be made is made, of whatever could be read. A complaint that would go away by itself once another
one is mended sends people looking for what is not there: those are left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

STAGES_LIST = "stages"


@dataclass(frozen=True, slots=True)
class Unknowns:
    """What is in doubt; nothing of it in a pack that is whole."""

    states: bool = False  # some state is not known at all, nor what it keeps
    answers: frozenset[str] = frozenset()  # kept by a state of which nobody knows what it asks for
    paths: bool = False  # where some state leads, or what it lists: no way can be walked
    entries: bool = False  # some way in from outside: a shortcut, help, or resuming
    keys: bool = False  # what the keys for moving about are
    placeholders: bool = False  # some name that texts may show
    lists: frozenset[str] = frozenset()  # lists with values that are not known, `stages` among them
    unread: frozenset[str] = frozenset()  # languages of which nothing could be read
    unclear: frozenset[str] = frozenset()  # those, and the ones of which a part could not be read
    partial: frozenset[str] = frozenset()  # those, and the ones that lack a text

    @property
    def any_screen(self) -> bool:
        """Whether some text or list of a screen may be unknown in every language."""
        return self.states or self.paths or self.placeholders

    def includes_answer(self, name: str) -> bool:
        """Whether some state may keep the answer `name` that is not known."""
        return self.states or name in self.answers


NOTHING_UNKNOWN = Unknowns()


def readable_languages(wordings: Mapping[str, object], unknowns: Unknowns) -> list[str]:
    """The languages of which something could be read."""
    return [language for language in wordings if language not in unknowns.unread]
