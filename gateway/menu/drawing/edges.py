"""Every way that a menu offers, as a drawing shows it: from where to where, by which key, and in which words.

Back, home and more are on every screen and no way of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from gateway.menu.limits import Limits
from gateway.menu.model import MATCHES, Menu, Shortcut, State
from gateway.menu.paging import navigation_lines, option_lines, pages, parent_values

TYPED = "typed"
OTHERWISE = "otherwise"
DROPPED = ""
"""Where a way leads that goes on with a dropped dialogue: to no state, but to the place where it was dropped."""


class Edge(NamedTuple):
    """One way: the key that leads along it (or what is done or happens instead), and what the screen calls it."""

    source: str
    target: str
    key: str
    label: str = ""

    @property
    def words(self) -> str:
        """The key with its label."""
        return f"{self.key} {self.label}".rstrip()


class EntryPoint(NamedTuple):
    """A way in from outside the menu: what happens, line by line, and the state that it leads to.

    Its name has a hyphen, which that of a state cannot have.
    """

    name: str
    lines: tuple[str, ...]
    target: str


class Screens(NamedTuple):
    """The pages of one state, and for which answer they stand where they depend on one."""

    pages: tuple[str, ...]
    example: str = ""


def menu_edges(menu: Menu, language: str) -> list[Edge]:
    """All ways between states, in the order of the pack and of the keys."""
    return [way for state in menu.states.values() for way in _ways(menu, state, language)]


def _ways(menu: Menu, state: State, language: str) -> Iterator[Edge]:
    texts = menu.wordings[language].screens.get(state.words, {})
    for key, target, option in state.kind.edges_of(state):
        yield Edge(state.name, target, key, texts[option] if option else "")
    if state.next:
        yield Edge(state.name, state.next, state.source if state.kind.is_list else TYPED)
    if state.or_type:
        yield Edge(state.name, state.or_type, TYPED)
    if state.zero:
        label, target = state.zero
        yield Edge(state.name, target, menu.keys.back, texts[label])
    if state.otherwise:
        yield Edge(state.name, state.otherwise, OTHERWISE)


def entry_points(menu: Menu, language: str) -> list[EntryPoint]:
    """All ways in. Shortcuts to the same state are one entry."""
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
    """What a state says of itself besides its screen: when it is asked, and when it is passed over."""
    said = [f"only if {state.condition.text}"] if state.condition else []
    if state.source == MATCHES:
        said.append("only if several places are meant")
    if any(other.or_type == state.name for other in menu.states.values()):
        said.append("answered by what was typed before")
    return said


def screens(menu: Menu, state: State, language: str, limits: Limits) -> Screens:
    """What the phone shows. Only the service is filled in; a list that depends on an answer is shown for one.

    A text that `checking` would refuse (no GSM-7, say) cannot be laid out in pages: it is shown as one.
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
    """An answer that narrows the list of `state`, and what to call it; both empty where nothing narrows it."""
    if state.source == MATCHES:
        return (name := _ambiguous(menu)), f'"{name}"'
    first = parent_values(menu, state)[0]
    return first, menu.label(state.within, first, language) if first else ""


def _ambiguous(menu: Menu) -> str:
    """The first word of the pack's place names that may mean several places; else the first name."""
    names = list(menu.areas.kelurahan.values())
    words = (word for name in names for word in name.split())
    return next((word for word in words if len(menu.gazetteer.find(word).codes) > 1), names[0])
