"""Pure: what somebody means by an SMS, as far as a pack's keywords tell.

A message is a keyword and what belongs to it, as a thumb types it: in capitals or not, with commas, full stops or
number signs between the words, with a code or a word for the kind of incident, and with the name of a place as people
call it. Nothing is guessed: what is not understood is said to be missing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gateway.menu.model import Menu
from gateway.menu.rules import Keywords
from gateway.text import ticket as tickets

_SEPARATORS = " \t\r\n,;:.!?#*/|-_\"'()"
_WORD = re.compile(r"[^\W_]+")  # letters and digits: a phone may put curly quotes and emoji beside a word
_TICKET = re.compile(r"(?<![0-9])(?=([1-9][0-9]{3}[^0-9A-Za-z]{0,3}[0-9]{4})(?![0-9]))")
_TICKET_LIKE = re.compile(r"[0-9](?:[^0-9A-Za-z]{0,3}[0-9]){5}")  # six digits: not an hour, nor a few people
_MAX_PLACE_WORDS = 6  # words, with its kecamatan and what may stand before it
_MAX_NAME_WORDS = 3
_MAX_SEARCHED_WORDS = 40  # looked through for a place: a name costs a search
_MAX_SHORT_TEXT_WORDS = 6  # words of a text in which a refusal counts wherever it stands
_MAX_FILLER_WORDS = 2  # words behind a keyword that may be no more than a manner of speaking

_Word = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Command:
    """A command of the pack (empty for none), the language of its keyword (empty where several share it), the rest."""

    name: str = ""
    language: str = ""
    argument: str = ""


@dataclass(frozen=True, slots=True)
class ReportText:
    """What a report by SMS says. Empty is what was not understood; several `places` are those that may be meant."""

    category: str
    places: tuple[str, ...]
    description: str

    @property
    def area(self) -> str:
        """The one place that is meant."""
        return self.places[0] if len(self.places) == 1 else ""


def parse_command(text: str, menu: Menu) -> Command:
    """What the first word of `text` asks for; of a short text, `tolong stop sms ini`, a refusal that stands within."""
    words = list(_words(text))
    if not words:
        return Command()
    first, end = words[0]
    command, language = _command_of(first, menu.keywords)
    if command in ("", "help") and len(words) <= _MAX_SHORT_TEXT_WORDS and not _looks_like_report(words, menu):
        for word, _ in words:
            refusal, spoken = _command_of(word, menu.keywords)
            if refusal == "unsubscribe":
                return Command(refusal, spoken or language, text.strip(_SEPARATORS))
    return Command(command, language, text[end:].strip(_SEPARATORS)) if command else Command()


def has_free_text(command: Command, menu: Menu) -> bool:
    """Whether a call for help, or a refusal, tells something besides that somebody must read.

    More than a word or two (`BANTUAN dong pak`), or one that names a kind of incident.
    """
    said = menu.keywords.commands
    calls = {word for name in ("help", "unsubscribe") for words in said.get(name, {}).values() for word in words}
    words = [word for word in _words(command.argument) if word[0] not in calls]
    return len(words) > _MAX_FILLER_WORDS or bool(_category_within(words, menu))


def is_automatic(text: str, keywords: Keywords) -> bool:
    """Whether a machine has written this: then it gets no answer, or two machines would write for ever."""
    said = _normalised(text)
    return any(_normalised(phrase) in said for phrase in keywords.automatic)


def find_ticket(text: str) -> tuple[str, str]:
    """The first ticket in `text`, 8 digits without a dash, and what is said besides; no ticket is empty.

    However it is introduced (`CEK nomor 7340-2816 pak`): eight digits that check are hardly anything else.
    """
    for found in _TICKET.finditer(text):
        if ticket := tickets.parse(re.sub(r"[^0-9]", "", found[1])):
            before, after = text[: found.start(1)], text[found.end(1) :]
            return ticket, f"{before.strip(_SEPARATORS)} {after.strip(_SEPARATORS)}".strip()
    return "", text.strip(_SEPARATORS)


def has_ticket_like_number(text: str) -> bool:
    """Whether something in `text` may be meant for a ticket, though it is none."""
    return _TICKET_LIKE.search(text) is not None


def find_places(text: str, menu: Menu) -> tuple[str, ...]:
    """The places that `text` may mean: what it begins with, else what is surely named within."""
    words = list(_words(text))
    return _places(words, menu)[0]


def parse_report(text: str, menu: Menu) -> ReportText:
    """What follows the keyword of a report.

    First the kind and the place, in whichever order, and then what happened. Who tells it in a sentence is understood
    by the words in it: the first that names a kind, and the one place that is named as it is written.
    """
    words = list(_words(text))
    category, taken = _leading_category(words, menu)
    places, size = _places(words[taken:], menu)
    if not category and size:
        category, more = _leading_category(words[size:], menu)
        taken = more
    taken += size
    rest = (text[words[taken - 1][1] :] if taken else text).strip(_SEPARATORS)
    if not rest and category and not any(word.isdigit() for word, _ in words[:taken]):
        rest = text.strip(_SEPARATORS)  # `bom` tells more than the kind that it stands for
    return ReportText(category or _category_within(words, menu), places, rest)


def _command_of(word: str, keywords: Keywords) -> tuple[str, str]:
    """The command that a word stands for, and its language; both empty for none, the second where several share it."""
    for command, languages in keywords.commands.items():
        speaking = [language for language, said in languages.items() if word in said]
        if speaking:
            return command, speaking[0] if len(speaking) == 1 else ""
    return "", ""


def _looks_like_report(words: Sequence[_Word], menu: Menu) -> bool:
    """Whether these words name both a kind of incident and a place: in `ada bentrok stop di Klego` nobody refuses."""
    return bool(_category_within(words, menu) and _places_within(words, menu))


def _words(text: str) -> Iterator[_Word]:
    """Each word, folded, and where it ends."""
    for found in _WORD.finditer(text):
        yield unicodedata.normalize("NFKC", found[0]).casefold(), found.end()


def _normalised(text: str) -> str:
    """The words of `text`, folded, with a blank around each, so that a phrase is found in whole words only."""
    return f" {' '.join(word for word, _ in _words(text))} "


def _leading_category(words: Sequence[_Word], menu: Menu) -> tuple[str, int]:
    """The kind of incident that the first word says, by its code too, and how many words that took.

    A number before a word of every day may be a number of things, `2 orang`: then another kind that is named counts.
    """
    category = menu.keywords.categories.get(words[0][0], "") if words else ""
    if len(words) > 1 and words[0][0].isdigit() and words[1][0] in menu.keywords.common:
        category = category if _category_within(words, menu) in ("", category) else ""
    return category, int(bool(category))


def _category_within(words: Sequence[_Word], menu: Menu) -> str:
    """The kind that the first word which names one says; a number within a sentence is no code."""
    known = menu.keywords.categories
    return next((known[word] for word, _ in words if word in known and not word.isdigit()), "")


def _places(words: Sequence[_Word], menu: Menu) -> tuple[tuple[str, ...], int]:
    """The places that may be meant, and how many of the first words say so.

    What is only like a name gives way to a place that is surely named further on, if it can be that one; if it
    cannot, nobody knows which of them is meant.
    """
    likely, size, sure = _leading_place(words, menu)
    if sure:
        return likely, size
    named = _places_within(words[size:], menu)
    if not named or not likely:
        return named or likely, size
    if set(named) <= set(likely):
        return named, 0
    return tuple(dict.fromkeys((*likely, *named))), size


def _leading_place(words: Sequence[_Word], menu: Menu) -> tuple[tuple[str, ...], int, bool]:
    """The places that the first words may mean, how many words that took, and whether it is the very name.

    The longest name that is sure counts. A word of every day that is like a name is not taken for it, `pasar` beside
    `Pasir`, nor is a word that names a kind of incident.
    """
    likely: tuple[str, ...] = ()
    taken = 0
    for size in range(min(len(words), _MAX_PLACE_WORDS), 0, -1):
        found = menu.gazetteer.find(_join(words[:size]))
        if found.sure:
            return found.codes, size, True
        if found.codes and (not likely or len(found.codes) < len(likely)):
            likely, taken = found.codes, size
    if taken == 1 and (words[0][0] in menu.keywords.common or words[0][0] in menu.keywords.categories):
        return (), 0, False
    return likely, taken, False


def _places_within(words: Sequence[_Word], menu: Menu) -> tuple[str, ...]:
    """Every place that is surely named somewhere in these words, the longest names first."""
    found: dict[str, None] = {}
    at = 0
    while at < min(len(words), _MAX_SEARCHED_WORDS):
        for size in range(min(len(words) - at, _MAX_NAME_WORDS), 0, -1):
            named = menu.gazetteer.find(_join(words[at : at + size]))
            if named.sure and words[at][0] not in menu.keywords.common:
                found[named.codes[0]] = None
                at += size - 1
                break
        at += 1
    return tuple(found)


def _join(words: Sequence[_Word]) -> str:
    return " ".join(word for word, _ in words)
