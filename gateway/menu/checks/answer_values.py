"""What each answer and each fact can be, as far as the conditions of a menu tell one value from another.

Conditions look at few answers and name few values. Two values of which every condition says the same are one for who
proves a menu: of 285 villages that no condition names, one stands for all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product

from gateway.menu.conditions import Clause, is_number, numbers_between
from gateway.menu.model import FACTS, Menu, State

TruthValues = tuple[bool, ...]
ClausesByName = Mapping[str, Sequence[Clause]]


def clauses_by_name(menu: Menu) -> ClausesByName:
    """All clauses of all conditions, by the answer or fact that they look at."""
    clauses: dict[str, list[Clause]] = {}
    for state in menu.states.values():
        for clause in state.condition.clauses if state.condition else ():
            if clause not in clauses.setdefault(clause.name, []):
                clauses[clause.name].append(clause)
    return clauses


def evaluate(clauses: Iterable[Clause], value: str) -> TruthValues:
    """What the clauses say of `value`: all of it that can ever matter."""
    return tuple(clause.holds(value) for clause in clauses)


def representatives(clauses: Sequence[Clause], values: Iterable[str]) -> list[str]:
    """The first of those values of which the clauses say the same."""
    first: dict[TruthValues, str] = {}
    for value in values:
        first.setdefault(evaluate(clauses, value), value)
    return list(first.values())


def fact_combinations(menu: Menu) -> list[Mapping[str, str]]:
    """Every way in which the facts can stand that makes a difference. An unknown fact is empty."""
    found = clauses_by_name(menu)
    asked = [name for name in FACTS if name in found]
    values = [representatives(found[name], ["", *_fact_values(menu, name, found[name])]) for name in asked]
    return [dict(zip(asked, combined, strict=True)) for combined in product(*values)]


def _fact_values(menu: Menu, name: str, clauses: Sequence[Clause]) -> Sequence[str]:
    return [stage.key for stage in menu.stages] if FACTS[name] == "stage" else numbers_between(clauses)


def can_keep(menu: Menu, state: State, value: str) -> bool:
    """Whether `state` can keep this value."""
    if not value:
        return state.zero is not None
    return state.kind.can_keep(menu, state, value)


def impossible_values(menu: Menu, clause: Clause) -> Iterator[str]:
    """What the clause asks for and what can never be, each said in a sentence."""
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
    """All that the answer can be, where it is chosen and can be said in a line."""
    if any(state.kind.is_typed for state in keepers):
        return None
    values = sorted({value for state in keepers for value in state.kind.possible_values(menu, state, ())})
    return values if len(values) <= 12 else None
