"""`ask`: a typed answer, such as a text, a number, a date, a ticket or the name of a place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from gateway.menu.conditions import Clause, numbers_between
from gateway.menu.days import DATE_ERRORS
from gateway.menu.definitions.report_form import AnswerType, DeclaredAnswer, ReportForm
from gateway.menu.kinds.base import QUESTION, PackKind, StateShape
from gateway.menu.kinds.inputs import parse_input
from gateway.menu.limits import USSD_STRING
from gateway.menu.model import MATCHES, NUMBER, TYPED, Menu, State
from gateway.menu.navigation import forward, refuse
from gateway.menu.session import Input, Session

PLACE_NAME = "place_name"
ASKS = ("text", NUMBER, "date", "ticket", PLACE_NAME)

_ERRORS = {NUMBER: (NUMBER,), "date": DATE_ERRORS, "ticket": ("ticket",), PLACE_NAME: ("place",)}
_BOUNDED: Mapping[str, DeclaredAnswer] = {
    "text": DeclaredAnswer(AnswerType.TEXT, 1, USSD_STRING),
    NUMBER: DeclaredAnswer(AnswerType.NUMBER, 1),
}
"""Typed answers that have limits, with those that hold where neither the state nor report.yaml sets any."""

OTHER_INPUT = "\0"
"""Representative of every input that no condition names. Nobody can type it."""


class Ask(PackKind):
    """Question with a typed answer."""

    name = "ask"
    is_question = True
    is_typed = True
    value_type = str
    fields = frozenset({*QUESTION, "next", "limits"})

    def fields_of(self, raw: StateShape) -> frozenset[str]:
        return self.fields if raw.value(self.name) in _BOUNDED else self.fields - {"limits"}

    def source_of(self, raw: StateShape) -> str:
        return str(raw.value(self.name))

    def faults(self, raw: StateShape) -> Iterator[str]:
        if not (raw.keep and raw.next):
            yield f"{self.name} needs keep (the answer's name) and next"
        if raw.value(self.name) not in ASKS:
            yield f'unknown answer type "{raw.value(self.name)}"; expected one of {", ".join(ASKS)}'
        if raw.value(self.name) == "text" and raw.limits.max > USSD_STRING:
            yield f"limits: a USSD string holds no more than {USSD_STRING} characters: nobody can send {raw.limits.max}"

    def bounds_of(self, raw: StateShape, form: ReportForm) -> tuple[int, int]:
        """Return the limits of the state, or else those that report.yaml sets for its answer."""
        asked, given = raw.value(self.name), raw.limits.model_fields_set
        default = _BOUNDED.get(asked, _BOUNDED["text"])
        declared = form.answers.get(raw.keep, default)
        usual = declared if declared.type is default.type else default
        least = raw.limits.min if "min" in given else max(1, usual.least)
        return least, raw.limits.max if "max" in given else usual.most

    def move(self, menu: Menu, state: State, session: Session, typed: Input) -> Session:
        return answer_typed(menu, state, session, typed)

    def errors_of(self, state: State) -> Sequence[str]:
        short = ("short",) if state.least > 1 and state.source != NUMBER else ()
        return ("empty", "long", "lost", *short, *_ERRORS.get(state.source, ()))

    def possible_values(self, menu: Menu, state: State, clauses: Sequence[Clause]) -> Sequence[str]:
        if state.source == NUMBER:
            numbers = sorted({state.least, state.most, *map(int, numbers_between(clauses))})
            return [str(number) for number in numbers if state.least <= number <= state.most]
        named = {value for clause in clauses for value in clause.values} | {*numbers_between(clauses)}
        return [OTHER_INPUT, *(value for value in sorted(named) if value and self.can_keep(menu, state, value))]

    def can_keep(self, menu: Menu, state: State, value: str) -> bool:
        if state.source == "date":
            return _is_day(value)
        return parse_input(menu, state, value, None).value == value

    def edges_of(self, state: State) -> Iterator[tuple[str, str, str]]:
        yield TYPED, state.next, ""


def answer_typed(menu: Menu, state: State, session: Session, typed: Input, near: str = "") -> Session:
    """Take the input as the answer to the question of `state`. A place is searched in the region `near` first.

    A name that means one place for certain answers the question for the place too.
    """
    answer = parse_input(menu, state, typed.keys, typed.today, near)
    if answer.error:
        return refuse(session, answer.error)
    moved = forward(menu, session, state.next, {state.keep: answer.value}, typed.given)
    at = menu.states[moved.state]
    if at.source != MATCHES or not answer.sure:
        return moved
    return forward(menu, moved, at.next, {at.keep: answer.sure}, typed.given)


def _is_day(value: str) -> bool:
    try:
        return date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False
