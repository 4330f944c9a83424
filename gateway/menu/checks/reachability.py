"""What is wrong with the ways of a menu: states that nobody comes to or out of, ways without end, idle shortcuts."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.menu.checks.answer_values import can_keep, impossible_values
from gateway.menu.checks.explorer import Exploration, Position, targets
from gateway.menu.checks.longest_path import SECONDS_A_SESSION, CycleFound, LongestPath, find_longest_path
from gateway.menu.limits import Limits
from gateway.menu.model import FACTS, Menu, Shortcut
from gateway.menu.pack_files import FLOW, state_diagnostic
from gateway.menu.unknowns import NOTHING_UNKNOWN, STAGES_LIST, Unknowns
from gateway.text.diagnostics import Diagnostic


def condition_faults(menu: Menu, unknowns: Unknowns = NOTHING_UNKNOWN) -> Iterator[Diagnostic]:
    """Conditions that ask for what can never be, and those that nobody asks."""
    for state in menu.states.values():
        for clause in state.condition.clauses if state.condition else ():
            for message in impossible_values(menu, clause) if _is_known(menu, clause.name, unknowns) else ():
                yield state_diagnostic(state, f"only_if: {message}")
    for role, name in _shown_anyway(menu):
        if name in menu.states and menu.states[name].condition:
            yield state_diagnostic(menu.states[name], f"it is shown whatever its only_if says: {role} leads here")


def _is_known(menu: Menu, name: str, unknowns: Unknowns) -> bool:
    """Whether all is known that an answer, or a fact, can be."""
    if name in FACTS:
        return not (FACTS[name] == "stage" and STAGES_LIST in unknowns.lists)
    keepers = [state for state in menu.states.values() if state.keep == name]
    return (
        bool(keepers)
        and not unknowns.includes_answer(name)
        and all(state.source not in unknowns.lists for state in keepers)
    )


def _shown_anyway(menu: Menu) -> Iterator[tuple[str, str]]:
    yield from (("start", menu.start), ("home", menu.home))
    yield from ((role, name) for role, name in (("help", menu.help), ("resume", menu.resume)) if name)
    for state in menu.states.values():
        for option, target in state.kind.direct_targets(state).items():
            yield f"{option} of {state.name}", target
        if state.or_type:
            yield f"or_type of {state.name}", state.or_type


def reachability_faults(menu: Menu, walked: Exploration, unknowns: Unknowns = NOTHING_UNKNOWN) -> Iterator[Diagnostic]:
    """States that cannot be reached, that no end can be reached from, and those that a walk never comes to rest at."""
    if walked.too_large:
        message = "there are too many ways through these states: nobody can tell where they all lead"
        yield state_diagnostic(menu.states[menu.start], message)
        return
    for name in menu.states if not unknowns.entries else ():
        if name not in walked.reached:
            yield state_diagnostic(menu.states[name], _why_unreached(menu, walked, name))
    for name in sorted({place.state for place in walked.moves.keys() - _ending(menu, walked)}):
        yield state_diagnostic(menu.states[name], "no end can be reached from here")
    for ring in walked.cycles:
        first = min(ring, key=lambda name: menu.states[name].line)
        yield state_diagnostic(
            menu.states[first], f"otherwise leads in a ring, and no only_if in it need hold: {', '.join(sorted(ring))}"
        )
    for name in sorted(walked.unasked):
        yield state_diagnostic(menu.states[name], f"one can come here without an answer to {menu.states[name].within}")


def _why_unreached(menu: Menu, walked: Exploration, name: str) -> str:
    named_by = {other for other, state in menu.states.items() if name in targets(state)} - {name}
    if not named_by:
        return "no state leads here"
    if not named_by & walked.reached:
        return f"only {', '.join(sorted(named_by))} leads here, and cannot be reached"
    if menu.states[name].condition:
        return "its only_if never holds for who comes here"
    return f"nobody comes here: what {', '.join(sorted(named_by))} asks for is always so"


def _ending(menu: Menu, walked: Exploration) -> set[Position]:
    """The places from which an end can be reached, or a text that is left by back."""
    into: dict[Position, list[Position]] = {}
    for place, moves in walked.moves.items():
        for move in moves:
            into.setdefault(move.to, []).append(place)
    found: set[Position] = set()
    ends = [place for place in walked.moves if menu.states[place.state].kind.can_finish]
    while ends:
        place = ends.pop()
        if place not in found:
            found.add(place)
            ends += into.get(place, ())
    return found


def length_faults(menu: Menu, walked: Exploration, limits: Limits) -> tuple[LongestPath, list[Diagnostic]]:
    """The longest way, and what is wrong with it. There is none where the gateway would go round by itself."""
    try:
        longest = find_longest_path(menu, walked)
    except CycleFound as error:
        around = ", ".join(sorted(error.states))
        return LongestPath(), [state_diagnostic(menu.states[min(error.states)], f"{error} The effects are {around}")]
    found = []
    if longest.seconds > SECONDS_A_SESSION:
        message = (
            f"{longest}: {longest.screens} screens take {longest.seconds} s; a session ends at {SECONDS_A_SESSION} s"
        )
        found.append(Diagnostic(FLOW, longest.line, message))
    if longest.screens > limits.hops:
        message = f"{longest}: {longest.screens} screens; a dialogue ends after {limits.hops}"
        found.append(Diagnostic(FLOW, longest.line, message))
    return longest, found


def shortcut_faults(
    menu: Menu, walked: Exploration | None, unknowns: Unknowns = NOTHING_UNKNOWN
) -> Iterator[Diagnostic]:
    """Shortcuts that end or file something before anybody was asked, and answers that they give for nothing.

    Where the ways could not be `walked`, what can be said without.
    """
    for keys, shortcut in menu.shortcuts.items():
        found = [*_first_faults(menu, walked, keys, shortcut), *_answer_faults(menu, walked, keys, shortcut, unknowns)]
        for message in dict.fromkeys(found):
            yield Diagnostic(FLOW, shortcut.line, f"shortcut {keys}: {message}")


def _first_faults(menu: Menu, walked: Exploration | None, keys: str, shortcut: Shortcut) -> Iterator[str]:
    named = menu.states.get(shortcut.to)
    firsts = [named] if named and not named.condition else []
    if walked:
        firsts = [menu.states[root.place.state] for root in walked.starts if root.shortcut == keys]
    for first in firsts:
        if first.kind.is_end:
            yield f"it leads to {first.name}, which is an end"
        if first.source == "file_report":
            yield f"it leads to {first.name}, which files a report before anything is asked"


def _answer_faults(
    menu: Menu, walked: Exploration | None, keys: str, shortcut: Shortcut, unknowns: Unknowns
) -> Iterator[str]:
    used = _used(menu, walked, keys) if walked and not walked.too_large and shortcut.to in menu.states else None
    for name, value in shortcut.answers.items():
        keepers = [state for state in menu.states.values() if state.keep == name]
        if not any(can_keep(menu, state, value) for state in keepers):
            if _is_known(menu, name, unknowns):
                yield f"{name} is never {value or 'empty'}"
        elif used is not None and name not in used:
            yield f"the answer {name} is of no use: no way on from {shortcut.to} asks for it"


def _used(menu: Menu, walked: Exploration, keys: str) -> set[str]:
    """The answers of a shortcut that some state was passed over for."""
    roots = [root for root in walked.starts if root.shortcut == keys]
    passed = {name for root in roots for name in root.passed}
    seen: set[Position] = set()
    places = [root.place for root in roots]
    while places:
        place = places.pop()
        if place not in seen:
            seen.add(place)
            moves = walked.moves.get(place, ()) if place.ahead else ()
            places += [move.to for move in moves]
            passed.update(name for move in moves for name in move.passed)
    return {menu.states[name].keep for name in passed}
