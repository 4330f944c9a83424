"""Check for ambiguous keys and for options with identical labels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from itertools import combinations

from gateway.menu.checks.pack_files import AREAS, FLOW, SETTINGS, pack_diagnostic, state_diagnostic, text_diagnostic
from gateway.menu.checks.unknowns import NOTHING_UNKNOWN, Unknowns
from gateway.menu.limits import Limits
from gateway.menu.model import MATCHES, Menu, State, choices
from gateway.menu.paging import option_lines, parent_values
from gateway.places.gazetteer import MAX_MATCHES
from gateway.text.diagnostics import Diagnostic


def key_faults(menu: Menu, limits: Limits, unknowns: Unknowns = NOTHING_UNKNOWN) -> Iterator[Diagnostic]:
    """Check for navigation keys that are also another navigation key, the number of an option, or a shortcut."""
    if unknowns.keys and not limits.keys:
        return
    named: dict[str, str] = asdict(limits.keys or menu.keys)
    for (one, key), (other, same) in combinations(named.items(), 2):
        if key == same:
            message = f"{one} and {other} are both {key}"
            if limits.keys:
                yield Diagnostic(SETTINGS, 0, f"keys: {message}")
            else:
                yield pack_diagnostic(menu, ("keys",), message)
    for state in menu.states.values():
        numbers = {number for within in parent_values(menu, state) for number in _numbers(menu, state, within)}
        for name, key in named.items():
            if key in numbers:
                yield state_diagnostic(state, f"the key {name} is {key}, the number of an option")
    yield from _number_faults(menu, named)
    for name, key in named.items():
        if key in menu.shortcuts:
            message = f"shortcut {key}: the key {name} is {key} too"
            yield Diagnostic(FLOW, menu.shortcuts[key].line, message)


def _number_faults(menu: Menu, named: Mapping[str, str]) -> Iterator[Diagnostic]:
    """Check for navigation keys that are a number which a state asks for, and cannot get."""
    for state in menu.states.values():
        for name in ("back", "home", *(["back_elsewhere"] if state.zero else [])):
            if state.takes_number(named[name]):
                message = f"the key {name} is {named[name]}, a number within its limits; narrow them"
                yield state_diagnostic(state, message)


def _numbers(menu: Menu, state: State, within: str) -> Iterator[str]:
    if state.source == MATCHES:
        yield from map(str, range(1, MAX_MATCHES + 1))
    else:
        yield from choices(menu, state, within)


def alike_faults(menu: Menu, language: str, *, is_partial: bool = False) -> Iterator[Diagnostic]:
    """Check for options of one screen whose labels are identical, but for case and spaces.

    In a language that `is_partial`, screens that lack a text are skipped.
    """
    for state in menu.states.values():
        if not state.kind.waits_for_input:
            continue
        try:
            yield from _screen_faults(menu, state, language)
        except KeyError:
            if not is_partial:
                raise


def _screen_faults(menu: Menu, state: State, language: str) -> Iterator[Diagnostic]:
    for within in parent_values(menu, state):
        first: dict[str, str] = {}
        for value, label in _labels(menu, state, language, within).items():
            same = first.setdefault(" ".join(label.casefold().split()), value)
            if same != value:
                yield _label_diagnostic(menu, state, language, value, f"{label!r} reads the same as {same}")


def _labels(menu: Menu, state: State, language: str, within: str) -> Mapping[str, str]:
    """Return the labels of everything that can be chosen on any page: navigation, options, and `zero`."""
    if state.source == MATCHES:
        codes = menu.areas.places
        return {code: menu.areas.distinct_name(code, codes) for code in codes}
    lines = option_lines(menu, state, language, within)
    values = choices(menu, state, within).values()
    labels = {value: line.partition(".")[2] for value, line in zip(values, lines, strict=True)}
    words = menu.wordings[language]
    zero = {state.zero[0]: words.screens[state.words][state.zero[0]]} if state.zero else {}
    navigation = {f"navigation.{name}": words.navigation[name] for name in ("back", "more")}
    return {**navigation, **labels, **zero}


def _label_diagnostic(menu: Menu, state: State, language: str, value: str, message: str) -> Diagnostic:
    """Make a diagnostic at the line of the label."""
    areas, words = menu.areas, menu.wordings[language]
    for answer in (state.keep, "category"):
        if state.kind.is_list and value in words.labels.get(answer, {}):
            return text_diagnostic(words, ("labels", answer, value), message)
    if state.source == "languages" and value in menu.languages:
        return pack_diagnostic(menu, ("languages", value), message)
    if value in areas.names:
        return Diagnostic(AREAS, areas.lines.get(value, 0), f"{value}: {message}")
    return text_diagnostic(words, ("screens", state.words, value), message)
