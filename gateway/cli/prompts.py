"""Prompts at the terminal."""

from __future__ import annotations

import getpass
import signal
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import click


def ask_password(question: str, again: str = "") -> str:
    """Ask for a password, without echo. `again` is the question that confirms it, if any.

    Aborts without a terminal: Python would print a warning and read the password with echo.
    """
    with _ctrl_c_ends_the_verb(), warnings.catch_warnings():
        warnings.simplefilter("error", getpass.GetPassWarning)
        try:
            typed: str = click.prompt(question, hide_input=True, confirmation_prompt=again or False, err=True)
        except getpass.GetPassWarning:
            raise click.Abort from None
    return typed


def ask_code(question: str) -> str:
    """Ask for a code of six digits, with echo: it counts once. Aborts without an answer."""
    with _ctrl_c_ends_the_verb():
        typed: str = click.prompt(question, err=True)
    return typed


def confirm(question: str) -> None:
    """Ask a question, and end the verb with exit status 1 unless the answer is yes."""
    with _ctrl_c_ends_the_verb():
        click.confirm(question, abort=True, err=True)


@contextmanager
def _ctrl_c_ends_the_verb() -> Iterator[None]:
    """Restore Ctrl-C while a question waits. The event loop, which handles it otherwise, is blocked meanwhile."""
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)
