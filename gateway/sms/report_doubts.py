"""Pure: doubts about a text that names a category and a place and does not ask to report: it may be no report.

A question, a denial, thanks, a joke, hearsay, what is past, or what happens in another city. Such a text is not filed.
The gateway asks whether it is a report.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from gateway.menu.definitions.rules import Keywords
from gateway.menu.model import Menu
from gateway.sms.clauses import Clauses
from gateway.sms.refusals import begins_with_stop, has_refusal_phrase
from gateway.sms.report_kinds import NamedKind
from gateway.sms.typed_text import join, phrase_size
from gateway.text.words import Word

_MAX_BETWEEN = 4  # words between a denial and the category
_MAX_NEGATION_WORDS = 2  # between a negation and what it reverses
_MAX_POLITE_WORDS = 8
_LINK = re.compile(r"https?:|www\.|\w\.(?:com|id|net|org|me)\b", re.IGNORECASE)


def is_doubtful(text: str, found: Sequence[Word], clauses: Clauses, kind: NamedKind, menu: Menu) -> bool:
    """Return True if the text that names this category may be no report."""
    keywords = menu.keywords
    return (
        _is_question(found, clauses, kind, keywords)
        or _is_denied(found, clauses, kind, keywords)
        or _has_doubt(found, kind, keywords)
        or _is_elsewhere(found, keywords)
        or _begins_with(found, 0, keywords.no_report.beginnings, keywords)
        or begins_with_stop(found, keywords)
        or has_refusal_phrase(found, keywords)
        or _LINK.search(text) is not None
    )


def _is_question(found: Sequence[Word], clauses: Clauses, kind: NamedKind, keywords: Keywords) -> bool:
    """Return True if the clause with the category asks, or a clause behind it (`benar?`) asks about it."""
    asking = keywords.no_report.questions
    if clauses.number_of(kind.at) in clauses.questions or _begins_with(
        found, clauses.start_of(kind.at), asking, keywords
    ):
        return True
    at, following = clauses.end_of(kind.at, len(found)), asking | keywords.yes | keywords.filler
    while at < len(found):
        end = clauses.end_of(at, len(found))
        if clauses.number_of(at) in clauses.questions and _consists_of(found[at:end], following):
            return True
        at = end
    return False


def _is_denied(found: Sequence[Word], clauses: Clauses, kind: NamedKind, keywords: Keywords) -> bool:
    """Return True if a denial precedes the category, or ends its clause: `tawuran di klego tidak ada`."""
    deny, between = keywords.no_report.before, keywords.no_report.between | keywords.filler
    if _reaches_back(found, clauses.start_of(kind.at), kind.at, deny, between):
        return True
    end = clauses.end_of(kind.at, len(found))
    return _reaches_back(found, kind.at + kind.size, end, deny, between)


def _reaches_back(found: Sequence[Word], start: int, end: int, wanted: frozenset[str], between: frozenset[str]) -> bool:
    """Return True if one of `wanted` is before `end`, with nothing but a few words of `between` behind it."""
    for position in range(end - 1, max(start, end - 1 - _MAX_BETWEEN) - 1, -1):
        word = found[position][0]
        if word in wanted:
            return True
        if word not in between:
            return False
    return False


def _has_doubt(found: Sequence[Word], kind: NamedKind, keywords: Keywords) -> bool:
    """Return True if a word of doubt is in the text, or a denial that nothing reverses: `aman`, not `tidak aman`."""
    own = range(kind.at, kind.at + kind.size)
    for at in range(len(found)):
        doubt = phrase_size(found, at, keywords.no_report.doubts)
        if doubt and not any(position in own for position in range(at, at + doubt)):
            return True
        denial = phrase_size(found, at, keywords.no_report.denials)
        names_it = keywords.categories.get(join(found[at : at + denial]), "") == kind.category  # a hoax is one itself
        before = found[max(0, at - _MAX_NEGATION_WORDS) : at]
        if (
            denial
            and at not in own
            and not names_it
            and not any(word in keywords.no_report.before for word, _ in before)
        ):
            return True
    return False


def _is_elsewhere(found: Sequence[Word], keywords: Keywords) -> bool:
    """Return True if the text names another city behind a word such as *di*."""
    return any(
        word in keywords.no_report.elsewhere and found[at][0] in keywords.at for at, (word, _) in enumerate(found[1:])
    )


def _begins_with(found: Sequence[Word], at: int, known: frozenset[str], keywords: Keywords) -> bool:
    """Return True if one of these words and phrases is at this position, or behind polite words there."""
    for _ in range(_MAX_POLITE_WORDS):
        if at >= len(found):
            return False
        if phrase_size(found, at, known):
            return True
        size = phrase_size(found, at, keywords.filler)
        if not size:
            return False
        at += size
    return False


def _consists_of(found: Sequence[Word], known: frozenset[str]) -> bool:
    at = 0
    while at < len(found):
        size = phrase_size(found, at, known)
        if not size:
            return False
        at += size
    return bool(found)
