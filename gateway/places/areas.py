"""Areas of a pack: its levels of place, such as kelurahan within kecamatan, under the codes of the country.

`pack.yaml` names the levels, the largest first. The Kemendagri codes of Indonesia (facts/domain.md 1.1) are one form of
code. A report is for a place: an area of any level but the largest, or of the only one.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

from gateway.text.csv_rows import read_pack_rows
from gateway.text.diagnostics import Diagnostic, quoted
from gateway.text.wording import literal_text

DEFAULT_LEVELS = ("kecamatan", "kelurahan")
MAX_LEVELS = 5
_CODE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,30}[A-Za-z0-9])?")  # one form with the keys of a report


@dataclass(frozen=True)
class Areas:
    """Areas of every level, in the order of the file. Codes are texts: `33.75.01.1002`."""

    levels: tuple[str, ...]  # the largest first
    by_level: Mapping[str, Mapping[str, str]]  # level → code → name
    parents: Mapping[str, str]  # code → that of the area around it; the largest have none
    aliases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # another name, as written → codes of places
    neighbours: Mapping[str, frozenset[str]] = field(default_factory=dict)  # symmetric, only codes that have one
    lines: Mapping[str, int] = field(default_factory=dict)  # code → its first line in the file

    @cached_property
    def names(self) -> Mapping[str, str]:
        """Names of all areas by code, the largest first."""
        return {code: name for level in self.levels for code, name in self.by_level[level].items()}

    @cached_property
    def regions(self) -> Mapping[str, str]:
        """Names of the areas that contain others, by code."""
        return {code: name for level in self.levels[:-1] for code, name in self.by_level[level].items()}

    @cached_property
    def places(self) -> Mapping[str, str]:
        """Names of the areas that a report can be for, by code."""
        return {code: name for level in self.levels[1:] or self.levels for code, name in self.by_level[level].items()}

    @cached_property
    def _children(self) -> Mapping[str, Sequence[str]]:
        children: dict[str, list[str]] = {}
        for code, parent in self.parents.items():
            children.setdefault(parent, []).append(code)
        return children

    @cached_property
    def _around(self) -> Mapping[str, tuple[str, ...]]:
        around: dict[str, tuple[str, ...]] = {}
        for code in self.names:  # the largest first, so that of a parent is known
            parent = self.parents.get(code)
            around[code] = (parent, *around[parent]) if parent else ()
        return around

    def around(self, code: str) -> tuple[str, ...]:
        """Return the codes of the areas around an area, the smallest first."""
        return self._around.get(code, ())

    def inside(self, code: str) -> tuple[str, ...]:
        """Return the codes of all areas within an area, those of a level before those of the next."""
        found: list[str] = [*self._children.get(code, ())]
        for inner in found:  # grows while it is read
            found += self._children.get(inner, ())
        return tuple(found)

    def at_level(self, level: str, within: str = "") -> tuple[str, ...]:
        """Return the codes of a level, only those within the area `within` if there is one."""
        listed = self.by_level[level]
        return tuple(code for code in self.inside(within) if code in listed) if within else tuple(listed)

    def distinct_name(self, code: str, offered: Collection[str]) -> str:
        """Return the name of an area, followed by those around it until no other of `offered` has it."""
        alike = [other for other in offered if other != code and self.names[other] == self.names[code]]
        name = self.names[code]
        for at, parent in enumerate(self.around(code)):
            if not alike:
                break
            name = f"{name}, {self.names[parent]}"
            alike = [other for other in alike if self._name_around(other, at) == self.names[parent]]
        return name

    def _name_around(self, code: str, at: int) -> str:
        around = self.around(code)
        return self.names[around[at]] if at < len(around) else ""


def no_areas(levels: Sequence[str] = DEFAULT_LEVELS) -> Areas:
    """Return the areas of a pack whose list cannot be read."""
    return Areas(tuple(levels), {level: {} for level in levels}, {})


def is_code(text: str) -> bool:
    return _CODE.fullmatch(text) is not None


def columns_of(levels: Sequence[str]) -> tuple[str, ...]:
    """Return the columns of areas.csv: code and name of the smallest area, then of each area around it."""
    around = reversed(levels[:-1])
    return ("code", "name", *(column for level in around for column in (f"{level}_code", level)))


def read_areas(text: str, file: str, levels: Sequence[str] = DEFAULT_LEVELS) -> tuple[Areas, list[Diagnostic]]:
    """Read a CSV file with at least the columns of `columns_of`, a row for each of the smallest areas.

    Returns areas and diagnostics.
    """
    columns = columns_of(levels)
    reading = _Reading(levels)
    diagnostics: list[Diagnostic] = []
    is_empty = True
    for row in read_pack_rows(text, file, columns):
        is_empty = False
        if isinstance(row, Diagnostic):
            diagnostics.append(row)
            continue
        cells = [row.cells[column] for column in columns]
        chain = [*zip(cells[::2], cells[1::2], strict=True)]
        if fault := reading.fault_of(chain):
            diagnostics.append(Diagnostic(file, row.line, fault))
        else:
            reading.add(chain, row.line)
    if is_empty:
        diagnostics.append(Diagnostic(file, 0, "there is no area in it"))
    return reading.areas, diagnostics


_Chain = Sequence[tuple[str, str]]
"""Code and name of an area and of those around it, the smallest first."""


class _Reading:
    """Areas that have been read so far."""

    def __init__(self, levels: Sequence[str]) -> None:
        self._parents: dict[str, str] = {}
        self._lines: dict[str, int] = {}
        self._by_level: dict[str, dict[str, str]] = {level: {} for level in levels}
        self._levels = tuple(levels)

    @property
    def areas(self) -> Areas:
        return Areas(self._levels, self._by_level, self._parents, lines=self._lines)

    def add(self, chain: _Chain, line: int) -> None:
        for (code, name), level in zip(chain, reversed(self._levels), strict=True):
            self._by_level[level][code] = name
            self._lines.setdefault(code, line)
        for (code, _), (parent, _) in pairwise(chain):
            self._parents[code] = parent

    def fault_of(self, chain: _Chain) -> str | None:
        """Return a message if a row cannot be added to those before it."""
        smallest = chain[0][0]
        if smallest in self._by_level[self._levels[-1]]:
            return f"{smallest} is already taken by {self._by_level[self._levels[-1]][smallest]}"
        faults = (
            self._area_fault(code, name, level)
            for (code, name), level in zip(chain, reversed(self._levels), strict=True)
        )
        return next((fault for fault in (*faults, *self._parent_faults(chain)) if fault), None)

    def _area_fault(self, code: str, name: str, level: str) -> str | None:
        if not is_code(code):
            return f"{quoted(code)} is no code of a {level}: letters, digits, dots, dashes and underscores, at most 32"
        if not name:
            return f"{code} has no name, though it is a {level}"
        for other, areas in self._by_level.items():
            if code in areas and other != level:
                return f"{code} is a {level} here and a {other} above"
        if (known := self._by_level[level].get(code, name)) != name:
            return f"{code} is called {quoted(name)} here and {quoted(known)} above"
        return _name_fault(name)

    def _parent_faults(self, chain: _Chain) -> Iterator[str]:
        codes = [code for code, _ in chain]
        if len(set(codes)) < len(codes):
            yield f"{codes[0]} is within an area of the same code"
        for code, parent in pairwise(codes):
            if (known := self._parents.get(code, parent)) != parent:
                yield f"{code} is within {parent} here and within {known} above"


def _name_fault(name: str) -> str | None:
    try:
        literal_text(name)
    except ValueError as error:
        return f"{name}: {error}"
    return None
