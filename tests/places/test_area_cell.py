"""Areas in cells of a list: a code or an exact name resolves, a similar name is only suggested."""

from __future__ import annotations

from functools import cache

import pytest

from gateway.places.area_cell import AreaCell, AreaResolver
from gateway.places.gazetteer import Gazetteer
from tests.helpers.place_packs import CITY, PACKS, REGENCY, load_areas, load_gazetteer


@cache
def resolver_of(pack: str) -> AreaResolver:
    return AreaResolver(load_areas(pack), load_gazetteer(pack))


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("33.75.01.1003", "33.75.01.1003"),
        ("33.75.01", "33.75.01"),
        ("Podosugih", "33.75.01.1003"),
        ("kel. PODOSUGIH", "33.75.01.1003"),
        ("Sapuro", "33.75.01.1004"),
        ("pekalongan  barat", "33.75.01"),
        ("Kec. Pekalongan Barat", "33.75.01"),
        ("Kecamatan Pekalongan Timur", "33.75.02"),
    ],
)
def test_resolve_returns_the_code_of_a_code_or_exact_name(written: str, code: str) -> None:
    assert resolver_of(CITY).resolve(written) == AreaCell((code,))


@pytest.mark.parametrize(
    ("written", "suggestions"),
    [
        ("Podosugi", ("Podosugih (33.75.01.1003)",)),
        ("kec. Pekalongan Brat", ("Pekalongan Barat (33.75.01)",)),
        ("33.75.01.9999", ()),
        ("Atlantis", ()),
        ("", ()),
        ("x" * 500, ()),
    ],
)
def test_resolve_suggests_similar_names_and_returns_no_code(written: str, suggestions: tuple[str, ...]) -> None:
    assert resolver_of(CITY).resolve(written) == AreaCell(suggestions=suggestions)


def test_name_of_a_kecamatan_and_a_desa_needs_its_kind() -> None:
    resolver = resolver_of(REGENCY)

    assert resolver.resolve("Wiradesa").suggestions == ("Wiradesa (33.26.16)", "Wiradesa (33.26.16.2005)")
    assert resolver.resolve("Kecamatan Wiradesa").codes == ("33.26.16",)
    assert resolver.resolve("desa Wiradesa").codes == ("33.26.16.2005",)


def test_words_before_a_name_are_those_of_the_pack() -> None:
    areas = load_areas(REGENCY)
    resolver = AreaResolver(areas, Gazetteer(areas, ["Ort"], ["Gemeinde"]))

    assert resolver.resolve("Gemeinde Wiradesa").codes == ("33.26.16",)
    assert resolver.resolve("Ort Wiradesa").codes == ("33.26.16.2005",)
    assert resolver.resolve("Kecamatan Wiradesa") == AreaCell()
    assert resolver.resolve("Gemeinde Dor") == AreaCell(suggestions=("Doro (33.26.06)",)), "one letter is missing"
    assert resolver.resolve("Gemeinde Do") == AreaCell()


@pytest.mark.parametrize("pack", PACKS)
def test_resolve_suggests_at_most_three_areas(pack: str) -> None:
    names = load_areas(pack).names.values()
    assert max(len(resolver_of(pack).resolve(name[:-1]).suggestions) for name in names) <= 3


@pytest.mark.parametrize("pack", PACKS)
def test_resolve_returns_every_kecamatan_and_every_code(pack: str) -> None:
    areas = load_areas(pack)
    for code, name in areas.regions.items():
        assert resolver_of(pack).resolve(f"Kecamatan {name}").codes == (code,)
    for code in (*areas.regions, *areas.places):
        assert resolver_of(pack).resolve(code).codes == (code,)


def test_star_is_every_kecamatan_and_overlapping_codes_are_inside_and_around() -> None:
    resolver = resolver_of(CITY)

    assert resolver.resolve("*").codes == ("33.75.01", "33.75.02", "33.75.03", "33.75.04")
    assert resolver.overlapping_codes("33.75.01.1003") == ("33.75.01.1003", "33.75.01")
    assert resolver.overlapping_codes("33.75.01") == ("33.75.01", *load_areas(CITY).inside("33.75.01"))
