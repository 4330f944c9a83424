"""Pure: wishes to leave in the words of a resident, opt-outs and erasures.

A text opts out only where the whole of it plainly asks to: `stop sms ini` does, `ada mobil berhenti` and `jangan stop
kirim info` do not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gateway.menu.definitions.rules import Keywords
from gateway.menu.model import Menu
from gateway.sms.report_kinds import mentions_kind
from gateway.sms.typed_text import join, phrase_size, without_phrases
from gateway.text.words import Word, normalised

_MAX_WORDS = 12
_NEGATION_REACH = 3  # words before the keyword
_MAX_OTHER_WORDS = 2  # beside a phrase, which says more than a single word


def is_refusal(found: Sequence[Word], menu: Menu) -> bool:
    """Return True if these words ask for no more appeals, and say nothing else.

    Beside a phrase (`jangan kirim sms`) there may be two other words.
    """
    keywords = menu.keywords
    spans = [span for span in _stop_spans(found, keywords) if not _is_negated(found, span[0], keywords)]
    if not spans or len(found) > _MAX_WORDS:
        return False
    inside = {at for start, end in spans for at in range(start, end)}
    allowed = keywords.beside_stop | keywords.filler | keywords.thanks | _words_of("help", keywords)
    joining = _words_of("subscribe", keywords)  # `STOP REG`, while `REG STOP` is no plain wish
    start, end = spans[0]
    before = without_phrases(found[:start], allowed)
    behind = [word for at, word in enumerate(found[end:], start=end) if at not in inside]
    others = [*before, *without_phrases(behind, allowed, joining)]
    if not others:
        return True
    if any(end - start > 1 for start, end in spans):
        return len(others) <= _MAX_OTHER_WORDS
    area = join(without_phrases(found[end:], joining))
    is_area = area in _place_names(menu) or bool(menu.gazetteer.find_region(area).codes)
    return not before and is_area  # `UNREG KLEGO`, not `berhenti di Klego`


def mentions_stop(found: Sequence[Word], keywords: Keywords) -> bool:
    """Return True if a short text contains a keyword or phrase of an opt-out."""
    return len(found) <= _MAX_WORDS and has_refusal(found, keywords)


def has_refusal(found: Sequence[Word], keywords: Keywords) -> bool:
    """Return True if a text of any length contains a keyword or phrase of an opt-out."""
    return any(_stop_spans(found, keywords))


def has_refusal_phrase(found: Sequence[Word], keywords: Keywords) -> bool:
    """Return True if a text contains a phrase of an opt-out: `jangan kirim sms`."""
    return any(end - start > 1 for start, end in _stop_spans(found, keywords))


def begins_with_stop(found: Sequence[Word], keywords: Keywords) -> bool:
    """Return True if the first word that is not polite belongs to an opt-out: `stop berita tawuran di klego`."""
    at = 0
    while size := phrase_size(found, at, keywords.filler):
        at += size
    return any(start == at for start, _ in _stop_spans(found, keywords))


def is_plain_erasure(beside: Sequence[Word], menu: Menu) -> bool:
    """Return True if these words beside a command to erase and its ticket say nothing else.

    `nomor saya dari laporan` does not, `jangan` and `itu tidak benar` do. Two unknown words are allowed.
    """
    keywords = menu.keywords
    own = _words_of("erase", keywords) | keywords.code_words
    others = without_phrases(beside, own, keywords.beside_stop, keywords.filler, keywords.thanks, keywords.yes)
    is_reversed = any(word in keywords.negations for word, _ in beside)
    return not (is_reversed or has_refusal(beside, keywords) or mentions_kind(others, menu)) and (
        sum(not word.isdecimal() for word, _ in others) <= _MAX_OTHER_WORDS
    )


def mentions_leaving(found: Sequence[Word], keywords: Keywords) -> bool:
    """Return True if the beginning of a text mentions an opt-out, or the erasure of a number."""
    erasing, begin = _words_of("erase", keywords), found[:_MAX_WORDS]
    return has_refusal(begin, keywords) or any(word in erasing for word, _ in begin)


def refusal_language(found: Sequence[Word], keywords: Keywords) -> str:
    """Return the language of the keyword that opts out. Empty for a shared one, and for a phrase."""
    languages = keywords.commands.get("unsubscribe", {})
    for word, _ in found:
        matching = [language for language, known in languages.items() if word in known]
        if matching:
            return matching[0] if len(matching) == 1 else ""
    return ""


def _stop_spans(found: Sequence[Word], keywords: Keywords) -> Iterator[tuple[int, int]]:
    """Yield the beginning and end of each keyword or phrase of an opt-out."""
    known = keywords.refusals | _words_of("unsubscribe", keywords)
    at = 0
    while at < len(found):
        size = phrase_size(found, at, known)
        if size:
            yield at, at + size
        at += size or 1


def _is_negated(found: Sequence[Word], start: int, keywords: Keywords) -> bool:
    """Return True if a word before this position reverses it: `jangan stop`, `tidak pernah stop`."""
    return any(word in keywords.negations for word, _ in found[max(0, start - _NEGATION_REACH) : start])


def _place_names(menu: Menu) -> frozenset[str]:
    return frozenset(map(normalised, (*menu.areas.places.values(), *menu.areas.aliases)))


def _words_of(command: str, keywords: Keywords) -> frozenset[str]:
    return frozenset().union(*keywords.commands.get(command, {}).values())
