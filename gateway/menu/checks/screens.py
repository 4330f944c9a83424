"""Check of the size of every screen, and the page of each option.

Measured as sent: with `CON ` or `END ` before it, the longest error line above it, and the longest values in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NamedTuple

from gateway.menu.checks.pack_files import text_diagnostic
from gateway.menu.error_lines import longest_error
from gateway.menu.limits import Limits
from gateway.menu.model import MATCHES, Menu, State, choices
from gateway.menu.paging import PREFIX, fill_with_longest, lay_out, option_lines, pages, parent_values
from gateway.places.gazetteer import MAX_MATCHES
from gateway.text import gsm
from gateway.text.diagnostics import Diagnostic

PageNumbers = Mapping[str, Mapping[str, int]]
"""State → option → the page that it is on, which is how many screens it takes to choose it."""

ANY = ""
"""Any option of the list `matches`, which depends on a typed name."""


@dataclass(slots=True)
class ScreenSizes:
    """Result of measuring every screen."""

    diagnostics: list[Diagnostic] = field(default_factory=list)
    largest: int = 0  # septets
    largest_at: str = ""  # its state and language
    page_numbers: dict[str, dict[str, int]] = field(default_factory=dict)  # the last page in any language


class _Layout(NamedTuple):
    """Pages of a state in one language and for one parent answer, and the lines of its options."""

    pages: tuple[str, ...]
    options: Mapping[str, str]
    error: int  # septets of its longest error line


def measure(menu: Menu, limits: Limits, faulty: frozenset[str]) -> ScreenSizes:
    """Measure all screens in all languages. In a language with `faulty` texts, screens that lack one are skipped."""
    found = ScreenSizes(page_numbers={name: {} for name in menu.states})
    places = longest_places(menu)
    for language in menu.languages:
        tolerated = (ValueError, KeyError) if language in faulty else ()
        with suppress(*tolerated):
            size = _size(menu, menu.wordings[language].apology, language)
            _note(found, menu, language, ("apology",), size, limits)
        for state in menu.states.values():
            with suppress(*tolerated):
                _measure(found, menu, state, language, places, limits)
    return found


def _measure(
    found: ScreenSizes, menu: Menu, state: State, language: str, places: Sequence[str], limits: Limits
) -> None:
    words = menu.wordings[language]
    if state.kind.runs_effect:
        return
    largest, page = 0, 0
    for layout in _layouts(menu, state, language, places, limits):
        for number, text in enumerate(layout.pages, start=1):
            largest, page = max((largest, page), (_size(menu, text, language) + layout.error, number))
        numbers = found.page_numbers[state.name]
        for value, number in _page_numbers(layout, words.heading(state.words)):
            numbers[value] = max(number, numbers.get(value, 1))
    _note(found, menu, language, ("screens", state.words), largest, limits, page)


def _note(
    found: ScreenSizes, menu: Menu, language: str, path: tuple[str, ...], size: int, limits: Limits, page: int = 1
) -> None:
    if size > found.largest:
        found.largest, found.largest_at = size, f"{path[-1]}, {language}"
    excess = size - limits.septets
    if excess > 0:
        place = f"page {page} is " if page > 1 else ""
        message = f"{place}{excess} septets over the {limits.septets} of a screen"
        found.diagnostics.append(text_diagnostic(menu.wordings[language], path, message))


def _layouts(menu: Menu, state: State, language: str, places: Sequence[str], limits: Limits) -> Iterator[_Layout]:
    """Lay out a state for every answer that can narrow it. A list of matches gets the places with the longest names."""
    words = menu.wordings[language]
    if state.source == MATCHES:
        lines = [f"{number}.{place}" for number, place in enumerate(places, start=1)]
        error = longest_error(menu, state, words, len(lines), limits)
        yield _Layout(lay_out(menu, state, language, lines, limits), {ANY: lines[-1]} if lines else {}, error)
        return
    for within in parent_values(menu, state):
        lines = option_lines(menu, state, language, within)
        options = dict(zip(choices(menu, state, within).values(), lines, strict=True))
        error = longest_error(menu, state, words, len(options), limits)
        yield _Layout(pages(menu, state, language, within, limits), options, error)


def longest_places(menu: Menu) -> list[str]:
    """Return the longest names of places, as many as are offered at once. Equal ones have the area around them."""
    codes = menu.areas.places
    labels = {menu.areas.distinct_name(code, codes) for code in codes}
    return sorted(labels, key=gsm.septets, reverse=True)[:MAX_MATCHES]


def _page_numbers(layout: _Layout, heading: str) -> Iterator[tuple[str, int]]:
    """Yield the options, each with the number of its page."""
    number, rest = 0, ""
    for value, line in layout.options.items():
        if value == ANY:
            yield ANY, len(layout.pages)
            continue
        while not f"{rest}\n".startswith(f"{line}\n"):
            rest = layout.pages[number][len(heading) + 1 :]
            number += 1
        rest = rest[len(line) + 1 :]
        yield value, number


def _size(menu: Menu, text: str, language: str) -> int:
    return gsm.septets(PREFIX) + gsm.septets(fill_with_longest(menu, text, language))
