"""`users`: accounts of the operators, and their tokens.

Anybody who can run this command with the gateway's settings can reach the database itself, so it does not
authenticate, apart from `totp`: it is for the administrator of the machine. The audit trail has their name in the
operating system.
"""

from __future__ import annotations

import sys
from collections.abc import Collection
from pathlib import Path

import click

from gateway.accounts.account import AccountRefused
from gateway.accounts.passwords import MAX_LENGTH
from gateway.accounts.proofs import account_subject
from gateway.accounts.roles import DESK_ROLE_MEANINGS, DeskRole, Right
from gateway.accounts.second_factor import SecondFactorStore
from gateway.accounts.store import AccountStore
from gateway.accounts.tokens import TokenStore
from gateway.accounts.totp import SECRET_BYTES, base32, otpauth_uri
from gateway.audit import AuditTrail
from gateway.cli.authentication import authenticate, authenticate_by_password, system_user
from gateway.cli.context import open_context
from gateway.cli.errors import run_async
from gateway.cli.options import gateway_options, list_options
from gateway.cli.output import print_json, print_rows
from gateway.cli.packs import load_readable_pack
from gateway.cli.prompts import ask_code, ask_password
from gateway.text.errors import UserError
from gateway.text.json_values import to_json
from gateway.wiring.running_instance import locate_gateway

_NAME = click.argument("name")
_LABEL = click.option("--name", "label", required=True, help="The name of the token, such as the script that uses it.")
_FROM_STDIN = click.option("--password-stdin", is_flag=True, help="Read the password from stdin, its first line.")


def _read_password(from_stdin: bool) -> str:
    if from_stdin:
        # One character more than the longest, so that a longer one is refused and not cut.
        return sys.stdin.readline(MAX_LENGTH + 2).rstrip("\r\n")
    try:
        return ask_password("Password", again="Once more")
    except click.Abort:
        raise click.ClickException("there is no password: type it in a terminal, or use --password-stdin") from None


def _names_of_the_place(pack: Path) -> Collection[str]:
    """Return the names of the pack's service and areas. Without a pack there are none, so that a reset still works."""
    try:
        menu = load_readable_pack(pack)
    except UserError:
        click.echo(f"Warning: the pack {pack} cannot be read; names of its places are not refused.", err=True)
        return ()
    return menu.name, menu.service, *menu.areas.names.values(), *menu.areas.aliases


@click.group(epilog="Roles: " + "; ".join(f"{role} ({meaning})" for role, meaning in DESK_ROLE_MEANINGS.items()) + ".")
def users() -> None:
    """Accounts of the operators: their roles, passwords and tokens."""


@users.command("add")
@gateway_options
@_NAME
@click.option(
    "--role", "roles", type=click.Choice([role.value for role in DeskRole]), multiple=True, required=True,
    help="What the account may do. May be given several times.",
)  # fmt: skip
@click.option("--display", help="The name that is shown [NAME].")
@_FROM_STDIN
@run_async
async def users_add(
    config: Path | None, data: Path | None, name: str, roles: tuple[str, ...], display: str | None, password_stdin: bool
) -> None:
    """Add an account. NAME is 2 to 32 of a-z 0-9 . - _. The password, of 12 characters or more, is asked for twice."""
    async with open_context(locate_gateway(config, data)) as context:
        wanted = [DeskRole(role) for role in roles]
        password = _read_password(password_stdin)
        names = _names_of_the_place(context.settings.pack)
        await AccountStore(context.database, context.clock, names=names).add(
            name, display or name, wanted, password, actor=system_user()
        )
    click.echo(f"{name} is added: {', '.join(role for role in DeskRole if role in wanted)}.")


@users.command("list")
@gateway_options
@list_options
@run_async
async def users_list(config: Path | None, data: Path | None, as_json: bool, limit: int) -> None:
    """List the accounts, the last added first."""
    async with open_context(locate_gateway(config, data)) as context:
        accounts = await AccountStore(context.database, context.clock).list_accounts(limit)
    if as_json:
        print_json(accounts)
        return
    rows = [
        {
            **to_json(account),
            "roles": ", ".join(account.roles),
            "tokens": ", ".join(token.name for token in account.tokens),
        }
        for account in accounts
    ]
    columns = ["name", "display", "roles", "state", "tokens", "last_used_at"]
    print_rows(rows, columns, as_json, if_empty="There is no account yet.")


@users.command("password")
@gateway_options
@_NAME
@_FROM_STDIN
@run_async
async def users_password(config: Path | None, data: Path | None, name: str, password_stdin: bool) -> None:
    """Set another password, asked for twice. Tokens stay valid: see `revoke`."""
    async with open_context(locate_gateway(config, data)) as context:
        password = _read_password(password_stdin)
        names = _names_of_the_place(context.settings.pack)
        await AccountStore(context.database, context.clock, names=names).set_password(
            name, password, actor=system_user()
        )
    click.echo(f"{name} has a new password.")


@users.command("disable")
@gateway_options
@_NAME
@run_async
async def users_disable(config: Path | None, data: Path | None, name: str) -> None:
    """Refuse an account from now on, by password and by token."""
    async with open_context(locate_gateway(config, data)) as context:
        new = await AccountStore(context.database, context.clock).disable(name, actor=system_user())
    click.echo(f"{name} is disabled." if new else f"{name} was disabled already.")


@users.command("enable")
@gateway_options
@_NAME
@run_async
async def users_enable(config: Path | None, data: Path | None, name: str) -> None:
    """Accept an account again that was disabled, or locked after wrong passwords, and its tokens."""
    async with open_context(locate_gateway(config, data)) as context:
        new = await AccountStore(context.database, context.clock).enable(name, actor=system_user())
    click.echo(f"{name} is enabled again." if new else f"{name} was enabled already.")


@users.command("token")
@gateway_options
@_NAME
@_LABEL
@click.option("--days", type=click.IntRange(1, 366), default=90, show_default=True, help="How long it is valid.")
@run_async
async def users_token(config: Path | None, data: Path | None, name: str, label: str, days: int) -> None:
    """Print a new token, by which a script authenticates as the account. It cannot be shown again."""
    async with open_context(locate_gateway(config, data)) as context:
        token = await TokenStore(context.database, context.clock).create(name, label, days, actor=system_user())
    click.echo(token)
    click.echo(f"Keep it now: it is not shown again. It is valid for {days} days.", err=True)


@users.command("revoke")
@gateway_options
@_NAME
@_LABEL
@run_async
async def users_revoke(config: Path | None, data: Path | None, name: str, label: str) -> None:
    """Revoke a token at once."""
    async with open_context(locate_gateway(config, data)) as context:
        await TokenStore(context.database, context.clock).revoke(name, label, actor=system_user())
    click.echo(f"The token {label} of {name} is revoked.")


@users.command("history")
@gateway_options
@_NAME
@list_options
@run_async
async def users_history(config: Path | None, data: Path | None, name: str, as_json: bool, limit: int) -> None:
    """Show what was done to an account, and when it was authenticated or refused.

    With ? for NAME: refused passwords and tokens that name no account.
    """
    async with open_context(locate_gateway(config, data)) as context:
        entries = await AuditTrail(context.database, context.clock).history(account_subject(name), limit)
    if as_json:
        print_json(entries[::-1])
        return
    rows = [
        {**to_json(entry), "detail": ", ".join(f"{key}: {value}" for key, value in entry.detail.items())}
        for entry in reversed(entries)
    ]
    print_rows(rows, ["at", "actor", "action", "detail"], as_json, if_empty="Nothing is recorded of this account.")


@users.command("totp")
@gateway_options
@_NAME
@click.option("--off", is_flag=True, help="Remove the second factor, as another administrator (--as).")
@click.option("--as", "administrator", help="With --off: the administrator who removes it.")
@run_async
async def users_totp(config: Path | None, data: Path | None, name: str, off: bool, administrator: str | None) -> None:
    """Set up a second factor of an account: a code of an authenticator app, beside the password.

    Asks for the password of NAME, and prints the URI for the app. It counts as soon as a code of the app is typed.
    """
    if off != bool(administrator):
        raise click.UsageError("--off and --as ADMINISTRATOR belong together")
    async with open_context(locate_gateway(config, data)) as context:
        factors = SecondFactorStore(context.database, context.clock, context.vault)
        if administrator:
            author = await authenticate(context, administrator, Right.MANAGE_ACCOUNTS)
            removed = await factors.remove(name, actor=author.name)
            click.echo(f"{name} has no second factor any more." if removed else f"{name} had no second factor.")
            return
        account = await authenticate_by_password(context, name)
        if account.has_second_factor:
            raise AccountRefused(f"{name} has a second factor already: --off, by another administrator, removes it")
        secret = context.clock.secret_bytes(SECRET_BYTES)
        click.echo(otpauth_uri(secret, account.name, "Waspada"))
        click.echo(f"Add it to an authenticator app, or type its secret: {base32(secret)}", err=True)
        await factors.enrol(account.name, secret, ask_code("Code that the app shows"), actor=account.name)
    click.echo(f"{account.name} is asked for a code from now on.", err=True)
