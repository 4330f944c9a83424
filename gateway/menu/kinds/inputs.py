"""Parser of typed answers: a text, a date, a ticket, the name of a place."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from gateway.menu.days import parse_day
from gateway.menu.model import Menu, State
from gateway.text import ticket


class ParsedInput(NamedTuple):
    """Typed answer as it is kept, or the key of an error line. `sure` is the only place that a name can mean."""

    value: str = ""
    error: str = ""
    sure: str = ""


def parse_input(menu: Menu, state: State, keys: str, today: date | None, near: str = "") -> ParsedInput:
    """Parse the answer to the question of `state`. A place is searched in the region `near` first."""
    if not keys:
        return ParsedInput(error="empty")
    match state.source:
        case "date":
            day = parse_day(keys, today, menu.date_words)
            return ParsedInput(day.value, day.error)
        case "ticket":
            digits = ticket.parse(keys)
            return ParsedInput(ticket.with_dash(digits)) if digits else ParsedInput(error="ticket")
        case "place_name":
            return _place(menu, keys, near)
    if len(keys) > state.most:
        return ParsedInput(error="long")
    return ParsedInput(keys) if len(keys) >= state.least else ParsedInput(error="short")


def _place(menu: Menu, keys: str, near: str) -> ParsedInput:
    """Find a place by its name. The name is kept so that it finds the place again.

    A place in the region `near` wins over others that match no better. It is kept as if the region had been typed
    after its name.
    """
    if near:
        full_name = f"{keys}, {menu.areas.names[near]}"
        found = menu.place_search.find(full_name)
        if found.codes and menu.gazetteer.is_inside(found.codes[0], (near,)):
            return ParsedInput(full_name, sure=found.codes[0] if found.sure else "")
    found = menu.place_search.find(keys)
    return ParsedInput(keys, sure=found.codes[0] if found.sure else "") if found.codes else ParsedInput(error="place")


def has_words(keys: str) -> bool:
    """Return True if an input is words rather than the number of an option."""
    return sum(character.isalpha() for character in keys) > 1
