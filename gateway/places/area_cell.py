"""An area as somebody wrote it into a list → its code, if there is no doubt which one is meant."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.places.areas import Areas
from gateway.places.gazetteer import AreaMatches, Gazetteer

EVERYWHERE = "*"
_MOST_OFFERED = 3


@dataclass(frozen=True, slots=True)
class AreaCell:
    """The codes that are meant; where there are none, `offered` says what may have been, as name and code."""

    codes: tuple[str, ...] = ()
    suggestions: tuple[str, ...] = ()


class AreaResolver:
    """Reads codes and names of kelurahan and kecamatan; `*` is every kecamatan. What was read once is remembered."""

    def __init__(self, areas: Areas, gazetteer: Gazetteer) -> None:
        self._areas = areas
        self._gazetteer = gazetteer
        self._names = {**areas.kecamatan, **areas.kelurahan}
        self._read: dict[str, AreaCell] = {}

    def resolve(self, written: str) -> AreaCell:
        """What `written` means. A name that may be of two areas, or is only like one, means none."""
        found = self._read.get(written)
        if found is None:
            found = self._read[written] = self._found(written)
        return found

    def overlapping_codes(self, code: str) -> tuple[str, ...]:
        """The codes of what lies in this area and of what it lies in, its own first."""
        inside = self._areas.by_kecamatan.get(code)
        return (code, *inside) if inside else (code, self._areas.kecamatan_of(code))

    def _found(self, written: str) -> AreaCell:
        if written == EVERYWHERE:
            return AreaCell(tuple(self._areas.kecamatan))
        if written in self._names:
            return AreaCell((written,))
        kecamatan = self._gazetteer.find_kecamatan(written)
        kelurahan = AreaMatches() if kecamatan.has_prefix else self._gazetteer.find(written)
        if len(kecamatan.codes) == 1 and not kelurahan.codes:
            return AreaCell(kecamatan.codes)
        if kelurahan.sure and not kecamatan.codes:
            return AreaCell(kelurahan.codes)
        codes = [*kecamatan.codes, *kelurahan.codes, *(() if kecamatan.codes else kecamatan.similar[:1])]
        return AreaCell(
            suggestions=tuple(f"{self._names[code]} ({code})" for code in dict.fromkeys(codes))[:_MOST_OFFERED]
        )
