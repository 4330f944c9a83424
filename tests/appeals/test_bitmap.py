"""Bitmaps of ids: they behave as sets of ids, and PostgreSQL reads them as the program does."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import LargeBinary, cast, func, select

from gateway.appeals.bitmap import EMPTY, IdBitmap, in_at_least, union
from gateway.runtime.postgres import Database

IDS = st.sets(st.integers(0, 120) | st.integers(5_000, 5_050))
SETS = st.lists(IDS, max_size=6)


def ids_of(bitmap: IdBitmap) -> set[int]:
    places = range(len(bitmap.bits) * 8)
    return {bitmap.first + place for place in places if bitmap.bits[place // 8] >> place % 8 & 1}


def bitmaps_of(sets: list[set[int]]) -> list[IdBitmap]:
    return [IdBitmap.of(list(ids)) for ids in sets]


@given(IDS)
def test_bitmap_of_ids_has_these_ids(ids: set[int]) -> None:
    bitmap = IdBitmap.of(list(ids))

    assert ids_of(bitmap) == ids
    assert bitmap.first % 8 == 0
    assert all(bitmap.first <= number < bitmap.end for number in ids)


@given(SETS)
def test_union_has_the_ids_of_all_bitmaps(sets: list[set[int]]) -> None:
    assert ids_of(union(bitmaps_of(sets))) == set().union(*sets)


@given(IDS, IDS)
def test_without_removes_ids(ids: set[int], removed: set[int]) -> None:
    assert ids_of(IdBitmap.of(list(ids)).without(removed)) == ids - removed


@given(st.integers(1, 4), SETS)
def test_in_at_least_has_the_ids_that_are_in_so_many_bitmaps(count: int, sets: list[set[int]]) -> None:
    everybody = set[int]().union(*sets)
    expected = {number for number in everybody if sum(number in ids for ids in sets) >= count}

    assert ids_of(in_at_least(count, bitmaps_of(sets))) == expected


def test_results_without_ids_are_the_empty_bitmap() -> None:
    assert union([]) == in_at_least(3, []) == IdBitmap.of([]) == EMPTY
    assert ids_of(in_at_least(2, bitmaps_of([{1}, {2}]))) == set()


async def test_postgresql_numbers_the_bits_in_the_same_way(database: Database) -> None:
    ids = {8, 9, 15, 16, 4_000}
    bitmap = IdBitmap.of(list(ids))
    place = func.generate_series(0, len(bitmap.bits) * 8 - 1).column_valued("place")
    found = select(place + bitmap.first).where(func.get_bit(cast(bitmap.bits, LargeBinary), place) == 1)

    async with database.begin() as connection:
        assert set((await connection.execute(found)).scalars()) == ids
