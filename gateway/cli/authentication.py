"""`--as NAME`: who does something, proven, so that nobody acts as somebody else.

By a token, where one is given (`WASPADA_TOKEN`, `WASPADA_TOKEN_FILE`), by the password in a file
(`WASPADA_PASSWORD_FILE`), or by the password typed at the terminal.
"""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec

import click

from gateway.accounts.account import Account
from gateway.accounts.roles import Right, roles_with
from gateway.accounts.store import AccountStore
from gateway.accounts.tokens import TokenStore
from gateway.cli.prompts import ask_password
from gateway.runtime.clock import Clock
from gateway.runtime.postgres import Database

P = ParamSpec("P")

_TOKEN, _TOKEN_FILE, _PASSWORD_FILE = "WASPADA_TOKEN", "WASPADA_TOKEN_FILE", "WASPADA_PASSWORD_FILE"
_LONGEST_FILE = 4096


def account_option(command: Callable[P, Any]) -> Callable[P, Any]:
    """The option `--as`, as the parameter `name`, for a verb that calls `proven`."""
    return click.option(
        "--as",
        "name",
        required=True,
        help=f"The account that does it. Its password is asked for, or taken from {_PASSWORD_FILE}; "
        f"or a token from {_TOKEN} or {_TOKEN_FILE}.",
    )(command)


async def authenticate(database: Database, name: str, right: Right | None = None) -> Account:
    """The account `name`, proven to be whoever runs the command, and allowed to do what `right` says.

    Refused otherwise, with exit status 1.
    """
    account = await _proven(database, name.strip().lower())
    if right is not None and not account.may(right):
        takes = " or ".join(roles_with(right))
        raise click.ClickException(f"{account.name} may not {right}: that takes the role {takes}")
    return account


async def _proven(database: Database, name: str) -> Account:
    given = [variable for variable in (_TOKEN, _TOKEN_FILE, _PASSWORD_FILE) if os.environ.get(variable)]
    if len(given) > 1:
        raise click.ClickException(f"{' and '.join(given)} are set: leave one of them")
    if given and given[0] != _PASSWORD_FILE:
        return await _by_token(database, name, given[0])
    password = _read(_PASSWORD_FILE) if given else _asked(name)
    account = await AccountStore(database, Clock()).authenticate(name, password)
    if account is None:
        raise click.ClickException(
            f"{name} is not proven: the name or the password is wrong, or the account is disabled, "
            "or locked for a quarter of an hour after ten wrong passwords"
        )
    return account


async def _by_token(database: Database, name: str, variable: str) -> Account:
    token = os.environ[variable].strip() if variable == _TOKEN else _read(variable)
    account = await TokenStore(database, Clock()).authenticate(token)
    if account is None:
        raise click.ClickException(
            f"the token in {variable} is wrong, has ended or is revoked, or its account disabled"
        )
    if account.name != name:
        raise click.ClickException(f"the token in {variable} is not one of {name}")
    return account


def _read(variable: str) -> str:
    """The first line of the file that a variable names."""
    path = Path(os.environ[variable])
    try:
        with path.open(encoding="utf-8") as file:
            return file.readline(_LONGEST_FILE).rstrip("\r\n")
    except UnicodeDecodeError:
        raise click.ClickException(f"{variable}: {path} is not UTF-8") from None
    except OSError as error:
        raise click.ClickException(f"{variable}: {path} cannot be read: {error.strerror}") from None


def _asked(name: str) -> str:
    try:
        return ask_password(f"Password of {name}")
    except click.Abort:
        raise click.ClickException(
            f"{name} is not proven: type the password, or set {_PASSWORD_FILE}, {_TOKEN_FILE} or {_TOKEN}"
        ) from None


def system_user() -> str:
    """Who sits at the terminal, for the audit trail."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user without a name, as in a container
        return "command line"
