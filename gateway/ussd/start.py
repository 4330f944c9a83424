"""Where a callback leads whose dialogue is not stored: a first dial, a dialled suffix, or a session that is lost.

A suffix that the pack declares is a shortcut: it leads where it says, however the menus are ordered. Any other is what
it would be if it were typed, and one that would be refused leads to the main menu.
"""

from __future__ import annotations

from collections.abc import Sequence

from gateway.carriers.carrier import Turn
from gateway.menu import engine
from gateway.menu.engine import Session, Step
from gateway.menu.model import Menu
from gateway.ussd.replay import StartInputs, replay, replay_to
from gateway.ussd.screen_label import ScreenLabel, parse_label
from gateway.ussd.transcript import dialled_suffix, split_inputs


def start(
    menu: Menu, turn: Turn, service_code: str, known: StartInputs, dropped: Session | None, *, surely: bool
) -> tuple[Step, str]:
    """Where `turn` leads, and as what it was taken: `new`, `replayed`, or `lost` with no way back but the main menu or
    the question whether to go on with what was dropped.

    `dropped` is the place of an earlier dialogue of this phone that may be gone on with. `surely` says that nothing was
    stored, rather than that the store could not be asked: then a text on a session that nobody has heard of is a
    suffix, otherwise it is what was typed on screens that we have forgotten.
    """
    dialled, typed, label = (
        dialled_suffix(turn.service_code, service_code),
        split_inputs(turn.text),
        parse_label(turn.label),
    )
    if label is None and (not typed or (surely and not dialled)):
        inputs = dialled or typed
        step = _dialled(menu, inputs, known, dropped, forgiving=not dialled)
        return step, "replayed" if inputs and dropped is None else "new"
    if found := _found_again(menu, dialled, typed, label, known):
        return found, "replayed"
    if dropped is not None:
        offered = engine.begin(menu, known.limits, given=known.given, dropped=dropped).session
        return engine.show(menu, offered._replace(error="lost"), known.limits, given=known.given), "lost"
    language = label.language if label else known.language
    return engine.show_home(menu, language, known.limits, given=known.given, error="lost"), "lost"


def _dialled(
    menu: Menu, inputs: Sequence[str], known: StartInputs, dropped: Session | None, *, forgiving: bool
) -> Step:
    """The first screen: after the dropped dialogue if there is one, else after the suffix.

    What came as text may also be a session that Redis has lost, so one wrong input in it is only that (`forgiving`):
    it is told, unless it is the first.
    """
    shortcut = _shortcut(menu, inputs)
    led = engine.begin(
        menu, known.limits, given=known.given, language=known.language, shortcut=shortcut, dropped=dropped
    )
    for number, keys in enumerate(() if shortcut or dropped else inputs):
        if led.effect or led.end:
            break
        led = engine.step(menu, led.session, keys, known.limits, given=known.given, today=known.today)
        if led.session.error and not (forgiving and number):
            return engine.show_home(menu, known.language, known.limits, given=known.given)
    return led


def _found_again(
    menu: Menu, dialled: Sequence[str], typed: Sequence[str], label: ScreenLabel | None, known: StartInputs
) -> Step | None:
    if label is not None:
        return replay_to(menu, [*dialled, *typed], label, known)
    shortcut = _shortcut(menu, dialled)
    return replay(menu, typed if shortcut else [*dialled, *typed], known, shortcut)


def _shortcut(menu: Menu, inputs: Sequence[str]) -> str:
    """The shortcut that a suffix is, if it is one."""
    return inputs[0] if len(inputs) == 1 and inputs[0] in menu.shortcuts else ""
