"""Dialogue with the engine alone, without sessions or carriers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from gateway.menu import engine
from gateway.menu.engine import Session, Step
from gateway.menu.limits import DEFAULT, Limits
from gateway.menu.model import Menu

GIVEN = {"ussd": "*384*3375#"}
TODAY = date(2026, 11, 28)


def walk(
    menu: Menu,
    keys: str | Sequence[str],
    session: Session | None = None,
    limits: Limits = DEFAULT,
    given: Mapping[str, str] = GIVEN,
) -> Step:
    """Type inputs one after the other, from the start or from a position. Returns the last step.

    A text is split at its blanks.
    """
    led = engine.show(menu, session, limits, given=given) if session else engine.begin(menu, limits, given=given)
    for one in keys.split() if isinstance(keys, str) else keys:
        led = engine.step(menu, led.session, one, limits, given=given, today=TODAY)
    return led
