"""What an author types of an appeal: its texts, whom it is for, and when."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from gateway.menu.definition import Menu
from gateway.text import ticket as tickets

_LARGEST_FILE = 1024 * 1024
_EXAMPLE = '{"roles": ["subscriber"], "areas": ["33.75.01.1002"], "neighbours": true}'


# One value at a time -------------------------------------------------------------------------------------------


def time_typed(written: str) -> datetime:
    """A time as ISO 8601 writes it; it may lack its zone, see `moment`."""
    try:
        return datetime.fromisoformat(written)
    except ValueError:
        raise click.BadParameter(f"{written!r} is no time; one is 2026-11-25T09:00 or 2026-11-25T09:00+07:00") from None


def text_typed(written: str) -> tuple[str, str]:
    """A language and its text."""
    language, found, text = written.partition("=")
    if not found:
        raise click.BadParameter(f"{written!r} does not say its language; a text is id=Mari jaga kerukunan")
    return language.strip(), text


def ticket_typed(written: str) -> str:
    """The ticket of an incident, with or without its dash."""
    number = tickets.read(written)
    if number is None:
        raise click.BadParameter(f"{written} is no ticket, look at it again: 7340-2817 is one")
    return number


def audience_typed(written: str) -> Any:
    """What JSON, or `@` and the file that it stands in, says. What is meant by it, the appeals' room judges."""
    text = _file(Path(written[1:])) if written.startswith("@") else written
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise click.BadParameter(f"this is no JSON ({error.msg}, {place}); an audience is {_EXAMPLE}") from None
    except (RecursionError, ValueError):
        raise click.BadParameter("this JSON is nested too deep, or has too large a number") from None


def _file(path: Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(_LARGEST_FILE + 1)
    except OSError as error:
        raise click.BadParameter(f"{path} cannot be read: {error.strerror}") from None
    if len(raw) > _LARGEST_FILE:
        raise click.BadParameter(f"{path} is over 1 MiB")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise click.BadParameter(f"{path} is not UTF-8") from None


# Together ------------------------------------------------------------------------------------------------------


def moment(written: datetime | None, menu: Menu) -> datetime | None:
    """What was meant: without a zone, the clocks of the pack."""
    if written is None or written.tzinfo is not None:
        return written
    return written.replace(tzinfo=menu.timezone)


def texts_typed(texts: Sequence[tuple[str, str]], template: str) -> Mapping[str, str]:
    """The texts by language. Wrong usage where there are two of one, or none and no template either."""
    if bool(texts) == bool(template):
        raise click.UsageError("give either --template, or --text once for each language")
    if len(dict(texts)) < len(texts):
        raise click.BadParameter("a language has one text", param_hint="--text")
    return dict(texts)


def channel_of(named: str | None, channels: Mapping[str, str]) -> str:
    """The channel by which it goes out: the one that is named, or the only one."""
    if named is not None:
        return named
    if len(channels) != 1:
        raise click.UsageError(f"name the --channel: {', '.join(sorted(channels)) or 'there is none in the settings'}")
    return next(iter(channels))
