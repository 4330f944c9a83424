"""Next step of a dialogue: step the engine, replay, start, or show the stored screen again."""

from __future__ import annotations

from gateway.menu import engine
from gateway.menu.model import Menu
from gateway.menu.session import Step
from gateway.ussd import transcript
from gateway.ussd.replay import replay_from
from gateway.ussd.screen_label import ScreenLabel, parse_label
from gateway.ussd.sessions import StoredSession
from gateway.ussd.start import start
from gateway.ussd.transcript import NewInput, TranscriptVerdict
from gateway.ussd.turn_context import TurnContext

_LATE_INPUT = NewInput(TranscriptVerdict.LATE)


def next_step(context: TurnContext) -> Step:
    """Compute the next step. Sets `context.outcome` and `context.state`, the state that was answered."""
    stored, turn = context.stored, context.turn
    if stored is None:
        return _start(context)
    context.state = stored.menu_session.state
    added = _LATE_INPUT if context.superseded else transcript.new_input(stored.fingerprint, turn.text)
    context.outcome = added.verdict.value
    if context.version_unknown:
        # A late callback belongs to a dialogue that continues elsewhere: it is answered, and changes nothing.
        context.outcome = "led_back" if added.verdict is not TranscriptVerdict.LATE else context.outcome
        return _show_in_new_version(context, stored)
    if added.verdict is not TranscriptVerdict.NEW:
        return engine.show(context.menu, stored.menu_session, context.limits, given=context.given)
    context.keys = added.keys
    label = parse_label(turn.label)
    if label and label.state != stored.menu_session.state:
        # The resident has seen a later screen than the stored one: Redis was unavailable in between.
        return _replay_missed(context, stored, label)
    step = Step(stored.menu_session)
    for keys in _inputs(context.menu, stored.menu_session.state, added.keys):
        step = engine.step(context.menu, step.session, keys, context.limits, given=context.given, today=context.today)
        if step.effect:
            break
    return step


def _replay_missed(context: TurnContext, stored: StoredSession, label: ScreenLabel) -> Step:
    """Replay everything that was typed since the session was stored."""
    context.outcome = "replayed"
    step = replay_from(
        context.menu, stored.menu_session, transcript.split_inputs(context.keys), label, context.start_inputs()
    )
    if step is None:
        context.outcome = "lost"
        step = engine.show_home(context.menu, label.language, context.limits, given=context.given, error="lost")
    return step


def _start(context: TurnContext) -> Step:
    step, context.outcome = start(
        context.menu,
        context.turn,
        context.service_code,
        context.start_inputs(),
        context.resumable_session(),
        not_stored=not context.redis_unavailable,
    )
    return step


def _show_in_new_version(context: TurnContext, stored: StoredSession) -> Step:
    """Show the same screen in the current version of the menu, or the main menu. No input is taken.

    The input answered a screen whose options may have moved. A last screen is shown unchanged.
    """
    session = stored.menu_session
    if engine.has_place(context.menu, session):
        kind = context.menu.states[session.state].kind
        if kind.is_end:
            return engine.show(context.menu, session, context.limits, given=context.given)
        if not kind.runs_effect:
            session = session._replace(error="lost", page=0, began=session.began if session.resumed else engine.RESUME)
            return engine.show(context.menu, session, context.limits, given=context.given)
    return engine.show_home(context.menu, session.language, context.limits, given=context.given, error="lost")


def _inputs(menu: Menu, state: str, keys: str) -> list[str]:
    """Split the new input. A `*` is typed where text is asked for. In a menu it joins a turn that was missed."""
    return [keys] if "*" not in keys or menu.states[state].kind.is_typed else keys.split("*")
