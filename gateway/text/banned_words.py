"""Pure: filter of banned words, matched as whole words whatever is between and around them."""

from __future__ import annotations

import re
from collections.abc import Iterable

_BETWEEN_WORDS = re.compile(r"[\W_]+")


def find_banned_words(text: str, banned: Iterable[str]) -> list[str]:
    """Return the banned words, or phrases, that `text` has. Capitals, stops and line breaks hide none of them."""
    words = _words_only(text)
    return [word for word in banned if _words_only(word) in words]


def _words_only(text: str) -> str:
    return f" {_BETWEEN_WORDS.sub(' ', text.casefold()).strip()} "
