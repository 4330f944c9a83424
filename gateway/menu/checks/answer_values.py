"""What each answer and each fact can be, as far as the conditions of a menu tell one value from another.

Conditions look at few answers and name few values. Two values of which every condition says the same are one for who
proves a menu: of 285 villages that no condition names, one stands for all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import product

from gateway.menu.conditions import Clause
from gateway.menu.kinds import inputs
from gateway.menu.model import FACTS, MATCHES, Menu, State, StateKind, list_values

TruthValues = tuple[bool, ...]
ClausesByName = Mapping[str, Sequence[Clause]]

OTHER_INPUT = "\0"
"""What stands for anything typed that no condition names. Nobody can type it."""


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
    return [stage.key for stage in menu.stages] if FACTS[name] == "stage" else _numbers(clauses)


def _numbers(clauses: Iterable[Clause]) -> list[str]:
    """A number from each stretch between those that the clauses name."""
    named = {0}
    for clause in clauses:
        named |= {clause.minimum} if clause.minimum is not None else set()
        named |= {int(value) + more for value in clause.values if _is_number(value) for more in (0, 1)}
    return [str(number) for number in sorted(named)]


def _is_number(value: str) -> bool:
    return re.fullmatch(r"0|[1-9][0-9]{0,5}", value) is not None


def possible_values(menu: Menu, state: State, clauses: Sequence[Clause]) -> list[str]:
    """What the answer to `state` can be, without the empty answer of `zero`."""
    match state.kind:
        case StateKind.CHOOSE:
            return list(state.options)
        case StateKind.CHOOSE_FROM if state.source == MATCHES:
            return list(menu.areas.kelurahan)
        case StateKind.CHOOSE_FROM:
            return list(list_values(menu, state.source, ""))
    named = {value for clause in clauses for value in clause.values}
    return [
        OTHER_INPUT,
        *(value for value in sorted({*named, *_numbers(clauses)}) if value and can_keep(menu, state, value)),
    ]


def can_keep(menu: Menu, state: State, value: str) -> bool:
    """Whether `state` can keep this value."""
    if not value:
        return state.zero is not None
    if state.kind is not StateKind.ASK:
        return value in possible_values(menu, state, ())
    if state.source == "date":
        return _is_day(value)
    return inputs.parse_input(menu, state, value, None).value == value


def _is_day(value: str) -> bool:
    try:
        return date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def impossible_values(menu: Menu, clause: Clause) -> Iterator[str]:
    """What the clause asks for and what can never be, each said in a sentence."""
    if clause.name in FACTS:
        allowed = None if FACTS[clause.name] == "number" else [stage.key for stage in menu.stages]
        possible = _is_number if allowed is None else allowed.__contains__
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
    if any(state.kind is StateKind.ASK for state in keepers):
        return None
    values = sorted({value for state in keepers for value in possible_values(menu, state, ())})
    return values if len(values) <= 12 else None
