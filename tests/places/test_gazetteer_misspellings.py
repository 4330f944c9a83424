"""Fuzzy matches of misspelled names, measured: one edit per name, a thousand names per pack."""

from __future__ import annotations

import random
import re
import string
from collections.abc import Iterator
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.place_packs import PACKS, load_areas, load_gazetteer

MANY = 1000
FIRST = 3
LEAST_SHARE = 0.95


def all_names(pack: str) -> list[tuple[str, str]]:
    """Return every name and alias of a pack with the code of its area."""
    areas = load_areas(pack)
    aliases = [(alias, code) for alias, codes in areas.aliases.items() for code in codes]
    return [(name, code) for code, name in areas.places.items()] + aliases


def misspell(name: str, chance: random.Random, pack: str) -> str:
    """Delete, insert, replace or swap a letter of `name`, so that its letters are those of no name of the pack."""
    taken = letters_of_names(pack)
    while True:
        place = chance.randrange(len(name))
        before, here, after = name[:place], name[place], name[place + 1 :]
        other = chance.choice(string.ascii_lowercase)
        slipped = chance.choice(
            [
                before + after,
                before + other + here + after,
                before + other + after,
                before + after[:1] + here + after[1:],
            ]
        )
        if _letters(slipped) not in taken:
            return slipped


@cache
def letters_of_names(pack: str) -> frozenset[str]:
    return frozenset(_letters(name) for name, _ in all_names(pack))


def _letters(name: str) -> str:
    return re.sub(r"[\W_]", "", name.lower())


def misspellings(pack: str) -> Iterator[tuple[str, str]]:
    chance = random.Random(pack)
    names = all_names(pack)
    for _ in range(MANY):
        name, code = chance.choice(names)
        yield misspell(name, chance, pack), code


@pytest.mark.parametrize("pack", PACKS)
def test_right_area_is_among_the_first_three(pack: str) -> None:
    missed = [typed for typed, code in misspellings(pack) if code not in load_gazetteer(pack).find(typed).codes[:FIRST]]
    share = 1 - len(missed) / MANY

    print(f"{pack}: {share:.1%} of {MANY} misspellings in the first {FIRST}; missed {missed}")

    assert share >= LEAST_SHARE


@pytest.mark.parametrize("pack", PACKS)
@pytest.mark.parametrize("before", ["", "Desa "])
def test_no_misspelling_is_sure_of_a_wrong_area(pack: str, before: str) -> None:
    results = [(typed, code, load_gazetteer(pack).find(before + typed)) for typed, code in misspellings(pack)]

    assert [typed for typed, code, result in results if result.sure and result.codes != (code,)] == []


@pytest.mark.parametrize("pack", PACKS)
def test_right_area_comes_first_with_its_kecamatan(pack: str) -> None:
    areas = load_areas(pack)
    first = wrong = 0
    for typed, code in misspellings(pack):
        result = load_gazetteer(pack).find(f"{typed} {areas.regions[areas.parents[code]]}")
        first += result.codes[:1] == (code,)
        wrong += result.sure and result.codes != (code,)

    print(f"{pack}: {first / MANY:.1%} of {MANY} misspellings first, with the kecamatan")

    assert first / MANY >= LEAST_SHARE
    assert wrong == 0


@given(data=st.data(), pack=st.sampled_from(PACKS))
def test_no_random_misspelling_is_sure_of_a_wrong_area(data: st.DataObject, pack: str) -> None:
    name, code = data.draw(st.sampled_from(all_names(pack)))
    result = load_gazetteer(pack).find(misspell(name, data.draw(st.randoms(use_true_random=False)), pack))

    assert not result.sure or result.codes == (code,)
