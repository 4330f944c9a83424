"""Pure: text of an SMS as people type it, made ready for the parsers, and its description without stray marks."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

from gateway.menu.definitions.rules import Keywords
from gateway.text.words import Word, normalised, readable, words

_MARKS = " \t\r\n,;:.!?#*/|-_\"'\u00a0\u2018\u2019\u201c\u201d\u2013\u2014\u00ab\u00bb"
_CLOSING = {"(": ")", "[": "]", "{": "}", "<": ">"}
_PLACEHOLDER = re.compile(r"[<\[({]\s*([^\W\d_]{1,20})\s*[>\])}]")
_BARE_WORD = re.compile(r"(?<![^\W_])([^\W\d_]+)(?![^\W_])")
_LONGEST_PHRASE = 4  # words
_SHORTEST_STEM = 4


def prepare(text: str, keywords: Keywords) -> str:
    """Return readable text, in which `<spasi>` of a leaflet is a space, as is the bare word if it recurs."""

    def space(found: re.Match[str]) -> str:
        return " " if normalised(found[1]) in keywords.spaces else found[0]

    clear = _PLACEHOLDER.sub(space, readable(text))
    recurs = sum(word in keywords.spaces for word, _ in words(clear)) > 1
    return _BARE_WORD.sub(space, clear) if recurs else clear


def trim(text: str) -> str:
    """Return `text` without marks around it, and without a bracket that has lost its other half."""
    while True:
        trimmed = _without_outer_bracket(text.strip(_MARKS))
        if trimmed == text:
            return text
        text = trimmed


def _without_outer_bracket(text: str) -> str:
    if not text:
        return ""
    first, last = text[0], text[-1]
    if first in _CLOSING.values():
        return text[1:]
    if last in _CLOSING:
        return text[:-1]
    if first in _CLOSING:
        partner = text.find(_CLOSING[first])
        return text[1:-1] if partner == len(text) - 1 else text if partner > 0 else text[1:]
    opening = next((one for one, closing in _CLOSING.items() if closing == last), "")
    return text[:-1] if opening and opening not in text else text


def phrase_size(found: Sequence[Word], at: int, known: Collection[str]) -> int:
    """Return the number of words of the longest known phrase at this position. 0 for none."""
    for size in range(min(len(found) - at, _LONGEST_PHRASE), 0, -1):
        if join(found[at : at + size]) in known:
            return size
    return 0


def known_size(found: Sequence[Word], at: int, known: Collection[str], endings: Sequence[str]) -> int:
    """Return the same as `phrase_size`, also for a word with one of these endings: `tawurannya`."""
    return phrase_size(found, at, known) or int(bool(known_stem(found[at][0], known, endings)))


def known_stem(word: str, known: Collection[str], endings: Sequence[str]) -> str:
    """Return the known word that `word` is with an ending, empty for none. A stem has four letters at least."""
    for ending in endings:
        stem = word.removesuffix(ending)
        if len(stem) >= _SHORTEST_STEM and stem != word and stem in known:
            return stem
    return ""


def without_phrases(found: Sequence[Word], *known: Collection[str]) -> list[Word]:
    """Return the words that belong to none of these phrases."""
    left: list[Word] = []
    at = 0
    while at < len(found):
        size = max(phrase_size(found, at, phrases) for phrases in known)
        if not size:
            left.append(found[at])
        at += size or 1
    return left


def join(found: Iterable[Word]) -> str:
    return " ".join(word for word, _ in found)
