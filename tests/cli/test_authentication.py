"""`--as NAME`: authentication by password and by token, so that nobody acts as somebody else."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from sqlalchemy import insert

from gateway.accounts.roles import Right
from gateway.accounts.tables import accounts
from gateway.cli.authentication import account_option, authenticate
from gateway.cli.context import open_context
from gateway.cli.errors import run_async
from gateway.runtime.postgres import Database
from gateway.wiring.running_instance import locate_gateway
from tests.helpers.cli import Shell
from tests.helpers.cli_accounts import (
    OTHER_PASSWORD,
    PASSWORD,
    audit_trail,
)
from tests.helpers.clocks import ManualClock
from tests.helpers.settings import write_secret


@click.command()
@account_option
@click.option("--right", type=click.Choice([right.value for right in Right]))
@run_async
async def whoami(name: str, right: str | None) -> None:
    """Print the authenticated account."""
    async with open_context(locate_gateway(None, None)) as context:
        account = await authenticate(context, name, Right(right) if right else None)
    click.echo(f"{account.name}, {account.display}")


def run_whoami(shell: Shell, *arguments: str, typed: str = "", **variables: str) -> Result:
    env = {**shell.variables, **{f"WASPADA_{name.upper()}": value for name, value in variables.items()}}
    return CliRunner(env=env).invoke(whoami, ("--as", *arguments), input=typed)


def error_of(result: Result) -> str:
    assert (result.exit_code, result.stdout) == (1, ""), result.output
    assert "Error: " in result.stderr
    assert "Traceback" not in result.stderr
    return result.stderr


def test_authenticate_asks_for_the_password(dewi: Shell) -> None:
    result = run_whoami(dewi, "dewi", typed=f"{PASSWORD}\n")

    assert (result.exit_code, result.stdout) == (0, "dewi, dewi\n")
    assert "Password of dewi: " in result.stderr
    assert PASSWORD not in result.stderr
    assert "dewi is not authenticated" in error_of(run_whoami(dewi, "dewi", typed=f"{OTHER_PASSWORD}\n"))
    assert "nobody is not authenticated" in error_of(run_whoami(dewi, "nobody", typed=f"{PASSWORD}\n"))
    assert "set WASPADA_PASSWORD_FILE, WASPADA_TOKEN_FILE or WASPADA_TOKEN" in error_of(run_whoami(dewi, "dewi"))


@pytest.mark.parametrize(
    ("verb", "message"),
    [
        (
            ("appeals", "submit", "1", "--as", "dewi"),
            "dewi is not authenticated: type the password, "
            "or set WASPADA_PASSWORD_FILE, WASPADA_TOKEN_FILE or WASPADA_TOKEN",
        ),
        (("users", "password", "dewi"), "there is no password: type it in a terminal, or use --password-stdin"),
    ],
)
def test_authenticate_without_a_terminal_asks_for_nothing(dewi: Shell, verb: tuple[str, ...], message: str) -> None:
    variables = {name: value for name, value in dewi.variables.items() if value is not None}
    result = subprocess.run(
        [sys.executable, "-m", "gateway", *verb],
        input=f"{PASSWORD}\n",
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        start_new_session=True,  # without the terminal that the tests may run in
        check=False,
    )

    assert (result.returncode, result.stdout, result.stderr) == (1, "", f"Error: {message}\n")


def test_option_as_is_required(dewi: Shell) -> None:
    assert CliRunner().invoke(whoami, []).exit_code == 2


def test_authenticate_by_the_password_in_a_file(dewi: Shell, tmp_path: Path) -> None:
    file = tmp_path / "password"
    write_secret(file, f"{PASSWORD}\nand a second line\n")
    assert run_whoami(dewi, "dewi", password_file=str(file)).stdout == "dewi, dewi\n"

    file.write_text(OTHER_PASSWORD)
    assert "is not authenticated" in error_of(run_whoami(dewi, "dewi", password_file=str(file)))

    file.write_bytes(b"d\xe9wi d\xe9wi d\xe9wi")
    assert "is not UTF-8" in error_of(run_whoami(dewi, "dewi", password_file=str(file)))
    assert "cannot be read" in error_of(run_whoami(dewi, "dewi", password_file=str(tmp_path / "nothing")))


def test_file_that_others_can_read_proves_nobody(dewi: Shell, token: str, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    for variable, content in (("password_file", PASSWORD), ("token_file", token)):
        write_secret(file, content).chmod(0o644)
        message = error_of(run_whoami(dewi, "dewi", **{variable: str(file)}))
        assert f"WASPADA_{variable.upper()}: {file} can be read or changed by others: chmod 6" in message
        assert content not in message


def test_authenticate_by_token(dewi: Shell, token: str, tmp_path: Path) -> None:
    file = tmp_path / "token"
    write_secret(file, f"{token}\n")

    for given in ({"token": token}, {"token_file": str(file)}):
        assert run_whoami(dewi, "dewi", **given).stdout == "dewi, dewi\n"
        assert run_whoami(dewi, "Dewi", **given).stdout == "dewi, dewi\n"
        assert "is not one of budi" in error_of(run_whoami(dewi, "budi", **given))
    assert "leave one of them" in error_of(run_whoami(dewi, "dewi", token=token, token_file=str(file)))
    assert "wrong, has expired or is revoked" in error_of(run_whoami(dewi, "dewi", token="wsp_nothing"))

    dewi.run("users", "revoke", "dewi", "--name", "cron")
    message = error_of(run_whoami(dewi, "dewi", token=token, typed=f"{PASSWORD}\n"))
    assert "wrong, has expired or is revoked" in message
    assert token not in message


def test_authenticate_refuses_a_right_that_the_role_has_not(dewi: Shell, token: str) -> None:
    assert run_whoami(dewi, "dewi", "--right", Right.APPROVE_APPEALS.value, token=token).exit_code == 0

    message = error_of(run_whoami(dewi, "dewi", "--right", Right.MANAGE_CHANNELS.value, token=token))
    assert message == "Error: dewi may not manage channels: that takes the role administrator\n"
    assert audit_trail(dewi)[-2:] == [
        ("dewi", "account.authenticated", "account dewi"),
        ("dewi", "account.right_refused", "account dewi"),
    ]


def test_variables_of_authentication_are_no_unknown_settings(dewi: Shell, token: str) -> None:
    for given in ({"token": token}, {"token_file": "/nowhere"}, {"password_file": "/nowhere"}):
        assert dewi.run("users", "list", **given).exit_code == 0
    assert "did you mean token?" in dewi.error_of("users", "list", tokne=token)


async def test_account_without_a_password_is_refused_like_a_wrong_one(shell: Shell, database: Database) -> None:
    """An invalid hash authenticates nobody, with the message of any wrong password."""
    now = ManualClock().now()
    row = {"name": "dewi", "display": "Dewi", "roles": [], "password_hash": "", "failed_tries": 0}
    async with database.begin() as connection:
        await connection.execute(insert(accounts).values(row | {"password_set_at": now, "created_at": now}))

    result = await asyncio.to_thread(run_whoami, shell, "dewi", token="", password_file="/dev/null")

    assert "is not authenticated" in error_of(result)
