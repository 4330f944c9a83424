"""Links between names and areas, and between areas: aliases (other names of an area) and neighbours."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.places.areas import Areas, is_code
from gateway.text.csv_rows import read_pack_rows
from gateway.text.diagnostics import Diagnostic, unknown

ALIAS_COLUMNS = ("alias", "code")
NEIGHBOUR_COLUMNS = ("code", "neighbor_code")


def read_aliases(
    text: str, file: str, areas: Areas, *, areas_complete: bool = True
) -> tuple[Mapping[str, tuple[str, ...]], list[Diagnostic]]:
    """Read `Areas.aliases` from a CSV file with at least the columns `alias,code`. Returns them and diagnostics.

    One alias may have several rows, each with another area: a name that became two. Where the areas were not read
    completely, an unknown code may be one of the missing ones, so it is no diagnostic.
    """
    aliases: dict[str, tuple[str, ...]] = {}
    diagnostics: list[Diagnostic] = []
    for row in read_pack_rows(text, file, ALIAS_COLUMNS):
        if isinstance(row, Diagnostic):
            diagnostics.append(row)
            continue
        alias, code = (row.cells[column] for column in ALIAS_COLUMNS)
        if not alias:
            diagnostics.append(Diagnostic(file, row.line, "this alias is empty"))
        elif code not in areas.places:
            if areas_complete or not is_code(code):
                diagnostics.append(Diagnostic(file, row.line, unknown("area", code)))
        elif code in aliases.get(alias, ()):
            diagnostics.append(Diagnostic(file, row.line, f"{alias} for {code} is here twice"))
        else:
            aliases[alias] = (*aliases.get(alias, ()), code)
    return aliases, diagnostics


def read_neighbours(
    text: str, file: str, areas: Areas, *, areas_complete: bool = True
) -> tuple[Mapping[str, frozenset[str]], list[Diagnostic]]:
    """Read `Areas.neighbours` from a CSV file with at least `code,neighbor_code`, each pair once.

    Returns them and diagnostics. `areas_complete` as for aliases.
    """
    neighbours: dict[str, frozenset[str]] = {}
    diagnostics: list[Diagnostic] = []
    for row in read_pack_rows(text, file, NEIGHBOUR_COLUMNS):
        if isinstance(row, Diagnostic):
            diagnostics.append(row)
            continue
        one, other = (row.cells[column] for column in NEIGHBOUR_COLUMNS)
        if missing := [code for code in (one, other) if code not in areas.places]:
            reported = [code for code in missing if areas_complete or not is_code(code)]
            diagnostics.extend(Diagnostic(file, row.line, unknown("area", code)) for code in reported)
        elif one == other:
            diagnostics.append(Diagnostic(file, row.line, f"{one} is not its own neighbour"))
        elif other in neighbours.get(one, ()):
            diagnostics.append(Diagnostic(file, row.line, f"{one} and {other} are here twice"))
        else:
            neighbours[one] = neighbours.get(one, frozenset()) | {other}
            neighbours[other] = neighbours.get(other, frozenset()) | {one}
    return neighbours, diagnostics
