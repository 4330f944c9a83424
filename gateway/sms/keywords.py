"""Pure: parser of inbound SMS. Finds command, argument, ticket, category and place by the keywords of a pack.

An SMS is a command word and its argument, as people type it: in any case, with commas, full stops or number signs
between the words, with a code or a word for the category, and with the colloquial name of a place. The parser does not
guess: it reports missing parts, and the reply asks for them.
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
_TICKET_LIKE = re.compile(
    r"[0-9](?:[^0-9A-Za-z]{0,3}[0-9]){5}"
)  # at least six digits: neither a time nor a number of people
_MAX_PLACE_WORDS = 6  # of a place with its kecamatan and a word before it
_MAX_NAME_WORDS = 3
_MAX_SEARCHED_WORDS = 40  # for places: each name costs a fuzzy search
_MAX_SHORT_TEXT_WORDS = 6  # of a text in which an opt-out counts at any position
_MAX_FILLER_WORDS = 2  # after a command word, which are only a manner of speaking

_Word = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Command:
    """Command of an SMS. `name` is empty for none, `language` where several languages share the command word."""

    name: str = ""
    language: str = ""
    argument: str = ""


@dataclass(frozen=True, slots=True)
class ReportText:
    """Parsed report. Parts that were not understood are empty; several `places` are the candidates."""

    category: str
    places: tuple[str, ...]
    description: str

    @property
    def area(self) -> str:
        """Code of the place. Empty unless there is exactly one candidate."""
        return self.places[0] if len(self.places) == 1 else ""


def parse_command(text: str, menu: Menu) -> Command:
    """Parse the command of `text`: its first word, or in a short text an opt-out at any position.

    `tolong stop sms ini` is such an opt-out.
    """
    words = list(_words(text))
    if not words:
        return Command()
    first, end = words[0]
    command, language = _command_of(first, menu.keywords)
    if command in ("", "help") and len(words) <= _MAX_SHORT_TEXT_WORDS and not _looks_like_report(words, menu):
        for word, _ in words:
            name, spoken = _command_of(word, menu.keywords)
            if name == "unsubscribe":
                return Command(name, spoken or language, text.strip(_SEPARATORS))
    return Command(command, language, text[end:].strip(_SEPARATORS)) if command else Command()


def has_free_text(command: Command, menu: Menu) -> bool:
    """Return True if a help command, or an opt-out, has more text that an operator must read.

    That is more than a word or two (`BANTUAN dong pak`), or a word that names a category.
    """
    known = menu.keywords.commands
    own = {word for name in ("help", "unsubscribe") for words in known.get(name, {}).values() for word in words}
    words = [word for word in _words(command.argument) if word[0] not in own]
    return len(words) > _MAX_FILLER_WORDS or bool(_category_within(words, menu))


def is_automatic(text: str, keywords: Keywords) -> bool:
    """Return True if the text is an automatic reply. A reply to it could start an endless exchange of two machines."""
    normalised = _normalised(text)
    return any(_normalised(phrase) in normalised for phrase in keywords.automatic)


def find_ticket(text: str) -> tuple[str, str]:
    """Find the first valid ticket in `text`. Returns its 8 digits without a dash, or "", and the rest of the text.

    Any words may precede it (`CEK nomor 7340-2816 pak`): eight valid digits are hardly anything else.
    """
    for found in _TICKET.finditer(text):
        if ticket := tickets.parse(re.sub(r"[^0-9]", "", found[1])):
            before, after = text[: found.start(1)], text[found.end(1) :]
            return ticket, f"{before.strip(_SEPARATORS)} {after.strip(_SEPARATORS)}".strip()
    return "", text.strip(_SEPARATORS)


def has_ticket_like_number(text: str) -> bool:
    """Return True if `text` contains a number that may be a mistyped ticket."""
    return _TICKET_LIKE.search(text) is not None


def find_places(text: str, menu: Menu) -> tuple[str, ...]:
    """Return the candidate places of `text`: those at its beginning, else those named exactly within it."""
    words = list(_words(text))
    return _places(words, menu)[0]


def parse_report(text: str, menu: Menu) -> ReportText:
    """Parse the argument of a report: category and place in either order, then the description.

    In a report written as a sentence, the first word that names a category counts, and a place that is named exactly.
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
        rest = text.strip(_SEPARATORS)  # `bom` is more specific than its category, so keep it as the description
    return ReportText(category or _category_within(words, menu), places, rest)


def _command_of(word: str, keywords: Keywords) -> tuple[str, str]:
    """Return the command of a word and its language. Both are empty for none, the second for a shared word."""
    for command, languages in keywords.commands.items():
        matching = [language for language, known in languages.items() if word in known]
        if matching:
            return command, matching[0] if len(matching) == 1 else ""
    return "", ""


def _looks_like_report(words: Sequence[_Word], menu: Menu) -> bool:
    """Return True if the words name a category and a place: `ada bentrok stop di Klego` is no opt-out."""
    return bool(_category_within(words, menu) and _places_within(words, menu))


def _words(text: str) -> Iterator[_Word]:
    """Yield each word, normalised, and the position of its end."""
    for found in _WORD.finditer(text):
        yield unicodedata.normalize("NFKC", found[0]).casefold(), found.end()


def _normalised(text: str) -> str:
    """Return the normalised words of `text`, surrounded by spaces, so that phrases match whole words only."""
    return f" {' '.join(word for word, _ in _words(text))} "


def _leading_category(words: Sequence[_Word], menu: Menu) -> tuple[str, int]:
    """Return the category that the first word names, by word or code, and the number of words used.

    A number before a common word may be a quantity (`2 orang`). Then another category in the text has precedence.
    """
    category = menu.keywords.categories.get(words[0][0], "") if words else ""
    if len(words) > 1 and words[0][0].isdigit() and words[1][0] in menu.keywords.common:
        category = category if _category_within(words, menu) in ("", category) else ""
    return category, int(bool(category))


def _category_within(words: Sequence[_Word], menu: Menu) -> str:
    """Return the category of the first word that names one. A number within a sentence is no code."""
    known = menu.keywords.categories
    return next((known[word] for word, _ in words if word in known and not word.isdigit()), "")


def _places(words: Sequence[_Word], menu: Menu) -> tuple[tuple[str, ...], int]:
    """Return the candidate places, and the number of first words that name them.

    A place that is named exactly later in the text decides between similar names at its beginning. If it is none of
    them, all are candidates.
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
    """Return the candidate places of the first words, the number of words used, and True for an exact name.

    The longest exact name counts. A common word that is similar to a name (`pasar` to `Pasir`) does not match it, nor
    does a word that names a category.
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
    """Return all places that are named exactly within these words. Longer names have precedence."""
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
