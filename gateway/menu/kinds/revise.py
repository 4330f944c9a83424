"""`revise`: earlier answers, one of which can be given again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gateway.menu.kinds.base import PackKind, StateShape
from gateway.menu.kinds.fields import Name
from gateway.menu.model import Menu, State
from gateway.menu.navigation import jump_to, reopen
from gateway.menu.session import GivenValues, Session


class Revise(PackKind):
    """Choice of an earlier question, which is then asked again."""

    name = "revise"
    value_type = dict[Name, str]

    def branches_of(self, raw: StateShape) -> Mapping[str, str]:
        return raw.value(self.name) or {}

    def faults(self, raw: StateShape) -> Iterator[str]:
        if not raw.value(self.name):
            yield f"{self.name} needs at least one option"

    def choose(self, menu: Menu, state: State, session: Session, value: str, given: GivenValues) -> Session:
        return reopen(menu, session, state.options[value])

    def moves_of(self, menu: Menu, state: State, session: Session, given: GivenValues) -> Iterator[Session]:
        for target in state.options.values():
            yield jump_to(session, target, session.trail, session.answers)._replace(passing=False)
