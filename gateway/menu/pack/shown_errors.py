"""Error lines that a gateway with a pack shows, by what its dialogue asks for."""

from __future__ import annotations

from gateway.menu.days import DATE_ERRORS
from gateway.menu.kinds.ask import Ask
from gateway.menu.pack.schema import ERRORS, NUMBER, SHORT, FlowShape


def shown_errors(flow: FlowShape | None) -> list[str]:
    """Return the names of the error lines that a gateway with this pack shows."""
    states = flow.states.values() if flow else ()
    names = [*ERRORS]
    if any(state.value(Ask.name) == "date" for state in states):
        names += DATE_ERRORS
    if any(state.limits.min > 1 and state.value(Ask.name) == "text" for state in states):
        names.append(SHORT)
    if any(state.value(Ask.name) == NUMBER for state in states):
        names.append(NUMBER)
    return names
