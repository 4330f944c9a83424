"""Layout of screens: the text of a state in pages that fit, without ever cutting an option.

Pages leave room for the longest error line and the longest values of placeholders, so that a screen which fits once
always fits. They are computed once per menu and cached: nothing is laid out while a resident waits.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gateway.menu.error_lines import longest_error
from gateway.menu.limits import Limits
from gateway.menu.model import (
    LATEST_APPEALS,
    LONGEST_APPEAL_LINE,
    LONGEST_NUMBER,
    LONGEST_TITLE,
    MATCHES,
    MAX_PLACES_IN_SMS,
    NUMBER,
    Menu,
    State,
    choices,
)
from gateway.menu.navigation import is_behind_filing
from gateway.text import gsm
from gateway.text.wording import Wording, fill

PREFIX = "CON "
LONGEST_GIVEN = {
    "ussd": "*000*00000000#",  # a code has 14 at most
    "ticket": "0000-0000",
    "date": "00/00 00:00",
    "appeals": "\n".join(["m" * LONGEST_APPEAL_LINE] * LATEST_APPEALS),
    "appeal_no": LONGEST_NUMBER,
    "appeal_title": "m" * LONGEST_TITLE,
    "appeal_text": "m" * 160,
}


def pages(menu: Menu, state: State, language: str, within: str, limits: Limits) -> tuple[str, ...]:
    """Return the pages of a state as templates of at most `limits.septets`, with `CON ` and an error line included.

    A page with a single option is never made smaller: `checks.screens` refuses a text that cannot fit.
    """
    key = (state.name, language, within, limits)
    laid_out = menu.cache.pages.get(key)
    if laid_out is None:
        laid_out = _lay_out(menu, state, language, within, limits)
        if state.source != MATCHES:  # a typed name rarely comes twice
            menu.cache.pages[key] = laid_out
    return laid_out


def _lay_out(menu: Menu, state: State, language: str, within: str, limits: Limits) -> tuple[str, ...]:
    if state.kind.is_end:
        return (menu.wordings[language].heading(state.words),)
    return lay_out(menu, state, language, option_lines(menu, state, language, within), limits)


def lay_out(menu: Menu, state: State, language: str, options: Sequence[str], limits: Limits) -> tuple[str, ...]:
    """Lay out a state whose options have these lines. Returns its pages."""
    words = menu.wordings[language]
    heading = words.heading(state.words)
    closing = navigation_lines(menu, state, words, limits)
    error = longest_error(menu, state, words, len(options), limits)
    room = limits.septets - gsm.septets(PREFIX) - error - gsm.septets(fill_with_longest(menu, heading, language))
    if _size(options) + _size(closing) <= room:
        return (_page(heading, options, closing),)
    more = f"{(limits.keys or menu.keys).more}.{words.navigation['more']}"
    groups = _split(options, room - _size([more, *closing]), room - _size(closing))
    return tuple(_page(heading, group, closing if group is groups[-1] else [more, *closing]) for group in groups)


def _page(heading: str, options: Iterable[str], closing: Iterable[str]) -> str:
    return "\n".join([heading, *options, *closing])


def _size(lines: Iterable[str]) -> int:
    """Count the septets of lines, each with the line break before it."""
    return sum(gsm.septets(line) + 1 for line in lines)


def _split(lines: Sequence[str], room: int, last_room: int) -> list[list[str]]:
    """Group lines so that each group fits `room`. The last page has no line for more, so its group fits `last_room`."""
    groups: list[list[str]] = [[]]
    for place, line in enumerate(lines):
        group = groups[-1]
        rest_fits = _size(group) + _size(lines[place:]) <= last_room
        if group and not rest_fits and _size([*group, line]) > room:
            groups.append([])
        groups[-1].append(line)
    return groups


def option_lines(menu: Menu, state: State, language: str, within: str) -> list[str]:
    words = menu.wordings[language]
    numbered = choices(menu, state, within)
    offered = numbered.values()
    return [f"{key}.{state.kind.option_text(menu, state, words, value, offered)}" for key, value in numbered.items()]


def navigation_lines(menu: Menu, state: State, words: Wording, limits: Limits) -> list[str]:
    """Return the lines of the option on `0` and of back.

    The first screens have nothing to go back to, and neither have those that a filed report leads to.
    """
    keys, back = limits.keys or menu.keys, words.navigation["back"]
    if not state.zero:
        first = state.name in (menu.start, menu.home) or not state.kind.can_go_back
        first = first or is_behind_filing(menu, state.name)
        return [] if first else [f"{keys.back}.{back}"]
    label, target = state.zero
    zero = f"{keys.back}.{words.screens[state.words][label]}"
    return [zero] if target == menu.home else [zero, f"{keys.back_elsewhere}.{back}"]


def fill_with_longest(menu: Menu, template: str, language: str) -> str:
    """Fill in a template with the longest value that each placeholder can have in `language`."""
    if "{" not in template:
        return template
    values = {"svc": menu.service, **LONGEST_GIVEN, "places": _longest_places(menu, language)}
    for placeholder, answer in menu.placeholders.items():
        values[placeholder] = _longest_name(menu, answer, language)
    return fill(template, values)


def _longest_places(menu: Menu, language: str) -> str:
    """Join as many of the longest place names as one text may show."""
    longest = menu.cache.longest.get(("places", language))
    if longest is None:
        names = sorted((menu.full_label("", code, language) for code in menu.areas.places), key=gsm.septets)
        longest = menu.cache.longest["places", language] = ", ".join(names[-MAX_PLACES_IN_SMS:])
    return longest


def _longest_name(menu: Menu, answer: str, language: str) -> str:
    longest = menu.cache.longest.get((answer, language))
    if longest is None:
        names = list(menu.wordings[language].labels.get(answer, {}).values())
        for state in menu.states.values():
            if state.keep == answer and state.source == NUMBER:
                names.append(str(state.most))
            elif state.keep == answer:
                offered = menu.areas.places if state.source == MATCHES else choices(menu, state, "").values()
                names += [menu.full_label(answer, value, language) for value in offered]
        longest = menu.cache.longest[answer, language] = max(names, key=gsm.septets, default="")
    return longest


def parent_values(menu: Menu, state: State) -> list[str]:
    """Return every answer that can narrow the list of a state. Returns an empty text if none does."""
    if state.source == MATCHES or not state.is_narrowed:
        return [""]
    keepers = [other for other in menu.states.values() if other.keep == state.within]
    return sorted({value for keeper in keepers for value in choices(menu, keeper, "").values()})
