"""What the verbs share: where the gateway is found, how a list is shown, and how an error is said."""

from __future__ import annotations

import asyncio
import functools
import getpass
import json
import os
import signal
import sys
import warnings
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ParamSpec, TextIO

import click
import uvloop
from redis.exceptions import RedisError

from gateway.accounts.account import AccountRefused, NoSuchAccount, NoSuchToken
from gateway.accounts.passwords import PasswordRefused
from gateway.appeals import appeal
from gateway.appeals.audience import WrongAudience
from gateway.appeals.rules import WrongDraft
from gateway.appeals.store import NoSuchAppeal
from gateway.incidents.store import NoSuchIncident, NotAllowed
from gateway.menu.pack.loader import PackRefused
from gateway.messages.operator_actions import CannotCancel, CannotResend, NoSuchMessage
from gateway.runtime.packs import PackNotFound
from gateway.runtime.postgres import DatabaseAway
from gateway.runtime.secrets import SecretsUnusable
from gateway.runtime.supervised import ServerFailed
from gateway.settings import SettingsRefused
from gateway.text import ticket as tickets
from gateway.vault.key_check import WrongVaultKey
from gateway.vault.vault import CannotOpen
from gateway.wiring import PortTaken

P = ParamSpec("P")

ERRORS_THAT_EXPLAIN_THEMSELVES = (
    AccountRefused,
    CannotCancel,
    CannotOpen,
    CannotResend,
    NoSuchAccount,
    NoSuchAppeal,
    NoSuchIncident,
    NoSuchMessage,
    NoSuchToken,
    NotAllowed,
    PackNotFound,
    PackRefused,
    PasswordRefused,
    PortTaken,
    SecretsUnusable,
    ServerFailed,
    SettingsRefused,
    WrongAudience,
    WrongDraft,
    WrongVaultKey,
    appeal.NotAllowed,
)


def found_by(command: Callable[P, Any]) -> Callable[P, Any]:
    """The options by which every verb finds the gateway that it speaks of."""
    for option in (
        click.option(
            "--config",
            type=click.Path(path_type=Path, dir_okay=False),
            envvar="WASPADA_CONFIG",
            help="The settings file (TOML).",
        ),
        click.option(
            "--data",
            type=click.Path(path_type=Path, file_okay=False),
            help="The data folder of `waspada run` [var].",
        ),
    ):
        command = option(command)
    return command


def listing(command: Callable[P, Any]) -> Callable[P, Any]:
    """The options of every list."""
    for option in (
        click.option(
            "--limit",
            type=click.IntRange(1, 1_000_000),
            default=1000,
            show_default=True,
            help="At most so many, newest first.",
        ),
        click.option("--json", "as_json", is_flag=True, help="One JSON array on stdout, nothing else."),
    ):
        command = option(command)
    return command


def read_ticket(written: str, hint: str) -> str:
    """The ticket that was written as `hint`, eight digits without a dash. Raises `click.BadParameter`."""
    number = tickets.read(written)
    if number is None:
        raise click.BadParameter(f"{written} is no ticket, look at it again: 7340-2817 is one", param_hint=hint)
    return number


def in_json(command: Callable[P, Any]) -> Callable[P, Any]:
    """The option of what shows a single thing."""
    return click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout, nothing else.")(command)


def run_async(command: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """Run an async verb on uvloop; an error that explains itself becomes a message on stderr and exit status 1."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        with explained(), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(command(*args, **kwargs))

    return run


@contextmanager
def explained() -> Iterator[None]:
    """Errors whose text says what to do are shown as that text alone."""
    try:
        yield
    except ERRORS_THAT_EXPLAIN_THEMSELVES as error:
        raise click.ClickException(str(error)) from None
    except (DatabaseAway, RedisError) as error:
        raise click.ClickException(f"The gateway's store does not answer ({error}). Is it running?") from None


def user_of_the_system() -> str:
    """Who sits at the terminal, for the audit trail."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user without a name, as in a container
        return "command line"


def ask_password(question: str, again: str = "") -> str:
    """What is typed at the terminal, unseen; asked for twice where `again` is the second question.

    Aborts without a terminal: Python would warn, in lines of its own, and read what everybody sees.
    """
    with _ctrl_c_ends_the_verb(), warnings.catch_warnings():
        warnings.simplefilter("error", getpass.GetPassWarning)
        try:
            typed: str = click.prompt(question, hide_input=True, confirmation_prompt=again or False, err=True)
        except getpass.GetPassWarning:
            raise click.Abort from None
    return typed


def ask_whether(question: str) -> None:
    """Go on only if whoever sits at the terminal says yes; the verb ends otherwise, with exit status 1."""
    with _ctrl_c_ends_the_verb():
        click.confirm(question, abort=True, err=True)


@contextmanager
def _ctrl_c_ends_the_verb() -> Iterator[None]:
    """While a question waits. Otherwise the event loop would take Ctrl-C, which waits for nothing but the answer."""
    taken = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, taken)


@contextmanager
def written_to(output: Path | None) -> Iterator[TextIO]:
    """The file, empty and for its owner alone before anything is written; or stdout."""
    if output is None:
        yield sys.stdout
        return
    try:
        descriptor = os.open(output, os.O_WRONLY | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            os.fchmod(descriptor, 0o600)
            file.truncate(0)
            yield file
    except OSError as error:
        raise click.ClickException(f"{output} cannot be written: {error.strerror}") from None


def show(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], as_json: bool, nothing: str) -> None:
    """`rows` as a JSON array, or as a table of `columns`; `nothing` is said where there is no row."""
    if as_json:
        json.dump(rows, sys.stdout, ensure_ascii=False, indent=2)
        sys.stdout.write("\n")
        return
    if not rows:
        click.echo(nothing)
        return
    lines = [[column.upper() for column in columns], *([_cell(row[column]) for column in columns] for row in rows)]
    widths = [max(map(len, cells)) for cells in zip(*lines, strict=True)]
    for line in lines:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def show_one(row: Mapping[str, Any], as_json: bool) -> None:
    """`row` as a JSON object, or one value per line; a list of rows is a table of its own."""
    if as_json:
        json.dump(row, sys.stdout, ensure_ascii=False, indent=2)
        sys.stdout.write("\n")
        return
    plain = {name: value for name, value in row.items() if not isinstance(value, list)}
    width = max(map(len, plain), default=0)
    for name, value in plain.items():
        click.echo(f"{name:<{width}}  {_cell(value)}".rstrip())
    for name, rows in row.items():
        if isinstance(rows, list) and rows:
            columns = list(dict.fromkeys(column for entry in rows for column in entry))
            click.echo(f"\n{name}:")
            show([{column: entry.get(column, "") for column in columns} for entry in rows], columns, False, "")


def _cell(value: object) -> str:
    return "" if value is None else str(value).replace("\n", " ")
