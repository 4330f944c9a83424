"""`waspada users` over the real store, and `--as`: nobody acts as somebody else."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result
from sqlalchemy import insert, select

from gateway.accounts.passwords import MAX_LENGTH
from gateway.accounts.roles import Right
from gateway.accounts.tables import accounts
from gateway.audit import audit
from gateway.cli import main
from gateway.cli.authentication import account_option, authenticate
from gateway.cli.errors import run_async
from gateway.runtime.postgres import Database
from tests.helpers.cli import CONFIG, Shell
from tests.helpers.clocks import ManualClock

PASSWORD, OTHER = "kuda lumping merah", "becak biru tua 7"


@pytest.fixture
def shell(tmp_path: Path, redis_url: str, database_url: str) -> Shell:
    config = tmp_path / "waspada.toml"
    config.write_text(CONFIG)
    stores = {"WASPADA_REDIS_URL": redis_url, "WASPADA_DATABASE_URL": database_url}
    return Shell({"WASPADA_CONFIG": str(config), "COLUMNS": "300", "LOGNAME": "rini", **stores})


def typing(shell: Shell, typed: str, *arguments: str) -> Result:
    """Run a verb in a terminal in which `typed` is typed."""
    return CliRunner(env=shell.variables).invoke(main, arguments, input=typed)


@pytest.fixture
def dewi(shell: Shell) -> Shell:
    """The terminal of a gateway that has the account of Dewi, a supervisor."""
    result = typing(shell, f"{PASSWORD}\n", "users", "add", "dewi", "--role", "supervisor", "--password-stdin")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "dewi is added: supervisor.\n", "")
    return shell


@pytest.fixture
def token(dewi: Shell) -> str:
    result = dewi.run("users", "token", "dewi", "--name", "cron")
    assert result.exit_code == 0
    assert result.stdout.startswith("wsp_")
    assert len(result.stdout.splitlines()) == 1, "so that a script can take it as it is"
    assert "not shown again" in result.stderr
    return result.stdout.strip()


def trail(shell: Shell) -> list[tuple[str, str, str]]:
    async def read() -> Sequence[Any]:
        url = shell.variables["WASPADA_DATABASE_URL"]
        assert url
        database = Database(url, pool_size=1)
        async with database.begin() as connection:
            found = (await connection.execute(select(audit).order_by(audit.c.id))).mappings().all()
        await database.close()
        return found

    return [(row["actor"], row["action"], row["subject"]) for row in asyncio.run(read())]


# Accounts ------------------------------------------------------------------------------------------------------


def test_an_account_is_made_at_the_terminal(shell: Shell) -> None:
    roles = ("--role", "supervisor", "--role", "operator")
    asked = typing(shell, f"{PASSWORD}\n{PASSWORD}\n", "users", "add", "dewi", *roles, "--display", "Dewi Lestari")
    assert (asked.exit_code, asked.stdout) == (0, "dewi is added: operator, supervisor.\n")
    assert PASSWORD not in asked.stderr
    (account,) = shell.list_json("users", "list")
    wanted = {"name": "dewi", "display": "Dewi Lestari", "roles": ["operator", "supervisor"], "state": "active"}
    assert {name: account[name] for name in wanted} == wanted
    assert (account["tokens"], account["last_used_at"]) == ([], None)
    assert trail(shell) == [("rini", "account.added", "account dewi")]


def test_two_passwords_that_differ_are_asked_for_again(shell: Shell) -> None:
    typed = f"{PASSWORD}\n{OTHER}\n{PASSWORD}\n{PASSWORD}\n"
    assert typing(shell, typed, "users", "add", "dewi", "--role", "operator").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "password", "said"),
    [
        (("add", "Dewi", "--role", "operator"), PASSWORD, "2 to 32 of a-z"),
        (("add", "budi", "--role", "operator"), "short", "at least 12 characters"),
        (("add", "budi", "--role", "operator"), "x" * (MAX_LENGTH + 1), "at most 256 characters"),
        (("add", "budi", "--role", "operator"), "x" * 10 * MAX_LENGTH, "at most 256 characters"),
        (("add", "dewi", "--role", "operator"), PASSWORD, "account dewi exists already"),
        (("password", "dewi"), "", "at least 12 characters"),
        (("password", "nobody"), PASSWORD, "No account has this name"),
    ],
)
def test_what_is_refused(dewi: Shell, arguments: tuple[str, ...], password: str, said: str) -> None:
    result = typing(dewi, f"{password}\n", "users", *arguments, "--password-stdin")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("Error: ")
    assert said in result.stderr
    assert len(trail(dewi)) == 1


def test_no_password_typed(shell: Shell) -> None:
    assert typing(shell, "", "users", "add", "dewi", "--role", "operator").exit_code == 1
    assert shell.list_json("users", "list") == []


def test_changes(dewi: Shell) -> None:
    assert typing(dewi, f"{OTHER}\n{OTHER}\n", "users", "password", "dewi").stdout == "dewi has a new password.\n"
    assert dewi.run("users", "disable", "dewi").stdout == "dewi is disabled.\n"
    assert dewi.run("users", "disable", "dewi").stdout == "dewi was disabled already.\n"
    assert dewi.list_json("users", "list")[0]["state"] == "disabled"
    assert dewi.run("users", "enable", "dewi").stdout == "dewi is enabled again.\n"
    assert dewi.run("users", "enable", "dewi").stdout == "dewi was enabled already.\n"
    actions = [action for _, action, _ in trail(dewi)]
    assert actions == ["account.added", "account.password_set", "account.disabled", "account.enabled"]
    for verb in ("disable", "enable"):
        assert "No account has this name" in dewi.error_of("users", verb, "nobody")


def test_tokens(dewi: Shell, token: str) -> None:
    assert 'has a token "cron" already' in dewi.error_of("users", "token", "dewi", "--name", "cron")
    (account,) = dewi.list_json("users", "list")
    assert [one["name"] for one in account["tokens"]] == ["cron"]
    assert "cron" in dewi.run("users", "list").stdout
    assert token not in str(account)
    assert dewi.run("users", "revoke", "dewi", "--name", "cron").stdout == "The token cron of dewi is revoked.\n"
    assert "No token of this account has this name" in dewi.error_of("users", "revoke", "dewi", "--name", "cron")
    assert "No account has this name" in dewi.error_of("users", "token", "nobody", "--name", "cron")


def test_lists_for_people(shell: Shell) -> None:
    assert shell.run("users", "list").stdout == "There is no account yet.\n"
    for name in ("dewi", "budi"):
        typing(shell, f"{PASSWORD}\n", "users", "add", name, "--role", "operator", "--password-stdin")
    assert [line.split()[0] for line in shell.run("users", "list").stdout.splitlines()] == ["NAME", "budi", "dewi"]
    assert [account["name"] for account in shell.list_json("users", "list", "--limit", "1")] == ["budi"]


# Proof ---------------------------------------------------------------------------------------------------------


@click.command()
@account_option
@click.option("--right", type=click.Choice([right.value for right in Right]))
@run_async
async def whoami(name: str, right: str | None) -> None:
    """A verb that wants to know who runs it."""
    database = Database(click.get_current_context().obj, pool_size=1)
    try:
        account = await authenticate(database, name, Right(right) if right else None)
    finally:
        await database.close()
    click.echo(f"{account.name}, {account.display}")


def acting(shell: Shell, *arguments: str, typed: str = "", **variables: str) -> Result:
    env = {f"WASPADA_{name.upper()}": value for name, value in variables.items()}
    url = shell.variables["WASPADA_DATABASE_URL"]
    return CliRunner(env=env).invoke(whoami, ("--as", *arguments), input=typed, obj=url)


def refused(result: Result) -> str:
    assert (result.exit_code, result.stdout) == (1, ""), result.output
    assert "Error: " in result.stderr
    assert "Traceback" not in result.stderr
    return result.stderr


def test_a_password_is_asked_for(dewi: Shell) -> None:
    result = acting(dewi, "dewi", typed=f"{PASSWORD}\n")
    assert (result.exit_code, result.stdout) == (0, "dewi, dewi\n")
    assert "Password of dewi: " in result.stderr
    assert PASSWORD not in result.stderr
    assert "dewi is not authenticated" in refused(acting(dewi, "dewi", typed=f"{OTHER}\n"))
    assert "nobody is not authenticated" in refused(acting(dewi, "nobody", typed=f"{PASSWORD}\n"))
    assert "set WASPADA_PASSWORD_FILE, WASPADA_TOKEN_FILE or WASPADA_TOKEN" in refused(acting(dewi, "dewi"))


@pytest.mark.parametrize(
    ("verb", "said"),
    [
        (
            ("appeals", "submit", "1", "--as", "dewi"),
            "dewi is not authenticated: type the password, "
            "or set WASPADA_PASSWORD_FILE, WASPADA_TOKEN_FILE or WASPADA_TOKEN",
        ),
        (("users", "password", "dewi"), "there is no password: type it in a terminal, or use --password-stdin"),
    ],
)
def test_without_a_terminal_no_password_is_asked_for(dewi: Shell, verb: tuple[str, ...], said: str) -> None:
    variables = {name: value for name, value in dewi.variables.items() if value is not None}
    result = subprocess.run(
        [sys.executable, "-m", "gateway", *verb],
        input=f"{PASSWORD}\n",
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        start_new_session=True,  # which takes the terminal away that the tests may run in
        check=False,
    )
    assert (result.returncode, result.stdout, result.stderr) == (1, "", f"Error: {said}\n")


def test_who_acts_must_be_said(dewi: Shell) -> None:
    assert CliRunner().invoke(whoami, [], obj="").exit_code == 2


def test_a_password_in_a_file(dewi: Shell, tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text(f"{PASSWORD}\nand what else stands there\n")
    assert acting(dewi, "dewi", password_file=str(file)).stdout == "dewi, dewi\n"
    file.write_text(OTHER)
    assert "is not authenticated" in refused(acting(dewi, "dewi", password_file=str(file)))
    file.write_bytes(b"d\xe9wi d\xe9wi d\xe9wi")
    assert "is not UTF-8" in refused(acting(dewi, "dewi", password_file=str(file)))
    assert "cannot be read" in refused(acting(dewi, "dewi", password_file=str(tmp_path / "nothing")))


def test_a_token(dewi: Shell, token: str, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(f"{token}\n")
    for given in ({"token": token}, {"token_file": str(file)}):
        assert acting(dewi, "dewi", **given).stdout == "dewi, dewi\n"
        assert acting(dewi, "Dewi", **given).stdout == "dewi, dewi\n"
        assert "is not one of budi" in refused(acting(dewi, "budi", **given))
    assert "leave one of them" in refused(acting(dewi, "dewi", token=token, token_file=str(file)))
    assert "wrong, has expired or is revoked" in refused(acting(dewi, "dewi", token="wsp_nothing"))
    dewi.run("users", "revoke", "dewi", "--name", "cron")
    message = refused(acting(dewi, "dewi", token=token, typed=f"{PASSWORD}\n"))
    assert "wrong, has expired or is revoked" in message
    assert token not in message


def test_what_a_role_does_not_allow(dewi: Shell, token: str) -> None:
    assert acting(dewi, "dewi", "--right", Right.APPROVE_APPEALS.value, token=token).exit_code == 0
    message = refused(acting(dewi, "dewi", "--right", Right.READ_OFFICIALS.value, token=token))
    assert message == "Error: dewi may not read reports on officials: that takes the role bawaslu\n"


def test_the_variables_of_a_proof_are_no_wrong_settings(dewi: Shell, token: str) -> None:
    for given in ({"token": token}, {"token_file": "/nowhere"}, {"password_file": "/nowhere"}):
        assert dewi.run("users", "list", **given).exit_code == 0
    assert "did you mean token?" in dewi.error_of("users", "list", tokne=token)


async def test_an_account_without_a_password(shell: Shell, database: Database) -> None:
    """A hash that is none lets nobody in, and says so as for any wrong password."""
    now = ManualClock().now()
    row = {"name": "dewi", "display": "Dewi", "roles": [], "password_hash": "", "failed_tries": 0}
    async with database.begin() as connection:
        await connection.execute(insert(accounts).values(row | {"password_set_at": now, "created_at": now}))
    result = await asyncio.to_thread(acting, shell, "dewi", token="", password_file="/dev/null")
    assert "is not authenticated" in refused(result)
