"""Errors of the command: a message on stderr and exit status 1."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, ParamSpec

import click
import uvloop
from redis.exceptions import RedisError

from gateway.accounts.account import AccountRefused, NoSuchAccount, NoSuchToken
from gateway.accounts.passwords import PasswordRefused
from gateway.appeals.appeal import ActNotAllowed
from gateway.appeals.audience import InvalidAudience
from gateway.appeals.rules import InvalidDraft
from gateway.appeals.store import NoSuchAppeal
from gateway.incidents.store import NoSuchIncident, TransitionNotAllowed
from gateway.menu.pack.loader import PackRefused
from gateway.messages.operator_actions import CannotCancel, CannotResend, NoSuchMessage
from gateway.runtime.pack_folder import PackNotFound
from gateway.runtime.postgres import DatabaseUnavailable
from gateway.runtime.secrets import SecretsUnusable
from gateway.runtime.supervisor import ServerFailed
from gateway.settings import SettingsRefused
from gateway.vault.key_check import WrongVaultKey
from gateway.vault.vault import CannotOpen
from gateway.wiring import PortTaken

P = ParamSpec("P")

EXPLAINED_ERRORS = (
    AccountRefused,
    CannotCancel,
    CannotOpen,
    CannotResend,
    NoSuchAccount,
    NoSuchAppeal,
    NoSuchIncident,
    NoSuchMessage,
    NoSuchToken,
    TransitionNotAllowed,
    PackNotFound,
    PackRefused,
    PasswordRefused,
    PortTaken,
    SecretsUnusable,
    ServerFailed,
    SettingsRefused,
    InvalidAudience,
    InvalidDraft,
    WrongVaultKey,
    ActNotAllowed,
)


def run_async(command: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """Run an async verb on uvloop, with its errors reported."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        with report_errors(), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(command(*args, **kwargs))

    return run


@contextmanager
def report_errors() -> Iterator[None]:
    """Show an error whose text is meant for the user as that text alone, without a traceback."""
    try:
        yield
    except EXPLAINED_ERRORS as error:
        raise click.ClickException(str(error)) from None
    except (DatabaseUnavailable, RedisError) as error:
        raise click.ClickException(f"The gateway's store does not answer ({error}). Is it running?") from None
