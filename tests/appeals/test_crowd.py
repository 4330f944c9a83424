"""Crowds do what sets of ids do, and PostgreSQL reads them as we do."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import LargeBinary, cast, func, select

from gateway.appeals.bitmap import EMPTY, IdBitmap, in_at_least, union
from gateway.runtime.postgres import Database

IDS = st.sets(st.integers(0, 120) | st.integers(5_000, 5_050))
SETS = st.lists(IDS, max_size=6)


def members(crowd: IdBitmap) -> set[int]:
    places = range(len(crowd.bits) * 8)
    return {crowd.first + place for place in places if crowd.bits[place // 8] >> place % 8 & 1}


def crowds(sets: list[set[int]]) -> list[IdBitmap]:
    return [IdBitmap.of(list(ids)) for ids in sets]


@given(IDS)
def test_it_has_whom_it_is_made_of(ids: set[int]) -> None:
    crowd = IdBitmap.of(list(ids))
    assert members(crowd) == ids
    assert crowd.first % 8 == 0
    assert all(crowd.first <= one < crowd.end for one in ids)


@given(SETS)
def test_a_union_has_everybody(sets: list[set[int]]) -> None:
    assert members(union(crowds(sets))) == set().union(*sets)


@given(IDS, IDS)
def test_without_some(ids: set[int], gone: set[int]) -> None:
    assert members(IdBitmap.of(list(ids)).without(gone)) == ids - gone


@given(st.integers(1, 4), SETS)
def test_who_is_in_at_least_so_many(count: int, sets: list[set[int]]) -> None:
    everybody = set[int]().union(*sets)
    wanted = {one for one in everybody if sum(one in ids for ids in sets) >= count}
    assert members(in_at_least(count, crowds(sets))) == wanted


def test_nobody_is_in_none() -> None:
    assert union([]) == in_at_least(3, []) == IdBitmap.of([]) == EMPTY
    assert members(in_at_least(2, crowds([{1}, {2}]))) == set()


async def test_postgresql_counts_the_same_bits(database: Database) -> None:
    ids = {8, 9, 15, 16, 4_000}
    crowd = IdBitmap.of(list(ids))
    place = func.generate_series(0, len(crowd.bits) * 8 - 1).column_valued("place")
    found = select(place + crowd.first).where(func.get_bit(cast(crowd.bits, LargeBinary), place) == 1)
    async with database.begin() as connection:
        assert set((await connection.execute(found)).scalars()) == ids
