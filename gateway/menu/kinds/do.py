"""`do`: an effect of the gateway, without a screen. Its outcome leads on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from gateway.menu.kinds.base import PackKind, StateShape
from gateway.menu.model import Menu, State
from gateway.menu.navigation import after_effect
from gateway.menu.session import NO_VALUES, GivenValues, Session

EFFECTS: Mapping[str, frozenset[str]] = {  # effect → its outcomes
    "file_report": frozenset({"filed", "kept", "unknown", "called_off", "failed"}),
    "complete_report": frozenset({"completed", "kept", "failed"}),
    "find_report": frozenset({"found", "none", "locked", "failed"}),
    "add_details": frozenset({"added", "failed"}),
    "erase_number": frozenset({"erased", "failed"}),
    "subscribe": frozenset({"done", "failed"}),
    "unsubscribe": frozenset({"done", "failed"}),
    "delete_draft": frozenset({"deleted", "filed", "kept", "failed"}),
}
OPTIONAL_OUTCOMES: Mapping[str, frozenset[str]] = {  # a pack without them goes on as if the effect had failed
    "file_report": frozenset({"unknown", "called_off"}),
    "complete_report": frozenset({"kept"}),
    "delete_draft": frozenset({"filed", "kept"}),
}
COMMITTED: Mapping[str, frozenset[str]] = {"file_report": frozenset({"filed", "kept"})}
"""Outcomes after which the report of the dialogue is filed, or surely will be."""


class Do(PackKind):
    """Effect that the caller of the engine carries out. It is never part of a trail."""

    name = "do"
    runs_effect = True
    waits_for_input = False
    value_type = str
    fields = frozenset({"then"})

    def branches_of(self, raw: StateShape) -> Mapping[str, str]:
        return raw.then

    def source_of(self, raw: StateShape) -> str:
        return str(raw.value(self.name))

    def labels_of(self, raw: StateShape) -> Sequence[str]:
        return ()

    def faults(self, raw: StateShape) -> Iterator[str]:
        effect = raw.value(self.name)
        if effect not in EFFECTS:
            yield f'unknown effect "{effect}"; expected one of {", ".join(EFFECTS)}'
            return
        optional = OPTIONAL_OUTCOMES.get(effect, frozenset())
        if set(raw.then) | optional != EFFECTS[effect]:
            needed = f"then needs exactly {', '.join(sorted(EFFECTS[effect] - optional))}"
            yield f"{needed}, and may have {', '.join(sorted(optional))}" if optional else needed

    def choices_of(self, menu: Menu, state: State, within: str) -> Sequence[str]:
        return ()

    def errors_of(self, state: State) -> Sequence[str]:
        return ()

    def moves_of(self, menu: Menu, state: State, session: Session, given: GivenValues) -> Iterator[Session]:
        for outcome in state.options:
            yield after_effect(menu, session, outcome, NO_VALUES, given)

    def commits(self, state: State, outcome: str) -> bool:
        return outcome in COMMITTED.get(state.source, ())

    def edges_of(self, state: State) -> Iterator[tuple[str, str, str]]:
        for outcome, target in state.options.items():
            yield outcome, target, ""
