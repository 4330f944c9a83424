"""Aliases and neighbours of areas, and the diagnostics of wrong ones."""

from __future__ import annotations

import pytest

from gateway.places.area_links import read_aliases, read_neighbours
from tests.helpers.place_packs import CITY, load_areas

AREAS = load_areas(CITY)
MEDONO, PODOSUGIH, TIRTO = "33.75.01.1002", "33.75.01.1003", "33.75.01.1009"


def alias_diagnostics(*rows: str, headings: str = "alias,code") -> list[str]:
    return [str(diagnostic) for diagnostic in read_aliases("\n".join((headings, *rows)), "aliases.csv", AREAS)[1]]


def neighbour_diagnostics(*rows: str, headings: str = "code,neighbor_code") -> list[str]:
    return [str(diagnostic) for diagnostic in read_neighbours("\n".join((headings, *rows)), "neighbours.csv", AREAS)[1]]


def test_read_aliases_of_the_city() -> None:
    assert len(AREAS.aliases) == 45
    assert AREAS.aliases["Kramatsari"] == ("33.75.01.1008",)


def test_alias_of_several_areas_keeps_the_order_of_the_file() -> None:
    aliases, diagnostics = read_aliases(f"code,kind,alias\n{TIRTO},old,Lama\n{MEDONO},old,Lama\n", "aliases.csv", AREAS)

    assert diagnostics == []
    assert aliases == {"Lama": (TIRTO, MEDONO)}


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("Baru,33.75.01.9999", 'unknown area "33.75.01.9999"'),
        ("Baru", 'unknown area ""'),
        (f" ,{MEDONO}", "this alias is empty"),
        (f"Lama,{MEDONO}", f"Lama for {MEDONO} is here twice"),
    ],
)
def test_wrong_alias_is_a_diagnostic_with_its_line(row: str, message: str) -> None:
    assert alias_diagnostics(f"Lama,{MEDONO}", row) == [f"aliases.csv:3: {message}"]


def test_neighbours_are_symmetric() -> None:
    pairs = {(code, other) for code, others in AREAS.neighbours.items() for other in others}

    assert len(pairs) == 2 * 61
    assert pairs == {(other, code) for code, other in pairs}
    assert PODOSUGIH in AREAS.neighbours[MEDONO]
    assert TIRTO not in AREAS.neighbours[MEDONO]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (f"{MEDONO},{MEDONO}", f"{MEDONO} is not its own neighbour"),
        (f"{MEDONO},{PODOSUGIH}", f"{MEDONO} and {PODOSUGIH} are here twice"),
        (f"{PODOSUGIH},{MEDONO}", f"{PODOSUGIH} and {MEDONO} are here twice"),
        (f"{MEDONO},x", 'unknown area "x"'),
        (f",{MEDONO}", 'unknown area ""'),
    ],
)
def test_wrong_pair_is_a_diagnostic_with_its_line(row: str, message: str) -> None:
    assert neighbour_diagnostics(f"{MEDONO},{PODOSUGIH}", row) == [f"neighbours.csv:3: {message}"]


def test_two_unknown_codes_of_a_pair_are_two_diagnostics() -> None:
    assert neighbour_diagnostics("x,y") == [
        'neighbours.csv:2: unknown area "x"',
        'neighbours.csv:2: unknown area "y"',
    ]


def test_missing_columns_are_a_diagnostic() -> None:
    assert alias_diagnostics(headings="alias,kode") == ["aliases.csv:1: missing columns: code"]
    assert neighbour_diagnostics(headings="a,b") == ["neighbours.csv:1: missing columns: code, neighbor_code"]
