"""A place name as a thumb types it → the areas that may be meant.

What was typed is understood in a few ways (`_Reading`): as it stands, without leading words such as *desa*, and with
its first or last words as the name of a kecamatan. Each reading is held against every name; an area counts as its
likest name does. Nothing is ever taken for granted from likeness alone: `sure` needs the very name, and no other
area's name within the reach of a single slip of the thumb.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

from rapidfuzz.distance import OSA
from rapidfuzz.process import extract

from gateway.places.areas import Areas

MIN_LETTERS = 3  # letters
MAX_CHARACTERS = 60  # characters as typed
MAX_MATCHES = 5  # areas offered
_TWO_EDITS_FROM = 8  # letters of a name; in a shorter one, two other letters make another name
_WORD_EDIT_FROM = 5  # letters of a word within a name
_MOST_IGNORED = 2  # leading words: "kelurahan kampung …"

_WORD = re.compile(r"[^\W_]+")

_Words = tuple[str, ...]
_Codes = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AreaMatches:
    """Areas by code, the likeliest first, at most five; none is like it if there are none.

    `sure` means that the first and only one is meant; otherwise somebody must choose.
    """

    codes: tuple[str, ...] = ()
    sure: bool = False


@dataclass(frozen=True, slots=True)
class KecamatanMatches:
    """The kecamatan that bear a name, and those that bear one like it; `said`: a word before it says it is one."""

    codes: tuple[str, ...] = ()
    similar: tuple[str, ...] = ()
    has_prefix: bool = False


class _Likeness(IntEnum):
    """How a name is like what was typed, the likest first. An edit is a letter more, less, other or swapped."""

    EXACT = 0
    ONE_EDIT = 1
    WORDS = 2  # these are words of the name
    BEGINNING = 3  # the name, or its words from one on, begin like this
    TWO_EDITS = 4
    WORDS_ONE_EDIT = 5


_BY_EDITS = (_Likeness.EXACT, _Likeness.ONE_EDIT, _Likeness.TWO_EDITS)


@dataclass(frozen=True, slots=True)
class _NameReading:
    """One way to understand what was typed: a name's letters and, if they were typed, its kecamatan."""

    letters: str
    kecamatan: str = ""
    doubtful: bool = False  # the kecamatan is misspelled, or could be another one


class Gazetteer:
    """All names of the areas of a pack, made ready to be found. Build it once; `find` changes nothing.

    `ignored` are words that may stand before a name without belonging to it, in the language of the pack, and
    `kecamatan_words` those that stand before the name of a kecamatan.
    """

    def __init__(self, areas: Areas, ignored: Sequence[str] = (), kecamatan_words: Sequence[str] = ()) -> None:
        self._areas = areas
        self._of_kecamatan = frozenset("".join(_words(word)) for word in kecamatan_words)
        self._ignored = self._of_kecamatan | {"".join(_words(word)) for word in ignored}
        self._names: dict[str, _Codes] = {}  # letters of a name → codes
        self._parts: dict[str, _Codes] = {}  # letters of some of its words, not all → codes
        current = ((name, (code,)) for code, name in areas.kelurahan.items())
        for name, codes in (*current, *areas.aliases.items()):
            words = _words(name)
            _add(self._names, "".join(words), codes)
            for part in _parts(words):
                _add(self._parts, part, codes)
        self._kecamatan: dict[str, _Codes] = {}
        for code, name in areas.kecamatan.items():
            _add(self._kecamatan, "".join(_words(name)), (code,))
        longest = max((len(_words(name)) for name in areas.kecamatan.values()), default=0)
        self._kecamatan_words = longest + _MOST_IGNORED

    def find(self, typed: str) -> AreaMatches:
        """The areas whose name `typed` may be. Never raises; costs a fraction of a millisecond for 300 areas."""
        words = _words(typed) if len(typed) <= MAX_CHARACTERS else ()
        if sum(letter.isalpha() for word in words for letter in word) < MIN_LETTERS:
            return AreaMatches()
        likest: dict[str, _Likeness] = {}
        exact: set[str] = set()
        for reading in self._readings(words):
            found, certain = self._narrowed(reading)
            for code, likeness in found.items():
                likest[code] = min(likeness, likest.get(code, likeness))
            if certain:
                exact.update(code for code, likeness in found.items() if likeness is _Likeness.EXACT)
        close = {code: likeness for code, likeness in likest.items() if likeness <= _Likeness.ONE_EDIT}
        if len(exact) == 1 and close.keys() == exact and not self._other_kecamatan(words, *exact):
            return AreaMatches(tuple(exact), sure=True)
        offered = close if _Likeness.EXACT in close.values() else likest
        return AreaMatches(tuple(sorted(offered, key=offered.__getitem__)[:MAX_MATCHES]))

    def exact_match(self, typed: str, among: Collection[str]) -> str:
        """The one of these areas whose very name `typed` is; empty where none of them is called so, or several are."""
        names = self._unprefixed(_words(typed)) if len(typed) <= MAX_CHARACTERS else []
        codes = {code for name in names for code in self._names.get("".join(name), ()) if code in among}
        return codes.pop() if len(codes) == 1 else ""

    def find_kecamatan(self, typed: str) -> KecamatanMatches:
        """What `typed` is as the name of a kecamatan. Its very name is asked for, but for marks, accents and case."""
        words = _words(typed) if len(typed) <= MAX_CHARACTERS else ()
        name = words
        while len(name) > 1 and name[0] in self._of_kecamatan:
            name = name[1:]
        letters = "".join(name)
        codes = self._kecamatan.get(letters, ())
        near = (like for like, edits in _nearly(letters, self._kecamatan) if edits)
        return KecamatanMatches(
            codes, tuple(code for like in near for code in self._kecamatan[like]), has_prefix=name != words
        )

    def _readings(self, words: _Words) -> Iterator[_NameReading]:
        for name in self._unprefixed(words):
            yield _NameReading("".join(name))
        for size in range(1, min(len(words) - 1, self._kecamatan_words) + 1):
            for kecamatan, rest in ((words[-size:], words[:-size]), (words[:size], words[size:])):
                codes = self._kecamatan_like(kecamatan)
                doubtful = len(codes) > 1 or any(codes.values())
                for code in codes:
                    for name in self._unprefixed(rest):
                        yield _NameReading("".join(name), code, doubtful)

    def _unprefixed(self, words: _Words) -> list[_Words]:
        """The words as they stand, and without one or two leading ones that are to be ignored."""
        forms = [words]
        while len(forms) <= _MOST_IGNORED and len(forms[-1]) > 1 and forms[-1][0] in self._ignored:
            forms.append(forms[-1][1:])
        return forms

    def _kecamatan_like(self, words: _Words) -> Mapping[str, int]:
        """Kecamatan codes with how many edits, 0 or 1, their name is away."""
        like: dict[str, int] = {}
        for form in self._unprefixed(words):
            for name, edits in _within("".join(form), self._kecamatan, 1):
                for code in self._kecamatan[name]:
                    like[code] = min(edits, like.get(code, edits))
        return like

    def _other_kecamatan(self, words: _Words, code: str) -> bool:
        """Whether this may be the name of a kecamatan that the area does not even lie in."""
        return not self._kecamatan_like(words).keys() <= {self._areas.kecamatan_of(code)}

    def _narrowed(self, reading: _NameReading) -> tuple[Mapping[str, _Likeness], bool]:
        """What is like the name, and whether it may be taken at its word.

        A kecamatan narrows to its own areas, unless the name is more like that of an area elsewhere: then
        one of the two was typed wrong, and nobody knows which.
        """
        found = self._like(reading.letters)
        if not reading.kecamatan or not found:
            return found, True
        inside = {code: found[code] for code in found if self._areas.kecamatan_of(code) == reading.kecamatan}
        if inside and min(inside.values()) <= min(found.values()):
            return inside, not reading.doubtful
        return found, False

    def _like(self, letters: str) -> Mapping[str, _Likeness]:
        like: dict[str, _Likeness] = {}
        for codes, likeness in self._likenesses(letters) if len(letters) >= MIN_LETTERS else ():
            for code in codes:
                like[code] = min(likeness, like.get(code, likeness))
        return like

    def _likenesses(self, letters: str) -> Iterator[tuple[_Codes, _Likeness]]:
        for name, edits in _nearly(letters, self._names):
            yield self._names[name], _BY_EDITS[edits]
        for part, edits in _within(letters, self._parts, 1):
            if not edits:
                yield self._parts[part], _Likeness.WORDS
            elif len(part) >= _WORD_EDIT_FROM:
                yield self._parts[part], _Likeness.WORDS_ONE_EDIT
        for names in (self._names, self._parts):
            for name, codes in names.items():
                if name.startswith(letters):
                    yield codes, _Likeness.BEGINNING


def _words(text: str) -> _Words:
    """The words of a name without accents, case and marks. "Kali-Bàros" is ("kali", "baros")."""
    plain = "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))
    return tuple(_WORD.findall(plain.casefold()))


def _parts(words: _Words) -> Iterator[str]:
    """Every run of words that is not the whole name, its letters joined."""
    for start in range(len(words)):
        for end in range(start + 1, len(words) + 1):
            if end - start < len(words):
                yield "".join(words[start:end])


def _add(names: dict[str, _Codes], letters: str, codes: _Codes) -> None:
    names[letters] = tuple(dict.fromkeys((*names.get(letters, ()), *codes)))


def _nearly(letters: str, names: Mapping[str, _Codes]) -> Iterator[tuple[str, int]]:
    """The names at most two edits away, or one where they are short, the nearest first."""
    for name, edits in _within(letters, names, 2):
        if edits < 2 or len(name) >= _TWO_EDITS_FROM:
            yield name, edits


def _within(letters: str, names: Mapping[str, _Codes], edits: int) -> Iterator[tuple[str, int]]:
    """The names at most `edits` away, the nearest first, equal ones in the order of the pack."""
    for name, distance, _ in extract(letters, names.keys(), scorer=OSA.distance, score_cutoff=edits, limit=None):
        yield name, distance
