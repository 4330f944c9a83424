"""Labels of options, typed in words instead of a number: `politik uang`, `ya`, `utara`.

The whole label counts in any case, with any marks and accents. A part of it counts where nobody can be in doubt: the
first words of one label only; or else three letters of its beginning, or one of its words, if no word of another label
begins alike. So `lapor` is *Lapor kejadian*, and `laporan` is asked again beside *Cek status laporan*.

The keywords of the pack count too: other words for an option (`jangan`), a category (`tawuran`), a language (`jowo`)
or a number (`satu`, `nomor 2`).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from gateway.menu.limits import Keys
from gateway.menu.model import Menu, State
from gateway.places.gazetteer import split_words

MAX_CHARACTERS = 60
_MAX_KEY_LABEL = 20  # characters of a navigation label; a longer text, such as a description, is none
_LETTERS_OR_DIGITS = re.compile(r"[^\W\d_]+|\d+")
_MIN_LETTERS = 3  # of a part of a label
_WHOLE_ONLY = frozenset({"danger"})  # answers that no part of a label gives: a mistake costs too much


def chosen_by_label(
    menu: Menu, state: State, language: str, offered: Collection[str], typed: str, *, in_part: bool = True
) -> str | None:
    """Return the option of `offered` whose label was typed, on whatever page. Returns None if none or several may be.

    With `in_part`, a part of the label counts too, except for answers such as `danger`.
    """
    words = _typed_words(menu, state, typed)
    if not words:
        return None
    texts = menu.wordings[language]
    labels = {value: split_words(state.kind.option_text(menu, state, texts, value, offered)) for value in offered}
    whole = [value for value, label in labels.items() if "".join(label) == "".join(words)]
    if len(whole) > 1:
        return None
    known = whole[0] if whole else _by_keyword(menu, state, words)
    if known in offered:
        return known
    return None if not in_part or state.keep in _WHOLE_ONLY else _by_part(labels, words)


def typed_number(menu: Menu, state: State, typed: str) -> str:
    """Return the number that words of the pack write, such as `satu`, `no 2` or `nomor2`. Empty for none.

    A typed text is none, and where a mistake costs too much, a word before the digit could be meant otherwise.
    """
    if state.kind.is_typed or len(typed) > _MAX_KEY_LABEL:
        return ""
    *before, last = _LETTERS_OR_DIGITS.findall(" ".join(split_words(typed))) or [""]
    keywords = menu.keywords
    digits = keywords.numbers.get(last, last).lstrip("0")
    is_announced = not before or (keywords.code_words.issuperset(before) and state.keep not in _WHOLE_ONLY)
    return digits if digits.isdecimal() and is_announced else ""


def navigation_key(menu: Menu, state: State, language: str, typed: str, keys: Keys) -> str:
    """Return the navigation key whose whole label was typed, such as `kembali`. Empty if none was."""
    if len(typed) > _MAX_KEY_LABEL:
        return ""
    letters = "".join(_typed_words(menu, state, typed))
    texts = menu.wordings[language]
    labels = {
        keys.back: texts.screens[state.words][state.zero[0]] if state.zero else texts.navigation["back"],
        keys.back_elsewhere: texts.navigation["back"],
        keys.home: texts.navigation["home"],
        keys.more: texts.navigation["more"],
    }
    return next((key for key, label in labels.items() if letters and letters == "".join(split_words(label))), "")


def _typed_words(menu: Menu, state: State, typed: str) -> tuple[str, ...]:
    """Return the words of an input. In a list of places, words such as *kecamatan* before them are left out."""
    words = split_words(typed) if len(typed) <= MAX_CHARACTERS and not typed.isdecimal() else ()
    prefixes = menu.gazetteer.ignored if state.is_of_places else ()
    while len(words) > 1 and words[0] in prefixes:
        words = words[1:]
    return words


def _by_keyword(menu: Menu, state: State, words: tuple[str, ...]) -> str | None:
    """Return the option that this word or phrase of the pack means. Returns None for none."""
    keywords, phrase = menu.keywords, " ".join(words)
    known = {"languages": keywords.languages, "categories": keywords.categories}
    return known.get(state.source, keywords.answers.get(state.name, {})).get(phrase)


def _by_part(labels: Mapping[str, tuple[str, ...]], words: tuple[str, ...]) -> str | None:
    begun = [value for value, label in labels.items() if label[: len(words)] == words]
    if begun:
        return begun[0] if len(begun) == 1 else None
    letters = "".join(words)
    fitting = [value for value, label in labels.items() if "".join(label).startswith(letters) or letters in label]
    if len(fitting) != 1 or len(letters) < _MIN_LETTERS:
        return None
    others = (word for value, label in labels.items() if value != fitting[0] for word in label)
    return None if any(_begin_alike(word, letters) for word in others) else fitting[0]


def _begin_alike(word: str, letters: str) -> bool:
    return word.startswith(letters) or (len(word) >= _MIN_LETTERS and letters.startswith(word))
