"""Areas of a pack: kelurahan (or desa) within kecamatan, under their Kemendagri codes (facts/domain.md 1.1)."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from gateway.text.csv_rows import read_pack_rows
from gateway.text.diagnostics import Diagnostic, quoted
from gateway.text.wording import literal_text

COLUMNS = ("code", "name", "kecamatan_code", "kecamatan")
_CODE = re.compile(r"\d\d\.\d\d\.\d\d\.\d{4}")
_KECAMATAN_CODE = re.compile(r"\d\d\.\d\d\.\d\d")


@dataclass(frozen=True, slots=True)
class Areas:
    """Names by code, in the order of the file. Codes are texts: `33.75.01.1002`."""

    kecamatan: Mapping[str, str]
    kelurahan: Mapping[str, str]
    by_kecamatan: Mapping[str, tuple[str, ...]]  # kecamatan code → its kelurahan codes
    aliases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # another name, as written → kelurahan codes
    neighbours: Mapping[str, frozenset[str]] = field(default_factory=dict)  # symmetric, only codes that have one
    lines: Mapping[str, int] = field(default_factory=dict)  # kelurahan code → its line in the file

    def distinct_name(self, code: str, offered: Collection[str]) -> str:
        """Return the name of a kelurahan, followed by its kecamatan if another one of `offered` has the same name."""
        name = self.kelurahan[code]
        if all(other == code or self.kelurahan[other] != name for other in offered):
            return name
        return f"{name}, {self.kecamatan[self.kecamatan_of(code)]}"

    def kecamatan_of(self, code: str) -> str:
        return code.rpartition(".")[0]


NO_AREAS = Areas({}, {}, {})


def is_code(text: str) -> bool:
    return _CODE.fullmatch(text) is not None


def read_areas(text: str, file: str) -> tuple[Areas, list[Diagnostic]]:
    """Read a CSV file with at least the columns `code,name,kecamatan_code,kecamatan`. Returns areas and diagnostics."""
    kecamatan: dict[str, str] = {}
    kelurahan: dict[str, str] = {}
    members: dict[str, list[str]] = {}
    lines: dict[str, int] = {}
    diagnostics: list[Diagnostic] = []
    for row in read_pack_rows(text, file, COLUMNS):
        if isinstance(row, Diagnostic):
            diagnostics.append(row)
            continue
        code, name, parent, parent_name = (row.cells[column] for column in COLUMNS)
        if fault := _area_fault(code, name, parent, parent_name, kelurahan, kecamatan):
            diagnostics.append(Diagnostic(file, row.line, fault))
            continue
        kelurahan[code] = name
        kecamatan[parent] = parent_name
        members.setdefault(parent, []).append(code)
        lines[code] = row.line
    if not kelurahan and not diagnostics:
        diagnostics.append(Diagnostic(file, 0, "there is no area in it"))
    by_kecamatan = {code: tuple(codes) for code, codes in members.items()}
    return Areas(kecamatan, kelurahan, by_kecamatan, lines=lines), diagnostics


def _area_fault(
    code: str,
    name: str,
    parent: str,
    parent_name: str,
    kelurahan: Mapping[str, str],
    kecamatan: Mapping[str, str],
) -> str | None:
    if not is_code(code):
        return f"{quoted(code)} is not an area code such as 33.75.01.1002"
    if not _KECAMATAN_CODE.fullmatch(parent) or not code.startswith(f"{parent}."):
        return f"{code} does not belong to the kecamatan {quoted(parent)}"
    if code in kelurahan:
        return f"{code} is already taken by {kelurahan[code]}"
    if not name or not parent_name:
        return f"{code} has no name, or its kecamatan has none"
    if kecamatan.get(parent, parent_name) != parent_name:
        return f"{parent} is called {quoted(parent_name)} here and {quoted(kecamatan[parent])} above"
    return _name_fault(name) or _name_fault(parent_name)


def _name_fault(name: str) -> str | None:
    try:
        literal_text(name)
    except ValueError as error:
        return f"{name}: {error}"
    return None
