"""A dialogue by all that was typed, where its session is lost while the carrier still holds it.

Nothing in the carrier's text tells a `*` that was typed from one that joins two inputs. What helps is the label of the
screen that the newest input answers (facts/protocols.md A.1): a reading that ends on another screen, or in another
language, cannot be right, and the label says where the dialling began. Where no reading can be, nothing is guessed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from gateway.menu import engine
from gateway.menu.engine import HOME, RESUME, Session, Step
from gateway.menu.limits import Limits
from gateway.menu.model import Menu
from gateway.ussd.screen_label import ScreenLabel

MAX_JOINED = 16  # parts of one text: nobody types more stars, and each costs a walk


@dataclass(frozen=True, slots=True)
class StartInputs:
    """What a replay hangs on besides the inputs."""

    limits: Limits
    given: Mapping[str, str]
    today: date
    language: str = ""  # that the phone has chosen before, as far as is known


@dataclass(frozen=True, slots=True)
class _Replay:
    """Where a walk ended, the screen that its last input answered (None where inputs were left over), and whether
    anything typed on the way was refused."""

    step: Step
    answered: ScreenLabel | None
    stumbled: bool


def replay(menu: Menu, parts: Sequence[str], known: StartInputs, shortcut: str = "") -> Step | None:
    """Where `parts` (the text, split at every `*`) lead if each is an input, from `shortcut` if one was dialled.

    It stops at the first effect; None where it comes to one before the newest input.
    """
    begun = engine.begin(menu, known.limits, given=known.given, language=known.language, shortcut=shortcut)
    reading = _walk(menu, begun.session, parts, 1, known)
    return reading.step if reading.answered else None


def replay_to(menu: Menu, parts: Sequence[str], label: ScreenLabel, known: StartInputs) -> Step | None:
    """Where `parts` lead from the beginning that the label tells of, if the newest was typed on its screen.

    None where no reading agrees with the label: the dialogue has been where its inputs alone do not lead.
    """
    if label.began.startswith(RESUME):
        return None
    for place, rest in _beginnings(menu, parts, label, known):
        if step := replay_from(menu, place, rest, label, known):
            return step
    return None


def replay_from(
    menu: Menu, place: Session, parts: Sequence[str], label: ScreenLabel, known: StartInputs
) -> Step | None:
    """Where `parts` lead from `place`, if the newest of them was typed on the screen `label`; None where none agrees.

    Where several readings agree with the label, one in which nothing typed was refused is likelier, and then the one
    with the fewest stars typed.
    """
    likeliest = None
    for joined in range(1, min(len(parts), MAX_JOINED) + 1):
        reading = _walk(menu, place, parts, joined, known)
        if not _agrees(reading.answered, label):
            continue
        if not reading.stumbled:
            return reading.step
        likeliest = likeliest or reading
    return likeliest.step if likeliest else None


def _beginnings(
    menu: Menu, parts: Sequence[str], label: ScreenLabel, known: StartInputs
) -> Iterator[tuple[Session, Sequence[str]]]:
    """Where the dialling may have begun, and what was typed from there on. Only its language may be open."""
    shortcut = label.began if label.began in menu.shortcuts else ""
    rest = parts[1:] if shortcut and parts[:1] == [shortcut] else parts
    languages = {HOME: (label.language, *menu.languages), "": ("",)}.get(label.began, (label.language, ""))
    for language in dict.fromkeys(languages):
        begun = engine.begin(menu, known.limits, given=known.given, language=language, shortcut=shortcut)
        yield begun.session, rest


def _agrees(answered: ScreenLabel | None, label: ScreenLabel) -> bool:
    return answered is not None and answered.state == label.state and label.language in ("", answered.language)


def _walk(menu: Menu, place: Session, parts: Sequence[str], joined: int, known: StartInputs) -> _Replay:
    """From `place`, where the first text that is asked for takes `joined` of the parts."""
    led = engine.show(menu, place, known.limits, given=known.given)
    answered: ScreenLabel | None = None
    stumbled = False
    rest = deque(parts)
    while rest and not (led.effect or led.end):
        place = led.session
        state = menu.states[place.state]
        size = 1
        if state.kind.is_typed and state.source == "text":
            size, joined = joined, 1
        keys = "*".join(rest.popleft() for _ in range(min(size, len(rest))))
        led = engine.step(menu, place, keys, known.limits, given=known.given, today=known.today)
        answered, stumbled = ScreenLabel(state.name, place.language), stumbled or bool(led.session.error)
    return _Replay(led, None if rest else answered, stumbled)
