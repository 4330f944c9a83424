"""Every way through a menu, found by walking it with the engine's own moves.

How it thinks. A place is where a resident can be: a state, what the conditions of the menu can still tell about the
answers, and which states of the same knot lie behind (a knot: states that lead to one another in a ring; whoever has
left one never comes back but by going back). Two dialogues at the same place have the same ways on, so that each place
is walked once, however many dialogues lead there: the answers that no condition looks at do not multiply.

A move forth makes the way longer; one to a state that lies behind cuts it, as in the engine. A way never holds a state
twice, so that moves forth make no ring, except between effects, which lie on no way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from gateway.menu import navigation
from gateway.menu.checks.answer_values import (
    ClausesByName,
    TruthValues,
    clauses_by_name,
    evaluate,
    fact_combinations,
    representatives,
)
from gateway.menu.checks.screens import ANY, Turned
from gateway.menu.conditions import Clause
from gateway.menu.model import MATCHES, Menu, State
from gateway.menu.navigation import valid_answers
from gateway.menu.session import Session

MAX_POSITIONS = 20_000
"""A menu with more is not a menu that anybody could prove, or find the way through."""


class Position(NamedTuple):
    """Where a resident can be, as far as it makes a difference."""

    world: int  # how the facts stand
    state: str
    known: tuple[TruthValues, ...] = ()  # what the conditions say of the answers
    behind: frozenset[str] = frozenset()  # the states of this knot that were passed
    ahead: frozenset[tuple[str, str]] = frozenset()  # what a shortcut has answered and nothing has asked


class Move(NamedTuple):
    """A way on: where to, the screens that it takes to choose it, and whether it leads forth."""

    to: Position
    screens: int
    is_forward: bool
    passed: tuple[str, ...] = ()  # the states that a shortcut has answered


class StartPoint(NamedTuple):
    """Where a dialogue begins: the screens before, and its first place. `counted` is whether it is a whole dialogue."""

    place: Position
    line: int
    shown: tuple[str, ...] = ()
    counted: bool = True
    passed: tuple[str, ...] = ()
    shortcut: str = ""


@dataclass(slots=True, eq=False, repr=False)
class Exploration:
    """All places, the moves from each, and what was met on the way."""

    starts: list[StartPoint] = field(default_factory=list)
    moves: dict[Position, list[Move]] = field(default_factory=dict)
    reached: set[str] = field(default_factory=set)
    cycles: set[frozenset[str]] = field(default_factory=set)  # rings of conditions, none of which need hold
    unasked: set[str] = field(default_factory=set)  # lists of places that come before what narrows them
    too_large: bool = False  # given up: what is here is not all


def explore(menu: Menu, turned: Turned, most: int = MAX_POSITIONS) -> Exploration:
    """Walk `menu` from every beginning, however the facts stand. `turned`: the screens that each option takes."""
    walker = _Explorer(menu, turned, most)
    for number, given in enumerate(fact_combinations(menu)):
        walker.world, walker.given = number, given
        walker.begin()
        walker.run()
    return walker.walked


class _Explorer:
    """The walk in progress, in one world at a time."""

    def __init__(self, menu: Menu, turned: Turned, most: int) -> None:
        self.menu = menu
        self.turned = turned
        self.most = most
        self.walked = Exploration()
        self.world = 0
        self.given: Mapping[str, str] = {}
        self._tested = _tested(menu)
        self._knots = components(menu)
        self._rings = _rings(menu)
        self._open: list[tuple[Position, Session]] = []

    def begin(self) -> None:
        """Put down every place where a dialogue begins."""
        menu = self.menu
        line = {state.name: state.line for state in menu.states.values()}
        for name in (menu.start, menu.home):
            self._root(Session(name, menu.language), line[name])
        for name in filter(None, (menu.help, menu.resume)):
            self._root(Session(name, menu.language), line[name], counted=False)
        if menu.resume:
            resume = menu.states[menu.resume]
            for target in resume.kind.direct_targets(resume).values():
                self._root(Session(target, menu.language), resume.line, shown=(menu.resume,))
        for keys, shortcut in menu.shortcuts.items():
            first = navigation.at_shortcut(menu, Session(menu.home, menu.language), keys, self.given)
            self._root(first, shortcut.line, shortcut=keys, passed=first.trail[1:])

    def _root(
        self,
        session: Session,
        line: int,
        shown: tuple[str, ...] = (),
        counted: bool = True,
        passed: tuple[str, ...] = (),
        shortcut: str = "",
    ) -> None:
        self.walked.starts.append(StartPoint(self._at(session), line, shown, counted, passed, shortcut))

    def _at(self, session: Session) -> Position:
        """The place of `session`, put down to be walked from if it is new."""
        counts = valid_answers(self.menu, session)
        state = self.menu.states[session.state]
        ahead = frozenset(session.answers.items() - counts.items()) if session.passing else frozenset()
        known = tuple(evaluate(clauses, counts.get(name, "")) for name, clauses in self._tested.items())
        behind = self._knots[session.state].intersection(session.trail)
        place = Position(self.world, session.state, known, behind, ahead)
        if place not in self.walked.moves:
            self.walked.too_large |= len(self.walked.moves) >= self.most
            if not self.walked.too_large:
                self.walked.moves[place] = []
                self.walked.reached.update((session.state, *session.trail))
                self._open.append((place, session._replace(passing=bool(ahead), answers={**counts, **dict(ahead)})))
            if state.is_narrowed and not counts.get(state.within):
                self.walked.unasked.add(session.state)
        return place

    def run(self) -> None:
        """Walk on from every place that was put down, until there is none left."""
        while self._open:
            place, session = self._open.pop()
            state = self.menu.states[session.state]
            self.walked.moves[place] += dict.fromkeys(self._moves(state, session))

    def _moves(self, state: State, session: Session) -> Iterator[Move]:
        for at in state.kind.moves_of(self.menu, state, session, self.given):
            if state.kind.runs_effect:  # it is on no trail, and takes no screen
                yield self._move(session, at, session.trail, 0)
            else:
                yield Move(self._at(at), 1, False)
        if state.kind.is_question:
            yield from self._forth(state, session)

    def _forth(self, state: State, session: Session) -> Iterator[Move]:
        for value, screens in self._answers(state):
            target = state.options.get(value, state.next)
            yield from self._answered(session, target, {state.keep: value} if state.keep else {}, screens)
        if state.zero:
            yield self._moved(session, state.zero[1], {state.keep: ""} if state.keep else {}, 1)
        if state.or_type:
            question = self.menu.states[state.or_type]
            there = navigation.jump_to(session, question.name, (*session.trail, state.name), session.answers)
            self.walked.reached.add(question.name)
            for value, _ in self._answers(question):
                for move in self._answered(there, question.next, {question.keep: value}, 1):
                    # Where a list has been narrowed already, a name that must be asked back is a slip, as a number is
                    # that nothing has: either costs one more screen.
                    slip = state.is_narrowed and self.menu.states[move.to.state].source == MATCHES
                    yield move._replace(is_forward=False) if slip else move

    def _answers(self, state: State) -> Iterator[tuple[str, int]]:
        """The answers that make a difference, each with the screens that it takes at worst."""
        clauses = self._tested.get(state.keep, ())
        turned = self.turned[state.name]
        worst: dict[tuple[str, TruthValues], tuple[str, int]] = {}
        for value in state.kind.possible_values(self.menu, state, clauses):
            alike = (state.options.get(value, state.next), evaluate(clauses, value))
            screens = turned.get(value, turned.get(ANY, 1))
            if alike not in worst or screens > worst[alike][1]:
                worst[alike] = (value, screens)
        yield from worst.values()

    def _answered(self, session: Session, target: str, kept: Mapping[str, str], screens: int) -> Iterator[Move]:
        yield self._moved(session, target, kept, screens)
        at = navigation.forward(self.menu, session, target, kept, self.given)
        listed = self.menu.states[at.state]
        if listed.source == MATCHES and self.menu.states[session.state].source == "place_name":
            for code in representatives(self._tested.get(listed.keep, ()), self.menu.areas.kelurahan):  # surely meant
                yield self._moved(at, listed.next, {listed.keep: code}, screens)

    def _moved(self, session: Session, target: str, kept: Mapping[str, str], screens: int) -> Move:
        at = navigation.forward(self.menu, session, target, kept, self.given)
        way = (*session.trail, session.state)
        return self._move(session._replace(answers={**session.answers, **kept}), at, way, screens)

    def _move(self, session: Session, at: Session, way: tuple[str, ...], screens: int) -> Move:
        state = self.menu.states[at.state]
        known = {**self.given, **valid_answers(self.menu, session), **valid_answers(self.menu, at)}
        if at.state in self._rings and state.condition and not state.condition.holds(known):
            self.walked.cycles.add(self._rings[at.state])
        return Move(self._at(at), screens, at.trail[: len(way)] == way, at.trail[len(way) :])


def _tested(menu: Menu) -> ClausesByName:
    """What the conditions look at, and whether that was answered which narrows a list of places."""
    clauses = {name: list(found) for name, found in clauses_by_name(menu).items()}
    for state in menu.states.values():
        if state.is_narrowed:
            clauses.setdefault(state.within, []).append(Clause(state.within, frozenset({""})))
    return clauses


def targets(state: State) -> list[str]:
    """The states that `state` names: by an answer, an outcome, or because it is passed over."""
    ways = [*state.options.values(), state.next, state.otherwise, state.or_type]
    return [name for name in (*ways, state.zero[1] if state.zero else "") if name]


def components(menu: Menu) -> Mapping[str, frozenset[str]]:
    """For each state, those that it leads to and that lead back to it."""
    reach = {name: _reach(menu, name) for name in menu.states}
    return {name: frozenset(other for other in reach[name] if name in reach[other]) for name in menu.states}


def _reach(menu: Menu, name: str) -> set[str]:
    found: set[str] = set()
    ways = targets(menu.states[name])
    while ways:
        other = ways.pop()
        if other not in found:
            found.add(other)
            ways += targets(menu.states[other])
    return found


def _rings(menu: Menu) -> Mapping[str, frozenset[str]]:
    """The states that are passed over for one another in a ring, with all states of it."""
    rings: dict[str, frozenset[str]] = {}
    for name in menu.states:
        passed = [name]
        while (after := menu.states[passed[-1]].otherwise) and after not in passed:
            passed.append(after)
        if after == name:
            rings[name] = frozenset(passed)
    return rings
