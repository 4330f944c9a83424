"""Pure: filter of banned words and phrases, found whatever is between their letters.

Matched as whole words. Nothing hides one: capitals, accents, stops, line breaks, blanks within it (`c o b l o s`),
words written together (`coblosnomor1`), doubled letters, digits for letters (`c0blos`). `#` in a phrase is any number,
in digits or in words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from gateway.text.words import normalised

ANY_NUMBER = "#"
_DIGITS_FOR_LETTERS = str.maketrans("013457", "oieast")
_WITHIN_A_WORD = re.compile(r"(?<=[^\W\d_])[0-9]+(?=[^\W\d_])")
_TOKEN = re.compile(r"[0-9]+|[^\W\d_]+")
_DOUBLED = re.compile(r"([^\W\d_])\1+")


def find_banned_words(text: str, banned: Iterable[str], numbers: Iterable[str] = ()) -> list[str]:
    """Return the banned words, or phrases, that `text` has. `numbers` are the words for numbers."""
    squeezed, bounds = _squeeze(text)
    names = tuple(numbers)
    return [word for word in banned if any(_is_whole(found, bounds) for found in _matches(word, names, squeezed))]


def _matches(word: str, numbers: tuple[str, ...], squeezed: str) -> Iterable[re.Match[str]]:
    """Return the places of a phrase, overlapping ones too: the first may begin within a word."""
    return _pattern(word, numbers).finditer(squeezed)


def _is_whole(found: re.Match[str], bounds: frozenset[int]) -> bool:
    return found.start(1) in bounds and found.end(1) in bounds


def _squeeze(text: str) -> tuple[str, frozenset[int]]:
    """Return the words of a text without anything between them, and the positions where one begins or ends."""
    plain = _WITHIN_A_WORD.sub(lambda digits: digits[0].translate(_DIGITS_FOR_LETTERS), normalised(text))
    squeezed, bounds = "", {0}
    for token in _TOKEN.findall(plain):
        squeezed += _DOUBLED.sub(r"\1", token)
        bounds.add(len(squeezed))
    return squeezed, frozenset(bounds)


@lru_cache(maxsize=1024)
def _pattern(word: str, numbers: tuple[str, ...]) -> re.Pattern[str]:
    alternatives = "|".join(re.escape(_squeeze(name)[0]) for name in numbers)
    number = f"(?:[0-9]+|{alternatives})" if alternatives else "[0-9]+"
    parts = [re.escape(_squeeze(part)[0]) for part in word.split(ANY_NUMBER)]
    return re.compile(f"(?=({number.join(parts)}))")
