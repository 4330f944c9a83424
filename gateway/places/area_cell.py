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
    """Resolves codes and names of kelurahan and kecamatan. `*` is every kecamatan. Results are cached."""

    def __init__(self, areas: Areas, gazetteer: Gazetteer) -> None:
        self._areas = areas
        self._gazetteer = gazetteer
        self._names = {**areas.kecamatan, **areas.kelurahan}
        self._cache: dict[str, AreaCell] = {}

    def resolve(self, text: str) -> AreaCell:
        """Resolve the text of a cell. A name of two areas, or one that is only similar to a name, has no code."""
        cell = self._cache.get(text)
        if cell is None:
            cell = self._cache[text] = self._resolve(text)
        return cell

    def overlapping_codes(self, code: str) -> tuple[str, ...]:
        """Return the codes of an area, of the areas in it and of the one around it, its own first."""
        inside = self._areas.by_kecamatan.get(code)
        return (code, *inside) if inside else (code, self._areas.kecamatan_of(code))

    def _resolve(self, text: str) -> AreaCell:
        if text == EVERYWHERE:
            return AreaCell(tuple(self._areas.kecamatan))
        if text in self._names:
            return AreaCell((text,))
        kecamatan = self._gazetteer.find_kecamatan(text)
        # "kec. Tirto" is a kecamatan, also where a kelurahan has that name too.
        kelurahan = AreaMatches() if kecamatan.has_prefix else self._gazetteer.find(text)
        if len(kecamatan.codes) == 1 and not kelurahan.codes:
            return AreaCell(kecamatan.codes)
        if kelurahan.sure and not kecamatan.codes:
            return AreaCell(kelurahan.codes)
        codes = [*kecamatan.codes, *kelurahan.codes]
        if not kecamatan.codes:
            codes += kecamatan.similar[:1]
        suggestions = [f"{self._names[code]} ({code})" for code in dict.fromkeys(codes)]
        return AreaCell(suggestions=tuple(suggestions[:_MAX_SUGGESTIONS]))
