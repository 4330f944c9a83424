"""Checks of the paths of a menu: unreachable states, dead ends, length, conditions and shortcuts."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.menu.checks.answer_values import can_keep, impossible_values
from gateway.menu.checks.explorer import Exploration, Position, targets
from gateway.menu.checks.longest_path import SECONDS_PER_SESSION, CycleFound, LongestPath, find_longest_path
from gateway.menu.checks.pack_files import FLOW, state_diagnostic
from gateway.menu.checks.unknowns import NOTHING_UNKNOWN, STAGES_LIST, Unknowns
from gateway.menu.limits import Limits
from gateway.menu.model import FACTS, Menu, Shortcut
from gateway.text.diagnostics import Diagnostic


def condition_faults(menu: Menu, unknowns: Unknowns = NOTHING_UNKNOWN) -> Iterator[Diagnostic]:
    """Check for conditions that can never hold, and for conditions that nothing evaluates."""
    for state in menu.states.values():
        if state.condition is None:
            continue
        for clause in state.condition.clauses:
            if _is_known(menu, clause.name, unknowns):
                for message in impossible_values(menu, clause):
                    yield state_diagnostic(state, f"only_if: {message}")
    for role, name in _shown_anyway(menu):
        if name in menu.states and menu.states[name].condition:
            yield state_diagnostic(menu.states[name], f"it is shown whatever its only_if says: {role} leads here")


def _is_known(menu: Menu, name: str, unknowns: Unknowns) -> bool:
    """Return True if all possible values of an answer or a fact are known."""
    if name in FACTS:
        return not (FACTS[name] == "stage" and STAGES_LIST in unknowns.lists)
    if unknowns.includes_answer(name):
        return False
    keepers = [state for state in menu.states.values() if state.keep == name]
    return bool(keepers) and all(state.source not in unknowns.lists for state in keepers)


def _shown_anyway(menu: Menu) -> Iterator[tuple[str, str]]:
    """Yield what leads to a state without asking its condition, and the state."""
    yield from (("start", menu.start), ("home", menu.home))
    if menu.help:
        yield "help", menu.help
    if menu.resume:
        yield "resume", menu.resume
    for state in menu.states.values():
        for option, target in state.kind.direct_targets(state).items():
            yield f"{option} of {state.name}", target
        if state.or_type:
            yield f"or_type of {state.name}", state.or_type


def reachability_faults(
    menu: Menu, exploration: Exploration, unknowns: Unknowns = NOTHING_UNKNOWN
) -> Iterator[Diagnostic]:
    """Check for unreachable states, dead ends, and cycles of conditions."""
    if exploration.too_large:
        message = "there are too many paths through these states to check them all"
        yield state_diagnostic(menu.states[menu.start], message)
        return
    if not unknowns.entries:
        for name in menu.states:
            if name not in exploration.reached:
                yield state_diagnostic(menu.states[name], _why_unreached(menu, exploration, name))
    for name in sorted({position.state for position in exploration.moves.keys() - _finishing(menu, exploration)}):
        yield state_diagnostic(menu.states[name], "no end can be reached from here")
    for cycle in exploration.cycles:
        first = min(cycle, key=lambda name: menu.states[name].line)
        message = f"otherwise leads in a cycle, and no only_if in it need hold: {', '.join(sorted(cycle))}"
        yield state_diagnostic(menu.states[first], message)
    for name in sorted(exploration.unasked):
        message = f"it can be reached without an answer to {menu.states[name].within}"
        yield state_diagnostic(menu.states[name], message)


def _why_unreached(menu: Menu, exploration: Exploration, name: str) -> str:
    named_by = {other for other, state in menu.states.items() if name in targets(state)} - {name}
    if not named_by:
        return "no state leads here"
    if not named_by & exploration.reached:
        return f"only {', '.join(sorted(named_by))} leads here, and cannot be reached"
    if menu.states[name].condition:
        return "its only_if never holds when a dialogue comes here"
    return f"no dialogue comes here: the condition of {', '.join(sorted(named_by))} always holds"


def _finishing(menu: Menu, exploration: Exploration) -> set[Position]:
    """Return the positions from which an end can be reached, or a text without options."""
    into: dict[Position, list[Position]] = {}
    for position, moves in exploration.moves.items():
        for move in moves:
            into.setdefault(move.to, []).append(position)
    found: set[Position] = set()
    queue = [position for position in exploration.moves if menu.states[position.state].kind.can_finish]
    while queue:
        position = queue.pop()
        if position not in found:
            found.add(position)
            queue += into.get(position, ())
    return found


def length_faults(menu: Menu, exploration: Exploration, limits: Limits) -> tuple[LongestPath, list[Diagnostic]]:
    """Check the length of the longest path. Returns it, empty after a cycle of effects, and the faults."""
    try:
        longest = find_longest_path(menu, exploration)
    except CycleFound as error:
        return LongestPath(), [state_diagnostic(menu.states[min(error.states)], str(error))]
    found = []
    if longest.seconds > SECONDS_PER_SESSION:
        length = f"{longest.screens} screens take {longest.seconds} s; a session ends at {SECONDS_PER_SESSION} s"
        found.append(Diagnostic(FLOW, longest.line, f"{longest}: {length}"))
    if longest.screens > limits.hops:
        length = f"{longest.screens} screens; a dialogue ends after {limits.hops}"
        found.append(Diagnostic(FLOW, longest.line, f"{longest}: {length}"))
    return longest, found


def shortcut_faults(
    menu: Menu, exploration: Exploration | None, unknowns: Unknowns = NOTHING_UNKNOWN
) -> Iterator[Diagnostic]:
    """Check for shortcuts that end or file before any question, and for answers of shortcuts that have no use.

    Without an exploration, checks that need one are skipped.
    """
    for keys, shortcut in menu.shortcuts.items():
        found = [
            *_first_faults(menu, exploration, keys, shortcut),
            *_answer_faults(menu, exploration, keys, shortcut, unknowns),
        ]
        for message in dict.fromkeys(found):
            yield Diagnostic(FLOW, shortcut.line, f"shortcut {keys}: {message}")


def _first_faults(menu: Menu, exploration: Exploration | None, keys: str, shortcut: Shortcut) -> Iterator[str]:
    if exploration:
        firsts = [menu.states[start.position.state] for start in exploration.starts if start.shortcut == keys]
    else:
        named = menu.states.get(shortcut.to)
        firsts = [named] if named and not named.condition else []
    for first in firsts:
        if first.kind.is_end:
            yield f"it leads to {first.name}, which is an end"
        if first.source == "file_report":
            yield f"it leads to {first.name}, which files a report before anything is asked"


def _answer_faults(
    menu: Menu, exploration: Exploration | None, keys: str, shortcut: Shortcut, unknowns: Unknowns
) -> Iterator[str]:
    used = None
    if exploration and not exploration.too_large and shortcut.to in menu.states:
        used = _used_answers(menu, exploration, keys)
    for name, value in shortcut.answers.items():
        keepers = [state for state in menu.states.values() if state.keep == name]
        if not any(can_keep(menu, state, value) for state in keepers):
            if _is_known(menu, name, unknowns):
                yield f"{name} is never {value or 'empty'}"
        elif used is not None and name not in used:
            askers = " or ".join(state.name for state in keepers if can_keep(menu, state, value))
            yield f"it gives the answer {name}, but no path from {shortcut.to} asks for it; lead to {askers}"


def _used_answers(menu: Menu, exploration: Exploration, keys: str) -> set[str]:
    """Return the answers of a shortcut for which some state is skipped."""
    starts = [start for start in exploration.starts if start.shortcut == keys]
    passed = {name for start in starts for name in start.passed}
    seen: set[Position] = set()
    queue = [start.position for start in starts]
    while queue:
        position = queue.pop()
        if position in seen:
            continue
        seen.add(position)
        if position.ahead:
            for move in exploration.moves.get(position, ()):
                queue.append(move.to)
                passed.update(move.passed)
    return {menu.states[name].keep for name in passed}
