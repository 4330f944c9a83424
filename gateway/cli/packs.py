"""Loading of the pack for a verb: a valid one to act by, or a readable one to show names and times by."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.menu.definitions.roles import duty_roles
from gateway.menu.model import Menu
from gateway.menu.pack.loader import PackRefused, load, load_roles, parse_pack
from gateway.runtime.pack_folder import PackNotFound, read_pack


def load_valid_pack(pack: Path) -> Menu:
    """Load the pack. Raises `PackRefused` if it has a fault."""
    return load(read_pack(pack))


def load_readable_pack(pack: Path) -> Menu:
    """Load as much of the pack as can be read, with a warning if it has a fault.

    It is enough to name areas and to show the time while somebody edits the pack.
    """
    parsed = parse_pack(read_pack(pack))
    if parsed.menu is None:
        raise PackRefused(parsed.diagnostics)
    if parsed.diagnostics:
        click.echo(
            f"Warning: the pack {pack} is not fit, and the gateway goes on with the one before it. To see its faults,"
            f" run: waspada check {pack}",
            err=True,
        )
    return parsed.menu


def area_name(menu: Menu, code: str) -> str:
    """Return the name of an area, or the code itself if this pack does not know it."""
    return menu.full_label("area", code, menu.language)


def readable_duty_roles(pack: Path) -> tuple[str, ...]:
    """Return the roles of the pack whose people report by duty, whatever else is wrong with it."""
    try:
        return duty_roles(load_roles(read_pack(pack)))
    except PackNotFound:
        return ()
