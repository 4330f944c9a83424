"""Longest path from the start of a dialogue to its end, in screens that must be answered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from gateway.menu.checks.explorer import Exploration, Move, Position, StartPoint
from gateway.menu.model import Menu

SECONDS_PER_SCREEN = 12  # to read, think and type
SECONDS_PER_SESSION = 180  # then a network ends it, whatever is typed (facts/protocols.md A.4)


@dataclass(frozen=True, slots=True)
class LongestPath:
    """Screens of the longest path, in their order, and their number with every page that must be turned."""

    states: tuple[str, ...] = ()
    screens: int = 0
    line: int = 0  # of the state or the shortcut at its start

    @property
    def seconds(self) -> int:
        return self.screens * SECONDS_PER_SCREEN

    def __str__(self) -> str:
        return " > ".join(self.states)


class CycleFound(Exception):
    """Cycle of effects, in which the gateway would go round without a screen."""

    def __init__(self, states: frozenset[str]) -> None:
        self.states = states
        names = ", ".join(sorted(states))
        super().__init__(f"effects lead to one another in a cycle without a screen: {names}")


def find_longest_path(menu: Menu, exploration: Exploration) -> LongestPath:
    """Find the longest of all paths from a start to an end. Raises `CycleFound`."""
    order = _ends_first(exploration)
    left: dict[Position, int] = {}  # screens to the end
    best: dict[Position, Move] = {}
    for position in order:
        if menu.states[position.state].kind.is_end:
            left[position] = 0
        for move in exploration.moves.get(position, ()):
            if move.is_forward and move.to in left and move.screens + left[move.to] > left.get(position, -1):
                left[position], best[position] = move.screens + left[move.to], move
    starts = [start for start in exploration.starts if start.counted and start.position in left]
    if not starts:
        return LongestPath()
    start = max(starts, key=lambda start: len(start.shown) + left[start.position])
    states = (*start.shown, *_screens_after(menu, start, best))
    return LongestPath(states, len(start.shown) + left[start.position], start.line)


def _ends_first(exploration: Exploration) -> list[Position]:
    """Sort positions so that each comes after all that it leads to."""
    onward = {position: [move.to for move in moves if move.is_forward] for position, moves in exploration.moves.items()}
    try:
        return list(TopologicalSorter(onward).static_order())
    except CycleError as error:
        raise CycleFound(frozenset(position.state for position in error.args[1])) from None


def _screens_after(menu: Menu, start: StartPoint, best: dict[Position, Move]) -> Iterator[str]:
    """Yield the states with a screen on the longest path from `start`, with the number of their pages."""
    position = start.position
    while True:
        move = best.get(position)
        if not menu.states[position.state].kind.runs_effect:
            yield f"{position.state} ({move.screens} pages)" if move and move.screens > 1 else position.state
        if move is None:
            return
        position = move.to
