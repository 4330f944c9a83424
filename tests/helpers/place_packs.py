"""Areas and gazetteers of the packs, built as the gateway builds them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache

from gateway.places.area_links import read_aliases, read_neighbours
from gateway.places.areas import DEFAULT_LEVELS, Areas, read_areas
from gateway.places.gazetteer import Gazetteer
from tests.architecture.documents import ROOT

CITY, SECOND_CITY, REGENCY = "pekalongan", "tegal", "kab-pekalongan"
PACKS = (CITY, SECOND_CITY, REGENCY)
IGNORED_WORDS = ("kelurahan", "kel", "desa", "ds", "kampung", "kp")
KECAMATAN_WORDS = ("kecamatan", "kec")


def read_pack_file(pack: str, file: str) -> str:
    return (ROOT / "menus" / pack / file).read_text(encoding="utf-8")


@cache
def load_areas(pack: str) -> Areas:
    """Load the areas of a pack, those of the city with their aliases and neighbours."""
    areas, diagnostics = read_areas(read_pack_file(pack, "areas.csv"), "areas.csv")
    if pack == CITY:
        aliases, wrong_aliases = read_aliases(read_pack_file(pack, "aliases.csv"), "aliases.csv", areas)
        neighbours, wrong_pairs = read_neighbours(read_pack_file(pack, "neighbours.csv"), "neighbours.csv", areas)
        areas = replace(areas, aliases=aliases, neighbours=neighbours)
        diagnostics = [*diagnostics, *wrong_aliases, *wrong_pairs]
    assert diagnostics == []
    return areas


def areas_of(kelurahan: Mapping[str, str], **aliases: tuple[str, ...]) -> Areas:
    """Return areas with these kelurahan, all in one kecamatan."""
    by_level = {"kecamatan": {"33.75.01": "Barat"}, "kelurahan": kelurahan}
    return Areas(DEFAULT_LEVELS, by_level, dict.fromkeys(kelurahan, "33.75.01"), aliases)


@cache
def load_gazetteer(pack: str) -> Gazetteer:
    return Gazetteer(load_areas(pack), IGNORED_WORDS, KECAMATAN_WORDS)
