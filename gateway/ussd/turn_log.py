"""Log line of a turn: everything worth knowing about one callback, in one place."""

from __future__ import annotations

from typing import Any

from gateway.menu.session import Step
from gateway.ussd.turn_context import TurnContext

LONGEST_LOGGED_INPUT = 24
_KEYPAD = frozenset("0123456789*#")


def turn_fields(context: TurnContext, step: Step, seconds: float) -> dict[str, Any]:
    """Return the fields of the log line. Typed words are logged by their length alone."""
    session = step.session
    if _is_restricted(context, step):
        return _without_words(context, step, seconds)
    fields: dict[str, Any] = {
        "channel": context.channel,
        "session": context.turn.session,
        "state": context.state,
        "next": session.state,
        "outcome": context.outcome,
        "input": f"({len(context.keys)} characters)" if _may_be_words(context) else context.keys,
        "screen": step.screen,
        "end": step.end,
        "language": session.language,
        "ms": round(seconds * 1000, 2),
        "redis_ms": round(context.redis_s * 1000, 2),
        "sql_ms": round(context.sql_s * 1000, 2),
    }
    if "ticket" in session.answers:
        fields["ticket"] = session.answers["ticket"].replace("-", "")
    return fields


def _is_restricted(context: TurnContext, step: Step) -> bool:
    """Return True if the turn is about a restricted report, before or after its input."""
    sessions = [step.session, *(stored.menu_session for stored in (context.stored,) if stored)]
    return any(context.menu.is_restricted(session.answers.get("category", "")) for session in sessions)


def _without_words(context: TurnContext, step: Step, seconds: float) -> dict[str, Any]:
    """Return the fields of a turn about a restricted report: when it was, and how long it took."""
    return {
        "channel": context.channel,
        "session": context.turn.session,
        "outcome": context.outcome,
        "restricted": True,
        "end": step.end,
        "ms": round(seconds * 1000, 2),
        "redis_ms": round(context.redis_s * 1000, 2),
        "sql_ms": round(context.sql_s * 1000, 2),
    }


def _may_be_words(context: TurnContext) -> bool:
    if context.outcome in ("replayed", "guessed", "lost", "asked_again") or len(context.keys) > LONGEST_LOGGED_INPUT:
        return True
    # Words may come at any screen: a resident who answers the question before, or whose turn was lost, types them at
    # the wrong one. After a failure, the stored state may be none of this menu.
    state = context.menu.states.get(context.state)
    return (state is not None and state.kind.is_typed) or not _KEYPAD.issuperset(context.keys)
