"""Pure: contents of an unfinished dialogue, which decide over it if its session drops.

It may have the answers of a report, be urgent before its place is known, or add to a report that it has filed.
"""

from __future__ import annotations

from gateway.menu import engine
from gateway.menu.definitions.report_form import REQUIRED_ANSWERS
from gateway.menu.model import Menu
from gateway.menu.session import Session


def is_fileable(menu: Menu, session: Session) -> bool:
    """Return True if an unfinished dialogue has the answers that a report requires, and was not called off."""
    return _is_unfinished(menu, session) and _says(menu, session, *REQUIRED_ANSWERS)


def is_urgent(menu: Menu, session: Session) -> bool:
    """Return True if an unfinished dialogue names a kind and speaks of danger.

    That of a kind which the pack calls urgent is so until the question about danger is answered.
    """
    if not _is_unfinished(menu, session) or not session.answers.get("category"):
        return False
    answers = engine.valid_answers(menu, session)
    kind = menu.categories.get(answers.get("category", ""))
    return kind is not None and kind.is_pressing(answers.get("danger", ""))


def adds_to_report(menu: Menu, session: Session) -> bool:
    """Return True if a dialogue goes on after it filed its report, and has answers which that report lacks."""
    return session.barrier > 0 and menu.states[session.state].kind.waits_for_input and bool(_later(menu, session))


def is_worth_watching(menu: Menu, session: Session) -> bool:
    """Return True if a dialogue has answers that must not be lost if its session drops."""
    if not session.answers.get("category"):
        return False  # nearly every hop of those who report nothing
    return adds_to_report(menu, session) or is_fileable(menu, session) or is_urgent(menu, session)


def _is_unfinished(menu: Menu, session: Session) -> bool:
    return not (session.called_off or session.barrier) and menu.states[session.state].kind.waits_for_input


def _says(menu: Menu, session: Session, *names: str) -> bool:
    if not session.answers.keys() >= set(names):
        return False
    answers = engine.valid_answers(menu, session)
    return all(answers.get(name) for name in names)


def _later(menu: Menu, session: Session) -> dict[str, str]:
    return engine.later_answers(menu, session)
