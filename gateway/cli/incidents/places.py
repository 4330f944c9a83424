"""Places as a person writes them on the command line: by name or code."""

from __future__ import annotations

import click

from gateway.menu.model import Menu
from gateway.places.area_cell import AreaResolver
from gateway.text.diagnostics import quoted

AREA = "--area"


def areas_named(menu: Menu, typed: str, hint: str = AREA) -> tuple[str, ...]:
    """Return the codes of an area of this name or code, and of all areas in it. Raises `click.BadParameter`."""
    return tuple(code for named in _codes_named(menu, typed, hint) for code in (named, *menu.areas.inside(named)))


def place_named(menu: Menu, typed: str, hint: str = AREA) -> str:
    """Return the code of the place of this name or code. Raises `click.BadParameter`, also for a larger area."""
    codes = _codes_named(menu, typed, hint)
    if len(codes) != 1 or codes[0] not in menu.areas.places:
        smallest, largest = menu.areas.levels[-1], menu.areas.levels[0]
        raise click.BadParameter(f"a report has one {smallest}, not a whole {largest}", param_hint=hint)
    return codes[0]


def _codes_named(menu: Menu, typed: str, hint: str) -> tuple[str, ...]:
    cell = AreaResolver(menu.areas, menu.gazetteer).resolve(typed.strip())
    if not cell.codes:
        raise click.BadParameter(f"unknown place {quoted(typed)}; {cell.advice}", param_hint=hint)
    return cell.codes
