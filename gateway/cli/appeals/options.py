"""What an author types of an appeal: its texts, whom it is for, and when."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import click

from gateway.appeals.appeal import AppealDraft
from gateway.menu.model import Menu
from gateway.text import ticket as tickets

_LARGEST_FILE = 1024 * 1024
AT_HELP = "such as 2026-11-25T09:00, by the clocks of the pack unless it names its zone"
_EXAMPLE = '{"roles": ["subscriber"], "areas": ["33.75.01.1002"], "neighbours": true}'


# One value at a time -------------------------------------------------------------------------------------------


def time_typed(written: str) -> datetime:
    """A time as ISO 8601 writes it; it may lack its zone, see `moment`."""
    try:
        return datetime.fromisoformat(written)
    except ValueError:
        raise click.BadParameter(f"{written!r} is no time; one is 2026-11-25T09:00 or 2026-11-25T09:00+07:00") from None


def start_typed(written: str) -> datetime | Literal[""]:
    """The same; an empty one is none, which is as soon as it is approved."""
    return time_typed(written) if written.strip() else ""


def text_typed(written: str) -> tuple[str, str]:
    """A language and its text."""
    language, found, text = written.partition("=")
    if not found:
        raise click.BadParameter(f"{written!r} does not say its language; a text is id=Mari jaga kerukunan")
    return language.strip(), text


def ticket_typed(written: str) -> str:
    """The ticket of an incident, with or without its dash; an empty one is none."""
    if not written.strip():
        return ""
    number = tickets.parse(written)
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


@dataclass(frozen=True, slots=True)
class Typed:
    """What is said of an appeal on the command line; None, or no text, where nothing is."""

    purpose: str | None
    template: str | None
    ticket: str | None
    texts: tuple[tuple[str, str], ...]
    audience: Any
    channel: str | None
    at: datetime | Literal[""] | None

    def draft(self, menu: Menu, channels: Mapping[str, str]) -> AppealDraft:
        """A new draft. Wrong usage where it has two texts of one language, or none and no template either."""
        texts = self._texts()
        if bool(texts) == bool(self.template):
            raise click.UsageError("give either --template, or --text once for each language")
        by = channel_of(self.channel, channels)
        at = moment(self.at or None, menu)
        return AppealDraft(self.purpose or "", self.audience, by, self.template or "", texts, self.ticket or "", at)

    def over(self, stands: AppealDraft, menu: Menu) -> AppealDraft:
        """What was written, with what is said in its place. An empty text or time takes away what stands there."""
        if not self.texts and all(said is None for said in (*self._words(), self.audience, self.at)):
            raise click.UsageError("say what is to be different")
        texts = self._texts()
        if texts and self.template:
            raise click.UsageError("give either --template, or --text once for each language")
        kept = {} if self.template else stands.texts
        return replace(
            stands,
            purpose=_said(self.purpose, stands.purpose),
            template="" if texts else _said(self.template, stands.template),
            ticket=_said(self.ticket, stands.ticket),
            texts={language: text for language, text in {**kept, **texts}.items() if text.strip()},
            changes={language: made for language, made in stands.changes.items() if language in kept.keys() - texts},
            audience=stands.audience if self.audience is None else self.audience,
            channel=_said(self.channel, stands.channel),
            starts_at=stands.starts_at if self.at is None else moment(self.at or None, menu),
        )

    def _words(self) -> tuple[str | None, ...]:
        return self.purpose, self.template, self.ticket, self.channel

    def _texts(self) -> dict[str, str]:
        if len(dict(self.texts)) < len(self.texts):
            raise click.BadParameter("a language has one text", param_hint="--text")
        return dict(self.texts)


def _said(word: str | None, otherwise: str) -> str:
    return otherwise if word is None else word


def appeal_options(*, anew: bool) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The options that say what an appeal is, as one argument `typed`; they may all be left out unless `anew`."""
    options = (
        click.option(
            "--purpose",
            required=anew,
            help="What it is for, to the desk; to everybody, if the texts are your own and have gone out.",
        ),
        click.option("--template", help="A text of the pack, such as damai."),
        click.option("--ticket", type=ticket_typed, metavar="TICKET", help="The incident that the text speaks of."),
        click.option(
            "--text",
            "texts",
            type=text_typed,
            metavar="LANG=TEXT",
            multiple=True,
            help="A text of your own; once for each language.",
        ),
        click.option(
            "--audience",
            type=audience_typed,
            metavar="JSON|@FILE",
            required=anew,
            help="Whom it is for; see `deploy/README.md`, Appeals.",
        ),
        click.option("--channel", help="By which channel it goes out" + (" [the only one]." if anew else ".")),
        click.option(
            "--at",
            type=start_typed,
            metavar="ISO",
            help=f"When it begins, {AT_HELP}"
            + (" [as soon as it is approved]." if anew else '; "" is as soon as it is approved.'),
        ),
    )

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(command)
        def run(**given: Any) -> Any:
            said = {name: given.pop(name) for name in Typed.__dataclass_fields__}
            return command(**given, typed=Typed(**said))

        for option in reversed(options):
            run = option(run)
        return run

    return decorate


def channel_of(named: str | None, channels: Mapping[str, str]) -> str:
    """The channel by which it goes out: the one that is named, or the only one."""
    if named is not None:
        return named
    if len(channels) != 1:
        raise click.UsageError(f"name the --channel: {', '.join(sorted(channels)) or 'there is none in the settings'}")
    return next(iter(channels))
