"""What is typed where a state asks: a text, a date, a ticket, the name of a place."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import NamedTuple

from gateway.menu.model import Menu, State
from gateway.text import ticket

OLDEST_DATE = timedelta(days=180)
_DAY = re.compile(r"(?P<day>[0-9]{1,2})[ /.-]+(?P<month>[0-9]{1,2})\.?|(?P<dd>[0-9]{2})(?P<mm>[0-9]{2})")


class ParsedInput(NamedTuple):
    """What was typed, as it is kept; or the error line to show. `sure` is the one place that a name surely means."""

    value: str = ""
    error: str = ""
    sure: str = ""


def parse_input(menu: Menu, state: State, keys: str, today: date | None, near: str = "") -> ParsedInput:
    """What `keys` answer to the question of `state`. A place is looked for in the kecamatan `near` first."""
    if not keys:
        return ParsedInput(error="empty")
    match state.source:
        case "date":
            day = parse_day(keys, today)
            return ParsedInput(day) if day else ParsedInput(error="choice")
        case "ticket":
            digits = ticket.parse(keys)
            return ParsedInput(ticket.with_dash(digits)) if digits else ParsedInput(error="ticket")
        case "place_name":
            return _place(menu, keys, near)
    if len(keys) > state.max_length:
        return ParsedInput(error="long")
    return ParsedInput(keys) if len(keys) >= state.min_length else ParsedInput(error="empty")


def _place(menu: Menu, keys: str, near: str) -> ParsedInput:
    """A place by its name, kept so that it is found again.

    One in the kecamatan `near` goes before any that is no liker: kept as if the kecamatan had been typed behind it.
    """
    if near:
        told = f"{keys}, {menu.areas.kecamatan[near]}"
        found = menu.gazetteer.find(told)
        if found.codes and menu.areas.kecamatan_of(found.codes[0]) == near:
            return ParsedInput(told, sure=found.codes[0] if found.sure else "")
    found = menu.gazetteer.find(keys)
    return ParsedInput(keys, sure=found.codes[0] if found.sure else "") if found.codes else ParsedInput(error="place")


def has_words(keys: str) -> bool:
    """Whether this was meant as words rather than as the number of an option."""
    return sum(character.isalpha() for character in keys) > 1


def parse_day(keys: str, today: date | None) -> str | None:
    """A typed day and month (`2711`, `27/11`, `1.1`) as the ISO date of the last such day; None if it is none.

    Without anything between them both have two digits: `111` may be two days. A date more than 180 days back is taken
    for a slip. Without `today` the year cannot be known and there is none.
    """
    found = _DAY.fullmatch(keys.strip())
    if today is None or found is None:
        return None
    number, month = (int(found[apart] or found[together]) for apart, together in (("day", "dd"), ("month", "mm")))
    for year in (today.year, today.year - 1):
        try:
            day = date(year, month, number)
        except ValueError:
            continue
        if day <= today:
            return day.isoformat() if today - day <= OLDEST_DATE else None
    return None
