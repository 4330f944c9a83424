"""Areas as a list has them: a code or the very name is one; what is only like one is offered, not taken."""

from __future__ import annotations

from functools import cache

import pytest

from gateway.places.area_cell import AreaCell, AreaResolver
from gateway.places.gazetteer import Gazetteer
from tests.helpers.place_packs import CITY, PACKS, REGENCY, load_areas, load_gazetteer


@cache
def reader_of(pack: str) -> AreaResolver:
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
def test_what_is_sure(written: str, code: str) -> None:
    assert reader_of(CITY).resolve(written) == AreaCell((code,))


@pytest.mark.parametrize(
    ("written", "offered"),
    [
        ("Podosugi", ("Podosugih (33.75.01.1003)",)),
        ("kec. Pekalongan Brat", ("Pekalongan Barat (33.75.01)",)),
        ("33.75.01.9999", ()),
        ("Atlantis", ()),
        ("", ()),
        ("x" * 500, ()),
    ],
)
def test_what_is_not(written: str, offered: tuple[str, ...]) -> None:
    assert reader_of(CITY).resolve(written) == AreaCell(suggestions=offered)


def test_a_name_of_both_needs_its_kind() -> None:
    reader = reader_of(REGENCY)
    assert reader.resolve("Wiradesa").suggestions == ("Wiradesa (33.26.16)", "Wiradesa (33.26.16.2005)")
    assert reader.resolve("Kecamatan Wiradesa").codes == ("33.26.16",)
    assert reader.resolve("desa Wiradesa").codes == ("33.26.16.2005",)


def test_the_words_that_say_so_are_those_of_the_pack() -> None:
    areas = load_areas(REGENCY)
    reader = AreaResolver(areas, Gazetteer(areas, ["Ort"], ["Gemeinde"]))
    assert reader.resolve("Gemeinde Wiradesa").codes == ("33.26.16",)
    assert reader.resolve("Ort Wiradesa").codes == ("33.26.16.2005",)
    assert reader.resolve("Kecamatan Wiradesa") == AreaCell()
    assert reader.resolve("Gemeinde Dor") == AreaCell(suggestions=("Doro (33.26.06)",)), "one letter is missing"
    assert reader.resolve("Gemeinde Do") == AreaCell()


@pytest.mark.parametrize("pack", PACKS)
def test_no_more_than_three_are_offered(pack: str) -> None:
    names = [*load_areas(pack).kelurahan.values(), *load_areas(pack).kecamatan.values()]
    assert max(len(reader_of(pack).resolve(name[:-1]).suggestions) for name in names) <= 3


@pytest.mark.parametrize("pack", PACKS)
def test_every_kecamatan_and_code_is_understood(pack: str) -> None:
    areas = load_areas(pack)
    for code, name in areas.kecamatan.items():
        assert reader_of(pack).resolve(f"Kecamatan {name}").codes == (code,)
    for code in (*areas.kecamatan, *areas.kelurahan):
        assert reader_of(pack).resolve(code).codes == (code,)


def test_everywhere_and_within() -> None:
    reader = reader_of(CITY)
    assert reader.resolve("*").codes == ("33.75.01", "33.75.02", "33.75.03", "33.75.04")
    assert reader.overlapping_codes("33.75.01.1003") == ("33.75.01.1003", "33.75.01")
    assert reader.overlapping_codes("33.75.01") == ("33.75.01", *load_areas(CITY).by_kecamatan["33.75.01"])
