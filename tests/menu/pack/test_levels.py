"""Packs with other levels of place than kecamatan and kelurahan: one, or a third one below."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from gateway.appeals.audience import Group, matching_codes
from gateway.menu.engine import Step
from gateway.menu.model import Menu
from gateway.menu.pack.loader import PackRefused, load
from tests.helpers.dialogue import walk
from tests.helpers.packs import FILES

THREE = "code,name,kelurahan_code,kelurahan,kecamatan_code,kecamatan\n"
PLACES = f"""{THREE}K1-01,RW 01,K1,Klego,T,Pekalongan Timur
K1-02,RW 02,K1,Klego,T,Pekalongan Timur
K2-01,RW 01,K2,Poncol,T,Pekalongan Timur
M1-01,RW 01,M1,Medono,B,Pekalongan Barat
"""
LISTS_OF_PLACES = ("kecamatan", "kelurahan")


def pack_of(levels: str, areas: str, states: Mapping[str, Any]) -> dict[str, str]:
    """Return the files of Pekalongan with these levels, areas and states."""
    flow = yaml.load(FILES["flow.yaml"], yaml.BaseLoader)
    flow["states"] |= states
    return {
        **FILES,
        "pack.yaml": f"{FILES['pack.yaml']}levels: [{levels}]\n",
        "flow.yaml": yaml.safe_dump(flow, sort_keys=False),
        "areas.csv": areas,
        "aliases.csv": "alias,code\n",
        "neighbours.csv": "code,neighbor_code\n",
    }


def three_levels(levels: str = "kecamatan, kelurahan, rw") -> dict[str, str]:
    kelurahan = yaml.load(FILES["flow.yaml"], yaml.BaseLoader)["states"]["kelurahan"]
    rw = {"choose_from": "rw", "words": "kelurahan", "within": "kelurahan", "keep": "area", "next": kelurahan["next"]}
    return pack_of(levels, PLACES, {"kelurahan": {**kelurahan, "keep": "kelurahan", "next": "rw"}, "rw": rw})


@pytest.fixture(scope="module")
def menu() -> Menu:
    return load(three_levels())


def at_kecamatan(menu: Menu, *typed: str) -> Step:
    """Type these inputs from the first list of places on, whatever leads there."""
    session = walk(menu, ["1"]).session._replace(state="kecamatan", trail=(), answers={"category": "gesekan"})
    return walk(menu, typed, session)


def test_third_level_is_listed_within_the_second(menu: Menu) -> None:
    assert at_kecamatan(menu, "1", "1", "2").session.answers["area"] == "K1-02"


@pytest.mark.parametrize(
    ("typed", "area"),
    [
        ("klego", "K1"),
        ("klego rw 02", "K1-02"),
        ("rw 02 klego", "K1-02"),
        ("rw 01 poncol", "K2-01"),
        ("RW 01, Medono", "M1-01"),
    ],
)
def test_name_of_any_level_below_the_largest_is_a_place(menu: Menu, typed: str, area: str) -> None:
    assert at_kecamatan(menu, typed).session.answers["area"] == area


def test_name_of_several_places_is_asked_with_the_area_around_it(menu: Menu) -> None:
    screen = at_kecamatan(menu, "rw 01").screen

    assert "1.RW 01, Klego\n2.RW 01, Poncol\n3.RW 01, Medono" in screen


def test_audience_of_an_area_includes_those_in_it_and_around_it(menu: Menu) -> None:
    assert matching_codes(Group(areas=("K1",)), menu.areas) == {"", "T", "K1", "K1-01", "K1-02"}


def test_one_level_of_place_needs_no_kecamatan() -> None:
    states = yaml.load(FILES["flow.yaml"], yaml.BaseLoader)["states"]
    wards = {
        name: {**{key: value for key, value in state.items() if key != "within"}, "choose_from": "ward", "keep": "area"}
        for name, state in states.items()
        if state.get("choose_from") in LISTS_OF_PLACES
    }
    wards["kecamatan"]["next"] = wards["kelurahan"]["next"]
    menu = load(pack_of("ward", "code,name\n1195,Kondele\n1196,Manyatta B\n", wards))

    assert at_kecamatan(menu, "2").session.answers["area"] == "1196"
    assert at_kecamatan(menu, "kondele").session.answers["area"] == "1195"


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("levels: [kecamatan, kecamatan]\n", "two levels of place have one name"),
        ("levels: [matches, kelurahan]\n", "matches is taken; choose another name for a level of place"),
        ("levels: []\n", "at least 1"),
    ],
)
def test_levels_that_cannot_be_are_refused_with_their_line(line: str, fault: str) -> None:
    with pytest.raises(PackRefused) as refused:
        load({**FILES, "pack.yaml": FILES["pack.yaml"] + line})

    assert any(str(found).startswith("pack.yaml:") and fault in str(found) for found in refused.value.diagnostics)


def test_list_within_its_own_or_a_smaller_level_is_refused() -> None:
    files = three_levels()
    files["flow.yaml"] = files["flow.yaml"].replace("choose_from: rw", "choose_from: kecamatan")

    with pytest.raises(PackRefused) as refused:
        load(files)
    assert "rw: within: kecamatan is the largest level of place; remove it" in str(refused.value)


def test_unknown_level_is_refused_with_the_known_lists() -> None:
    with pytest.raises(PackRefused) as refused:
        load(three_levels("kecamatan, kelurahan"))
    assert 'unknown list "rw"; expected one of languages, categories, matches, kecamatan, kelurahan' in str(
        refused.value
    )
