"""Moves in a menu: functions from a `Session`, the position of a resident, to the next one.

`engine` and `kinds` choose the move that an input means. `checks.explorer` finds everything that moves can reach.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from gateway.menu.model import Menu, State, choices
from gateway.menu.session import GivenValues, Session


def valid_answers(menu: Menu, session: Session) -> dict[str, str]:
    """Return the answers that count: those whose question is on the trail."""
    return _answers_on(menu, (*session.trail, session.state), session.answers)


def later_answers(menu: Menu, session: Session) -> dict[str, str]:
    """Return the answers that were given after the report was filed. One that was skipped is left out."""
    given = _answers_on(menu, (*session.trail[session.barrier :], session.state), session.answers)
    return {name: answer for name, answer in given.items() if answer}


def _answers_on(menu: Menu, trail: Iterable[str], answers: Mapping[str, str]) -> dict[str, str]:
    kept = (menu.states[name].keep for name in trail)
    return {keep: answers[keep] for keep in kept if keep and keep in answers}


def parent_answer(state: State, session: Session) -> str:
    """Return the answer that narrows the list of `state`. Returns an empty text if none does."""
    return session.answers.get(state.within, "") if state.within else ""


def forward(menu: Menu, session: Session, target: str, kept: Mapping[str, str], given: GivenValues) -> Session:
    """Move on to `target` with the answers `kept`. While passing, questions that are still answered are skipped."""
    answers = {**session.answers, **kept}
    at = enter(menu, session, target, (*session.trail, session.state), answers, given)
    if not at.passing or _is_notice(menu, at):
        return at
    for _ in menu.states:  # answers can lead in a cycle; it ends with a question asked again
        if not (onward := _onward(menu, at)):
            break
        at = enter(menu, at, onward, (*at.trail, at.state), answers, given)
    return at if menu.states[at.state].keep else at._replace(passing=False)


def enter(
    menu: Menu,
    session: Session,
    target: str,
    trail: tuple[str, ...],
    answers: Mapping[str, str],
    given: GivenValues,
) -> Session:
    """Move to `target`, or to the first state after it whose condition holds."""
    if menu.states[target].condition is None:
        return jump_to(session, target, trail, answers)
    for _ in menu.states:  # checks refuse a cycle of conditions that never hold; here it must not hang
        state = menu.states[target]
        if state.condition is None or state.condition.holds({**given, **_answers_on(menu, trail, answers)}):
            break
        target = state.otherwise
    return jump_to(session, target, trail, answers)


def jump_to(session: Session, target: str, trail: tuple[str, ...], answers: Mapping[str, str]) -> Session:
    """Move to `target` itself, whatever its condition. The trail is cut where it contains `target`.

    It is never cut behind the filing of a report.
    """
    _, language, _, _, _, error, passing, hops, _, chosen, began, resumed, off, barrier, filings = session
    if target in trail and (not barrier or target in trail[barrier:]):
        trail = trail[: trail.index(target, barrier)]
    # Taken apart by position: every hop comes through here, and `_replace` takes twice as long.
    return Session(
        target, language, 0, answers, trail, error, passing, hops, 0, chosen, began, resumed, off, barrier, filings
    )


def count_hop(session: Session) -> Session:
    """Count one input, and clear the error line of the last one."""
    state, language, page, answers, trail, _, passing, hops, wrong, chosen, began, resumed, off, barrier, filed = (
        session
    )
    return Session(
        state, language, page, answers, trail, "", passing, hops + 1, wrong, chosen, began, resumed, off, barrier, filed
    )


def restart(session: Session, state: str) -> Session:
    """Move to `state` without trail and answers. Language, hops and the start of the dialling remain."""
    _, language, _, _, _, _, _, hops, _, chosen, began, _, _, _, filings = session
    return Session(state, language, hops=hops, chosen=chosen, began=began, filings=filings)


def after_effect(menu: Menu, session: Session, outcome: str, learnt: Mapping[str, str], given: GivenValues) -> Session:
    """Move on from an effect. A report that is filed stays filed: no key leads back behind it."""
    state = menu.states[session.state]
    target = state.options.get(outcome) or state.options["failed"]
    moved = enter(menu, session, target, session.trail, {**session.answers, **learnt}, given)
    if not state.kind.commits(state, outcome):
        return moved
    return moved._replace(barrier=len(moved.trail), filings=moved.filings + 1, passing=False)


def behind_filing(
    menu: Menu, session: Session, outcome: str, learnt: Mapping[str, str], given: GivenValues
) -> Session | None:
    """Move behind the filing of a report after which the dialogue goes on. Returns None if it ends after each."""
    for state in menu.states.values():
        if state.kind.commits(state, outcome) and menu.states[state.options[outcome]].kind.waits_for_input:
            return after_effect(menu, session._replace(state=state.name), outcome, learnt, given)
    return None


def is_behind_filing(menu: Menu, name: str) -> bool:
    """Return True for a screen that a filed report leads to. States whose condition does not hold are passed."""
    for state in menu.states.values():
        for outcome, target in state.options.items():
            if state.kind.commits(state, outcome):
                passed, at = set[str](), target
                while at in menu.states and at not in passed:
                    passed.add(at)
                    at = menu.states[at].otherwise
                if name in passed:
                    return True
    return False


def at_shortcut(menu: Menu, session: Session, dialled: str, given: GivenValues) -> Session:
    """Move along a dialled shortcut, with the main menu behind it."""
    shortcut = menu.shortcuts[dialled]
    home = restart(session, menu.home)._replace(passing=bool(shortcut.answers))
    return forward(menu, home, shortcut.to, shortcut.answers, given)


def reopen(menu: Menu, session: Session, target: str) -> Session:
    """Move back to a question to answer it again. Answers that it narrows are forgotten too."""
    keep = menu.states[target].keep
    narrowed = {state.keep for state in menu.states.values() if keep and state.within == keep}
    answers = {name: value for name, value in session.answers.items() if name != keep and name not in narrowed}
    return jump_to(session, target, session.trail, answers)._replace(passing=True)


def refuse(session: Session, error: str) -> Session:
    """Stay where the input was wrong, with an error line above the screen."""
    return session._replace(error=error, wrong=session.wrong + 1)


def forget(session: Session, name: str) -> Session:
    return session._replace(answers={other: value for other, value in session.answers.items() if other != name})


def _onward(menu: Menu, session: Session) -> str:
    """Return the state that the kept answer leads to. Returns an empty text if the question is open."""
    state = menu.states[session.state]
    if state.keep:
        value = session.answers.get(state.keep)
        if value == "" and state.zero:
            return state.zero[1]
        if value is not None and state.kind.is_typed:
            return state.next
        if value is None or value not in choices(menu, state, parent_answer(state, session)).values():
            typed = menu.states[state.or_type] if state.or_type else None
            return typed.name if typed and typed.keep in session.answers else ""
        return state.options.get(value, state.next)
    return next(iter(state.options.values())) if _is_notice(menu, session) else ""


def _is_notice(menu: Menu, session: Session) -> bool:
    """Return True for a text with a single option. It is shown after an answer, and skipped while passing."""
    state = menu.states[session.state]
    return state.kind.is_question and len(state.options) == 1 and not state.keep
