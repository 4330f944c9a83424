"""Gazetteer: fuzzy matching of a typed place name against the names of the areas of a pack.

Typed text is understood in a few ways (`_Interpretation`): as it is, without leading words such as *desa*, and with
its first or last words as the name of a region: an area that contains others, such as a kecamatan. Each of them is
compared with every name by its edit distance (optimal string alignment). An area is as similar as the most similar of
its names. Similarity alone is never certain: `sure` needs the exact name, which wins over all similar ones, and no
other area or region of exactly that name.
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

MIN_LETTERS = 3
MAX_CHARACTERS = 60  # characters as typed
MAX_MATCHES = 5
_TWO_EDITS_FROM = 8  # letters of a name: in a shorter one, two edits make another name
_WORD_EDIT_FROM = 5  # letters of a word within a name, for one edit
_MAX_IGNORED = 2  # leading words: "kelurahan kampung …"

_SLIP_FROM = 5  # letters of a name, for a slip; in shorter ones, one letter makes another word
_REPLACED_FROM = 9  # letters of a name with a replaced letter: bohong is no Bojong

_WORD = re.compile(r"[^\W_]+")

_Words = tuple[str, ...]
_Codes = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AreaMatches:
    """Areas whose name is the typed one or similar, by code, the most similar first, at most five.

    `sure` means that there is one, and no doubt. Otherwise the resident must choose.
    """

    codes: tuple[str, ...] = ()
    sure: bool = False


@dataclass(frozen=True, slots=True)
class RegionMatches:
    """Regions with exactly the typed name, and those with a similar one.

    `has_prefix` means that a word such as *kecamatan* precedes the name.
    """

    codes: tuple[str, ...] = ()
    similar: tuple[str, ...] = ()
    has_prefix: bool = False


class _Similarity(IntEnum):
    """Similarity of a name to typed text, the closest first. An edit inserts, deletes, replaces or swaps a letter."""

    EXACT = 0
    ONE_EDIT = 1
    WORDS = 2  # some words of the name
    BEGINNING = 3  # the beginning of the name, or of some of its words
    TWO_EDITS = 4
    WORDS_ONE_EDIT = 5


_BY_EDITS = (_Similarity.EXACT, _Similarity.ONE_EDIT, _Similarity.TWO_EDITS)


@dataclass(frozen=True, slots=True)
class _Interpretation:
    """Possible meaning of typed text: the letters of a name and, if it was typed, its region."""

    letters: str
    region: str = ""
    doubtful: bool = False  # the region is misspelled, or could be another one


class Gazetteer:
    """Index of all names of the areas of a pack. Build it once: looking up changes nothing.

    `ignored` are words that may precede a name without belonging to it, in the language of the pack.
    `region_words` are those that precede the name of a region.
    """

    def __init__(self, areas: Areas, ignored: Sequence[str] = (), region_words: Sequence[str] = ()) -> None:
        self._areas = areas
        self.region_prefixes = frozenset("".join(split_words(word)) for word in region_words)
        self.ignored = self.region_prefixes | {"".join(split_words(word)) for word in ignored}
        self._names: dict[str, _Codes] = {}  # letters of a name → codes
        self._parts: dict[str, _Codes] = {}  # letters of some of its words, not all → codes
        self._spellings: set[_Words] = set()  # names as words
        self._words_of: dict[str, set[str]] = {}  # code → the words of all its names
        current = ((name, (code,)) for code, name in areas.places.items())
        for name, codes in (*current, *areas.aliases.items()):
            words = split_words(name)
            self._spellings.add(words)
            for code in codes:
                self._words_of.setdefault(code, set()).update(words)
            _add(self._names, "".join(words), codes)
            for part in _parts(words):
                _add(self._parts, part, codes)
        self._regions: dict[str, _Codes] = {}
        for code, name in areas.regions.items():
            _add(self._regions, "".join(split_words(name)), (code,))
        longest = max((len(split_words(name)) for name in areas.regions.values()), default=0)
        self._region_words = longest + _MAX_IGNORED

    def find(self, typed: str) -> AreaMatches:
        """Find the areas whose name `typed` may be. Never raises. Takes a fraction of a millisecond for 300 areas."""
        words = split_words(typed) if len(typed) <= MAX_CHARACTERS else ()
        if sum(letter.isalpha() for word in words for letter in word) < MIN_LETTERS:
            return AreaMatches()
        best: dict[str, _Similarity] = {}
        exact: set[str] = set()
        for interpretation in self._interpretations(words):
            found, certain = self._similar_areas(interpretation)
            for code, similarity in found.items():
                best[code] = min(similarity, best.get(code, similarity))
            if certain:
                exact.update(code for code, similarity in found.items() if similarity is _Similarity.EXACT)
        named = {code for code, similarity in best.items() if similarity is _Similarity.EXACT}
        if len(exact) == 1 and named == exact and not self._may_be_region(words, *exact):
            return AreaMatches(tuple(exact), sure=True)
        offered = best
        if named:
            offered = {code: similarity for code, similarity in best.items() if similarity <= _Similarity.ONE_EDIT}
        return AreaMatches(tuple(sorted(offered, key=offered.__getitem__)[:MAX_MATCHES]))

    def exact_match(self, typed: str, among: Collection[str]) -> str:
        """Return the only one of the areas `among` with exactly this name. Empty if there are none or several."""
        names = self._without_prefixes(split_words(typed)) if len(typed) <= MAX_CHARACTERS else []
        codes = {code for name in names for code in self._names.get("".join(name), ()) if code in among}
        return codes.pop() if len(codes) == 1 else ""

    def codes_of(self, words: Sequence[str]) -> tuple[str, ...]:
        """Return the codes of all areas of which these words, written together, are a name."""
        return self._names.get("".join(words), ())

    def region_codes_of(self, words: Sequence[str]) -> tuple[str, ...]:
        """Return the codes of all regions of which these words, written together, are the name."""
        return self._regions.get("".join(words), ())

    def is_inside(self, code: str, regions: Collection[str]) -> bool:
        """Return True if one of these regions contains the area."""
        return any(around in regions for around in self._areas.around(code))

    def is_spelling(self, words: Sequence[str]) -> bool:
        """Return True if a name is written in exactly these words."""
        return tuple(words) in self._spellings

    def words_of(self, code: str) -> Collection[str]:
        """Return the words of all names of an area."""
        return self._words_of[code]

    def find_slip(self, words: Sequence[str]) -> str:
        """Return the area of which these words are a name with one slip of the hand. Empty for none, or for several.

        A slip keeps the first and the last letter. Between them, a letter is left out, doubled, added or swapped with
        the next one, or replaced where the name is long: everyday words often differ from a short name by one letter.
        """
        letters = "".join(words)
        near = [name for name, _ in _within_edits(letters, self._names, 1)]
        codes = {code for name in near for code in self._names[name]}
        return codes.pop() if len(codes) == 1 and any(_is_slip(letters, name) for name in near) else ""

    def find_region(self, typed: str) -> RegionMatches:
        """Find the region of this name. Only marks, accents and case may differ in an exact match."""
        words = split_words(typed) if len(typed) <= MAX_CHARACTERS else ()
        name = words
        while len(name) > 1 and name[0] in self.region_prefixes:
            name = name[1:]
        letters = "".join(name)
        codes = self._regions.get(letters, ())
        near = (other for other, edits in _similar_names(letters, self._regions) if edits)
        return RegionMatches(
            codes, tuple(code for other in near for code in self._regions[other]), has_prefix=name != words
        )

    def _interpretations(self, words: _Words) -> Iterator[_Interpretation]:
        for name in self._without_prefixes(words):
            yield _Interpretation("".join(name))
        for size in range(1, min(len(words) - 1, self._region_words) + 1):
            for region, rest in ((words[-size:], words[:-size]), (words[:size], words[size:])):
                codes = self._similar_regions(region)
                doubtful = len(codes) > 1 or any(codes.values())
                for code in codes:
                    for name in self._without_prefixes(rest):
                        yield _Interpretation("".join(name), code, doubtful)

    def _without_prefixes(self, words: _Words) -> list[_Words]:
        """Return the words as they are, and without one or two ignored leading words."""
        forms = [words]
        while len(forms) <= _MAX_IGNORED and len(forms[-1]) > 1 and forms[-1][0] in self.ignored:
            forms.append(forms[-1][1:])
        return forms

    def _similar_regions(self, words: _Words) -> Mapping[str, int]:
        """Return the codes of regions with at most one edit in their name, each with its number of edits."""
        similar: dict[str, int] = {}
        for form in self._without_prefixes(words):
            for name, edits in _within_edits("".join(form), self._regions, 1):
                for code in self._regions[name]:
                    similar[code] = min(edits, similar.get(code, edits))
        return similar

    def _may_be_region(self, words: _Words, code: str) -> bool:
        """Return True if the words name a region: one that is called so, or does not contain the area."""
        forms = self._without_prefixes(words)
        named = {other for form in forms for other in self._regions.get("".join(form), ())}
        prefixes = words[: len(forms) - 1] or words[:1]
        is_prefixed = not self.region_prefixes.isdisjoint(prefixes)
        return bool(named) and (is_prefixed or not named <= {code, *self._areas.around(code)})

    def _similar_areas(self, interpretation: _Interpretation) -> tuple[Mapping[str, _Similarity], bool]:
        """Find the areas with a similar name. Returns them, and whether an exact name among them is certain.

        A region narrows to its own areas, unless the name is more similar to that of an area elsewhere: then one
        of the two was typed wrong, and nobody knows which.
        """
        found = self._by_name(interpretation.letters)
        region = interpretation.region
        if not region or not found:
            return found, True
        inside = {code: found[code] for code in found if self.is_inside(code, (region,))}
        if inside and min(inside.values()) <= min(found.values()):
            return inside, not interpretation.doubtful
        return found, False

    def _by_name(self, letters: str) -> Mapping[str, _Similarity]:
        if len(letters) < MIN_LETTERS:
            return {}
        best: dict[str, _Similarity] = {}
        for codes, similarity in self._similarities(letters):
            for code in codes:
                best[code] = min(similarity, best.get(code, similarity))
        return best

    def _similarities(self, letters: str) -> Iterator[tuple[_Codes, _Similarity]]:
        for name, edits in _similar_names(letters, self._names):
            yield self._names[name], _BY_EDITS[edits]
        for part, edits in _within_edits(letters, self._parts, 1):
            if not edits:
                yield self._parts[part], _Similarity.WORDS
            elif len(part) >= _WORD_EDIT_FROM:
                yield self._parts[part], _Similarity.WORDS_ONE_EDIT
        for names in (self._names, self._parts):
            for name, codes in names.items():
                if name.startswith(letters):
                    yield codes, _Similarity.BEGINNING


def split_words(text: str) -> _Words:
    """Split a name into words without accents, case and marks. "Kali-Bàros" is ("kali", "baros")."""
    plain = "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))
    return tuple(_WORD.findall(plain.casefold()))


def _parts(words: _Words) -> Iterator[str]:
    """Yield every run of words that is not the whole name, its letters joined."""
    for start in range(len(words)):
        for end in range(start + 1, len(words) + 1):
            if end - start < len(words):
                yield "".join(words[start:end])


def _add(names: dict[str, _Codes], letters: str, codes: _Codes) -> None:
    names[letters] = tuple(dict.fromkeys((*names.get(letters, ()), *codes)))


def _is_slip(letters: str, name: str) -> bool:
    """Return True for a slip, where one edit separates the two."""
    if letters == name or len(name) < _SLIP_FROM or letters[0] != name[0] or letters[-1] != name[-1]:
        return False
    is_replaced = len(letters) == len(name) and sorted(letters) != sorted(name)
    return not is_replaced or len(name) >= _REPLACED_FROM


def _similar_names(letters: str, names: Mapping[str, _Codes]) -> Iterator[tuple[str, int]]:
    """Yield the names within two edits, or one where they are short, the closest first."""
    for name, edits in _within_edits(letters, names, 2):
        if edits < 2 or len(name) >= _TWO_EDITS_FROM:
            yield name, edits


def _within_edits(letters: str, names: Mapping[str, _Codes], edits: int) -> Iterator[tuple[str, int]]:
    """Yield the names within so many edits, the closest first, equal ones in the order of the pack."""
    for name, distance, _ in extract(letters, names.keys(), scorer=OSA.distance, score_cutoff=edits, limit=None):
        yield name, distance
