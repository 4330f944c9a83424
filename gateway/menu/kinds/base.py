"""Base class of the kinds of state, and the schema of a state in flow.yaml.

A kind reads its part of flow.yaml (`branches_of` to `reference_faults`), and then serves the engine, the checks and the
drawing (the methods of `StateKind`). The defaults here are those of a state that offers numbered options.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, ClassVar

from pydantic import BaseModel, Field, create_model, field_validator

from gateway.menu.conditions import Clause, read_condition
from gateway.menu.definitions.report_form import ReportForm
from gateway.menu.kinds.fields import STRICT, InputLimitsShape, Name
from gateway.menu.kinds.typed_labels import chosen_by_label
from gateway.menu.model import Menu, State, StateKind, choices
from gateway.menu.navigation import forward, parent_answer, refuse
from gateway.menu.paging import pages
from gateway.menu.session import GivenValues, Input, Session
from gateway.text.wording import Wording

ALWAYS = frozenset({"only_if", "otherwise"})  # keys that every state may have
SCREEN = frozenset({"words", "zero"})
CHOICE_ERRORS = ("choice", "empty", "lost")
QUESTION = frozenset({*SCREEN, "keep", "within"})


class StateShape(BaseModel):
    """State in flow.yaml. `state_shape` adds the keys that the kinds begin with."""

    model_config = STRICT
    kind_table: ClassVar[Mapping[str, PackKind]]

    then: dict[str, str] = {}
    within: str = ""
    keep: str = ""
    next: str = ""
    zero: dict[Name, str] = Field(default={}, max_length=1)
    limits: InputLimitsShape = InputLimitsShape()
    only_if: str = ""
    otherwise: str = ""
    or_type: str = ""
    words: str = ""
    continue_at: str = ""

    @property
    def kinds(self) -> list[PackKind]:
        """Kinds whose key the state has. A valid state has exactly one."""
        return [kind for name, kind in self.kind_table.items() if self.value(name) is not None]

    @property
    def labels(self) -> list[str]:
        """Names of the texts of its screen, besides the heading."""
        options = next(filter(None, (kind.labels_of(self) for kind in self.kinds)), ())
        return [*options, *self.zero]

    @property
    def targets(self) -> list[str]:
        """Names of all states that it refers to. Empty for an option without one, so that it is reported as unknown."""
        branches = next(filter(None, (kind.branches_of(self) for kind in self.kinds)), self.then)
        names = filter(None, (self.next, self.otherwise, self.or_type, self.words, self.continue_at))
        return [*branches.values(), *self.zero.values(), *names]

    def value(self, kind: str) -> Any:
        """Return the value of the key that a kind begins with. Returns None without that key."""
        return getattr(self, kind, None)

    @field_validator("only_if")
    @classmethod
    def _readable(cls, text: str) -> str:
        if text:
            read_condition(text)
        return text


def state_shape(kinds: Mapping[str, PackKind]) -> type[StateShape]:
    """Make the schema of a state that may be of any of these kinds."""
    fields: dict[str, Any] = {name: (kind.value_type | None, None) for name, kind in kinds.items()}
    shape = create_model("StateShape", __base__=StateShape, **fields)
    shape.kind_table = kinds
    return shape


class PackKind(StateKind):
    """Kind of state that can be read from flow.yaml."""

    value_type: ClassVar[Any] = bool  # of the value in flow.yaml, below the key `name`
    fields: ClassVar[frozenset[str]] = SCREEN  # keys that a state of this kind may have besides

    # Reading flow.yaml ---------------------------------------------------------------------------------------

    def fields_of(self, raw: StateShape) -> frozenset[str]:
        """Return the keys that have a meaning in this state."""
        return self.fields

    def branches_of(self, raw: StateShape) -> Mapping[str, str]:
        """Return the options or outcomes of a state, each with the state that it leads to."""
        return {}

    def options_of(self, name: str, raw: StateShape) -> Mapping[str, str]:
        """Return `State.options` of the state called `name`."""
        return self.branches_of(raw)

    def source_of(self, raw: StateShape) -> str:
        """Return `State.source`."""
        return ""

    def bounds_of(self, raw: StateShape, form: ReportForm) -> tuple[int, int]:
        """Return `State.least` and `State.most`."""
        return raw.limits.min, raw.limits.max

    def labels_of(self, raw: StateShape) -> Sequence[str]:
        """Return the options that need a text in every wording."""
        return list(self.branches_of(raw))

    def faults(self, raw: StateShape) -> Iterator[str]:
        """Yield messages about the state alone."""
        yield from ()

    def list_faults(self, raw: StateShape, levels: Sequence[str]) -> Iterator[str]:
        """Yield a message about a list that a pack with these levels of place, the largest first, does not have."""
        yield from ()

    def reference_faults(
        self, raw: StateShape, known: Mapping[str, StateShape], levels: Sequence[str]
    ) -> Iterator[str]:
        """Yield messages about the state together with the others."""
        yield from ()

    # Engine --------------------------------------------------------------------------------------------------

    def choices_of(self, menu: Menu, state: State, within: str) -> Sequence[str]:
        return tuple(state.options)

    def option_text(self, menu: Menu, state: State, words: Wording, value: str, offered: Collection[str]) -> str:
        return words.screens[state.words][value]

    def move(self, menu: Menu, state: State, session: Session, typed: Input) -> Session:
        within = parent_answer(state, session)
        value = choices(menu, state, within).get(typed.number)
        if value is not None:
            return self.choose(menu, state, session, value, typed.given)
        if turned := turn_page(menu, state, session, typed):
            return turned
        value = chosen_by_label(menu, state, session.language, choices(menu, state, within).values(), typed.keys)
        if value is not None:
            return self.choose(menu, state, session, value, typed.given)
        return refuse(session, "choice" if typed.keys else "empty")

    def errors_of(self, state: State) -> Sequence[str]:
        return CHOICE_ERRORS

    def choose(self, menu: Menu, state: State, session: Session, value: str, given: GivenValues) -> Session:
        """Return the position after the option `value`."""
        return forward(menu, session, state.options[value], {state.keep: value} if state.keep else {}, given)

    # Checks and drawing --------------------------------------------------------------------------------------

    def possible_values(self, menu: Menu, state: State, clauses: Sequence[Clause]) -> Sequence[str]:
        return list(state.options)

    def can_keep(self, menu: Menu, state: State, value: str) -> bool:
        return value in self.possible_values(menu, state, ())

    def moves_of(self, menu: Menu, state: State, session: Session, given: GivenValues) -> Iterator[Session]:
        yield from ()

    def commits(self, state: State, outcome: str) -> bool:
        return False

    def direct_targets(self, state: State) -> Mapping[str, str]:
        return {}

    def edges_of(self, state: State) -> Iterator[tuple[str, str, str]]:
        for number, (option, target) in enumerate(state.options.items(), start=1):
            yield str(number), target, option


def turn_page(menu: Menu, state: State, session: Session, typed: Input) -> Session | None:
    """Return the position on the next page. Returns None if it is not the key for it, or on the last page."""
    if typed.number != (typed.limits.keys or menu.keys).more:
        return None
    count = len(pages(menu, state, session.language, parent_answer(state, session), typed.limits))
    return session._replace(page=session.page + 1, wrong=0) if session.page < count - 1 else None
