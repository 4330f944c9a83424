"""Parts of an invalid pack that are unknown, so that checks can skip follow-on errors.

Every check that can be made is made, with all files that could be read. A diagnostic that would disappear once another
one is fixed would send people searching for nothing, so it is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

STAGES_LIST = "stages"


@dataclass(frozen=True, slots=True)
class Unknowns:
    """Unknown parts of a pack. A valid pack has none."""

    states: bool = False  # some state, and the answer that it keeps
    answers: frozenset[str] = frozenset()  # answers whose question is unknown
    paths: bool = False  # the target of some option, or the values of some list: no path can be explored
    entries: bool = False  # some entry from outside: a shortcut, help, or resuming
    keys: bool = False  # the navigation keys
    placeholders: bool = False  # some name that texts may show
    form: bool = False  # some answer that the pack declares
    keywords: bool = False  # some keyword of SMS
    lists: frozenset[str] = frozenset()  # lists with unknown values, `stages` among them
    unread: frozenset[str] = frozenset()  # languages whose whole file is unknown
    unclear: frozenset[str] = frozenset()  # those, and the ones with an unknown part
    partial: frozenset[str] = frozenset()  # those, and the ones that lack a text

    @property
    def any_screen(self) -> bool:
        """True if some text or list of a screen may be unknown in every language."""
        return self.states or self.paths or self.placeholders

    def includes_answer(self, name: str) -> bool:
        """Return True if some unknown state may keep the answer `name`."""
        return self.states or name in self.answers


NOTHING_UNKNOWN = Unknowns()


def readable_languages(wordings: Mapping[str, object], unknowns: Unknowns) -> list[str]:
    """Return the languages whose file could be read, at least in part."""
    return [language for language in wordings if language not in unknowns.unread]
