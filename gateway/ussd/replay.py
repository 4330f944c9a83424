"""Replay of a lost session from the carrier's transcript of everything that was typed.

Nothing in the transcript separates a typed `*` from one that joins two inputs. The label of the screen that the newest
input answers helps (facts/protocols.md A.1): a reading that ends on another screen, or in another language, is wrong.
The label also says where the dialogue began. If no reading fits, nothing is guessed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from gateway.menu import engine
from gateway.menu.limits import Limits
from gateway.menu.model import Menu
from gateway.menu.session import HOME, RESUME, Session, Step
from gateway.ussd.screen_label import ScreenLabel

MAX_JOINED = 16  # parts of one typed text: nobody types more stars, and each costs a replay


@dataclass(frozen=True, slots=True)
class StartInputs:
    limits: Limits
    given: Mapping[str, str]
    today: date
    language: str = ""  # chosen earlier on this phone, if that is known


@dataclass(frozen=True, slots=True)
class _Replay:
    """Result of one reading. `answered` is the screen of its last input, or None if inputs were left over."""

    step: Step
    answered: ScreenLabel | None
    refused: bool  # some input on the way was wrong


def replay(menu: Menu, parts: Sequence[str], inputs: StartInputs, shortcut: str = "") -> Step | None:
    """Replay `parts` (the transcript, split at every `*`) as one input each, from the beginning or a shortcut.

    It stops at the first effect. Returns None if that comes before the newest input.
    """
    begun = engine.begin(menu, inputs.limits, given=inputs.given, language=inputs.language, shortcut=shortcut)
    reading = _read(menu, begun.session, parts, 1, inputs)
    return reading.step if reading.answered else None


def replay_to(menu: Menu, parts: Sequence[str], label: ScreenLabel, inputs: StartInputs) -> Step | None:
    """Replay `parts` from the beginning that the label has, so that the newest answers the labelled screen.

    Returns None if no reading fits, because the dialogue was resumed or has left the path of its inputs.
    """
    if label.began.startswith(RESUME):
        return None
    for session, rest in _beginnings(menu, parts, label, inputs):
        if step := replay_from(menu, session, rest, label, inputs):
            return step
    return None


def replay_from(
    menu: Menu, session: Session, parts: Sequence[str], label: ScreenLabel, inputs: StartInputs
) -> Step | None:
    """Replay `parts` from `session`, so that the newest answers the labelled screen. Returns None if none fits.

    Of several readings, one in which no input was refused is likelier, and then the one with the fewest typed stars.
    """
    likeliest = None
    for joined in range(1, min(len(parts), MAX_JOINED) + 1):
        reading = _read(menu, session, parts, joined, inputs)
        if not _fits(reading.answered, label):
            continue
        if not reading.refused:
            return reading.step
        likeliest = likeliest or reading
    return likeliest.step if likeliest else None


def _beginnings(
    menu: Menu, parts: Sequence[str], label: ScreenLabel, inputs: StartInputs
) -> Iterator[tuple[Session, Sequence[str]]]:
    """Yield each session in which the dialogue may have begun, with the inputs after it. Only the language varies."""
    shortcut = label.began if label.began in menu.shortcuts else ""
    rest = parts[1:] if shortcut and parts[:1] == [shortcut] else parts
    languages = {HOME: (label.language, *menu.languages), "": ("",)}.get(label.began, (label.language, ""))
    for language in dict.fromkeys(languages):
        begun = engine.begin(menu, inputs.limits, given=inputs.given, language=language, shortcut=shortcut)
        yield begun.session, rest


def _fits(answered: ScreenLabel | None, label: ScreenLabel) -> bool:
    return answered is not None and answered.state == label.state and label.language in ("", answered.language)


def _read(menu: Menu, session: Session, parts: Sequence[str], joined: int, inputs: StartInputs) -> _Replay:
    """Step through `parts` from `session`. The first question for a text takes `joined` of them as its answer."""
    step = engine.show(menu, session, inputs.limits, given=inputs.given)
    answered: ScreenLabel | None = None
    refused = False
    rest = deque(parts)
    while rest and not (step.effect or step.end):
        session = step.session
        state = menu.states[session.state]
        size = 1
        if state.kind.is_typed and state.source == "text":
            size, joined = joined, 1
        keys = "*".join(rest.popleft() for _ in range(min(size, len(rest))))
        step = engine.step(menu, session, keys, inputs.limits, given=inputs.given, today=inputs.today)
        answered = ScreenLabel(state.name, session.language)
        refused = refused or bool(step.session.error)
    return _Replay(step, None if rest else answered, refused)
