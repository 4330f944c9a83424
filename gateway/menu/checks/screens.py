"""How large every screen is that a menu can show, and on which page of it each option stands.

Measured as it goes over the air: `CON ` or `END ` before it, the longest error line above it, the longest values in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NamedTuple

from gateway.menu.limits import Limits
from gateway.menu.model import MATCHES, Menu, State, choices
from gateway.menu.pack_files import text_diagnostic
from gateway.menu.paging import PREFIX, fill_with_longest, lay_out, longest_error, option_lines, pages, parent_values
from gateway.places.gazetteer import MAX_MATCHES
from gateway.text import gsm
from gateway.text.diagnostics import Diagnostic

Turned = Mapping[str, Mapping[str, int]]
"""State → option → how many screens it takes at worst to choose it. `ANY` stands for the options of `matches`."""

ANY = ""


@dataclass(slots=True)
class ScreenSizes:
    """What measuring every screen finds out."""

    diagnostics: list[Diagnostic] = field(default_factory=list)
    largest: int = 0  # septets
    turned: dict[str, dict[str, int]] = field(default_factory=dict)


class _Laid(NamedTuple):
    """The pages of a state in one language, for one answer that narrows it, and the lines of its options."""

    pages: tuple[str, ...]
    options: Mapping[str, str]


def measure(menu: Menu, limits: Limits, faulty: frozenset[str]) -> ScreenSizes:
    """All screens in all languages. In a language with `faulty` texts, what cannot be measured is passed over."""
    found = ScreenSizes(turned={name: {} for name in menu.states})
    places = longest_places(menu)
    for language in menu.languages:
        passed_over = (ValueError, KeyError) if language in faulty else ()
        with suppress(*passed_over):
            size = _size(menu, menu.wordings[language].apology, language)
            _note(found, menu, language, ("apology",), size, limits)
        for state in menu.states.values():
            with suppress(*passed_over):
                _measure(found, menu, state, language, places, limits)
    return found


def _measure(
    found: ScreenSizes, menu: Menu, state: State, language: str, places: Sequence[str], limits: Limits
) -> None:
    words = menu.wordings[language]
    if state.kind.runs_effect:
        return
    error = 0 if state.kind.is_end else longest_error(words)
    largest, page = 0, 0
    for laid in _all_laid(menu, state, language, places, limits):
        for number, text in enumerate(laid.pages, start=1):
            largest, page = max((largest, page), (_size(menu, text, language) + error, number))
        turned = found.turned[state.name]
        for value, number in _page_numbers(laid, words.heading(state.words)):
            turned[value] = max(number, turned.get(value, 1))
    _note(found, menu, language, ("screens", state.words), largest, limits, page)


def _note(
    found: ScreenSizes, menu: Menu, language: str, path: tuple[str, ...], size: int, limits: Limits, page: int = 1
) -> None:
    found.largest = max(found.largest, size)
    excess = size - limits.septets
    if excess > 0:
        place = f"page {page} is " if page > 1 else ""
        message = f"{place}{excess} septets over the {limits.septets} of a screen"
        found.diagnostics.append(text_diagnostic(menu.wordings[language], path, message))


def _all_laid(menu: Menu, state: State, language: str, places: Sequence[str], limits: Limits) -> Iterator[_Laid]:
    """The pages of `state` for every answer that can narrow it. Of places that match, those with the longest names."""
    if state.source == MATCHES:
        lines = [f"{number}.{place}" for number, place in enumerate(places, start=1)]
        yield _Laid(lay_out(menu, state, language, lines, limits), {ANY: lines[-1]} if lines else {})
        return
    for within in parent_values(menu, state):
        lines = option_lines(menu, state, language, within)
        options = dict(zip(choices(menu, state, within).values(), lines, strict=True))
        yield _Laid(pages(menu, state, language, within, limits), options)


def longest_places(menu: Menu) -> list[str]:
    """The longest names of places, as many as are offered at once, as they stand where two are called the same."""
    codes = menu.areas.kelurahan
    labels = {menu.areas.distinct_name(code, codes) for code in codes}
    return sorted(labels, key=gsm.septets, reverse=True)[:MAX_MATCHES]


def _page_numbers(laid: _Laid, heading: str) -> Iterator[tuple[str, int]]:
    """The options, each with the number of the page on which it stands."""
    number, rest = 0, ""
    for value, line in laid.options.items():
        if value == ANY:
            yield ANY, len(laid.pages)
            continue
        while not f"{rest}\n".startswith(f"{line}\n"):
            rest = laid.pages[number][len(heading) + 1 :]
            number += 1
        rest = rest[len(line) + 1 :]
        yield value, number


def _size(menu: Menu, text: str, language: str) -> int:
    return gsm.septets(PREFIX) + gsm.septets(fill_with_longest(menu, text, language))
