"""First screen for a callback without a stored session: a first dial, a dialled suffix, or a lost session.

A suffix that the pack declares is a shortcut, whatever the order of the menus. Any other suffix counts as typed inputs.
If they would be refused, the dialogue begins at the main menu. A suffix has no effect: its inputs saw no screen.
"""

from __future__ import annotations

from collections.abc import Sequence

from gateway.carriers.carrier import Turn
from gateway.menu import engine
from gateway.menu.model import Menu
from gateway.menu.session import RESUME, Session, Step
from gateway.ussd.replay import Replay, StartInputs, began_anew, guess, replay_from, replay_to
from gateway.ussd.screen_label import ScreenLabel, parse_label
from gateway.ussd.transcript import dialled_suffix, split_inputs


def start(
    menu: Menu, turn: Turn, service_code: str, inputs: StartInputs, dropped: Session | None, *, not_stored: bool
) -> tuple[Replay, str]:
    """Start or replay the dialogue of `turn`. Returns the step with its newest input, and the outcome for the log.

    The outcome is `new`, `replayed`, `guessed`, or `lost`: then nothing fits, and the main menu is shown, or the
    question whether to resume the `dropped` dialogue of this phone. `not_stored` means that Redis was read and has no
    session: then the text of an unknown session is a dialled suffix. Otherwise it is the transcript of a lost session.
    """
    dialled, typed = dialled_suffix(turn.service_code, service_code), split_inputs(turn.text)
    label = parse_label(turn.label)
    if label is None and (not_stored or not typed):
        step = _dial(menu, dialled, typed, inputs, dropped)
        return Replay(step, ""), "replayed" if (dialled or typed) and dropped is None else "new"
    if label is None:
        shortcut = _shortcut(menu, dialled)
        step_or_none = guess(menu, typed if shortcut else [*dialled, *typed], inputs, shortcut)
        if step_or_none is not None:
            return Replay(step_or_none, ""), "guessed"
    elif replayed := _replay_labelled(menu, turn, dialled, label, inputs, dropped):
        return replayed, "replayed"
    return Replay(_lost(menu, turn, label, inputs, dropped), ""), "lost"


def _replay_labelled(
    menu: Menu,
    turn: Turn,
    dialled: Sequence[str],
    label: ScreenLabel,
    inputs: StartInputs,
    dropped: Session | None,
) -> Replay | None:
    """Replay from the beginning that the label has. Redis may still have the dialogue that was resumed."""
    if dropped is None or not label.began.startswith(RESUME):
        return replay_to(menu, dialled, turn.text, label, inputs)
    offered = engine.begin(menu, inputs.limits, given=inputs.given, dropped=dropped).session
    return replay_from(menu, offered._replace(began=label.began), 0, turn.text, label, inputs)


def _lost(menu: Menu, turn: Turn, label: ScreenLabel | None, inputs: StartInputs, dropped: Session | None) -> Step:
    if dropped is not None:
        offered = engine.begin(menu, inputs.limits, given=inputs.given, dropped=dropped).session
        return engine.show(menu, offered._replace(error="lost"), inputs.limits, given=inputs.given)
    language, began = label.language if label else inputs.language, began_anew(len(turn.text))
    return engine.show_home(menu, language, inputs.limits, given=inputs.given, error="lost", began=began)


def _dial(
    menu: Menu, dialled: Sequence[str], typed: Sequence[str], inputs: StartInputs, dropped: Session | None
) -> Step:
    """Show the first screen: the question about the dropped dialogue, or the screen that the suffix leads to.

    A suffix in the text may also be a session that Redis has lost. So its inputs answer no question but the one for the
    language, and a wrong one is only refused on its screen, unless it is the first.
    """
    shortcut = _shortcut(menu, dialled or typed)
    step = engine.begin(
        menu, inputs.limits, given=inputs.given, language=inputs.language, shortcut=shortcut, dropped=dropped
    )
    if dropped:
        return step
    suffix = [*dialled, *typed] if not shortcut else typed if dialled else ()
    for number, keys in enumerate(suffix):
        if step.end:
            break
        place, asked = step.session, menu.states[step.session.state]
        step = engine.step(menu, place, keys, inputs.limits, given=inputs.given, today=inputs.today)
        answered = asked.source != "languages" and bool(step.session.answers.items() - place.answers.items())
        if step.effect or (typed and answered):
            place = place._replace(error="lost", began=f"{RESUME}{shortcut}")
            return engine.show(menu, place, inputs.limits, given=inputs.given)
        if step.session.error and not (typed and number):
            return engine.show_home(menu, inputs.language, inputs.limits, given=inputs.given)
    return step


def _shortcut(menu: Menu, suffix: Sequence[str]) -> str:
    """Return the shortcut that this suffix is, or an empty text."""
    return suffix[0] if len(suffix) == 1 and suffix[0] in menu.shortcuts else ""
