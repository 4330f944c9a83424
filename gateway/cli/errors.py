"""Errors of the command: a message on stderr and exit status 1, never a traceback."""

from __future__ import annotations

import asyncio
import functools
import os
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from traceback import extract_tb
from typing import Any, ParamSpec

import click

from gateway.text.errors import StoreUnavailable, UserError

P = ParamSpec("P")

_OF_CLICK = (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError)
"""Errors that click handles. It ends without a word where the reader of a pipe has gone (`waspada logs | head`)."""
TRACEBACK = "WASPADA_TRACEBACK"
"""Environment variable: with it, an unexpected error is shown with its traceback."""


def run_async(
    command: Callable[P, Coroutine[Any, Any, None]],
    loop_factory: Callable[[], asyncio.AbstractEventLoop] | None = None,
) -> Callable[P, None]:
    """Run an async verb, with its errors reported. The event loop is asyncio's own unless another is named."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        with report_errors(), asyncio.Runner(loop_factory=loop_factory) as runner:
            runner.run(command(*args, **kwargs))

    return run


@contextmanager
def report_errors() -> Iterator[None]:
    """Show an error whose text is meant for the user as that text alone, without a traceback."""
    try:
        yield
    except UserError as error:
        raise click.ClickException(str(error)) from None
    except StoreUnavailable as error:
        if error.reason:
            raise click.ClickException(f"{error.store} cannot be used. {error.reason}") from None
        raise click.ClickException(f"The gateway's store does not answer ({error}). Is it running?") from None


@contextmanager
def report_faults() -> Iterator[None]:
    """Show an unexpected error, a fault of the program, in one sentence with its place.

    Its own message is left out: it may hold what a resident has written.
    """
    try:
        yield
    except Exception as error:
        if os.environ.get(TRACEBACK) or isinstance(error, _OF_CLICK):
            raise
        place = extract_tb(error.__traceback__)[-1]
        raise click.ClickException(
            f"This is a fault of Waspada: {type(error).__name__} in {Path(place.filename).name}, line {place.lineno}. "
            f"Please report it, with what {TRACEBACK}=1 in front of the command shows."
        ) from None
