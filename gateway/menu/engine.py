"""The step that walks a menu: where the resident is, and what was typed → where he is next, and what he sees.

How it thinks. A `Session` is a place: the state, the page of its list, the answers so far, and the `trail` of states
that led here. Every move is one of four:

- *forward*, along the answer given: the state joins the trail. A state that is on the trail already is a loop in the
  menu; the trail is cut there, so that it never grows beyond the number of states.
- *back*, to the page before or the last state of the trail.
- *home*, with nothing but the language.
- *revise*: the trail is cut back to a chosen question, which is asked again; then the walk passes whatever is still
  answered and stops at the first open question or where the resident had been.

An answer counts while the state that asked for it is on the trail: who goes back and takes another turning leaves no
stale answer behind. The engine does nothing itself: a state that `do`es something stops the walk with an effect, and
whoever carries it out goes on with `resume`. It reads no clock and knows no text, place or category: all that is data
in the `Menu`, and all bounds are arguments. The same inputs lead to the same place, which is what makes a lost session
recoverable from the carrier's transcript (`replay`, facts/protocols.md A.5).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from gateway.menu.definition import Kind, Menu, State, choices
from gateway.menu.paging import pages
from gateway.text.wording import fill

NOTHING: Mapping[str, str] = {}
OLDEST_DATE = timedelta(days=180)


@dataclass(frozen=True, slots=True)
class Limits:
    """What bounds a dialogue: the size of a screen with its `CON ` or `END ` (septets), and its hops."""

    septets: int = 160
    hops: int = 100


DEFAULT = Limits()


class Session(NamedTuple):
    """A place in a menu. A plain value: it is stored, compared and shown again. (A tuple: every hop makes several.)"""

    state: str
    language: str
    page: int = 0
    answers: Mapping[str, str] = NOTHING
    trail: tuple[str, ...] = ()
    error: str = ""  # the error line that the shown screen begins with
    revising: bool = False
    hops: int = 0


class Step(NamedTuple):
    """Where a step led. With an `effect` there is no screen yet: carry it out, then `resume`."""

    session: Session
    screen: str = ""
    end: bool = False
    effect: str = ""


def begin(menu: Menu, limits: Limits = DEFAULT, *, given: Mapping[str, str] = NOTHING) -> Step:
    """The first screen of a new dialogue."""
    return show(menu, Session(menu.start, menu.language), limits, given=given)


def step(
    menu: Menu,
    session: Session,
    keys: str,
    limits: Limits = DEFAULT,
    *,
    given: Mapping[str, str] = NOTHING,
    today: date | None = None,
) -> Step:
    """One input. Wrong input leads to the same screen with an error line; nothing ever raises for what was typed.

    `given` are values that the caller knows and texts show (`ussd`, the service code); `today` is the local date,
    against which a typed date is read.
    """
    state = menu.states[session.state]
    session = session._replace(error="", hops=session.hops + 1)
    if state.kind in (Kind.END, Kind.DO):
        return show(menu, session, limits, given=given)
    if session.hops > limits.hops:
        return Step(
            session,
            fill(menu.wordings[session.language].apology, menu.values({}, session.language, given)),
            True,
        )
    return show(menu, _moved(menu, state, session, keys.strip(), limits, today), limits, given=given)


def resume(
    menu: Menu,
    session: Session,
    outcome: str,
    learnt: Mapping[str, str] = NOTHING,
    limits: Limits = DEFAULT,
    *,
    given: Mapping[str, str] = NOTHING,
) -> Step:
    """Go on after an effect that ended as `outcome`; `learnt` joins the answers (the ticket, for one)."""
    target = menu.states[session.state].options[outcome]
    moved = session._replace(state=target, answers={**session.answers, **learnt})
    return show(menu, moved, limits, given=given)


def replay(
    menu: Menu,
    inputs: Iterable[str],
    limits: Limits = DEFAULT,
    *,
    given: Mapping[str, str] = NOTHING,
    today: date | None = None,
) -> Step:
    """The dialogue that these inputs lead to from the start. It stops at the first effect, which nobody carries out."""
    led = begin(menu, limits, given=given)
    for keys in inputs:
        if led.effect:
            break
        led = step(menu, led.session, keys, limits, given=given, today=today)
    return led


def show(menu: Menu, session: Session, limits: Limits = DEFAULT, *, given: Mapping[str, str] = NOTHING) -> Step:
    """The screen of a place, as it was shown when the resident came here."""
    state = menu.states[session.state]
    if state.kind is Kind.DO:
        return Step(session, effect=state.source)
    texts = pages(menu, state, session.language, _within(state, session), limits.septets)
    text = texts[min(session.page, len(texts) - 1)]
    if "{" in text:
        text = fill(text, menu.values(session.answers, session.language, given))
    if session.error:
        text = f"{menu.wordings[session.language].errors[session.error]}\n{text}"
    return Step(session, text, end=state.kind is Kind.END)


def answered(menu: Menu, session: Session) -> dict[str, str]:
    """The answers that count: those whose question lies on the way that led here."""
    way = (*session.trail, session.state)
    kept = (menu.states[name].keep for name in way)
    return {keep: session.answers[keep] for keep in kept if keep and keep in session.answers}


def _within(state: State, session: Session) -> str:
    return session.answers.get(state.within, "") if state.within else ""


# The moves -------------------------------------------------------------------------------------------------


def _moved(menu: Menu, state: State, session: Session, keys: str, limits: Limits, today: date | None) -> Session:
    if keys == menu.keys.home:
        return Session(menu.home, session.language, hops=session.hops)
    if keys == menu.keys.back and state.zero:
        return _forward(menu, session, state.zero[1], {state.keep: ""} if state.keep else {})
    if keys in (menu.keys.back, menu.keys.back_elsewhere):
        return _back(session)
    if state.kind is Kind.ASK:
        return _asked(menu, state, session, keys, today)
    return _chosen(menu, state, session, keys, limits)


def _back(session: Session) -> Session:
    if session.page:
        return session._replace(page=session.page - 1)
    if session.trail:
        return session._replace(state=session.trail[-1], trail=session.trail[:-1])
    return session


def _asked(menu: Menu, state: State, session: Session, keys: str, today: date | None) -> Session:
    if not keys:
        return session._replace(error="empty")
    if state.source == "date":
        day = read_day(keys, today)
        return _forward(menu, session, state.next, {state.keep: day}) if day else session._replace(error="choice")
    if len(keys) > state.longest:
        return session._replace(error="long")
    if len(keys) < state.shortest:
        return session._replace(error="empty")
    return _forward(menu, session, state.next, {state.keep: keys})


def _chosen(menu: Menu, state: State, session: Session, keys: str, limits: Limits) -> Session:
    within = _within(state, session)
    value = choices(menu, state, within).get(keys)
    if value is None:
        page_count = len(pages(menu, state, session.language, within, limits.septets))
        if keys == menu.keys.more and session.page < page_count - 1:
            return session._replace(page=session.page + 1)
        return session._replace(error="choice" if keys else "empty")
    if state.kind is Kind.REVISE:
        return _revised(menu, session, state.options[value])
    if state.source == "languages":
        session = session._replace(language=value)
    target = state.options[value] if state.kind is Kind.CHOOSE else state.next
    return _forward(menu, session, target, {state.keep: value} if state.keep else {})


def _forward(menu: Menu, session: Session, target: str, kept: Mapping[str, str]) -> Session:
    """On to `target`; while revising, past everything there that is still answered."""
    answers = {**session.answers, **kept}
    at = _at(session, target, (*session.trail, session.state), answers)
    if not at.revising or _is_notice(menu, at):
        return at
    while onward := _onward(menu, at):
        at = _at(at, onward, (*at.trail, at.state), answers)
    return at if menu.states[at.state].keep else at._replace(revising=False)


def _at(session: Session, target: str, trail: tuple[str, ...], answers: Mapping[str, str]) -> Session:
    if target in trail:
        trail = trail[: trail.index(target)]
    return session._replace(state=target, page=0, trail=trail, answers=answers)


def _onward(menu: Menu, session: Session) -> str:
    """Where the answer that was given before leads on from here; empty where the question is open."""
    state = menu.states[session.state]
    if state.keep:
        value = session.answers.get(state.keep)
        if value is None:
            return ""
        if value == "" and state.zero:
            return state.zero[1]
        if state.kind is Kind.ASK:
            return state.next
        if value not in choices(menu, state, _within(state, session)).values():
            return ""
        return state.options.get(value, state.next)
    return next(iter(state.options.values())) if _is_notice(menu, session) else ""


def _is_notice(menu: Menu, session: Session) -> bool:
    """Whether the state only tells something before it leads on: shown when an answer calls for it, else passed."""
    state = menu.states[session.state]
    return state.kind is Kind.CHOOSE and len(state.options) == 1 and not state.keep


def _revised(menu: Menu, session: Session, target: str) -> Session:
    keep = menu.states[target].keep
    narrowed = {state.keep for state in menu.states.values() if keep and state.within == keep}
    answers = {name: value for name, value in session.answers.items() if name != keep and name not in narrowed}
    return _at(session, target, session.trail, answers)._replace(revising=True)


def read_day(keys: str, today: date | None) -> str | None:
    """A typed day and month (`2711`, `27/11`, `27-11`) as the ISO date of the last such day; None if it is none.

    A date more than 180 days back is taken for a slip. Without `today` the year cannot be known and there is none.
    """
    digits = "".join(character for character in keys if character not in " /-.")
    if today is None or len(digits) != 4 or not (digits.isascii() and digits.isdigit()):
        return None
    for year in (today.year, today.year - 1):
        try:
            day = date(year, int(digits[2:]), int(digits[:2]))
        except ValueError:
            continue
        if day <= today:
            return day.isoformat() if today - day <= OLDEST_DATE else None
    return None
