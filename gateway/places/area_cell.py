"""Resolver of area cells in a list: from a code or a name to the code, if there is no doubt."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.places.areas import Areas
from gateway.places.gazetteer import AreaMatches, Gazetteer

EVERYWHERE = "*"
_MAX_SUGGESTIONS = 3


@dataclass(frozen=True, slots=True)
class AreaCell:
    """Codes of a cell. Where there are none, `suggestions` are similar areas, each as name and code."""

    codes: tuple[str, ...] = ()
    suggestions: tuple[str, ...] = ()

    @property
    def advice(self) -> str:
        """Advice on what to write instead of an unknown area."""
        if not self.suggestions:
            return "no area has a similar name"
        return f"similar are {', '.join(self.suggestions)}: write the code"


class AreaResolver:
    """Resolves codes and names of areas of every level. `*` is every one of the largest. Results are cached."""

    def __init__(self, areas: Areas, gazetteer: Gazetteer) -> None:
        self._areas = areas
        self._gazetteer = gazetteer
        self._cache: dict[str, AreaCell] = {}

    def resolve(self, text: str) -> AreaCell:
        """Resolve the text of a cell. A name of two areas, or one that is only similar to a name, has no code."""
        cell = self._cache.get(text)
        if cell is None:
            cell = self._cache[text] = self._resolve(text)
        return cell

    def overlapping_codes(self, code: str) -> tuple[str, ...]:
        """Return the codes of an area, of those in it and of those around it, its own first."""
        return (code, *self._areas.inside(code), *self._areas.around(code))

    def _resolve(self, text: str) -> AreaCell:
        if text == EVERYWHERE:
            return AreaCell(self._areas.at_level(self._areas.levels[0]))
        if text in self._areas.names:
            return AreaCell((text,))
        regions = self._gazetteer.find_region(text)
        # "kec. Tirto" is a kecamatan, also where a kelurahan has that name too.
        places = AreaMatches() if regions.has_prefix else self._gazetteer.find(text)
        if len(regions.codes) == 1 and places.codes in ((), regions.codes):
            return AreaCell(regions.codes)
        if places.sure and not regions.codes:
            return AreaCell(places.codes)
        codes = [*regions.codes, *places.codes]
        if not regions.codes:
            codes += regions.similar[:1]
        suggestions = [f"{self._areas.names[code]} ({code})" for code in dict.fromkeys(codes)]
        return AreaCell(suggestions=tuple(suggestions[:_MAX_SUGGESTIONS]))
