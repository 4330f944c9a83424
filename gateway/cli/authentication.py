"""Authentication of `--as NAME`, so that nobody acts as somebody else.

By a token, if one is given (`WASPADA_TOKEN`, `WASPADA_TOKEN_FILE`), by the password in a file
(`WASPADA_PASSWORD_FILE`), or by the password typed at the terminal. If the account has a second factor, its code is
asked for after the password, or taken from `WASPADA_TOTP`.
"""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec

import click

from gateway.accounts.account import Account
from gateway.accounts.proofs import record_refused_right
from gateway.accounts.roles import Right, roles_with
from gateway.accounts.store import AccountStore
from gateway.accounts.tokens import TokenStore
from gateway.cli.context import CommandContext
from gateway.cli.prompts import ask_code, ask_password
from gateway.runtime.clock import Clock
from gateway.runtime.postgres import Database
from gateway.settings.secret_file import check_private

P = ParamSpec("P")

_TOKEN, _TOKEN_FILE, _PASSWORD_FILE = "WASPADA_TOKEN", "WASPADA_TOKEN_FILE", "WASPADA_PASSWORD_FILE"
_CODE = "WASPADA_TOTP"
_MAX_SECRET_LENGTH = 4096


def account_option(command: Callable[P, Any]) -> Callable[P, Any]:
    """Add the option `--as`, as the parameter `name`, to a verb that calls `authenticate`."""
    return click.option(
        "--as",
        "name",
        required=True,
        help=f"The account that does it. Its password is asked for, or taken from {_PASSWORD_FILE}; "
        f"or a token from {_TOKEN} or {_TOKEN_FILE}.",
    )(command)


async def authenticate(context: CommandContext, name: str, right: Right | None = None) -> Account:
    """Authenticate the user of the command as the account `name`, and check that it has this right.

    Raises `click.ClickException` otherwise, which ends the command with exit status 1.
    """
    account = await _authenticate(context, name.strip().lower())
    if right is not None and not account.may(right):
        await record_refused_right(context.database, context.clock, account.name, right)
        required = " or ".join(roles_with(right))
        raise click.ClickException(f"{account.name} may not {right}: that takes the role {required}")
    return account


async def _authenticate(context: CommandContext, name: str) -> Account:
    given = [variable for variable in (_TOKEN, _TOKEN_FILE, _PASSWORD_FILE) if os.environ.get(variable)]
    if len(given) > 1:
        raise click.ClickException(f"{' and '.join(given)} are set: leave one of them")
    if given and given[0] != _PASSWORD_FILE:
        return await _authenticate_by_token(context.database, name, given[0])
    account = await authenticate_by_password(context, name)
    administers = account.may(Right.MANAGE_ACCOUNTS)
    if context.settings.require_second_factor and administers and not account.has_second_factor:
        raise click.ClickException(f"{name} needs a second factor (require_second_factor): waspada users totp {name}")
    return account


async def authenticate_by_password(context: CommandContext, name: str) -> Account:
    """Authenticate the account `name` by its password, and by its code if it has a second factor.

    Raises `click.ClickException` otherwise.
    """
    password = _read_secret(_PASSWORD_FILE) if os.environ.get(_PASSWORD_FILE) else _ask_password_of(name)
    store = AccountStore(context.database, context.clock, vault=context.vault)
    account = await store.authenticate(name, password, lambda: os.environ.get(_CODE) or ask_code(f"Code of {name}"))
    if account is None:
        raise click.ClickException(
            f"{name} is not authenticated: the name, the password or the code is wrong, or the account is disabled, "
            "or locked for a quarter of an hour after ten wrong passwords"
        )
    return account


async def _authenticate_by_token(database: Database, name: str, variable: str) -> Account:
    token = os.environ[variable].strip() if variable == _TOKEN else _read_secret(variable)
    account = await TokenStore(database, Clock()).authenticate(name, token)
    if account is None:
        raise click.ClickException(
            f"the token in {variable} is not one of {name}, or is wrong, has expired or is revoked, "
            "or the account is disabled"
        )
    return account


def _read_secret(variable: str) -> str:
    """Read the first line of the file that an environment variable names."""
    path = Path(os.environ[variable])
    try:
        check_private(path)
        with path.open(encoding="utf-8") as file:
            return file.readline(_MAX_SECRET_LENGTH).rstrip("\r\n")
    except UnicodeDecodeError:
        raise click.ClickException(f"{variable}: {path} is not UTF-8") from None
    except OSError as error:
        raise click.ClickException(f"{variable}: {path} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise click.ClickException(f"{variable}: {error}") from None


def _ask_password_of(name: str) -> str:
    try:
        return ask_password(f"Password of {name}")
    except click.Abort:
        raise click.ClickException(
            f"{name} is not authenticated: type the password, or set {_PASSWORD_FILE}, {_TOKEN_FILE} or {_TOKEN}"
        ) from None


def system_user() -> str:
    """Return the user of the operating system who runs the command, for the audit trail."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user without a name, as in a container
        return "command line"
