"""The places of a pack: kelurahan (or desa) within kecamatan, under their Kemendagri codes (facts/domain.md 1.1)."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from gateway.places.columns import read_columns
from gateway.text.diagnostics import Diagnostic
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
    neighbours: Mapping[str, frozenset[str]] = field(default_factory=dict)  # both ways; without one, not in it
    lines: Mapping[str, int] = field(default_factory=dict)  # kelurahan code → where it stands in the file

    def distinct_name(self, code: str, offered: Collection[str]) -> str:
        """The name of a kelurahan, with its kecamatan behind it where another one of those `offered` is called so."""
        name = self.kelurahan[code]
        if all(other == code or self.kelurahan[other] != name for other in offered):
            return name
        return f"{name}, {self.kecamatan[self.kecamatan_of(code)]}"

    def kecamatan_of(self, code: str) -> str:
        """The code of the kecamatan that the kelurahan `code` lies in."""
        return code.rpartition(".")[0]


NO_AREAS = Areas({}, {}, {})


def is_code(text: str) -> bool:
    """Whether `text` looks like the code of a kelurahan."""
    return _CODE.fullmatch(text) is not None


def read_areas(text: str, file: str) -> tuple[Areas, list[Diagnostic]]:
    """The areas of a CSV file with at least the columns `code,name,kecamatan_code,kecamatan`, and what is wrong."""
    kecamatan: dict[str, str] = {}
    kelurahan: dict[str, str] = {}
    members: dict[str, list[str]] = {}
    lines: dict[str, int] = {}
    rows, diagnostics = read_columns(text, file, COLUMNS)
    for row in rows:
        code, name, parent, parent_name = row.values
        if wrong := _wrong(code, name, parent, parent_name, kelurahan, kecamatan):
            diagnostics.append(Diagnostic(file, row.line, wrong))
            continue
        kelurahan[code] = name
        kecamatan[parent] = parent_name
        members.setdefault(parent, []).append(code)
        lines[code] = row.line
    if not kelurahan and not diagnostics:
        diagnostics.append(Diagnostic(file, 0, "there is no area in it"))
    by_kecamatan = {code: tuple(codes) for code, codes in members.items()}
    return Areas(kecamatan, kelurahan, by_kecamatan, lines=lines), diagnostics


def _wrong(
    code: str,
    name: str,
    parent: str,
    parent_name: str,
    kelurahan: Mapping[str, str],
    kecamatan: Mapping[str, str],
) -> str | None:
    if not is_code(code):
        return f"{code!r} is not an area code such as 33.75.01.1002"
    if not _KECAMATAN_CODE.fullmatch(parent) or not code.startswith(f"{parent}."):
        return f"{code} does not belong to the kecamatan {parent!r}"
    if code in kelurahan:
        return f"{code} is already taken by {kelurahan[code]}"
    if not name or not parent_name:
        return f"{code} has no name, or its kecamatan has none"
    if kecamatan.get(parent, parent_name) != parent_name:
        return f"{parent} is called {parent_name!r} here and {kecamatan[parent]!r} above"
    return _unshowable(name) or _unshowable(parent_name)


def _unshowable(name: str) -> str | None:
    try:
        literal_text(name)
    except ValueError as error:
        return f"{name}: {error}"
    return None


ALIAS_COLUMNS = ("alias", "code")


NEIGHBOUR_COLUMNS = ("code", "neighbor_code")


def read_aliases(
    text: str, file: str, areas: Areas, *, areas_complete: bool = True
) -> tuple[Mapping[str, tuple[str, ...]], list[Diagnostic]]:
    """`Areas.aliases` from a CSV file with at least the columns `alias,code`, and what is wrong.

    One alias may stand in several rows, each with another area: a name that became two. Where not `all_known` areas
    could be read, a code that is none of them may be one of the others, and nothing is said of it.
    """
    aliases: dict[str, tuple[str, ...]] = {}
    rows, diagnostics = read_columns(text, file, ALIAS_COLUMNS)
    for row in rows:
        alias, code = row.values
        if not alias:
            diagnostics.append(Diagnostic(file, row.line, "this alias is empty"))
        elif code not in areas.kelurahan:
            if areas_complete or not is_code(code):
                diagnostics.append(Diagnostic(file, row.line, _unknown(code)))
        elif code in aliases.get(alias, ()):
            diagnostics.append(Diagnostic(file, row.line, f"{alias} for {code} stands here twice"))
        else:
            aliases[alias] = (*aliases.get(alias, ()), code)
    return aliases, diagnostics


def read_neighbours(
    text: str, file: str, areas: Areas, *, areas_complete: bool = True
) -> tuple[Mapping[str, frozenset[str]], list[Diagnostic]]:
    """`Areas.neighbours` from a CSV file with at least `code,neighbor_code`, each pair once, and what is wrong.

    `all_known` as for aliases.
    """
    neighbours: dict[str, frozenset[str]] = {}
    rows, diagnostics = read_columns(text, file, NEIGHBOUR_COLUMNS)
    for row in rows:
        one, other = row.values
        if unknown := [code for code in (one, other) if code not in areas.kelurahan]:
            said = [code for code in unknown if areas_complete or not is_code(code)]
            diagnostics.extend(Diagnostic(file, row.line, _unknown(code)) for code in said)
        elif one == other:
            diagnostics.append(Diagnostic(file, row.line, f"{one} is not its own neighbour"))
        elif other in neighbours.get(one, ()):
            diagnostics.append(Diagnostic(file, row.line, f"{one} and {other} stand here twice"))
        else:
            neighbours[one] = neighbours.get(one, frozenset()) | {other}
            neighbours[other] = neighbours.get(other, frozenset()) | {one}
    return neighbours, diagnostics


def _unknown(code: str) -> str:
    return f"no area has the code {code!r}"
