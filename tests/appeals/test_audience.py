"""Parsing of an audience, and the areas that it covers."""

from __future__ import annotations

import re
from typing import Any

import pytest

from gateway.appeals.audience import (
    AllOf,
    AnyOf,
    Group,
    InvalidAudience,
    NoneOf,
    all_matching_codes,
    matching_codes,
    named_areas,
    parse_audience,
)
from gateway.menu.model import Menu
from tests.helpers.appeals import KLEGO, MEDONO, PODOSUGIH


def test_parse_audience_builds_nested_operators(menu: Menu) -> None:
    value = {"and": [{"areas": ["33.75.01"]}, {"or": [{"roles": ["camat"]}, {"not": {"languages": ["jv"]}}]}]}

    assert parse_audience(value, menu.areas, menu.languages) == AllOf(
        (
            Group(areas=("33.75.01",)),
            AnyOf((Group(roles=("camat",)), NoneOf(Group(languages=("jv",))))),
        )
    )


def test_a_stored_audience_keeps_a_role_that_the_pack_no_longer_has(menu: Menu) -> None:
    value = {"roles": ["camat", "kades"]}

    assert parse_audience(value, menu.areas, menu.languages) == Group(roles=("camat", "kades"))
    with pytest.raises(InvalidAudience, match='roles: unknown role "kades"; expected one of subscriber, officer, '):
        parse_audience(value, menu.areas, menu.languages, menu.roles)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({}, "an audience needs roles, areas, neighbours, languages, or one of and, or, not"),
        ([], "an audience needs"),
        ("all", "an audience needs"),
        ({"role": ["camat"]}, 'unknown key "role"; expected one of roles, areas'),
        ({"roles": ["king"]}, 'roles: unknown role "king"; expected one of subscriber, '),
        ({"areas": ["medono"]}, f'areas: unknown area "medono"; write its code, {MEDONO}'),
        (
            {"areas": ["Kudus"]},
            'areas: unknown area "Kudus"; expected a code of the pack\'s areas.csv, such as 33.75.01',
        ),
        ({"roles": "camat"}, "roles must be a list"),
        ({"roles": []}, "roles is empty"),
        ({"roles": [["camat"]]}, "roles: unknown role"),
        ({"areas": ["33.75.09.1001"]}, 'areas: unknown area "33.75.09.1001"'),
        ({"languages": ["su"]}, 'languages: unknown language "su"; expected one of id, jv, en'),
        ({"neighbours": True}, "neighbours needs areas"),
        ({"areas": [MEDONO], "neighbours": "yes"}, "neighbours must be true or false"),
        ({"and": []}, '"and" must be a list of audiences'),
        ({"and": {"roles": ["camat"]}}, '"and" must be a list of audiences'),
        ({"not": {"roles": ["camat"]}, "areas": [MEDONO]}, '"not" must be the only key of its object'),
        ({"or": [{"roles": ["king"]}]}, 'roles: unknown role "king"'),
    ],
)
def test_parse_audience_explains_an_invalid_one(menu: Menu, value: Any, message: str) -> None:
    with pytest.raises(InvalidAudience, match=re.escape(message)):
        parse_audience(value, menu.areas, menu.languages, menu.roles)


def test_parse_audience_refuses_deep_nesting(menu: Menu) -> None:
    value: dict[str, Any] = {"roles": ["camat"]}
    for _ in range(20):
        value = {"not": value}

    with pytest.raises(InvalidAudience, match="too deep"):
        parse_audience(value, menu.areas, menu.languages)


def test_named_areas_are_the_given_ones_and_their_neighbours(menu: Menu) -> None:
    areas = menu.areas

    assert named_areas(Group(areas=("33.75.01", KLEGO)), areas) == {"33.75.01", KLEGO}
    assert named_areas(Group(areas=(MEDONO,), neighbours=True), areas) == {MEDONO} | areas.neighbours[MEDONO]


def test_named_areas_of_a_kecamatan_leave_out_its_own_kelurahan(menu: Menu) -> None:
    areas, group = menu.areas, Group(areas=("33.75.01",), neighbours=True)
    inside = set(areas.inside("33.75.01"))

    named = named_areas(group, areas)

    assert named & inside == set(), "the code of the kecamatan includes them"
    assert named - {"33.75.01"} == {code for one in inside for code in areas.neighbours[one]} - inside
    assert named < matching_codes(group, areas)


def test_matching_codes_include_enclosing_areas_and_everywhere(menu: Menu) -> None:
    areas = menu.areas

    alone = matching_codes(Group(areas=(MEDONO,)), areas)
    assert alone == {MEDONO, "33.75.01", ""}, "also people of the whole kecamatan, and those who want all appeals"

    with_neighbours = matching_codes(Group(areas=(MEDONO,), neighbours=True), areas)
    neighbours = areas.neighbours[MEDONO]
    assert with_neighbours == alone | neighbours | {code.rpartition(".")[0] for code in neighbours}
    assert PODOSUGIH in with_neighbours and KLEGO not in with_neighbours


def test_matching_codes_of_a_kecamatan_include_its_kelurahan(menu: Menu) -> None:
    areas = menu.areas

    assert set(areas.inside("33.75.01")) < matching_codes(Group(areas=("33.75.01",)), areas)


def test_matching_codes_are_empty_without_areas(menu: Menu) -> None:
    areas = menu.areas

    assert matching_codes(Group(roles=("camat",)), areas) == frozenset()
    assert all_matching_codes(NoneOf(Group(areas=(MEDONO,))), areas) == frozenset()
