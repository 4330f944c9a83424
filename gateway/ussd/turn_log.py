"""The canonical line of a turn: everything that is worth knowing of one callback, in one place."""

from __future__ import annotations

from typing import Any

from gateway.menu.engine import Step
from gateway.ussd.turn_context import TurnContext

LONGEST_LOGGED_INPUT = 24
_KEYPAD = frozenset("0123456789*#")


def turn_fields(hop: TurnContext, step: Step, seconds: float) -> dict[str, Any]:
    """The fields of the line. What a resident typed in words is told by its length alone."""
    place = step.session
    fields: dict[str, Any] = {
        "channel": hop.channel,
        "session": hop.turn.session,
        "state": hop.state,
        "next": place.state,
        "outcome": hop.outcome,
        "input": f"({len(hop.keys)} characters)" if _in_words(hop) else hop.keys,
        "screen": step.screen,
        "end": step.end,
        "language": place.language,
        "ms": round(seconds * 1000, 2),
        "redis_ms": round(hop.redis_s * 1000, 2),
        "sql_ms": round(hop.sql_s * 1000, 2),
    }
    if "ticket" in place.answers:
        fields["ticket"] = place.answers["ticket"].replace("-", "")
    return fields


def _in_words(hop: TurnContext) -> bool:
    if hop.outcome in ("replayed", "lost") or len(hop.keys) > LONGEST_LOGGED_INPUT:
        return True
    # Words may come at any screen: who answers the question before, or whose hop was lost, types them at the wrong one.
    state = hop.menu.states.get(hop.state)  # what a failed hop found stored may be no state at all
    return (state is not None and state.kind.is_typed) or not _KEYPAD.issuperset(hop.keys)
