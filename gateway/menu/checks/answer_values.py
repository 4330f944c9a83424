"""Possible values of answers and facts, reduced to one representative of each set that conditions treat alike.

Conditions test few answers and name few values. Values that every condition treats alike are interchangeable, so one
representative is checked: one of 285 villages that no condition names.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product

from gateway.menu.conditions import Clause, is_number, numbers_between
from gateway.menu.model import FACTS, Menu, State

TruthValues = tuple[bool, ...]
ClausesByName = Mapping[str, Sequence[Clause]]


def clauses_by_name(menu: Menu) -> ClausesByName:
    """Return the clauses of all conditions, by the answer or fact that they test."""
    clauses: dict[str, list[Clause]] = {}
    for state in menu.states.values():
        if state.condition is None:
            continue
        for clause in state.condition.clauses:
            if clause not in clauses.setdefault(clause.name, []):
                clauses[clause.name].append(clause)
    return clauses


def evaluate(clauses: Iterable[Clause], value: str) -> TruthValues:
    """Return the truth of each clause for a value. Nothing else about a value ever matters."""
    return tuple(clause.holds(value) for clause in clauses)


def representatives(clauses: Sequence[Clause], values: Iterable[str]) -> list[str]:
    """Return the first value of each set that the clauses treat alike."""
    first: dict[TruthValues, str] = {}
    for value in values:
        first.setdefault(evaluate(clauses, value), value)
    return list(first.values())


def fact_combinations(menu: Menu) -> list[Mapping[str, str]]:
    """Return every combination of facts that conditions can tell apart. An unknown fact is empty."""
    found = clauses_by_name(menu)
    names = [name for name in FACTS if name in found]
    values = [representatives(found[name], ["", *_fact_values(menu, name, found[name])]) for name in names]
    return [dict(zip(names, combination, strict=True)) for combination in product(*values)]


def _fact_values(menu: Menu, name: str, clauses: Sequence[Clause]) -> Sequence[str]:
    return [stage.key for stage in menu.stages] if FACTS[name] == "stage" else numbers_between(clauses)


def can_keep(menu: Menu, state: State, value: str) -> bool:
    if not value:
        return state.zero is not None
    return state.kind.can_keep(menu, state, value)


def impossible_values(menu: Menu, clause: Clause) -> Iterator[str]:
    """Yield a message for each value that a clause tests and that the answer or fact never has."""
    if clause.name in FACTS:
        allowed = None if FACTS[clause.name] == "number" else [stage.key for stage in menu.stages]
        possible = is_number if allowed is None else allowed.__contains__
    else:
        keepers = [state for state in menu.states.values() if state.keep == clause.name]
        allowed = _short_list(menu, keepers)

        def possible(value: str) -> bool:
            return any(can_keep(menu, state, value) for state in keepers)

    others = f"; it can be {', '.join(allowed) or 'nothing'}" if allowed is not None else ""
    for value in sorted(clause.values):
        if not possible(value):
            yield f"{clause.name} is never {value}{others}"
    if clause.minimum is not None and not possible(str(clause.minimum)):
        yield f"{clause.name} is never a number"


def _short_list(menu: Menu, keepers: Sequence[State]) -> list[str] | None:
    """Return all values of an answer, if it is chosen from few. Returns None for typed answers and long lists."""
    if any(state.kind.is_typed for state in keepers):
        return None
    values = sorted({value for state in keepers for value in state.kind.possible_values(menu, state, ())})
    return values if len(values) <= 12 else None
