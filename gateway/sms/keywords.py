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
from gateway.places.place_search import PlacesInText
from gateway.text import ticket as tickets

_SEPARATORS = " \t\r\n,;:.!?#*/|-_\"'()"
_WORD = re.compile(r"[^\W_]+")  # letters and digits: a phone may put curly quotes and emoji beside a word
_TICKET = re.compile(r"(?<![0-9])(?=([1-9][0-9]{3}[^0-9A-Za-z]{0,3}[0-9]{4})(?![0-9]))")
_TICKET_LIKE = re.compile(
    r"[0-9](?:[^0-9A-Za-z]{0,3}[0-9]){5}"
)  # at least six digits: neither a time nor a number of people
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
    """Parsed report. Parts that were not understood are empty. `places` are the candidates where `area` is empty."""

    category: str
    places: tuple[str, ...]
    description: str
    area: str = ""  # code of the place, if one is named without doubt


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


def find_places(text: str, menu: Menu) -> PlacesInText:
    """Find the places that `text` names, or the candidates."""
    return menu.place_search.read([word for word, _ in _words(text)])


def parse_report(text: str, menu: Menu) -> ReportText:
    """Parse the argument of a report: category and place in either order, then the description.

    In a report written as a sentence, the first word that names a category counts, and a place that is named exactly.
    """
    words = list(_words(text))
    category, taken = _leading_category(words, menu)
    places = menu.place_search.read([word for word, _ in words[taken:]])
    if not category and places.size:
        category, taken = _leading_category(words[places.size :], menu)
    taken += places.size
    rest = (text[words[taken - 1][1] :] if taken else text).strip(_SEPARATORS)
    if not rest and category and not any(word.isdigit() for word, _ in words[:taken]):
        rest = text.strip(_SEPARATORS)  # `bom` is more specific than its category, so keep it as the description
    return ReportText(category or _category_within(words, menu), places.codes, rest, places.area)


def _command_of(word: str, keywords: Keywords) -> tuple[str, str]:
    """Return the command of a word and its language. Both are empty for none, the second for a shared word."""
    for command, languages in keywords.commands.items():
        matching = [language for language, known in languages.items() if word in known]
        if matching:
            return command, matching[0] if len(matching) == 1 else ""
    return "", ""


def _looks_like_report(words: Sequence[_Word], menu: Menu) -> bool:
    """Return True if the words name a category and a place: `ada bentrok stop di Klego` is no opt-out."""
    return bool(_category_within(words, menu) and menu.place_search.read([word for word, _ in words]).area)


def _words(text: str) -> Iterator[_Word]:
    """Yield each word, normalised, and the position of its end."""
    for found in _WORD.finditer(text):
        yield unicodedata.normalize("NFKC", found[0]).casefold(), found.end()


def _normalised(text: str) -> str:
    """Return the normalised words of `text`, surrounded by spaces, so that phrases match whole words only."""
    return f" {' '.join(word for word, _ in _words(text))} "


def _leading_category(words: Sequence[_Word], menu: Menu) -> tuple[str, int]:
    """Return the category that the first word names, by word or code, and the number of words used.

    A number may be a quantity (`2 orang`). Then another category in the text has precedence.
    """
    category = menu.keywords.categories.get(words[0][0], "") if words else ""
    if len(words) > 1 and words[0][0].isdigit() and words[1][0] in menu.keywords.counted:
        category = category if _category_within(words, menu) in ("", category) else ""
    return category, int(bool(category))


def _category_within(words: Sequence[_Word], menu: Menu) -> str:
    """Return the category of the first word that names one. A number within a sentence is no code."""
    known = menu.keywords.categories
    return next((known[word] for word, _ in words if word in known and not word.isdigit()), "")
