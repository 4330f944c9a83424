"""The longest way from the beginning of a dialogue to its end, in screens that must be answered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from itertools import chain

from gateway.menu.checks.explorer import Exploration, Move, Position, StartPoint
from gateway.menu.model import Menu

SECONDS_A_SCREEN = 12  # to read, think and type
SECONDS_A_SESSION = 180  # a network ends it then, whatever is typed (facts/protocols.md A.4)


@dataclass(frozen=True, slots=True)
class LongestPath:
    """The screens of the longest way, in their order, and how many it takes with the pages that are turned."""

    states: tuple[str, ...] = ()
    screens: int = 0
    line: int = 0  # of the state or the shortcut that it begins with

    @property
    def seconds(self) -> int:
        return self.screens * SECONDS_A_SCREEN

    def __str__(self) -> str:
        return " > ".join(self.states)


class CycleFound(Exception):
    """Effects lead to one another in a ring: the gateway would go round in it without a screen."""

    def __init__(self, states: frozenset[str]) -> None:
        self.states = states
        super().__init__(self.__doc__)


def find_longest_path(menu: Menu, walked: Exploration) -> LongestPath:
    """The longest of all ways from a beginning to an end. Raises `GoesRound`."""
    onward = {place: [move.to for move in moves if move.is_forward] for place, moves in walked.moves.items()}
    try:
        order = list(TopologicalSorter(onward).static_order())  # what a place leads to comes before it
    except CycleError as error:
        raise CycleFound(frozenset(place.state for place in error.args[1])) from None
    left: dict[Position, int] = {}  # screens to the end
    best: dict[Position, Move] = {}
    for place in order:
        if menu.states[place.state].kind.is_end:
            left[place] = 0
        for move in walked.moves.get(place, ()):
            if move.is_forward and move.to in left and move.screens + left[move.to] > left.get(place, -1):
                left[place], best[place] = move.screens + left[move.to], move
    roots = [root for root in walked.starts if root.counted and root.place in left]
    if not roots:
        return LongestPath()
    root = max(roots, key=lambda root: len(root.shown) + left[root.place])
    shown = chain(root.shown, _shown(menu, root, best))
    return LongestPath(tuple(shown), len(root.shown) + left[root.place], root.line)


def _shown(menu: Menu, root: StartPoint, best: dict[Position, Move]) -> Iterator[str]:
    """The states that have a screen on this way, with the pages that are turned."""
    place = root.place
    while True:
        move = best.get(place)
        if not menu.states[place.state].kind.runs_effect:
            yield f"{place.state} ({move.screens} pages)" if move and move.screens > 1 else place.state
        if move is None:
            return
        place = move.to
