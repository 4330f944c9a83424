"""A dialogue from its start, by all that was typed: for a dialled suffix, and for a session that is lost.

Nothing in the carrier's text tells a `*` that was typed from one that joins two inputs. What helps is the label of the
screen that the newest input answers (facts/protocols.md A.1): a reading that ends on another screen cannot be right.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from gateway.menu import engine
from gateway.menu.definition import Kind, Menu
from gateway.menu.engine import Limits, Step

MOST_JOINED = 16  # parts of one text: nobody types more stars, and each costs a walk


def replay(
    menu: Menu,
    parts: Sequence[str],
    label: str | None,
    limits: Limits,
    *,
    given: Mapping[str, str],
    today: date,
) -> Step:
    """Where `parts` (the text, split at every `*`) lead, if the newest of them was typed on the screen `label`.

    It stops at the first effect. Without a label, or where no reading agrees with it, every part is an input. Where
    several agree, one in which nothing typed was refused is likelier, and then the one with the fewest stars typed.
    """
    likeliest = plain = _walk(menu, parts, 1, limits, given, today)
    if label is None:
        return plain.step
    for joined in range(1, min(len(parts), MOST_JOINED) + 1):
        reading = _walk(menu, parts, joined, limits, given, today)
        if reading.answered == label and not reading.stumbled:
            return reading.step
        if reading.answered == label != likeliest.answered:
            likeliest = reading
    return likeliest.step


@dataclass(frozen=True, slots=True)
class _Reading:
    """Where a walk ended, the state that its last input answered ("" where inputs were left over), and whether
    anything typed on the way was refused."""

    step: Step
    answered: str
    stumbled: bool


def _walk(
    menu: Menu, parts: Sequence[str], joined: int, limits: Limits, given: Mapping[str, str], today: date
) -> _Reading:
    """From the start, where the first text that is asked for takes `joined` of the parts."""
    led = engine.begin(menu, limits, given=given)
    answered, stumbled = "", False
    rest = deque(parts)
    while rest and not (led.effect or led.end):
        state = menu.states[led.session.state]
        size = 1
        if state.kind is Kind.ASK and state.source == "text":
            size, joined = joined, 1
        keys = "*".join(rest.popleft() for _ in range(min(size, len(rest))))
        led = engine.step(menu, led.session, keys, limits, given=given, today=today)
        answered, stumbled = state.name, stumbled or bool(led.session.error)
    return _Reading(led, "" if rest else answered, stumbled)
