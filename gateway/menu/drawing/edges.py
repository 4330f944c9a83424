"""Edges of the menu graph for a drawing: source, target, key and label.

Back, home and more are on every screen and left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from gateway.menu.limits import Limits
from gateway.menu.model import MATCHES, TYPED, Menu, Shortcut, State
from gateway.menu.paging import navigation_lines, option_lines, pages, parent_values

OTHERWISE = "otherwise"
DROPPED = ""
"""Target of an edge that continues a dropped dialogue: no state, but the position where it was dropped."""


class Edge(NamedTuple):
    """Edge between two states. Its key is typed, or names an outcome or what happens."""

    source: str
    target: str
    key: str
    label: str = ""

    @property
    def words(self) -> str:
        return f"{self.key} {self.label}".rstrip()


class EntryPoint(NamedTuple):
    """Entry from outside the menu, described line by line, and the state that it leads to.

    Its name has a hyphen, which the name of a state cannot have.
    """

    name: str
    lines: tuple[str, ...]
    target: str


class Screens(NamedTuple):
    """Pages of a state, and the answer they are an example for, if they depend on one."""

    pages: tuple[str, ...]
    example: str = ""


def menu_edges(menu: Menu, language: str) -> list[Edge]:
    """Return all edges between states, in the order of the pack and of the keys."""
    return [edge for state in menu.states.values() for edge in _edges_from(menu, state, language)]


def _edges_from(menu: Menu, state: State, language: str) -> Iterator[Edge]:
    texts = menu.wordings[language].screens.get(state.words, {})
    for key, target, option in state.kind.edges_of(state):
        yield Edge(state.name, target, key, texts[option] if option else "")
    if state.or_type:
        yield Edge(state.name, state.or_type, TYPED)
    if state.zero:
        label, target = state.zero
        yield Edge(state.name, target, menu.keys.back, texts[label])
    if state.otherwise:
        yield Edge(state.name, state.otherwise, OTHERWISE)


def entry_points(menu: Menu, language: str) -> list[EntryPoint]:
    """Return all entries. Shortcuts to the same state are one entry."""
    found = [EntryPoint("enter-dial", ("dialled",), menu.start)]
    if menu.home != menu.start:
        found.append(EntryPoint("enter-again", ("dialled again,", "the language is known"), menu.home))
    if menu.resume:
        found.append(EntryPoint("enter-redial", ("dialled again", "after a drop"), menu.resume))
    if menu.help:
        found.append(EntryPoint("enter-wrong", ("wrong three times",), menu.help))
    for target in dict.fromkeys(shortcut.to for shortcut in menu.shortcuts.values()):
        lines = (
            _shortcut(menu, keys, shortcut, language)
            for keys, shortcut in menu.shortcuts.items()
            if shortcut.to == target
        )
        found.append(EntryPoint(f"enter-shortcut-{target}", tuple(lines), target))
    return found


def _shortcut(menu: Menu, keys: str, shortcut: Shortcut, language: str) -> str:
    given = ", ".join(menu.label(answer, value, language) for answer, value in shortcut.answers.items())
    return f"*{keys}# {given}".strip()


def state_notes(menu: Menu, state: State) -> list[str]:
    """Return notes about a state: when it is shown, and when it is skipped."""
    notes = [f"only if {state.condition.text}"] if state.condition else []
    if state.source == MATCHES:
        notes.append("only if several places are meant")
    if any(other.or_type == state.name for other in menu.states.values()):
        notes.append("answered by what was typed before")
    return notes


def screens(menu: Menu, state: State, language: str, limits: Limits) -> Screens:
    """Lay out the screens of a state. A list that depends on an answer is shown for one example.

    Only the service is filled in. A text that the checks refuse (not GSM-7, for example) is shown as one page.
    """
    within, example = _example(menu, state, language)
    try:
        laid_out = pages(menu, state, language, within, limits)
    except (ValueError, KeyError):
        words = menu.wordings[language]
        lines = [*option_lines(menu, state, language, within), *navigation_lines(menu, state, words, limits)]
        laid_out = ("\n".join([words.heading(state.words), *lines]),)
    return Screens(tuple(_known(menu, page) for page in laid_out), example)


def _known(menu: Menu, text: str) -> str:
    return text.replace("{svc}", menu.service)


def _example(menu: Menu, state: State, language: str) -> tuple[str, str]:
    """Return an answer that narrows the list of a state, and its label. Both are empty if none does."""
    if state.source == MATCHES:
        return (name := _ambiguous(menu)), f'"{name}"'
    first = parent_values(menu, state)[0]
    return first, menu.label(state.within, first, language) if first else ""


def _ambiguous(menu: Menu) -> str:
    """Return the first word of the place names that matches several places, or else the first name."""
    names = list(menu.areas.places.values())
    words = (word for name in names for word in name.split())
    return next((word for word in words if len(menu.gazetteer.find(word).codes) > 1), names[0])
