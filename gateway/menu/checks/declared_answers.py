"""Check of the answers that a pack declares: the dialogue asks each of them, in the form that it is declared in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gateway.menu.checks.pack_files import REPORT, line_of, state_diagnostic
from gateway.menu.checks.unknowns import NOTHING_UNKNOWN, Unknowns
from gateway.menu.definitions.report_form import AnswerType, DeclaredAnswer
from gateway.menu.model import MATCHES, Menu, State
from gateway.text.diagnostics import Diagnostic

_QUESTIONS = {
    AnswerType.CHOICE: "choose, or choose_from a list that is not of places",
    AnswerType.NUMBER: "ask: number",
    AnswerType.TEXT: "ask: text",
    AnswerType.DATE: "ask: date",
    AnswerType.PLACE: f"choose_from: kelurahan, or {MATCHES}",
}
"""Question for an answer of each type, as its author writes it."""


def form_faults(menu: Menu, unknowns: Unknowns = NOTHING_UNKNOWN) -> Iterator[Diagnostic]:
    """Check for declared answers that no state keeps, and for states that keep one of another type."""
    if REPORT not in menu.lines:
        return
    for name, declared in menu.form.answers.items():
        keepers = [state for state in menu.states.values() if state.keep == name]
        if not keepers and declared.asked and not unknowns.includes_answer(name):
            message = f"no state keeps {name}; ask it in flow.yaml with keep: {name}, or write asked: false"
            yield _report_diagnostic(menu, name, message)
        yield from _keeper_faults(name, declared, keepers)


def _keeper_faults(name: str, declared: DeclaredAnswer, keepers: Sequence[State]) -> Iterator[Diagnostic]:
    for state in keepers:
        if type_of(state) != declared.type:
            yield state_diagnostic(state, type_fault(state, declared.type))
        elif declared.type is AnswerType.TEXT and state.most > declared.most:
            message = f"limits: max {state.most} is above the {declared.most} that report.yaml allows {name}"
            yield state_diagnostic(state, message)
        elif declared.type is AnswerType.NUMBER and not declared.least <= state.least <= state.most <= declared.most:
            bounds = f"{state.least} to {state.most}"
            message = f"limits: {bounds} is not within the {declared.least} to {declared.most} of {name} in report.yaml"
            yield state_diagnostic(state, message)


def type_fault(state: State, expected: AnswerType) -> str:
    """Word the message about a state that keeps an answer of another type."""
    return f"{state.keep} is of the type {expected}; ask for it with {_QUESTIONS[expected]}"


def type_of(state: State) -> AnswerType | None:
    """Return the type of the answers of a question. Returns None if none is of that type."""
    if state.kind.is_typed:
        return AnswerType(state.source) if state.source in {"text", "number", "date"} else None
    return AnswerType.PLACE if state.is_of_places else AnswerType.CHOICE


def _report_diagnostic(menu: Menu, name: str, message: str) -> Diagnostic:
    path = ("answers", name)
    return Diagnostic(REPORT, line_of(menu.lines[REPORT], path), f"{'.'.join(path)}: {message}")
