"""Pure: what somebody means by an SMS, as far as a pack's keywords tell.

A message is a keyword and what belongs to it, as a thumb types it: in capitals or not, with commas, full stops or
number signs between the words, with a code or a word for the kind of incident, and with the name of a place as people
call it. Nothing is guessed: what is not understood is said to be missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gateway.menu.definition import Keywords, Menu

_SEPARATORS = " \t\r\n,;:.!?#*/|-_\"'()"
_WORD = re.compile(rf"[^{re.escape(_SEPARATORS)}]+")
_LONGEST_PLACE = 6  # words, with its kecamatan and what may stand before it
_LONGEST_NAME = 3
_MOST_WORDS = 40  # looked through for a place: a name costs a search

_Word = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Meant:
    """A command of the pack (empty for none), the language of its keyword (empty where several share it), the rest."""

    command: str = ""
    language: str = ""
    rest: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """What a report by SMS says. Empty is what was not understood; several `places` are those that may be meant."""

    category: str
    places: tuple[str, ...]
    description: str

    @property
    def area(self) -> str:
        """The one place that is meant."""
        return self.places[0] if len(self.places) == 1 else ""


def meant(text: str, keywords: Keywords) -> Meant:
    """What the first word of `text` asks for."""
    words = list(_words(text))
    if not words:
        return Meant()
    first, end = words[0]
    for command, languages in keywords.commands.items():
        speaking = [language for language, said in languages.items() if first in said]
        if speaking:
            language = speaking[0] if len(speaking) == 1 else ""
            return Meant(command, language, text[end:].strip(_SEPARATORS))
    return Meant()


def is_automatic(text: str, keywords: Keywords) -> bool:
    """Whether a machine has written this: then it gets no answer, or two machines would write for ever."""
    folded = " ".join(word for word, _ in _words(text))
    return any(phrase in folded for phrase in keywords.automatic)


def told(text: str, menu: Menu) -> Told:
    """What follows the keyword of a report.

    First the kind and the place, in whichever order, and then what happened. Who tells it in a sentence is understood
    by the words in it: the first that names a kind, and the one place that is named as it is written.
    """
    words = list(_words(text))
    category, taken = _category(words, menu)
    places, size = _place(words[taken:], menu)
    if not category and size:
        category, more = _category(words[size:], menu)
        taken = more
    taken += size
    rest = text[words[taken - 1][1] :] if taken else text
    return Told(
        category or _category_within(words, menu),
        places or _places_within(words[taken:], menu),
        rest.strip(_SEPARATORS),
    )


def _words(text: str) -> Iterator[_Word]:
    """Each word, folded, and where it ends."""
    for found in _WORD.finditer(text):
        yield found[0].casefold(), found.end()


def _category(words: Sequence[_Word], menu: Menu) -> tuple[str, int]:
    """The kind of incident that the first word says, by its code too, and how many words that took."""
    category = menu.keywords.categories.get(words[0][0], "") if words else ""
    return category, int(bool(category))


def _category_within(words: Sequence[_Word], menu: Menu) -> str:
    """The kind that the first word which names one says; a number within a sentence is no code."""
    known = menu.keywords.categories
    return next((known[word] for word, _ in words if word in known and not word.isdigit()), "")


def _place(words: Sequence[_Word], menu: Menu) -> tuple[tuple[str, ...], int]:
    """The places that the first words may mean, and how many words that took: the longest name that is sure counts."""
    likely: tuple[tuple[str, ...], int] = (), 0
    for size in range(min(len(words), _LONGEST_PLACE), 0, -1):
        found = menu.gazetteer.find(_joined(words[:size]))
        if found.sure:
            return found.codes, size
        if found.codes and (not likely[0] or len(found.codes) < len(likely[0])):
            likely = found.codes, size
    # A word of every day that is like a name, `pasar` beside `Pasir`, is not taken for it.
    return ((), 0) if words and words[0][0] in menu.keywords.common else likely


def _places_within(words: Sequence[_Word], menu: Menu) -> tuple[str, ...]:
    """Every place that is surely named somewhere in these words, the longest names first."""
    found: dict[str, None] = {}
    at = 0
    while at < min(len(words), _MOST_WORDS):
        for size in range(min(len(words) - at, _LONGEST_NAME), 0, -1):
            named = menu.gazetteer.find(_joined(words[at : at + size]))
            if named.sure and words[at][0] not in menu.keywords.common:
                found[named.codes[0]] = None
                at += size - 1
                break
        at += 1
    return tuple(found)


def _joined(words: Sequence[_Word]) -> str:
    return " ".join(word for word, _ in words)
