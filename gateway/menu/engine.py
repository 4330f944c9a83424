"""Dialogue engine: a pure function from a position in a menu and an input to the next position and its screen.

How it works. A `Session` is a position: the state, the page of its list, the answers so far, and the `trail` of states
that led here. There are seven moves:

- *forward*, along the answer given: the state joins the trail. A state that is on the trail already is a loop in the
  menu. The trail is cut there, so that it never grows beyond the number of states. A state whose condition does not
  hold is skipped.
- *back*, to the page before, or to the last state of the trail.
- *home*, with nothing but the language.
- *revise*: the trail is cut back to a chosen question, which is asked again. Then questions that are still answered are
  passed, up to the first open one, or to where the resident had been. A shortcut works like that too: its answers are
  given in advance.
- *help*: after the third wrong input in a row, the help screen covers the question. The position stays, so an answer
  counts there too, and back uncovers the question.
- *file*: a filed report stays filed. Nothing leads back behind it, and the answers from then on complete it.
- *resume*: the question whether to continue is on top of the trail of the dropped dialogue. To continue is to go back.

An answer counts while the state that asked for it is on the trail, so going back and choosing another option leaves no
stale answer behind. The engine has no side effects: a state that `do`es something stops with an effect, and the caller
carries it out and continues with `resume`. It reads no clock and knows no text, place or category: all that is data
in the `Menu`, and all limits are arguments. The same inputs lead to the same position, so that a lost session can be
rebuilt from the carrier's transcript (`ussd/replay.py`, facts/protocols.md A.5).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from gateway.menu.error_lines import error_line
from gateway.menu.kinds.typed_labels import navigation_key, typed_number
from gateway.menu.limits import DEFAULT, Keys, Limits
from gateway.menu.model import Menu, State, choices
from gateway.menu.navigation import (
    after_effect,
    at_shortcut,
    count_hop,
    forward,
    later_answers,
    parent_answer,
    refuse,
    restart,
    valid_answers,
)
from gateway.menu.paging import pages
from gateway.menu.session import HELP, HOME, NO_VALUES, RESUME, GivenValues, Input, Session, Step
from gateway.text.typed import plain_number
from gateway.text.wording import fill, placeholders

__all__ = [
    "HOME",
    "RESUME",
    "Session",
    "Step",
    "begin",
    "has_place",
    "is_worth_resuming",
    "later_answers",
    "resume",
    "show",
    "show_home",
    "shown_state",
    "step",
    "trim_ended",
    "valid_answers",
]

WRONG_BEFORE_HELP = 3  # wrong inputs in a row


# Start of a dialogue -----------------------------------------------------------------------------------------


def begin(
    menu: Menu,
    limits: Limits = DEFAULT,
    *,
    given: GivenValues = NO_VALUES,
    language: str = "",
    shortcut: str = "",
    dropped: Session | None = None,
) -> Step:
    """Begin a dialogue. Returns its first screen.

    `language` is the one that this phone has chosen before, `shortcut` a dialled suffix that the pack declares, and
    `dropped` the position of an unfinished dialogue that can be continued (`is_worth_resuming`).
    """
    chosen = language in menu.languages
    first = Session(menu.home, language, chosen=True, began=HOME) if chosen else Session(menu.start, menu.language)
    if shortcut in menu.shortcuts:
        first = at_shortcut(menu, first._replace(began=shortcut), shortcut, given)
    if dropped and menu.resume:
        only_page = len(pages(menu, menu.states[menu.resume], dropped.language, "", limits)) == 1
        first = Session(
            menu.resume,
            dropped.language,
            page=dropped.page if only_page else 0,  # of the list to continue with
            answers=dropped.answers,
            trail=_way_back(menu, dropped),
            passing=dropped.passing,
            chosen=dropped.chosen,
            began=f"{RESUME}{shortcut}",
            resumed=True,
            called_off=dropped.called_off or _is_called_off(menu, dropped),
            filings=dropped.filings,
        )
    return show(menu, first, limits, given=given)


def is_worth_resuming(menu: Menu, dropped: Session) -> bool:
    """Return True if a redial should offer to continue a dropped dialogue.

    It must be unfinished or called off, and not filed. It must have the answers that the pack demands, or be on its way
    back to the end.
    This version of the menu must still have its states.
    """
    if not menu.resume or dropped.barrier or not has_place(menu, dropped):
        return False
    if not (menu.states[dropped.state].kind.waits_for_input or _is_called_off(menu, dropped)):
        return False
    answers, shortcut = valid_answers(menu, dropped), menu.shortcuts.get(dropped.began.removeprefix(RESUME))
    beyond = dropped.answers.keys() - answers.keys() - (shortcut.answers.keys() if shortcut else set())
    return menu.rules.resume_needs <= answers.keys() or (dropped.passing and bool(beyond))


def _way_back(menu: Menu, dropped: Session) -> tuple[str, ...]:
    """Return the trail of a dropped dialogue, with the state to continue at as its last."""
    if _is_called_off(menu, dropped):
        return dropped.trail
    trail = (*dropped.trail, dropped.state)
    return trail[: trail.index(menu.resume)] if menu.resume in trail else trail


def _is_called_off(menu: Menu, session: Session) -> bool:
    """Return True for a dialogue that has ended where it can be continued, as `trim_ended` left it."""
    continue_at = menu.states[session.state].continue_at
    return bool(continue_at) and session.trail[-1:] == (continue_at,)


def has_place(menu: Menu, session: Session) -> bool:
    """Return True if this menu, perhaps a later version, has the states and the language of a position."""
    return session.language in menu.languages and all(name in menu.states for name in (*session.trail, session.state))


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
    """Take one input. Wrong input leads to the same screen with an error line, and no input ever raises.

    `given` are values that the caller knows: texts show them (`ussd`, the service code), conditions test them
    (`reports_today`). `today` is the local date, which a typed date is compared with.
    """
    state, is_helped, session = menu.states[session.state], session.error == HELP, count_hop(session)
    if not state.kind.waits_for_input:
        return show(menu, session, limits, given=given)
    if session.hops > limits.hops or len(session.trail) > limits.depth:
        words = menu.wordings[session.language]
        return Step(session, fill(words.apology, menu.placeholder_values({}, session.language, given)), True)
    keys, named = keys.strip(), limits.keys or menu.keys
    typed = Input(keys, _read_number(menu, state, session, keys, named), limits, given, today)
    if is_helped and _is_back(state, typed.number, named):
        return show(menu, session, limits, given=given)
    return show(menu, _offer_help(menu, _move(menu, state, session, typed)), limits, given=given)


def resume(
    menu: Menu,
    session: Session,
    outcome: str,
    learnt: Mapping[str, str] = NO_VALUES,
    limits: Limits = DEFAULT,
    *,
    given: GivenValues = NO_VALUES,
) -> Step:
    """Continue after an effect. Values that it `learnt`, such as the ticket, are added to the answers."""
    return show(menu, after_effect(menu, session, outcome, learnt, given), limits, given=given)


def show(menu: Menu, session: Session, limits: Limits = DEFAULT, *, given: GivenValues = NO_VALUES) -> Step:
    """Render the screen of a position, as it was when the resident came there."""
    state = shown_state(menu, session)
    if state.kind.runs_effect:
        return Step(session, effect=state.source)
    texts = pages(menu, state, session.language, parent_answer(state, session), limits)
    text = texts[min(session.page, len(texts) - 1)]
    if "{" in text:
        text = fill(text, menu.placeholder_values(_shown_answers(menu, state, session), session.language, given))
        while "\n\n" in text:  # a placeholder without an answer leaves no blank line
            text = text.replace("\n\n", "\n")
    if session.error and session.error != HELP:
        words, options = menu.wordings[session.language], len(choices(menu, state, parent_answer(state, session)))
        text = f"{error_line(menu, state, words, session.error, options, limits)}\n{text}"
    return Step(session, text, end=state.kind.is_end)


def _shown_answers(menu: Menu, state: State, session: Session) -> Mapping[str, str]:
    """Return the answers that a screen may show: on a redial, perhaps by somebody else, none of a restricted kind."""
    is_hidden = state.name == menu.resume and menu.is_restricted(session.answers.get("category", ""))
    return NO_VALUES if is_hidden else session.answers


def shown_state(menu: Menu, session: Session) -> State:
    """Return the state whose screen is shown: that of the position, unless help covers it."""
    return menu.states[menu.help if session.error == HELP else session.state]


def show_home(
    menu: Menu,
    language: str,
    limits: Limits = DEFAULT,
    *,
    given: GivenValues = NO_VALUES,
    error: str = "",
    began: str = RESUME,
) -> Step:
    """Render the main menu after a session was lost. Without `language` in the pack, it is in the default one.

    The start of the dialling is forgotten, since later inputs cannot be replayed from there. `began` may say how they
    can be.
    """
    chosen = language in menu.languages
    session = Session(menu.home, language if chosen else menu.language, error=error, chosen=chosen, began=began)
    return show(menu, session, limits, given=given)


def trim_ended(menu: Menu, session: Session) -> Session:
    """Reduce an ended dialogue to what its last screen shows, in case it must be shown again.

    One that is called off keeps its answers, and the trail to the state where it can be continued.
    """
    continue_at = menu.states[session.state].continue_at
    if session.barrier:  # it names the same report, in fewer bytes
        session = session._replace(barrier=0, filings=session.filings - 1)
    elif menu.resume and continue_at in session.trail:
        trail = session.trail[: session.trail.index(continue_at) + 1]
        kept = session._replace(trail=trail, passing=False)
        return kept._replace(answers=valid_answers(menu, kept))
    names = placeholders(menu.wordings[session.language].heading(menu.states[session.state].words))
    shown = {menu.placeholders.get(name, name) for name in names}
    if menu.is_restricted(session.answers.get("category", "")):
        shown.add("category")  # the log must know to write no word of it
    answers = {name: value for name, value in session.answers.items() if name in shown}
    return session._replace(answers=answers, trail=(), passing=False)


# Moves -------------------------------------------------------------------------------------------------------


def _read_number(menu: Menu, state: State, session: Session, keys: str, named: Keys) -> str:
    """Read the number of an option: `1.`, `01`, `satu` and `no 1` are 1 too, and `kembali` is the key back."""
    number = plain_number(keys)
    if number.startswith("0") and number not in (named.back, named.back_elsewhere, named.home, named.more):
        return number.lstrip("0") or number
    if number.isdecimal():
        return number
    return navigation_key(menu, state, session.language, keys, named) or typed_number(menu, state, keys) or number


def _move(menu: Menu, state: State, session: Session, typed: Input) -> Session:
    number, limits = typed.number, typed.limits
    navigation = limits.keys or menu.keys
    if number == navigation.home:
        return restart(session, menu.home)
    if number == navigation.back and state.zero:
        return forward(menu, session, state.zero[1], {state.keep: ""} if state.keep else {}, typed.given)
    if _is_back(state, number, navigation):
        return _back(session, state)
    if len(typed.keys) > limits.text:
        return refuse(session, "long" if state.kind.is_typed else "choice")
    return state.kind.move(menu, state, session, typed)


def _offer_help(menu: Menu, session: Session) -> Session:
    """Cover the question with the help screen after too many wrong inputs in a row.

    The position stays, so that the help screen takes the answer, and a replay cannot tell the two apart. Back uncovers
    the question.
    """
    if not session.error or session.wrong < WRONG_BEFORE_HELP or not menu.help or session.state == menu.help:
        return session
    return session._replace(error=HELP, wrong=0)


def _is_back(state: State, number: str, named: Keys) -> bool:
    """Return True for a key that leads back. 99 is a number where it can be the answer: back is `0` there."""
    if number == named.back_elsewhere and not state.zero and state.takes_number(number):
        return False
    return number in (named.back, named.back_elsewhere)


def _back(session: Session, state: State) -> Session:
    if not state.kind.can_go_back:
        return session
    if session.page:
        return session._replace(page=session.page - 1, wrong=0)
    if len(session.trail) > session.barrier:
        return session._replace(state=session.trail[-1], trail=session.trail[:-1], wrong=0)
    return session
