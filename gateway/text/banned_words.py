"""Pure: the words that no appeal may say, found as whole words, whatever stands between them and around them."""

from __future__ import annotations

import re
from collections.abc import Iterable

_BETWEEN = re.compile(r"[\W_]+")


def find_banned_words(text: str, refused: Iterable[str]) -> list[str]:
    """The refused words, or phrases, that `text` says. Capitals, stops and line breaks hide none of them."""
    said = _plain(text)
    return [word for word in refused if _plain(word) in said]


def _plain(text: str) -> str:
    return f" {_BETWEEN.sub(' ', text.casefold()).strip()} "
