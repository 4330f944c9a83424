"""Pure: command of an SMS, by the keywords of a pack, as people type it.

A keyword counts if what follows is what its command takes. Polite words may precede it (`saya mau lapor`), a number may
be glued to it (`LAPOR3`), and its letters may be spaced (`S T O P`). Everything else is no command: everyday words
(`daftar pemilih`) never subscribe, opt out or change a language.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from gateway.menu.definitions.rules import Keywords
from gateway.menu.model import Menu
from gateway.places.place_search import PlacesInText
from gateway.sms.all_quiet import ALL_QUIET, read_all_quiet
from gateway.sms.appeal_number import find_appeal_number
from gateway.sms.refusals import has_refusal, is_refusal, refusal_language
from gateway.sms.report_kinds import category_within, mentions_kind
from gateway.sms.report_text import read_places
from gateway.sms.short_texts import has_meaning, tells_more
from gateway.sms.tickets_in_text import has_ticket_like_number, split_at_ticket
from gateway.sms.typed_text import join, phrase_size, trim, without_phrases
from gateway.text.words import Word, normalised, words

NO_STOP = "no_stop"
"""Command of a text that wants to leave and something else (`STOP BAHASA JAWA`): it does neither."""

_MAX_LEAD_WORDS = 8  # before a command word
_MAX_FILLER_WORDS = 2  # after a help command, which are only a manner of speaking
_MAX_UNKNOWN_WORDS = 3  # of a place or a language that is not known, after its command
_MIN_SPACED_LETTERS = 3
_MAX_AREA_WORDS = 20
_MAX_TRYING_WORDS = 6
_MAX_WORDS_BEFORE_TICKET = 2
_GLUED = re.compile(r"([^\W\d_]+)[0-9]")
_TICKET_COMMANDS = frozenset({"status", "add_info", "erase"})
_CHOICES = frozenset({"subscribe", "language"})
_COUNTED_BEHIND_ANOTHER = frozenset({"report", "status", "add_info"})
"""Commands that count behind one that lacks what it takes. `tolong cek daftar` subscribes nobody."""


@dataclass(frozen=True, slots=True)
class Command:
    """Command of an SMS. `name` is empty for none, `language` where several languages share the command word."""

    name: str = ""
    language: str = ""
    argument: str = ""


def parse_command(text: str, menu: Menu) -> Command:
    """Parse the command of a prepared `text` (`typed_text.prepare`)."""
    found = [*_with_spaced_letters(words(text))]
    if not found:
        return Command()
    first = _command_of(found[0][0], menu.keywords)
    if is_refusal(found, menu):
        return Command("unsubscribe", refusal_language(found, menu.keywords) or first[1], trim(text))
    if quiet := read_all_quiet(found, menu):
        return Command(ALL_QUIET, quiet.language, trim(text))
    fallback, counted = Command(), frozenset(menu.keywords.commands)
    for at, command in _candidates(text, found, menu.keywords):
        if command.name == "help":
            fallback = fallback if fallback.name else command
        elif not takes(command.name, command.argument, menu, asked_first=at == 0):
            counted = _COUNTED_BEHIND_ANOTHER
        elif command.name in _CHOICES and has_refusal(found, menu.keywords):
            return Command(NO_STOP, refusal_language(found, menu.keywords), trim(text))
        elif command.name in counted:
            return _about_ticket(command, menu)
    return fallback


def _about_ticket(command: Command, menu: Menu) -> Command:
    """Return the command about the ticket that a report begins with: `LAPOR 7340-2817 ada korban` adds details.

    One or two words may precede it that name neither kind nor place (`LAPOR ulang 7340-2817`).
    """
    keywords = menu.keywords
    ticket, before, after = split_at_ticket(command.argument)
    if command.name != "report" or not ticket:
        return command
    leading = list(words(before))
    is_report = category_within(leading, menu) or read_places(leading, menu).codes
    if has_meaning(before, keywords) and (is_report or len(leading) > _MAX_WORDS_BEFORE_TICKET):
        return command
    return replace(command, name="add_info" if tells_more(after, keywords) else "status")


def takes(name: str, argument: str, menu: Menu, *, asked_first: bool = True) -> bool:
    """Return True if the command takes this argument. With `asked_first`, a missing or unknown one is asked for.

    A report takes anything, a subscription a place or nothing, a change of language the name of one.
    """
    if name == "report":
        return True
    found = list(words(argument))
    if name == "status" and find_appeal_number(argument, menu.keywords):
        return True
    meant = without_phrases(found, menu.keywords.filler, menu.keywords.thanks)
    may_be_unknown = asked_first and not mentions_kind(found, menu)
    if name in _TICKET_COMMANDS:
        return has_ticket_like_number(argument) or may_be_unknown
    if name == "subscribe" and areas_only(argument, menu).codes:
        return True
    if name == "language" and named_language(argument, menu):
        return True
    if name in ("subscribe", "language"):
        return not meant or (may_be_unknown and len(meant) <= _MAX_UNKNOWN_WORDS)
    return False


def areas_only(text: str, menu: Menu) -> PlacesInText:
    """Return the places that `text` names, if it says nothing else. Several names are candidates.

    Polite words and numbers (`rt 3`) may be beside them. Empty if there are other words.
    """
    left = without_phrases(list(words(text)), menu.keywords.thanks)
    named: list[PlacesInText] = []
    if len(left) > _MAX_AREA_WORDS:
        return PlacesInText()
    while left:
        places = read_places(left, menu)
        if places.size:
            named.append(places)
        elif not (left[0][0] in menu.keywords.filler or any(word.isdecimal() for word, _ in left[:2])):
            return PlacesInText()  # no polite word, no number, and no word before one
        left = left[places.size or 1 :]
    codes = dict.fromkeys(code for places in named for code in places.codes)
    return named[0] if len(named) == 1 else PlacesInText(tuple(codes))


def named_language(text: str, menu: Menu) -> str:
    """Return the key of the only language that `text` names, beside polite words. Empty for none."""
    known = {**menu.keywords.languages, **{normalised(name): key for key, name in menu.languages.items()}}
    known |= {key: key for key in menu.languages}
    meant = without_phrases(list(words(text)), menu.keywords.filler, menu.keywords.thanks)
    named = known.get(join(meant), "")
    return named if named in menu.languages else ""


def has_free_text(command: Command, menu: Menu) -> bool:
    """Return True if a help command, or an opt-out, has more text that an operator must read.

    That is more than a word or two (`BANTUAN dong pak`), or a word that names a category.
    """
    known = menu.keywords.commands
    own = {word for name in ("help", "unsubscribe") for spoken in known.get(name, {}).values() for word in spoken}
    left = [word for word in words(command.argument) if word[0] not in own]
    return len(left) > _MAX_FILLER_WORDS or mentions_kind(left, menu)


def has_keyword(found: Sequence[Word], keywords: Keywords) -> bool:
    """Return True if a short text contains the keyword of a command, so that a person is plainly trying."""
    return len(found) <= _MAX_TRYING_WORDS and any(_command_of(word, keywords)[0] for word, _ in found)


def is_automatic(text: str, keywords: Keywords) -> bool:
    """Return True if the text is an automatic reply. A reply to it could start an endless exchange of two machines."""
    whole = f" {normalised(text)} "
    return any(f" {normalised(phrase)} " in whole for phrase in keywords.automatic)


def _candidates(text: str, found: Sequence[Word], keywords: Keywords) -> Iterator[tuple[int, Command]]:
    """Yield the commands that the first words may be, in order, each with its position. Polite words may precede."""
    at = 0
    while at < min(len(found), _MAX_LEAD_WORDS):
        word, end = found[at]
        name, language = _command_of(word, keywords)
        glued = None if name else _GLUED.match(word)
        if glued:
            name, language = _command_of(glued[1], keywords)
        if name:
            yield at, Command(name, language, trim(text[end - (len(word) - len(glued[1]) if glued else 0) :]))
        size = 1 if name else phrase_size(found, at, keywords.filler)
        if not size:
            return
        at += size


def _command_of(word: str, keywords: Keywords) -> tuple[str, str]:
    """Return the command of a word and its language. Both are empty for none, the second for a shared word."""
    for command, languages in keywords.commands.items():
        matching = [language for language, known in languages.items() if word in known]
        if matching:
            return command, matching[0] if len(matching) == 1 else ""
    return "", ""


def _with_spaced_letters(found: Iterator[Word]) -> Iterator[Word]:
    """Yield the words, the first ones joined if they are single letters: `S T O P`."""
    all_words = list(found)
    size = next((at for at, (word, _) in enumerate(all_words) if len(word) > 1 or word.isdecimal()), len(all_words))
    if size >= _MIN_SPACED_LETTERS:
        yield "".join(word for word, _ in all_words[:size]), all_words[size - 1][1]
        all_words = all_words[size:]
    yield from all_words
