"""Pure: number of an appeal in the text of an SMS: `CEK 12`, `CEK imbauan no 12`."""

from __future__ import annotations

from gateway.menu.definitions.rules import Keywords
from gateway.sms.typed_text import without_phrases
from gateway.text.words import words

_MOST_DIGITS = 4  # a longer number is a mistyped ticket


def find_appeal_number(text: str, keywords: Keywords) -> int | None:
    """Return the number if `text` says nothing else, beside polite words and words that may precede a number."""
    left = without_phrases(list(words(text)), keywords.filler, keywords.thanks, keywords.code_words)
    if len(left) != 1:
        return None
    word = left[0][0]
    return int(word) if word.isascii() and word.isdecimal() and len(word) <= _MOST_DIGITS and int(word) else None
