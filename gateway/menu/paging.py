"""Screens that fit: a state's text laid out in pages, never cutting an option.

Pages are laid out with room for the longest error line and the longest values a placeholder can have, so that a
screen which fits once always fits. They are made once per menu and kept: nothing is laid out while a resident waits.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

from gateway.menu.definition import Kind, Menu, State, choices
from gateway.text import gsm
from gateway.text.wording import Wording, fill

PREFIX = "CON "
LONGEST_GIVEN = {"ussd": "*384*33751#", "ticket": "0000-0000"}


@lru_cache(maxsize=65536)
def pages(menu: Menu, state: State, language: str, within: str, septets: int) -> tuple[str, ...]:
    """The pages of `state`, as templates: at most `septets` septets each, `CON ` and an error line included.

    A page that holds a single option is never made smaller: a text that cannot fit is for `checking` to refuse.
    """
    words = menu.wordings[language]
    heading = words.heading(state.name)
    if state.kind is Kind.END:
        return (heading,)
    options = option_lines(menu, state, language, within)
    closing = navigation_lines(menu, state, words)
    room = septets - gsm.septets(PREFIX) - longest_error(words) - gsm.septets(filled_longest(menu, heading, language))
    if _size(options) + _size(closing) <= room:
        return (_page(heading, options, closing),)
    more = f"{menu.keys.more}.{words.navigation['more']}"
    groups = _split(options, room - _size([more, *closing]), room - _size(closing))
    return tuple(_page(heading, group, closing if group is groups[-1] else [more, *closing]) for group in groups)


def _page(heading: str, options: Iterable[str], closing: Iterable[str]) -> str:
    return "\n".join([heading, *options, *closing])


def _size(lines: Iterable[str]) -> int:
    """Septets of `lines`, each with the line break before it."""
    return sum(gsm.septets(line) + 1 for line in lines)


def _split(lines: Sequence[str], room: int, last_room: int) -> list[list[str]]:
    """`lines` in groups that fit `room`; the last group may fill `last_room`, having no line that leads on."""
    groups: list[list[str]] = [[]]
    for place, line in enumerate(lines):
        group = groups[-1]
        rest_fits = _size(group) + _size(lines[place:]) <= last_room
        if group and not rest_fits and _size([*group, line]) > room:
            groups.append([])
        groups[-1].append(line)
    return groups


def option_lines(menu: Menu, state: State, language: str, within: str) -> list[str]:
    """The numbered options of `state` as they are shown."""
    words = menu.wordings[language]
    return [f"{key}.{_option(menu, state, words, value)}" for key, value in choices(menu, state, within).items()]


def _option(menu: Menu, state: State, words: Wording, value: str) -> str:
    if state.kind is not Kind.CHOOSE_FROM:
        return words.screens[state.name][value]
    if state.source == "languages":
        return menu.languages[value]
    return menu.label("category" if state.source == "categories" else state.keep, value, words.language)


def navigation_lines(menu: Menu, state: State, words: Wording) -> list[str]:
    """The lines that lead elsewhere: what `0` means here, and back. The first screens have nothing behind them."""
    keys, back = menu.keys, words.navigation["back"]
    if not state.zero:
        return [] if state.name in (menu.start, menu.home) else [f"{keys.back}.{back}"]
    label, target = state.zero
    zero = f"{keys.back}.{words.screens[state.name][label]}"
    return [zero] if target == menu.home else [zero, f"{keys.back_elsewhere}.{back}"]


def longest_error(words: Wording) -> int:
    """Septets of the longest error line with its line break."""
    return max(gsm.septets(text) for text in words.errors.values()) + 1


@lru_cache(maxsize=4096)
def filled_longest(menu: Menu, template: str, language: str) -> str:
    """`template` with the longest value that each placeholder can have in `language`."""
    values = {"svc": menu.service, **LONGEST_GIVEN}
    for placeholder, answer in menu.placeholders.items():
        keepers = [state for state in menu.states.values() if state.keep == answer]
        names = [
            menu.label(answer, value, language) for state in keepers for value in choices(menu, state, "").values()
        ]
        values[placeholder] = max(names, key=gsm.septets, default="")
    return fill(template, values)
