"""`resume`: a dropped dialogue, which a resident can continue, start again or delete."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from gateway.menu.kinds.base import PackKind, StateShape
from gateway.menu.model import Menu, State
from gateway.menu.navigation import at_shortcut, forward, restart
from gateway.menu.session import RESUME, GivenValues, Session

CONTINUE = "continue"
"""First option: back to the position where the dialogue was dropped."""

AGAIN = "again"
DELETE = "delete"
RESUME_OPTIONS = (AGAIN, DELETE)  # besides `CONTINUE`, which names no state


class Resume(PackKind):
    """Question of the first screen after a drop. Nothing lies behind it, and its page is that of the dropped list."""

    name = "resume"
    can_go_back = False
    value_type = dict[str, str]

    def branches_of(self, raw: StateShape) -> Mapping[str, str]:
        return raw.value(self.name) or {}

    def options_of(self, name: str, raw: StateShape) -> Mapping[str, str]:
        return {CONTINUE: name, **self.branches_of(raw)}

    def labels_of(self, raw: StateShape) -> Sequence[str]:
        branches = self.branches_of(raw)
        return (CONTINUE, *branches) if branches else ()

    def faults(self, raw: StateShape) -> Iterator[str]:
        if set(self.branches_of(raw)) != set(RESUME_OPTIONS):
            yield f"{self.name} needs exactly {', '.join(RESUME_OPTIONS)}"

    def choose(self, menu: Menu, state: State, session: Session, value: str, given: GivenValues) -> Session:
        if value == CONTINUE and not session.trail:  # shown as the main menu: nothing was dropped
            return restart(session, menu.home)
        if value == CONTINUE:
            return session._replace(state=session.trail[-1], trail=session.trail[:-1], wrong=0, called_off=False)
        dialled = session.began.removeprefix(RESUME)
        if value == AGAIN and dialled in menu.shortcuts:
            return at_shortcut(menu, session, dialled, given)
        if value == DELETE and menu.states[state.options[value]].kind.waits_for_input:
            return forward(menu, session, state.options[value], {}, given)  # it asks first
        return restart(session, state.options[value])

    def moves_of(self, menu: Menu, state: State, session: Session, given: GivenValues) -> Iterator[Session]:
        for target in self.direct_targets(state).values():
            yield Session(target, session.language)

    def direct_targets(self, state: State) -> Mapping[str, str]:
        return {option: state.options[option] for option in RESUME_OPTIONS}

    def edges_of(self, state: State) -> Iterator[tuple[str, str, str]]:
        for key, target, option in super().edges_of(state):
            yield key, "" if option == CONTINUE else target, option
