"""The step that walks a menu: where the resident is, and what was typed → where he is next, and what he sees.

How it thinks. A `Session` is a place: the state, the page of its list, the answers so far, and the `trail` of states
that led here. Every move is one of five:

- *forward*, along the answer given: the state joins the trail. A state that is on the trail already is a loop in the
  menu; the trail is cut there, so that it never grows beyond the number of states. A state whose condition does not
  hold is passed over.
- *back*, to the page before or the last state of the trail.
- *home*, with nothing but the language.
- *revise*: the trail is cut back to a chosen question, which is asked again; then the walk passes whatever is still
  answered and stops at the first open question or where the resident had been. A shortcut walks like that too: its
  answers are given before it begins.
- *resume*: the question whether to go on stands on top of the trail of the dropped dialogue; to go on is to go back.

An answer counts while the state that asked for it is on the trail: who goes back and takes another turning leaves no
stale answer behind. The engine does nothing itself: a state that `do`es something stops the walk with an effect, and
whoever carries it out goes on with `resume`. It reads no clock and knows no text, place or category: all that is data
in the `Menu`, and all bounds are arguments. The same inputs lead to the same place, which is what makes a lost session
recoverable from the carrier's transcript (`ussd/replay.py`, facts/protocols.md A.5).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from gateway.menu.limits import DEFAULT, Limits
from gateway.menu.model import Menu, State
from gateway.menu.navigation import (
    at_shortcut,
    count_hop,
    enter,
    forward,
    jump_to,
    parent_answer,
    refuse,
    restart,
    valid_answers,
)
from gateway.menu.paging import pages
from gateway.menu.session import HOME, NO_VALUES, RESUME, GivenValues, Session, Step
from gateway.text.wording import fill, placeholders

__all__ = [
    "HOME",
    "RESUME",
    "Session",
    "Step",
    "begin",
    "has_place",
    "is_worth_resuming",
    "resume",
    "show",
    "show_home",
    "step",
    "trim_ended",
    "valid_answers",
]

WRONG_IN_A_ROW = 3  # so many, and help is offered


# Where a dialogue begins -------------------------------------------------------------------------------------


def begin(
    menu: Menu,
    limits: Limits = DEFAULT,
    *,
    given: GivenValues = NO_VALUES,
    language: str = "",
    shortcut: str = "",
    dropped: Session | None = None,
) -> Step:
    """The first screen of a new dialogue.

    `language` is the one that this phone has chosen before, `shortcut` a dialled suffix that the pack declares, and
    `dropped` the place of an unfinished dialogue that may be gone on with (`worth_resuming`).
    """
    chosen = language in menu.languages
    first = Session(menu.home, language, chosen=True, began=HOME) if chosen else Session(menu.start, menu.language)
    if shortcut in menu.shortcuts:
        first = at_shortcut(menu, first._replace(began=shortcut), shortcut, given)
    if dropped and menu.resume:
        trail = dropped.trail if dropped.state == menu.resume else (*dropped.trail, dropped.state)
        only_page = len(pages(menu, menu.states[menu.resume], dropped.language, "", limits)) == 1
        first = Session(
            menu.resume,
            dropped.language,
            page=dropped.page if only_page else 0,  # of the list to go on with
            answers=dropped.answers,
            trail=trail,
            passing=dropped.passing,
            chosen=dropped.chosen,
            began=f"{RESUME}{shortcut}",
            resumed=True,
        )
    return show(menu, first, limits, given=given)


def is_worth_resuming(menu: Menu, dropped: Session) -> bool:
    """Whether a redial offers to go on with it: unfinished, far enough (or back for an answer), its way still there."""
    if not menu.resume or not has_place(menu, dropped) or not menu.states[dropped.state].kind.waits_for_input:
        return False
    said, shortcut = valid_answers(menu, dropped), menu.shortcuts.get(dropped.began.removeprefix(RESUME))
    beyond = dropped.answers.keys() - said.keys() - (shortcut.answers.keys() if shortcut else set())
    return menu.rules.resume_needs <= said.keys() or (dropped.passing and bool(beyond))


def has_place(menu: Menu, place: Session) -> bool:
    """Whether this menu, which may be a later edition, has the place and the way that led there."""
    return place.language in menu.languages and all(name in menu.states for name in (*place.trail, place.state))


# The step ----------------------------------------------------------------------------------------------------


def step(
    menu: Menu,
    session: Session,
    keys: str,
    limits: Limits = DEFAULT,
    *,
    given: GivenValues = NO_VALUES,
    today: date | None = None,
) -> Step:
    """One input. Wrong input leads to the same screen with an error line; nothing ever raises for what was typed.

    `given` are values that the caller knows: texts show them (`ussd`, the service code), conditions ask for them
    (`reports_today`). `today` is the local date, against which a typed date is read.
    """
    state, session = menu.states[session.state], count_hop(session)
    if not state.kind.waits_for_input:
        return show(menu, session, limits, given=given)
    if session.hops > limits.hops or len(session.trail) > limits.depth:
        words = menu.wordings[session.language]
        return Step(session, fill(words.apology, menu.placeholder_values({}, session.language, given)), True)
    moved = _moved(menu, state, session, keys.strip(), limits, given, today)
    return show(menu, _helped(menu, moved), limits, given=given)


def resume(
    menu: Menu,
    session: Session,
    outcome: str,
    learnt: Mapping[str, str] = NO_VALUES,
    limits: Limits = DEFAULT,
    *,
    given: GivenValues = NO_VALUES,
) -> Step:
    """Go on after an effect that ended as `outcome`; `learnt` joins the answers (the ticket, for one)."""
    target = menu.states[session.state].options[outcome]
    moved = enter(menu, session, target, session.trail, {**session.answers, **learnt}, given)
    return show(menu, moved, limits, given=given)


def show(menu: Menu, session: Session, limits: Limits = DEFAULT, *, given: GivenValues = NO_VALUES) -> Step:
    """The screen of a place, as it was shown when the resident came here."""
    state = menu.states[session.state]
    if state.kind.runs_effect:
        return Step(session, effect=state.source)
    texts = pages(menu, state, session.language, parent_answer(state, session), limits)
    text = texts[min(session.page, len(texts) - 1)]
    if "{" in text:
        text = fill(text, menu.placeholder_values(session.answers, session.language, given))
        if "\n\n" in text:  # an answer that was not given leaves no blank line
            text = text.replace("\n\n", "\n")
    if session.error:
        text = f"{menu.wordings[session.language].errors[session.error]}\n{text}"
    return Step(session, text, end=state.kind.is_end)


def show_home(
    menu: Menu,
    language: str,
    limits: Limits = DEFAULT,
    *,
    given: GivenValues = NO_VALUES,
    error: str = "",
) -> Step:
    """The main menu, in `language` if there is such a one; with an error line, for who was somewhere else before.

    How the dialling had begun does not matter any more: what comes after it cannot be replayed from there.
    """
    chosen = language in menu.languages
    place = Session(menu.home, language if chosen else menu.language, error=error, chosen=chosen, began=RESUME)
    return show(menu, place, limits, given=given)


def trim_ended(menu: Menu, session: Session) -> Session:
    """What need be kept of a dialogue that has ended: enough to show its last screen again, and no more."""
    names = placeholders(menu.wordings[session.language].heading(menu.states[session.state].words))
    shown = {menu.placeholders.get(name, name) for name in names}
    answers = {name: value for name, value in session.answers.items() if name in shown}
    return session._replace(answers=answers, trail=(), passing=False)


# The moves ---------------------------------------------------------------------------------------------------


def _moved(
    menu: Menu, state: State, session: Session, keys: str, limits: Limits, given: GivenValues, today: date | None
) -> Session:
    named = limits.keys or menu.keys
    if keys == named.home:
        return restart(session, menu.home)
    if keys == named.back and state.zero:
        return forward(menu, session, state.zero[1], {state.keep: ""} if state.keep else {}, given)
    if keys in (named.back, named.back_elsewhere):
        return _back(session, state)
    if len(keys) > limits.text:
        return refuse(session, "long")
    return state.kind.move(menu, state, session, keys, limits, given, today)


def _helped(menu: Menu, session: Session) -> Session:
    """Who is wrong time and again is told how it works; back leads to the question."""
    if not session.error or session.wrong < WRONG_IN_A_ROW or not menu.help or session.state == menu.help:
        return session
    return jump_to(session, menu.help, (*session.trail, session.state), session.answers)


def _back(session: Session, state: State) -> Session:
    if not state.kind.can_go_back:
        return session
    if session.page:
        return session._replace(page=session.page - 1, wrong=0)
    if session.trail:
        return session._replace(state=session.trail[-1], trail=session.trail[:-1], wrong=0)
    return session
