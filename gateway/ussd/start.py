"""First screen for a callback without a stored session: a first dial, a dialled suffix, or a lost session.

A suffix that the pack declares is a shortcut, whatever the order of the menus. Any other suffix counts as typed inputs.
If they would be refused, the dialogue begins at the main menu.
"""

from __future__ import annotations

from collections.abc import Sequence

from gateway.carriers.carrier import Turn
from gateway.menu import engine
from gateway.menu.model import Menu
from gateway.menu.session import Session, Step
from gateway.ussd.replay import StartInputs, replay, replay_to
from gateway.ussd.screen_label import ScreenLabel, parse_label
from gateway.ussd.transcript import dialled_suffix, split_inputs


def start(
    menu: Menu, turn: Turn, service_code: str, inputs: StartInputs, dropped: Session | None, *, not_stored: bool
) -> tuple[Step, str]:
    """Start or replay the dialogue of `turn`. Returns the step, and the outcome for the log.

    The outcome is `new`, `replayed`, or `lost`: then nothing fits, and the main menu is shown, or the question whether
    to resume the `dropped` dialogue of this phone. `not_stored` means that Redis was read and has no session: then the
    text of an unknown session is a dialled suffix. Otherwise it is the transcript of a lost session.
    """
    dialled = dialled_suffix(turn.service_code, service_code)
    typed, label = split_inputs(turn.text), parse_label(turn.label)
    if label is None and (not typed or (not_stored and not dialled)):
        suffix = dialled or typed
        step = _dial(menu, suffix, inputs, dropped, forgiving=not dialled)
        return step, "replayed" if suffix and dropped is None else "new"
    if found := _replay_lost(menu, dialled, typed, label, inputs):
        return found, "replayed"
    if dropped is not None:
        offered = engine.begin(menu, inputs.limits, given=inputs.given, dropped=dropped).session
        return engine.show(menu, offered._replace(error="lost"), inputs.limits, given=inputs.given), "lost"
    language = label.language if label else inputs.language
    return engine.show_home(menu, language, inputs.limits, given=inputs.given, error="lost"), "lost"


def _dial(menu: Menu, suffix: Sequence[str], inputs: StartInputs, dropped: Session | None, *, forgiving: bool) -> Step:
    """Show the first screen: the question about the dropped dialogue, or the screen that the suffix leads to.

    A suffix in the text may also be a session that Redis has lost. So a wrong input in it is only refused on its screen
    (`forgiving`), unless it is the first one.
    """
    shortcut = _shortcut(menu, suffix)
    step = engine.begin(
        menu, inputs.limits, given=inputs.given, language=inputs.language, shortcut=shortcut, dropped=dropped
    )
    if shortcut or dropped:
        return step
    for number, keys in enumerate(suffix):
        if step.effect or step.end:
            break
        step = engine.step(menu, step.session, keys, inputs.limits, given=inputs.given, today=inputs.today)
        if step.session.error and not (forgiving and number):
            return engine.show_home(menu, inputs.language, inputs.limits, given=inputs.given)
    return step


def _replay_lost(
    menu: Menu, dialled: Sequence[str], typed: Sequence[str], label: ScreenLabel | None, inputs: StartInputs
) -> Step | None:
    if label is not None:
        return replay_to(menu, [*dialled, *typed], label, inputs)
    shortcut = _shortcut(menu, dialled)
    return replay(menu, typed if shortcut else [*dialled, *typed], inputs, shortcut)


def _shortcut(menu: Menu, suffix: Sequence[str]) -> str:
    """Return the shortcut that this suffix is, or an empty text."""
    return suffix[0] if len(suffix) == 1 and suffix[0] in menu.shortcuts else ""
