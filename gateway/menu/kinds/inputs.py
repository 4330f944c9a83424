"""Parser of typed answers: a text, a number, a date, a ticket, the name of a place."""

from __future__ import annotations

import re
from datetime import date
from typing import NamedTuple

from gateway.menu.days import parse_day
from gateway.menu.model import NUMBER, Menu, State
from gateway.text import ticket
from gateway.text.typed import ascii_digits
from gateway.text.words import normalised

_NUMBER = re.compile(r"[\W_]*?([0-9]{1,3}(?:[.,][0-9]{3})+|[0-9]{1,9})(?![.,]?[0-9])[\W_]*([^\W\d_]*)[\W_]*")


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
        case "number":
            number = _number(menu, keys)
            return ParsedInput(number) if state.takes_number(number) else ParsedInput(error=NUMBER)
    if len(keys) > state.most:
        return ParsedInput(error="long")
    return ParsedInput(keys) if len(keys) >= state.least else ParsedInput(error="short")


def _number(menu: Menu, keys: str) -> str:
    """Return the number that was typed, without leading zeros. Empty for none.

    `1.500` and `1,500` are thousands. A word of the pack's `numbers` counts too, and one of `counted` may follow.
    """
    found = _NUMBER.fullmatch(ascii_digits(keys))
    if found:
        digits, counted = re.sub(r"\D", "", found[1]), normalised(found[2])
    else:
        word, _, counted = normalised(keys).partition(" ")
        digits = menu.keywords.numbers.get(word, "")
    if not digits.isdecimal() or (counted and counted not in menu.keywords.counted):
        return ""
    return digits.lstrip("0") or "0"


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
