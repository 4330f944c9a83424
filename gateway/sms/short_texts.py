"""Pure: short texts without a command that mean something all the same: a digit, thanks, a ticket, a yes."""

from __future__ import annotations

import re

from gateway.menu.definitions.rules import Keywords
from gateway.menu.model import Menu
from gateway.sms.tickets_in_text import find_ticket, has_ticket_like_number
from gateway.sms.typed_text import phrase_size, without_phrases
from gateway.text.gsm import NotGsm7, septets, utf16_units
from gateway.text.words import normalised, words

_DRAWN_OUT = re.compile(r"([^\W\d_])\1{2,}")
_MAX_THANKS_WORDS = 12
_MAX_WORDS_BESIDE_TICKET = 15
_MAX_NUMBER_DIGITS = 9  # of a mistyped ticket: more are a phone number
_PART_SEPTETS = 150  # of 153: phones and carriers cut at a word, or leave room for a page number
_PART_UNITS = 64  # of 67 UTF-16 units
_PLACEHOLDER = re.compile(r"\{\w+\}")


def lone_number(text: str, keywords: Keywords, *, confirmed: bool = False) -> str:
    """Return the number that is all that `text` says, beside polite words: `Balas 1`, `(01)`, `satu`. Else empty.

    `confirmed`: words that confirm may be beside it too, as in `1 benar`.
    """
    beside = keywords.filler | (keywords.yes if confirmed else frozenset())
    left = without_phrases(list(words(text)), beside, keywords.code_words)
    if len(left) != 1:
        return ""
    digits = keywords.numbers.get(left[0][0], left[0][0])
    return (digits.lstrip("0") or "0") if digits.isdecimal() else ""


def has_meaning(text: str, keywords: Keywords) -> bool:
    """Return True if `text` has more than polite words, and words such as *nomor*."""
    return bool(without_phrases(list(words(text)), keywords.filler, keywords.code_words))


def tells_more(text: str, keywords: Keywords) -> bool:
    """Return True if the `text` beside a ticket says more than thanks, polite words, numbers and commands about it."""
    commands = (keywords.commands.get(name, {}) for name in ("status", "add_info", "report"))
    asked = [word for languages in commands for known in languages.values() for word in known]
    left = without_phrases(list(words(text)), keywords.filler, keywords.code_words, keywords.thanks, asked)
    return any(not word.isdecimal() for word, _ in left)


def is_thanks(text: str, keywords: Keywords) -> bool:
    """Return True if `text` says thanks, and nothing else."""
    found = list(words(text))
    if not 0 < len(found) <= _MAX_THANKS_WORDS:
        return False
    without = without_phrases(found, keywords.thanks)
    return len(without) < len(found) and not without_phrases(without, keywords.filler, keywords.yes)


def is_yes(text: str, keywords: Keywords) -> bool:
    """Return True if `text` confirms, and says nothing else but thanks."""
    found = list(words(text))
    without = without_phrases(found, keywords.yes)
    return len(without) < len(found) and not without_phrases(without, keywords.filler, keywords.thanks)


def is_cry(text: str, keywords: Keywords) -> bool:
    """Return True if `text` calls for help: by a phrase anywhere (`minta tolong`), or by nothing but such a word.

    Drawn-out letters count once: `tolooong`.
    """
    found = list(words(_DRAWN_OUT.sub(r"\1", text)))
    sizes = [phrase_size(found, at, keywords.cries) for at in range(len(found))]
    if any(size > 1 for size in sizes):
        return True
    return any(sizes) and not without_phrases(found, keywords.cries, keywords.filler)


def is_ticket(text: str, keywords: Keywords) -> bool:
    """Return True if `text` is a ticket with a few words at most, or a mistyped one."""
    ticket, rest = find_ticket(text)
    found = list(words(rest))
    if ticket:
        return len(found) <= _MAX_WORDS_BESIDE_TICKET
    is_short = has_ticket_like_number(text) and len(re.findall(r"[0-9]", text)) <= _MAX_NUMBER_DIGITS
    return is_short and not [
        word for word, _ in without_phrases(found, keywords.filler, keywords.code_words) if not word[0].isdecimal()
    ]


def is_part_of_several(text: str, following: str) -> bool:
    """Return True if `text` is as long as the part of a long SMS that `following` may continue."""
    try:
        longest = _PART_SEPTETS if septets(f"{text}{following}") else 0
        return septets(text) >= longest
    except NotGsm7:
        return utf16_units(text) >= _PART_UNITS


def is_echo(text: str, menu: Menu) -> bool:
    """Return True if `text` is an SMS of this gateway, which a machine has sent back."""
    given = normalised(text)
    templates = (template for wording in menu.wordings.values() for template in wording.sms.values())
    return any(_matches(template, given) for template in templates)


def _matches(template: str, given: str) -> bool:
    """Return True if `given` has the fixed pieces of the template in order, from its beginning to its end."""
    pieces = [normalised(piece) for piece in _PLACEHOLDER.split(template)]
    at = 0
    for piece in pieces:
        at = given.find(piece, at) + len(piece)
        if at < len(piece):
            return False
    return given.startswith(pieces[0]) and given.endswith(pieces[-1])
