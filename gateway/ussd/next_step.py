"""Next step of a dialogue: step the engine, replay, start, or show the stored screen again."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.menu import engine
from gateway.menu.model import Menu
from gateway.menu.navigation import behind_filing
from gateway.menu.session import Session, Step
from gateway.ussd import transcript
from gateway.ussd.replay import FILED, anew_after, began_anew, replay_from, replay_to
from gateway.ussd.screen_label import ScreenLabel, parse_label
from gateway.ussd.sessions import StoredSession
from gateway.ussd.start import start
from gateway.ussd.transcript import NewInput, TranscriptVerdict
from gateway.ussd.turn_context import TurnContext

_LATE_INPUT = NewInput(TranscriptVerdict.LATE)
_LOST = frozenset({"asked_again", "lost", "led_back"})  # outcomes after which inputs of this call are not taken


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
    place, label = stored.menu_session, _label_in(context.menu, turn.label)
    if "*" in added.keys or (label and label.state != place.state):
        # Perhaps a typed star, perhaps several inputs: those that Redis has missed. Only a label can tell.
        if label is None:
            return _ask_again(context, place)
        if label.state != place.state or label.length != stored.fingerprint.length:
            return _replay_missed(context, stored, label)
        context.note_stars(stored.spans, added.keys)
    return engine.step(context.menu, place, added.keys, context.limits, given=context.given, today=context.today)


def may_have_filed(context: TurnContext, step: Step) -> bool:
    """Return True if this call may have filed a report that `step` does not know: the store has lost inputs of it.

    Then a second report of the call would have the name of the first, and its ticket.
    """
    if step.session.barrier or step.end or context.is_guess:
        return False
    is_dialled = context.stored is None and context.turn.label is None  # or the transcript of a lost session
    return context.outcome in _LOST or (is_dialled and "*" in context.turn.text)


def go_on_behind(context: TurnContext, session: Session, learnt: Mapping[str, str]) -> Step | None:
    """Go on behind the ticket of a report that was filed, with the line that something was lost."""
    place = session._replace(error="lost", page=0, began=_resumed(context.menu, session.began))
    behind = behind_filing(context.menu, place, FILED, learnt, context.given)
    return engine.show(context.menu, behind, context.limits, given=context.given) if behind else None


def _label_in(menu: Menu, text: str | None) -> ScreenLabel | None:
    """Return the label that came back. Returns None if none did, or one of no screen of this menu."""
    label = parse_label(text)
    return label if label and label.state in menu.states else None


def _replay_missed(context: TurnContext, stored: StoredSession, label: ScreenLabel) -> Step:
    """Replay everything that was typed since the session was stored, or since the dialogue began anew."""
    menu, text, inputs = context.menu, context.turn.text, context.start_inputs()
    place, length = stored.menu_session, stored.fingerprint.length
    anew = anew_after(label.began)
    if anew is not None and anew >= length and label.began != place.began:
        replayed = replay_to(menu, (), text, label, inputs)
    else:
        replayed = replay_from(menu, place, length, text, label, inputs)
    # On the stored screen a bundle may also be one wrong input. Then nothing may come of it.
    if replayed is None or (replayed.step.effect and label.state == place.state and label.length is None):
        return _ask_again(context, place)
    context.outcome = "replayed"
    context.note_stars(label.spans, replayed.newest)
    return replayed.step


def _ask_again(context: TurnContext, place: Session) -> Step:
    """Show the stored screen again. No input is taken: it is not known which screens they answered."""
    if context.menu.states[place.state].kind.waits_for_input:
        context.outcome = "asked_again"
        place = place._replace(error="lost", began=_resumed(context.menu, place.began))
    return engine.show(context.menu, place, context.limits, given=context.given)


def _resumed(menu: Menu, began: str) -> str:
    """Return the beginning of a dialogue whose transcript has inputs that were not taken: no replay can begin there."""
    if began.startswith(engine.RESUME):
        return began
    return f"{engine.RESUME}{began}" if began in menu.shortcuts else engine.RESUME


def _start(context: TurnContext) -> Step:
    replayed, context.outcome = start(
        context.menu,
        context.turn,
        context.service_code,
        context.start_inputs(),
        context.resumable_session(),
        not_stored=not context.redis_unavailable,
    )
    label = parse_label(context.turn.label)
    context.note_stars(label.spans if label else (), replayed.newest)
    return replayed.step


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
            session = session._replace(error="lost", page=0, began=_resumed(context.menu, session.began))
            return engine.show(context.menu, session, context.limits, given=context.given)
    began = began_anew(len(context.turn.text))
    home = engine.show_home(
        context.menu, session.language, context.limits, given=context.given, error="lost", began=began
    )
    return home._replace(session=home.session._replace(filings=session.filings))
