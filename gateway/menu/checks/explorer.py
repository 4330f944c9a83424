"""Explore every path through a menu with the engine's own moves.

How it works. A position is where a resident can be: a state, the truth of the menu's conditions for the answers, and
the states of the same component that lie behind (a strongly connected component: states that lead to one another in a
cycle). Two dialogues in the same position have the same moves, so each position is explored once, however many
dialogues lead to it: answers that no condition tests do not multiply.

A forward move makes the path longer. A move to a state that lies behind cuts it, as in the engine. A path never
contains a state twice, so that forward moves make no cycle, except between effects, which are on no trail.
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
from gateway.menu.checks.screens import ANY, PageNumbers
from gateway.menu.conditions import Clause
from gateway.menu.model import MATCHES, Menu, State
from gateway.menu.navigation import valid_answers
from gateway.menu.session import Session

MAX_POSITIONS = 20_000
"""Nobody could check a menu with more, nor find their path through it."""


class Position(NamedTuple):
    """Set of sessions that have the same moves."""

    facts: int  # number of the combination of facts
    state: str
    known: tuple[TruthValues, ...] = ()  # of the conditions, for the answers
    behind: frozenset[str] = frozenset()  # states of this component on the trail
    ahead: frozenset[tuple[str, str]] = frozenset()  # answers of a shortcut whose question has not come yet


class Move(NamedTuple):
    """Move to another position, with the screens that it takes to choose it."""

    to: Position
    screens: int
    is_forward: bool
    passed: tuple[str, ...] = ()  # states that were skipped, since a shortcut has answered them


class StartPoint(NamedTuple):
    position: Position
    line: int
    shown: tuple[str, ...] = ()  # screens before
    counted: bool = True  # the dialogue is a whole one, whose length counts
    passed: tuple[str, ...] = ()
    shortcut: str = ""


@dataclass(slots=True, eq=False, repr=False)
class Exploration:
    """Positions, the moves from each, and faults found on the way."""

    starts: list[StartPoint] = field(default_factory=list)
    moves: dict[Position, list[Move]] = field(default_factory=dict)
    reached: set[str] = field(default_factory=set)
    cycles: set[frozenset[str]] = field(default_factory=set)  # cycles of `otherwise` in which no condition need hold
    unasked: set[str] = field(default_factory=set)  # lists reached without the answer that narrows them
    too_large: bool = False  # given up after `MAX_POSITIONS`: incomplete


def explore(menu: Menu, page_numbers: PageNumbers, most: int = MAX_POSITIONS) -> Exploration:
    """Explore a menu from every start, with every combination of facts."""
    explorer = _Explorer(menu, page_numbers, most)
    for number, given in enumerate(fact_combinations(menu)):
        explorer.facts, explorer.given = number, given
        explorer.begin()
        explorer.run()
    return explorer.exploration


class _Explorer:
    """Exploration in progress, with one combination of facts at a time."""

    def __init__(self, menu: Menu, page_numbers: PageNumbers, most: int) -> None:
        self.menu = menu
        self._page_numbers = page_numbers
        self.most = most
        self.exploration = Exploration()
        self.facts = 0
        self.given: Mapping[str, str] = {}
        self._clauses = _clauses(menu)
        self._components = components(menu)
        self._cycles = _otherwise_cycles(menu)
        self._queue: list[tuple[Position, Session]] = []

    def begin(self) -> None:
        """Add the position of every start of a dialogue."""
        menu = self.menu
        line = {state.name: state.line for state in menu.states.values()}
        for name in (menu.start, menu.home):
            self._add_start(Session(name, menu.language), line[name])
        for name in filter(None, (menu.help, menu.resume)):
            self._add_start(Session(name, menu.language), line[name], counted=False)
        if menu.resume:
            resume = menu.states[menu.resume]
            for target in resume.kind.direct_targets(resume).values():
                self._add_start(Session(target, menu.language), resume.line, shown=(menu.resume,))
        for keys, shortcut in menu.shortcuts.items():
            first = navigation.at_shortcut(menu, Session(menu.home, menu.language), keys, self.given)
            self._add_start(first, shortcut.line, shortcut=keys, passed=first.trail[1:])

    def _add_start(
        self,
        session: Session,
        line: int,
        shown: tuple[str, ...] = (),
        counted: bool = True,
        passed: tuple[str, ...] = (),
        shortcut: str = "",
    ) -> None:
        self.exploration.starts.append(StartPoint(self._at(session), line, shown, counted, passed, shortcut))

    def _at(self, session: Session) -> Position:
        """Return the position of a session. A new one is queued to be explored."""
        counts = valid_answers(self.menu, session)
        state = self.menu.states[session.state]
        ahead = frozenset(session.answers.items() - counts.items()) if session.passing else frozenset()
        known = tuple(evaluate(clauses, counts.get(name, "")) for name, clauses in self._clauses.items())
        behind = self._components[session.state].intersection(session.trail)
        position = Position(self.facts, session.state, known, behind, ahead)
        if position not in self.exploration.moves:
            self.exploration.too_large |= len(self.exploration.moves) >= self.most
            if not self.exploration.too_large:
                self.exploration.moves[position] = []
                self.exploration.reached.update((session.state, *session.trail))
                self._queue.append((position, session._replace(passing=bool(ahead), answers={**counts, **dict(ahead)})))
            if state.is_narrowed and not counts.get(state.within):
                self.exploration.unasked.add(session.state)
        return position

    def run(self) -> None:
        """Explore the moves of every queued position, until none is left."""
        while self._queue:
            position, session = self._queue.pop()
            state = self.menu.states[session.state]
            self.exploration.moves[position] += dict.fromkeys(self._moves(state, session))

    def _moves(self, state: State, session: Session) -> Iterator[Move]:
        for at in state.kind.moves_of(self.menu, state, session, self.given):
            if state.kind.runs_effect:  # it is on no trail and has no screen
                move = self._move(session, at, session.trail, 0)
                is_over = state.source == "delete_draft" and not self.menu.states[at.state].kind.runs_effect
                yield move._replace(is_forward=False) if is_over else move  # to give a report up takes no time from it
            else:
                yield Move(self._at(at), 1, is_forward=False)
        if state.kind.is_question:
            yield from self._question_moves(state, session)

    def _question_moves(self, state: State, session: Session) -> Iterator[Move]:
        for value, screens in self._answers(state):
            target = state.options.get(value, state.next)
            yield from self._answer_moves(session, target, {state.keep: value} if state.keep else {}, screens)
        if state.zero:
            yield self._forward_move(session, state.zero[1], {state.keep: ""} if state.keep else {}, 1)
        if state.or_type:
            question = self.menu.states[state.or_type]
            asked = navigation.jump_to(session, question.name, (*session.trail, state.name), session.answers)
            self.exploration.reached.add(question.name)
            for value, _ in self._answers(question):
                for move in self._answer_moves(asked, question.next, {question.keep: value}, 1):
                    # At a list that is narrowed already, a name with several meanings is a slip, like a number
                    # without an option: either costs one more screen.
                    is_slip = state.is_narrowed and self.menu.states[move.to.state].source == MATCHES
                    yield move._replace(is_forward=False) if is_slip else move

    def _answers(self, state: State) -> Iterator[tuple[str, int]]:
        """Yield the answers that make a difference, each with the most screens that it takes."""
        clauses = self._clauses.get(state.keep, ())
        counts = self._page_numbers[state.name]
        worst: dict[tuple[str, TruthValues], tuple[str, int]] = {}
        for value in state.kind.possible_values(self.menu, state, clauses):
            alike = (state.options.get(value, state.next), evaluate(clauses, value))
            screens = counts.get(value, counts.get(ANY, 1))
            if alike not in worst or screens > worst[alike][1]:
                worst[alike] = (value, screens)
        yield from worst.values()

    def _answer_moves(self, session: Session, target: str, kept: Mapping[str, str], screens: int) -> Iterator[Move]:
        yield self._forward_move(session, target, kept, screens)
        at = navigation.forward(self.menu, session, target, kept, self.given)
        listed = self.menu.states[at.state]
        if listed.source == MATCHES and self.menu.states[session.state].source == "place_name":
            for code in representatives(self._clauses.get(listed.keep, ()), self.menu.areas.places):  # the only match
                yield self._forward_move(at, listed.next, {listed.keep: code}, screens)

    def _forward_move(self, session: Session, target: str, kept: Mapping[str, str], screens: int) -> Move:
        at = navigation.forward(self.menu, session, target, kept, self.given)
        path = (*session.trail, session.state)
        return self._move(session._replace(answers={**session.answers, **kept}), at, path, screens)

    def _move(self, session: Session, at: Session, path: tuple[str, ...], screens: int) -> Move:
        state = self.menu.states[at.state]
        known = {**self.given, **valid_answers(self.menu, session), **valid_answers(self.menu, at)}
        if at.state in self._cycles and state.condition and not state.condition.holds(known):
            self.exploration.cycles.add(self._cycles[at.state])
        return Move(self._at(at), screens, at.trail[: len(path)] == path, at.trail[len(path) :])


def _clauses(menu: Menu) -> ClausesByName:
    """Return the clauses of all conditions, and one for each list that an answer narrows: is it answered?"""
    clauses = {name: list(found) for name, found in clauses_by_name(menu).items()}
    for state in menu.states.values():
        if state.is_narrowed:
            clauses.setdefault(state.within, []).append(Clause(state.within, frozenset({""})))
    return clauses


def targets(state: State) -> list[str]:
    """Return the states that `state` names: for an answer, an outcome, or a condition that does not hold."""
    names = [*state.options.values(), state.next, state.otherwise, state.or_type]
    return [name for name in (*names, state.zero[1] if state.zero else "") if name]


def components(menu: Menu) -> Mapping[str, frozenset[str]]:
    """Return the strongly connected component of each state: the states that it leads to and that lead back to it."""
    reachable = {name: _reachable_from(menu, name) for name in menu.states}
    return {name: frozenset(other for other in reachable[name] if name in reachable[other]) for name in menu.states}


def _reachable_from(menu: Menu, name: str) -> set[str]:
    found: set[str] = set()
    names = targets(menu.states[name])
    while names:
        other = names.pop()
        if other not in found:
            found.add(other)
            names += targets(menu.states[other])
    return found


def _otherwise_cycles(menu: Menu) -> Mapping[str, frozenset[str]]:
    """Return the states whose `otherwise` leads back to them, each with all states of its cycle."""
    cycles: dict[str, frozenset[str]] = {}
    for name in menu.states:
        passed = [name]
        while (after := menu.states[passed[-1]].otherwise) and after not in passed:
            passed.append(after)
        if after == name:
            cycles[name] = frozenset(passed)
    return cycles
