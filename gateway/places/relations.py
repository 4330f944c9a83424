"""What a pack may say about its areas beyond their names: other names for them, and which ones share a border."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.places.areas import Areas, is_code
from gateway.places.columns import read_columns
from gateway.text.complaints import Complaint

ALIAS_COLUMNS = ("alias", "code")
NEIGHBOUR_COLUMNS = ("code", "neighbor_code")


def read_aliases(
    text: str, file: str, areas: Areas, *, all_known: bool = True
) -> tuple[Mapping[str, tuple[str, ...]], list[Complaint]]:
    """`Areas.aliases` from a CSV file with at least the columns `alias,code`, and what is wrong.

    One alias may stand in several rows, each with another area: a name that became two. Where not `all_known` areas
    could be read, a code that is none of them may be one of the others, and nothing is said of it.
    """
    aliases: dict[str, tuple[str, ...]] = {}
    rows, complaints = read_columns(text, file, ALIAS_COLUMNS)
    for row in rows:
        alias, code = row.values
        if not alias:
            complaints.append(Complaint(file, row.line, "this alias is empty"))
        elif code not in areas.kelurahan:
            if all_known or not is_code(code):
                complaints.append(Complaint(file, row.line, _unknown(code)))
        elif code in aliases.get(alias, ()):
            complaints.append(Complaint(file, row.line, f"{alias} for {code} stands here twice"))
        else:
            aliases[alias] = (*aliases.get(alias, ()), code)
    return aliases, complaints


def read_neighbours(
    text: str, file: str, areas: Areas, *, all_known: bool = True
) -> tuple[Mapping[str, frozenset[str]], list[Complaint]]:
    """`Areas.neighbours` from a CSV file with at least `code,neighbor_code`, each pair once, and what is wrong.

    `all_known` as for aliases.
    """
    neighbours: dict[str, frozenset[str]] = {}
    rows, complaints = read_columns(text, file, NEIGHBOUR_COLUMNS)
    for row in rows:
        one, other = row.values
        if unknown := [code for code in (one, other) if code not in areas.kelurahan]:
            said = [code for code in unknown if all_known or not is_code(code)]
            complaints.extend(Complaint(file, row.line, _unknown(code)) for code in said)
        elif one == other:
            complaints.append(Complaint(file, row.line, f"{one} is not its own neighbour"))
        elif other in neighbours.get(one, ()):
            complaints.append(Complaint(file, row.line, f"{one} and {other} stand here twice"))
        else:
            neighbours[one] = neighbours.get(one, frozenset()) | {other}
            neighbours[other] = neighbours.get(other, frozenset()) | {one}
    return neighbours, complaints


def _unknown(code: str) -> str:
    return f"no area has the code {code!r}"
