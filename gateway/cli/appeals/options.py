"""Options of `waspada appeals`, and parsers of their values: texts, audience, ticket, times."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, Literal

import click

from gateway.cli.options import parse_ticket
from gateway.text.diagnostics import quoted
from gateway.text.times import NotATime, TypedTime, parse_time

_LARGEST_FILE = 1024 * 1024
START_HELP = (
    "such as 2026-11-25T09:00, 25/11/2026 09.00 or besok 09.00, by the clocks of the pack unless it names its zone"
)
_EXAMPLE = '{"roles": ["subscriber"], "areas": ["33.75.01.1002"], "neighbours": true}'


# Parsers -------------------------------------------------------------------------------------------------------


def parse_start(value: str) -> TypedTime:
    try:
        return parse_time(value)
    except NotATime as error:
        raise click.BadParameter(str(error)) from None


def parse_start_or_approval(value: str) -> TypedTime | Literal[""]:
    """Parse a start. An empty one means on approval."""
    return parse_start(value) if value.strip() else ""


def parse_language_text(value: str) -> tuple[str, str]:
    language, separator, text = value.partition("=")
    if not separator:
        raise click.BadParameter(f"{quoted(value)} does not name its language; write id=Mari jaga kerukunan")
    return language.strip(), text


def parse_slot(value: str) -> tuple[str, str]:
    name, separator, filling = value.partition("=")
    if not separator or not name.strip():
        raise click.BadParameter(f'{quoted(value)} does not name its slot; write tps="TPS 10"')
    return name.strip(), filling


def parse_optional_ticket(value: str) -> str:
    """Parse a ticket, with or without its dash. An empty one means no incident."""
    if not value.strip():
        return ""
    return parse_ticket(value, "--ticket")


def parse_audience_json(value: str) -> Any:
    """Parse JSON, or the JSON file that is named after `@`. Its meaning is checked by `gateway.appeals.audience`."""
    text = _read_file(Path(value[1:])) if value.startswith("@") else value
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise click.BadParameter(f"this is not JSON ({error.msg}, {place}); an audience is {_EXAMPLE}") from None
    except (RecursionError, ValueError):
        raise click.BadParameter("this JSON is nested too deep, or has too large a number") from None


def _read_file(path: Path) -> str:
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


def _parse_reason(_: click.Context, __: click.Parameter, reason: str) -> str:
    if not reason.strip():
        raise click.BadParameter("it is empty; write a reason")
    return reason.strip()


# Options -------------------------------------------------------------------------------------------------------

number_argument = click.argument("number", type=click.IntRange(1, 2**63 - 1))
reason_option = click.option(
    "--reason", required=True, callback=_parse_reason, help="Reason, recorded in the audit trail."
)
template_option = click.option("--template", help="Text of the pack, such as damai.")
ticket_option = click.option(
    "--ticket", type=parse_optional_ticket, metavar="TICKET", help="Incident that the text is about."
)
text_option = click.option(
    "--text",
    "texts",
    type=parse_language_text,
    metavar="LANG=TEXT",
    multiple=True,
    help="Text of your own, once for each language.",
)


slot_option = click.option(
    "--slot",
    "slots",
    type=parse_slot,
    metavar="NAME=VALUE",
    multiple=True,
    help="Value of a slot of the template, once for each.",
)


# Values --------------------------------------------------------------------------------------------------------


def by_language(texts: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Return the texts by language. Raises `click.BadParameter` if a language has two."""
    found = dict(texts)
    if len(found) < len(texts):
        raise click.BadParameter("a language has one text", param_hint="--text")
    return found


def by_slot(slots: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Return the values by slot. Raises `click.BadParameter` if a slot has two."""
    found = dict(slots)
    if len(found) < len(slots):
        raise click.BadParameter("a slot has one value", param_hint="--slot")
    return found


def channel_or_only_one(channel: str | None, channels: Collection[str]) -> str:
    """Return `channel`, or the only one of the settings. Raises `click.UsageError` if there is not exactly one."""
    if channel is not None:
        return channel
    if len(channels) != 1:
        expected = ", ".join(sorted(channels)) or "there is none in the settings"
        raise click.UsageError(f"name the --channel: {expected}")
    return next(iter(channels))
