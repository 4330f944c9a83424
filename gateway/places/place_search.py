"""Search for the names of places in a text, such as `klego rt 3` or `ada tawuran di pasar Medono`.

Nothing is guessed: among other words, only a name that is written exactly is certain. Where there is none, a name at
the beginning of the text may have one slip of the hand (`kelgo rt 3`). Whatever else is similar to a name is offered
as a question. Everyday words of the pack are never similar to a name, and alone among other words they are none either
(`soko`, an old name, is the Javanese *from*). A name that is also a thing (`jagung`, maize) is a place behind a word
such as *di*. A name behind a word such as *dari* or *pak* is only offered: it says whence somebody came, or who it is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from gateway.places.gazetteer import MAX_MATCHES, AreaMatches, Gazetteer, split_words

MAX_SEARCHED_WORDS = 40
_MAX_WINDOW = 6  # words of a place with its region and the words before them
_MAX_NAME_WORDS = 3
_MIN_LETTERS = 4  # of a single word that is similar to a name

_Words = Sequence[str]


@dataclass(frozen=True, slots=True)
class PlacesInText:
    """Places that a text names, by code. Several are candidates.

    `sure` means that one place is named exactly, `slip` that its name at the beginning of the text has one slip of the
    hand. `size` is the number of first words that name the places, 0 where they are named later.
    """

    codes: tuple[str, ...] = ()
    sure: bool = False
    slip: bool = False
    size: int = 0

    @property
    def area(self) -> str:
        """Code of the place that is meant without doubt. Empty for none."""
        return self.codes[0] if self.sure or self.slip else ""


@dataclass(frozen=True, slots=True)
class _Mention:
    """Name of a place at the words from `start` to `end`, without those before it that mean nothing."""

    start: int
    end: int
    codes: tuple[str, ...]
    sure: bool = True
    everyday: bool = False


class PlaceSearch:
    """Search with the names of a gazetteer. `everyday` are words that are never taken for a misspelt name.

    `things` are names that are also a plain word, and count as a name behind a word of `at`. Behind a word of `not_at`
    no name is certain.
    """

    def __init__(
        self,
        gazetteer: Gazetteer,
        everyday: Collection[str] = (),
        *,
        things: Collection[str] = (),
        at: Collection[str] = (),
        not_at: Collection[str] = (),
    ) -> None:
        self._gazetteer = gazetteer
        self._everyday, self._things, self._at, self._not_at = map(_joined, (everyday, things, at, not_at))
        self._everyday |= self._things

    def find(self, typed: str) -> AreaMatches:
        """Find the areas that an answer to the question for a place may mean. A whole name may be only similar."""
        whole = self._gazetteer.find(typed)
        found = PlacesInText() if whole.sure else self.read(split_words(typed), first_decides=False)
        if whole.codes and not found.sure:
            return whole
        return AreaMatches(found.codes[:MAX_MATCHES], found.sure)

    def read(self, words: _Words, *, first_decides: bool = True, behind_code: bool = False) -> PlacesInText:
        """Find the places that these words of a text name. Only the first 40 words are searched.

        With `first_decides`, the text is a report: a name at its beginning is its place, whatever others follow.
        `behind_code` means that a code is before the text: then its first word is a place, not a thing.
        """
        words = words[:MAX_SEARCHED_WORDS]
        begin = self._after_prefixes(words, 0)
        mentions = [*self._mentions(words)]
        first = mentions[0] if mentions and mentions[0].start <= begin else None
        if first and behind_code and words[first.start] in self._things:
            first = mentions[0] = replace(first, everyday=False)
        if first and first.sure and ((first_decides and not first.everyday) or first.end == len(words)):
            return PlacesInText(first.codes, sure=True, size=first.end)
        named = [found for found in mentions if not found.everyday]
        if first and first.everyday and not named:
            return PlacesInText(first.codes, size=first.end)
        likely = PlacesInText(first.codes, size=first.end) if first else self._leading(words, begin)
        if here := first_decides and self._only_one_here(words, named):
            return PlacesInText(here, sure=True)
        if named:
            return _decide(PlacesInText() if first and first.everyday else likely, named)
        return likely if likely.codes else PlacesInText(self._slips_within(words))

    def _only_one_here(self, words: _Words, named: Sequence[_Mention]) -> tuple[str, ...]:
        """Return the only place of several that is named for certain behind a word such as *di*. Empty for none.

        The others say whence people came: `warga klego dipukul di medono`.
        """
        if len(named) < 2:
            return ()
        here = [found for found in named if self._is_behind_at(words, found.start)]
        is_one = len({found.codes for found in here}) == 1 and here[0].sure and len(here[0].codes) == 1
        return here[0].codes if is_one else ()

    def _is_behind_at(self, words: _Words, start: int) -> bool:
        """Return True if a word such as *di* precedes the name, perhaps with one between them (`di pasar klego`)."""
        return any(word in self._at for word in words[max(0, start - 2) : start])

    # Exact names ---------------------------------------------------------------------------------------------

    def _mentions(self, words: _Words) -> Iterator[_Mention]:
        """Yield the exact names in order, each with the region beside it. Longer names have precedence."""
        at, region = 0, -1
        while at < len(words):
            found = self._mention_at(words, at)
            if found and at != region:
                narrowed, region = self._narrowed(words, found)
                yield narrowed
            at = found.end if found else at + 1

    def _mention_at(self, words: _Words, at: int) -> _Mention | None:
        size, region_end = self._name_size(words, at), self._region_end(words, at)
        if not size and not region_end:
            return None
        for end in range(min(at + _MAX_WINDOW, len(words)), at, -1):
            window = words[at:end]
            found = self._gazetteer.find(" ".join(window))
            if found.sure and not self._is_chance(window):
                is_sure = not (self._is_elsewhere(words, at, end) or self._other_region(words, end, found.codes[0]))
                return _Mention(at, end, found.codes, is_sure, self._is_everyday(words, at, end))
        end = at + size if size else region_end
        name = words[at:end] if size else words[self._after_prefixes(words, at) : end]
        codes = () if self._is_chance(name) else self._gazetteer.codes_of(name)
        return _Mention(at, end, codes, False, self._is_everyday(words, at, end)) if codes else None

    def _narrowed(self, words: _Words, mention: _Mention) -> tuple[_Mention, int]:
        """Narrow a name to a region that follows soon: after numbers (`rt 3`), or with its prefix.

        Returns it and the position of the region, -1 for none. The words between remain part of the text.
        """
        rest = range(mention.end, min(mention.end + _MAX_WINDOW, len(words)))
        prefix = next((at for at in rest if words[at] in self._gazetteer.region_prefixes), 0)
        at = prefix or next((at for at in rest if len(words[at]) > 2 and not words[at].isdecimal()), mention.end)
        named = self._region_of(words, at, self._region_end(words, at))
        inside = tuple(code for code in mention.codes if self._gazetteer.is_inside(code, named))
        is_sure = not self._is_elsewhere(words, mention.start, mention.end)
        return (replace(mention, codes=inside, sure=is_sure, everyday=False), at) if len(inside) == 1 else (mention, -1)

    def _name_size(self, words: _Words, at: int) -> int:
        """Return the number of words of the longest name that begins here, 0 for none."""
        sizes = range(min(_MAX_NAME_WORDS, len(words) - at), 0, -1)
        return next((size for size in sizes if self._gazetteer.codes_of(words[at : at + size])), 0)

    def _region_end(self, words: _Words, at: int) -> int:
        """Return the end of the longest name of a region that begins here, perhaps after its prefix. 0 for none."""
        begin = self._after_prefixes(words, at)
        ends = range(min(begin + _MAX_NAME_WORDS, len(words)), begin, -1)
        return next((end for end in ends if self._gazetteer.region_codes_of(words[begin:end])), 0)

    def _other_region(self, words: _Words, at: int, code: str) -> bool:
        """Return True if the words from here on name a region that does not contain the area."""
        named = self._region_of(words, at, self._region_end(words, at))
        return bool(named) and code not in named and not self._gazetteer.is_inside(code, named)

    def _region_of(self, words: _Words, at: int, end: int) -> Sequence[str]:
        return self._gazetteer.region_codes_of(words[self._after_prefixes(words, at) : end]) if end else ()

    def _is_chance(self, window: _Words) -> bool:
        """Return True for several everyday words that are a name only when written together (`podo dadi`)."""
        everyday = len(window) > 1 and all(word in self._everyday for word in window)
        return everyday and not self._gazetteer.is_spelling(window)

    def _is_everyday(self, words: _Words, start: int, end: int) -> bool:
        """Return True for a name that is an everyday word, unless a word such as *kelurahan* introduces it.

        For a thing, a word such as *di* is enough.
        """
        if end - start > 1 or words[start] not in self._everyday:
            return False
        introduced = self._gazetteer.ignored - self._everyday | (self._at if words[start] in self._things else set())
        return not start or words[start - 1] not in introduced

    def _is_elsewhere(self, words: _Words, start: int, end: int) -> bool:
        """Return True for a name behind a word such as *dari* or *pak*. Both alone are an answer (`pak klego`)."""
        is_asked_for = "".join(words[max(0, start - 2) : start]) in self._at  # `polisi ke klego`
        return start > 0 and words[start - 1] in self._not_at and end - start + 1 < len(words) and not is_asked_for

    def _after_prefixes(self, words: _Words, at: int) -> int:
        while at < len(words) - 1 and words[at] in self._gazetteer.ignored:
            at += 1
        return at

    # Similar names -------------------------------------------------------------------------------------------

    def _leading(self, words: _Words, begin: int) -> PlacesInText:
        """Return the place of a slip at the beginning, or the candidates of the words that mean the fewest places."""
        best = PlacesInText()
        for end in range(min(begin + _MAX_WINDOW, len(words)), begin, -1):
            window = words[begin:end]
            slip = self._guarded(window, (self._gazetteer.find_slip(window),))
            if slip:
                return PlacesInText(slip, slip=not self._other_region(words, end, slip[0]), size=end)
            codes = self._guarded(window, self._gazetteer.find(" ".join(window)).codes)
            if codes and (not best.codes or len(codes) < len(best.codes)):
                best = PlacesInText(codes, size=end)
        return best

    def _slips_within(self, words: _Words) -> tuple[str, ...]:
        """Return the places whose name has a slip anywhere in the words."""
        windows = (words[at:end] for at in range(len(words)) for end in (at + 1, at + 2) if end <= len(words))
        slips = (self._guarded(window, (self._gazetteer.find_slip(window),)) for window in windows)
        return tuple(dict.fromkeys(code for codes in slips for code in codes))

    def _guarded(self, window: _Words, codes: Sequence[str]) -> tuple[str, ...]:
        """Return the areas of which every everyday word in the window is a part. It must have another word too."""
        everyday = self._everyday.intersection(window)
        if everyday.issuperset(window) or sum(map(len, window)) < _MIN_LETTERS:
            return ()
        return tuple(code for code in codes if code and everyday.issubset(self._gazetteer.words_of(code)))


def _joined(words: Collection[str]) -> frozenset[str]:
    return frozenset("".join(split_words(word)) for word in words)


def _decide(likely: PlacesInText, named: Sequence[_Mention]) -> PlacesInText:
    """Return the places of a text that names some exactly, and begins with a likely name.

    A name that can mean one place only decides between several that a doubtful one can mean.
    """
    sure = {code for found in named if found.sure for code in found.codes}
    doubtful = [likely.codes, *(found.codes for found in named if not found.sure)]
    open_codes = [code for codes in doubtful if sure.isdisjoint(codes) for code in codes]
    codes = tuple(dict.fromkeys((*open_codes, *(code for found in named if found.sure for code in found.codes))))
    return PlacesInText(codes, sure={*codes} == sure and len(codes) == 1, size=likely.size if open_codes else 0)
