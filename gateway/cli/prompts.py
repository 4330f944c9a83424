"""Questions at the terminal."""

from __future__ import annotations

import getpass
import signal
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import click


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


def confirm(question: str) -> None:
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
