"""Replay of a lost session from the carrier's transcript of everything that was typed.

The label of the screen that the newest input answers says where the dialogue began, and which stars were typed
(facts/protocols.md A.1). So there is one reading at most: if it ends on another screen, or in another language, nothing
is guessed. Without a label there is only the guess that no star was typed. It may be shown, and is never stored.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from gateway.menu import engine
from gateway.menu.limits import Limits
from gateway.menu.model import Menu
from gateway.menu.session import HOME, RESUME, Session, Step
from gateway.ussd.screen_label import ScreenLabel

FILED = "filed"
"""Outcome of the effect that files a report."""


@dataclass(frozen=True, slots=True)
class StartInputs:
    limits: Limits
    given: Mapping[str, str]
    today: date
    language: str = ""  # chosen earlier on this phone, if that is known


@dataclass(frozen=True, slots=True)
class Replay:
    """Step that a replay leads to, and the newest input, as the label tells it from the others."""

    step: Step
    newest: str


def began_anew(length: int) -> str:
    """Return the `Session.began` of the main menu that was shown after this many characters of the transcript."""
    return f"{HOME}{length}"


def anew_after(began: str) -> int | None:
    """Return the length of the transcript after which a dialogue began anew, or None if it did not."""
    length = began.removeprefix(HOME)
    return int(length) if length != began and length.isdecimal() else None


def guess(menu: Menu, parts: Sequence[str], inputs: StartInputs, shortcut: str = "") -> Step | None:
    """Replay `parts` (the transcript, split at every `*`) as one input each, from the beginning or a shortcut.

    It stops at the first effect. Returns None if that comes before the newest input, or without any input, or if an
    earlier input was refused: then it is likelier that the dialogue began on another screen.
    """
    step = engine.begin(menu, inputs.limits, given=inputs.given, language=inputs.language, shortcut=shortcut)
    return _follow(menu, step.session, parts, inputs, past_mistakes=False)[0]


def replay_to(menu: Menu, dialled: Sequence[str], text: str, label: ScreenLabel, inputs: StartInputs) -> Replay | None:
    """Replay the transcript `text` from the beginning that the label has, after the suffix that was `dialled`.

    Returns None if its newest input does not answer the labelled screen, or if the dialogue was resumed.
    """
    if label.began.startswith(RESUME):
        return None
    anew = anew_after(label.began)
    typed = _inputs_after(text, anew or 0, label)
    if not typed:
        return None
    parts = typed if anew is not None else [*dialled, *typed]
    for session, rest in _beginnings(menu, parts, label, inputs):
        if step := _replay(menu, session, rest, label, inputs):
            return Replay(step, typed[-1])
    return None


def replay_from(
    menu: Menu, session: Session, length: int, text: str, label: ScreenLabel, inputs: StartInputs
) -> Replay | None:
    """Replay what was typed since the transcript had `length` characters and the dialogue was at `session`.

    Returns None if the newest input does not answer the labelled screen.
    """
    typed = _inputs_after(text, length, label)
    step = _replay(menu, session, typed, label, inputs) if typed else None
    return Replay(step, typed[-1]) if step and typed else None


def _inputs_after(text: str, length: int, label: ScreenLabel) -> list[str] | None:
    """Split the transcript after its first `length` characters. Returns None if the label is of another one."""
    start = length + 1 if length else 0
    spans = label.spans
    if label.length is not None:
        spans = (*spans, (label.length + 1 if label.length else 0, len(text)))
    typed: list[str] = []
    if text[length:start] not in ("*", ""):
        return None
    for begins, ends in spans:
        if begins < start:
            continue
        typed += text[start : begins - 1].split("*") if begins > start else []
        if not begins <= ends <= len(text) or {text[max(begins - 1, 0) : begins], text[ends : ends + 1]} - {"*", ""}:
            return None
        typed.append(text[begins:ends])
        start = ends + 1
    return [*typed, *text[start:].split("*")] if start <= len(text) else typed


def _beginnings(
    menu: Menu, parts: Sequence[str], label: ScreenLabel, inputs: StartInputs
) -> Iterator[tuple[Session, Sequence[str]]]:
    """Yield each session in which the dialogue may have begun, with the inputs after it. Only the language varies."""
    shortcut = label.began if label.began in menu.shortcuts else ""
    rest = parts[1:] if shortcut and parts[:1] == [shortcut] else parts
    at_home = label.began == HOME or anew_after(label.began) is not None
    languages = (label.language, *menu.languages) if at_home else (label.language, "") if label.began else ("",)
    for language in dict.fromkeys(languages):
        begun = engine.begin(menu, inputs.limits, given=inputs.given, language=language, shortcut=shortcut)
        yield begun.session._replace(began=label.began), rest


def _replay(menu: Menu, session: Session, parts: Sequence[str], label: ScreenLabel, inputs: StartInputs) -> Step | None:
    # The label proves that the screens after a filing were shown: it went well.
    step, answered = _follow(menu, session, parts, inputs, past_filing=True)
    fits = answered.state == label.state and label.language in ("", answered.language)
    return step if fits else None


def _follow(
    menu: Menu,
    session: Session,
    parts: Sequence[str],
    inputs: StartInputs,
    *,
    past_filing: bool = False,
    past_mistakes: bool = True,
) -> tuple[Step | None, Session]:
    """Step through `parts` from `session`. Returns the last step, and the position that the newest input answers.

    The step is None if the dialogue had an effect or its end before, or if nobody can type so much in one call. With
    `past_filing` the filing of a report is no such effect: it is taken to have gone well, and the ticket is unknown.
    Without `past_mistakes` it is None too if an input before the newest was refused.
    """
    step = None
    if len(parts) > inputs.limits.hops:
        return None, session
    for keys in parts:
        if step is not None:
            if (
                past_filing
                and step.effect
                and menu.states[step.session.state].kind.commits(menu.states[step.session.state], FILED)
            ):
                step = engine.resume(menu, step.session, FILED, {}, inputs.limits, given=inputs.given)
            if step.effect or step.end or (step.session.error and not past_mistakes):
                return None, session
            session = step.session
        step = engine.step(menu, session, keys, inputs.limits, given=inputs.given, today=inputs.today)
    return step, session
