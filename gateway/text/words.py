"""Pure: words of typed text, normalised, so that keywords of a pack can be compared with them.

A word is a run of letters and digits. Capitals, accents and full-width letters make no difference.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

Word = tuple[str, int]
"""Normalised word, and the position of its end in the text."""

_WORD = re.compile(r"[^\W_]+")  # a phone may put curly quotes and emoji beside a word
_INVISIBLE = (
    "\u00ad\u034f\u061c\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\U000e0000-\U000e01ef"
)
_INVISIBLE_WITHIN = re.compile(rf"(?<=[^\W_])[{_INVISIBLE}]+(?=[^\W_])")
_FOREIGN_DIGIT = re.compile(r"[^\D0-9]")


def readable(text: str) -> str:
    """Return `text` composed, with plain digits, and without invisible characters between letters."""
    composed = _INVISIBLE_WITHIN.sub("", unicodedata.normalize("NFC", text))
    return _FOREIGN_DIGIT.sub(lambda digit: str(unicodedata.decimal(digit[0])), composed)


def words(text: str) -> Iterator[Word]:
    """Yield each word of `text`, normalised, and the position of its end."""
    for found in _WORD.finditer(text):
        yield _plain(found[0]), found.end()


def normalised(text: str) -> str:
    """Return the words of `text`, normalised, with single spaces between them."""
    return " ".join(word for word, _ in words(readable(text)))


def is_findable(keyword: str) -> bool:
    """Return True if a text can contain `keyword`: it has letters and digits only, and single spaces between words."""
    return normalised(keyword) == _plain(unicodedata.normalize("NFC", keyword)) != ""


def _plain(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in letters if not unicodedata.combining(letter)).casefold()
