"""Pure: category of a report by SMS, from its code (`3`, `no 03`, `tiga`) or from the words of the pack.

Words decide by their strength: an act before somebody's deed, that before the tool or the setting, and an everyday word
only behind a command. Of equals the first one counts. So it does not matter who was attacked, or with what.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

from gateway.menu.definitions.rules import ActorWords, Keywords, WordPair
from gateway.menu.model import Menu
from gateway.sms.clauses import ONE_CLAUSE, Clauses
from gateway.sms.typed_text import join, known_size, known_stem, phrase_size
from gateway.text.words import Word, words

_MAX_NAME_WORDS = 3
_MAX_GLUED = 4  # first words of a report that may be a code glued to a word
_MAX_APART = 12  # words between the two of a pair
_MAX_BEFORE_DEED = 8  # words between somebody and their deed
_MAX_TITLES = 2  # polite words between a word such as *rumah* and a person
_CODE_FIRST = re.compile(r"(?<![^\W_])([0-9]{1,3})(?=[^\W\d_])")
_CODE_LAST = re.compile(r"(?<![^\W_])([^\W\d_]+)(?=[0-9]{1,3}(?![^\W_]))")


class Strength(IntEnum):
    """Strength of a word that names a category, the strongest first."""

    ACT = 0
    DEED = 1  # of somebody who acts
    SETTING = 2  # a tool or a place: counts where nothing stronger is named
    ASKED = 3  # an everyday word: counts behind a command


@dataclass(frozen=True, slots=True)
class NamedKind:
    """Category that the word or phrase at this position names."""

    category: str
    at: int
    size: int
    strength: Strength


def leading_category(found: Sequence[Word], menu: Menu, clauses: Clauses = ONE_CLAUSE) -> tuple[str, int]:
    """Return the category that the first words name, by code or word, and the number of words used.

    Polite words, and words such as *kode*, may precede a code. A number may be a quantity (`2 orang`). Then another
    category in the text has precedence. A word for a person counts only directly before a place, or alone.
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
    following = found[size : size + _MAX_NAME_WORDS]
    if _is_actor(join(found[:size]), category, keywords):
        is_chosen = not following or _names_place([word for word, _ in following], menu)
        return (category, size) if is_chosen and not category_within(found, menu) else ("", 0)
    return category_within(found, menu, clauses), size


def category_within(found: Sequence[Word], menu: Menu, clauses: Clauses = ONE_CLAUSE) -> str:
    """Return the category that the words of a report name, empty for none. A number within a sentence is no code."""
    named = strongest_kind(found, menu, clauses, asked=True)
    return named.category if named else ""


def is_code(named: Sequence[Word], keywords: Keywords) -> bool:
    """Return True if a category is named by a number. A word stays in the description: it may say who did it."""
    is_phrase = len(named) > 1 and join(named) in keywords.categories  # `coblos dua kali`
    return not is_phrase and any(word.isdecimal() or word in keywords.numbers for word, _ in named)


def mentions_kind(found: Sequence[Word], menu: Menu) -> bool:
    """Return True if these words name a category, or somebody whose deed would: `bahasa kasar dari lurah`."""
    keywords = menu.keywords
    return bool(category_within(found, menu)) or any(_positions(found, one.who, keywords) for one in keywords.actors)


def strongest_kind(
    found: Sequence[Word], menu: Menu, clauses: Clauses = ONE_CLAUSE, *, asked: bool = False
) -> NamedKind | None:
    """Return what names the category of a text, or None. Everyday words count only if a report is `asked` for."""
    keywords = menu.keywords
    named = [*_kinds_named(found, keywords), *_kinds_of_pairs(found, keywords)]
    named += [kind for actor in keywords.actors for kind in _deeds(found, actor, keywords, clauses)]
    counted = (kind for kind in named if asked or kind.strength is not Strength.ASKED)
    return min(counted, key=lambda kind: (kind.strength, kind.at), default=None)


def _kinds_named(found: Sequence[Word], keywords: Keywords) -> Iterator[NamedKind]:
    """Yield the categories that single words and phrases name, in order."""
    at = 0
    while at < len(found):
        category, size = _named_at(found, at, keywords)
        phrase = join(found[at : at + size])
        if category and not _is_actor(phrase, category, keywords):
            yield NamedKind(category, at, size, _strength(phrase, keywords))
        at += size or 1


def _strength(phrase: str, keywords: Keywords) -> Strength:
    if phrase in keywords.asked:
        return Strength.ASKED
    return Strength.SETTING if phrase in keywords.weak else Strength.ACT


def _is_actor(phrase: str, category: str, keywords: Keywords) -> bool:
    return any(phrase in actor.who for actor in keywords.actors if actor.category == category)


def _kinds_of_pairs(found: Sequence[Word], keywords: Keywords) -> Iterator[NamedKind]:
    for pair in keywords.pairs:
        yield from _kind_of_pair(found, pair, keywords)


def _kind_of_pair(found: Sequence[Word], pair: WordPair, keywords: Keywords) -> Iterator[NamedKind]:
    """Yield the category of a pair if both of its words are near each other."""
    ones = _positions(found, pair.one, keywords)
    if not ones:
        return
    for other, size in _positions(found, pair.other, keywords):
        for one, one_size in ones:
            if 0 < abs(one - other) <= _MAX_APART:
                first, is_setting = min(one, other), join(found[one : one + one_size]) in keywords.weak
                strength = Strength.SETTING if is_setting else Strength.ACT
                yield NamedKind(pair.category, first, one_size if first == one else size, strength)
                return


def _deeds(found: Sequence[Word], actor: ActorWords, keywords: Keywords, clauses: Clauses) -> Iterator[NamedKind]:
    """Yield each deed of one of these people: they are before it in its clause, or behind a word such as *by*."""
    people = [
        at for at, _ in _positions(found, actor.who, keywords) if not _is_behind(found, at, actor.not_who, keywords)
    ]
    behind_by = [at for at in people if _is_behind(found, at, actor.by, keywords)]
    for at, size in _positions(found, actor.does, keywords):
        is_before = any(
            person < at <= person + _MAX_BEFORE_DEED
            and clauses.number_of(person) == clauses.number_of(at)
            and actor.apart.isdisjoint(word for word, _ in found[person + 1 : at])
            for person in people
        )
        if is_before or behind_by:
            yield NamedKind(actor.category, at, size, Strength.DEED)


def _is_behind(found: Sequence[Word], at: int, before: frozenset[str], keywords: Keywords) -> bool:
    """Return True if one of `before` precedes this position. Polite words (`rumah pak lurah`) may be between."""
    for position in range(at - 1, max(-1, at - 2 - _MAX_TITLES), -1):
        word = found[position][0]
        if word in before:
            return True
        if word not in keywords.filler:
            return False
    return False


def _positions(found: Sequence[Word], known: frozenset[str], keywords: Keywords) -> list[tuple[int, int]]:
    """Return the position and size of each of the `known` words and phrases."""
    sized = ((at, known_size(found, at, known, keywords.endings)) for at in range(len(found)))
    return [(at, size) for at, size in sized if size]


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
    size = max(phrase_size(found, at, keywords.categories), phrase_size(found, at, keywords.not_words))
    phrase = join(found[at : at + size])
    if not size and at < len(found):
        phrase = known_stem(found[at][0], keywords.categories, keywords.endings)
        size = int(bool(phrase))
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
