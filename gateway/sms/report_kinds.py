"""Pure: category of a report by SMS, from its code (`3`, `no 03`, `tiga`) or from a word of the pack."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gateway.menu.model import Menu
from gateway.menu.rules import Keywords
from gateway.sms.typed_text import join, phrase_size
from gateway.text.words import Word, words

_MAX_NAME_WORDS = 3
_MAX_GLUED = 4  # first words of a report that may be a code glued to a word
_CODE_FIRST = re.compile(r"(?<![^\W_])([0-9]{1,3})(?=[^\W\d_])")
_CODE_LAST = re.compile(r"(?<![^\W_])([^\W\d_]+)(?=[0-9]{1,3}(?![^\W_]))")


def leading_category(found: Sequence[Word], menu: Menu) -> tuple[str, int]:
    """Return the category that the first words name, by code or word, and the number of words used.

    Polite words, and words such as *kode*, may precede a code. A number may be a quantity (`2 orang`). Then another
    category in the text has precedence.
    """
    keywords = menu.keywords
    at = _code_position(found, keywords)
    code = _code(found, at, menu)
    if code:
        category, following = keywords.categories[code], found[at + 1 : at + 2]
        if following and following[0][0] in keywords.counted and category_within(found, menu) not in ("", category):
            return "", 0
        return category, at + 1
    category, size = _named_at(found, 0, keywords)
    if not category:
        return "", 0
    return category_within(found, menu) if join(found[:size]) in keywords.weak else category, size


def category_within(found: Sequence[Word], menu: Menu) -> str:
    """Return the category of the first word or phrase that names one. A number within a sentence is no code.

    A weak one, such as a person's job, counts where no other is named: an act has precedence over who did it.
    """
    keywords, weak, at = menu.keywords, "", 0
    while at < len(found):
        category, size = _named_at(found, at, keywords)
        if category and join(found[at : at + size]) not in keywords.weak:
            return category
        weak = weak or category
        at += size or 1
    return weak


def unglue(text: str, menu: Menu) -> str:
    """Return the text of a report with a space between a code and the word that it is glued to: `3KLEGO`, `no3`."""
    limit = next((end for at, (_, end) in enumerate(words(text), start=1) if at == _MAX_GLUED), len(text))

    def after_code(found: re.Match[str]) -> str:
        following = [word for word, _ in words(text[found.end() :])][:_MAX_NAME_WORDS]
        is_code = found.end() <= limit and _plain_code(found[1], menu.keywords) and _names_something(following, menu)
        return f"{found[0]} " if is_code else found[0]

    def before_code(found: re.Match[str]) -> str:
        word = next(words(found[1]))[0]
        is_code = word in menu.keywords.code_words or menu.gazetteer.find(word).sure
        return f"{found[0]} " if is_code and found.end() <= limit else found[0]

    return _CODE_LAST.sub(before_code, _CODE_FIRST.sub(after_code, text))


def _named_at(found: Sequence[Word], at: int, keywords: Keywords) -> tuple[str, int]:
    """Return the category that the longest known phrase here names, and its size. `kereta api` names none."""
    size = phrase_size(found, at, keywords.categories.keys() | keywords.not_words)
    phrase = join(found[at : at + size])
    return ("" if phrase.isdecimal() or phrase in keywords.not_words else keywords.categories.get(phrase, "")), size


def _code_position(found: Sequence[Word], keywords: Keywords) -> int:
    """Return the position of the first word that a code may be: after polite words and words such as *kode*."""
    skipped = keywords.filler | keywords.spaces | keywords.code_words
    return next((at for at, (word, _) in enumerate(found) if word not in skipped), len(found))


def _code(found: Sequence[Word], at: int, menu: Menu) -> str:
    """Return the code at this position.

    A word for a number, or a number behind polite words, counts before the name of a place, or alone.
    """
    if at >= len(found):
        return ""
    word, keywords = found[at][0], menu.keywords
    is_announced = not at or any(before in keywords.code_words for before, _ in found[:at])
    if word in keywords.numbers or not is_announced:
        following = [name for name, _ in found[at + 1 : at + 1 + _MAX_NAME_WORDS]]
        if following and not _names_place(following, menu):
            return ""
    return _plain_code(keywords.numbers.get(word, word), keywords)


def _plain_code(digits: str, keywords: Keywords) -> str:
    """Return the code that these digits write, perhaps with a zero before it. Empty if they are no code."""
    if not digits.isdecimal():
        return ""
    return next((code for code in (digits, digits.lstrip("0")) if code in keywords.categories), "")


def _names_something(following: Sequence[str], menu: Menu) -> bool:
    return following[0] in menu.keywords.categories or _names_place(following, menu)


def _names_place(following: Sequence[str], menu: Menu) -> bool:
    """Return True if the first of these words are the name of a place, or similar to one."""
    return menu.place_search.read(following).size > 0
