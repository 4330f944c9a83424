"""`users` over the real store: accounts, passwords and tokens."""

from __future__ import annotations

import pytest

from gateway.accounts.passwords import MAX_LENGTH
from tests.helpers.cli import Shell
from tests.helpers.cli_accounts import (
    OTHER_PASSWORD,
    PASSWORD,
    audit_trail,
    run_typing,
)


@pytest.fixture
def shell(shell: Shell) -> Shell:
    return Shell({**shell.variables, "COLUMNS": "300", "LOGNAME": "rini"})


def test_add_asks_for_the_password_at_the_terminal(shell: Shell) -> None:
    roles = ("--role", "supervisor", "--role", "operator")
    asked = run_typing(shell, f"{PASSWORD}\n{PASSWORD}\n", "users", "add", "dewi", *roles, "--display", "Dewi Lestari")
    assert (asked.exit_code, asked.stdout) == (0, "dewi is added: operator, supervisor.\n")
    assert PASSWORD not in asked.stderr

    (account,) = shell.list_json("users", "list")
    wanted = {"name": "dewi", "display": "Dewi Lestari", "roles": ["operator", "supervisor"], "state": "active"}
    assert {name: account[name] for name in wanted} == wanted
    assert (account["tokens"], account["last_used_at"]) == ([], None)
    assert list(account) == [*wanted, "created_at", "password_set_at", "last_used_at", "tokens"]
    assert audit_trail(shell) == [("rini", "account.added", "account dewi")]


def test_add_asks_again_for_two_passwords_that_differ(shell: Shell) -> None:
    typed = f"{PASSWORD}\n{OTHER_PASSWORD}\n{PASSWORD}\n{PASSWORD}\n"
    assert run_typing(shell, typed, "users", "add", "dewi", "--role", "operator").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "password", "message"),
    [
        (("add", "Dewi", "--role", "operator"), PASSWORD, "2 to 32 of a-z"),
        (("add", "budi", "--role", "operator"), "short", "at least 12 characters"),
        (("add", "budi", "--role", "operator"), "x" * (MAX_LENGTH + 1), "at most 128 characters"),
        (("add", "budi", "--role", "operator"), "x" * 10 * MAX_LENGTH, "at most 128 characters"),
        (("add", "dewi", "--role", "operator"), PASSWORD, "account dewi exists already"),
        (("add", "budi", "--role", "operator"), "P4ssw0rd1234", "easy to guess"),
        (("add", "budi", "--role", "operator"), "Sapuro Kebulen 1", "easy to guess"),
        (("password", "dewi"), "siagapilkada2026", "easy to guess"),
        (("password", "dewi"), "Pekalongan2026!", "easy to guess"),
        (("password", "dewi"), "", "at least 12 characters"),
        (("password", "nobody"), PASSWORD, "No account has this name"),
    ],
)
def test_add_and_password_refuse_bad_values(
    dewi: Shell, arguments: tuple[str, ...], password: str, message: str
) -> None:
    result = run_typing(dewi, f"{password}\n", "users", *arguments, "--password-stdin")

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("Error: ")
    assert message in result.stderr
    assert len(audit_trail(dewi)) == 1


def test_password_can_be_set_without_a_readable_pack(dewi: Shell) -> None:
    typed = f"{OTHER_PASSWORD}\n"
    arguments = ("users", "password", "dewi", "--password-stdin")
    shell = Shell({**dewi.variables, "WASPADA_PACK": "/nowhere"})

    result = run_typing(shell, typed, *arguments)

    assert (result.exit_code, result.stdout) == (0, "dewi has a new password.\n")
    assert result.stderr == "Warning: the pack /nowhere cannot be read; names of its places are not refused.\n"


def test_add_without_a_password_stores_nothing(shell: Shell) -> None:
    assert run_typing(shell, "", "users", "add", "dewi", "--role", "operator").exit_code == 1
    assert shell.list_json("users", "list") == []


def test_password_disable_and_enable_change_an_account_once(dewi: Shell) -> None:
    assert (
        run_typing(dewi, f"{OTHER_PASSWORD}\n{OTHER_PASSWORD}\n", "users", "password", "dewi").stdout
        == "dewi has a new password.\n"
    )
    assert dewi.run("users", "disable", "dewi").stdout == "dewi is disabled.\n"
    assert dewi.run("users", "disable", "dewi").stdout == "dewi was disabled already.\n"
    assert dewi.list_json("users", "list")[0]["state"] == "disabled"
    assert dewi.run("users", "enable", "dewi").stdout == "dewi is enabled again.\n"
    assert dewi.run("users", "enable", "dewi").stdout == "dewi was enabled already.\n"

    actions = [action for _, action, _ in audit_trail(dewi)]
    assert actions == ["account.added", "account.password_set", "account.disabled", "account.enabled"]

    for verb in ("disable", "enable"):
        assert "No account has this name" in dewi.error_of("users", verb, "nobody")


def test_token_and_revoke_take_a_name_once(dewi: Shell, token: str) -> None:
    assert 'has a token "cron" already' in dewi.error_of("users", "token", "dewi", "--name", "cron")

    (account,) = dewi.list_json("users", "list")
    assert [one["name"] for one in account["tokens"]] == ["cron"]
    assert list(account["tokens"][0]) == ["name", "expires_at", "last_used_at"]
    assert "cron" in dewi.run("users", "list").stdout
    assert token not in str(account)
    assert dewi.run("users", "revoke", "dewi", "--name", "cron").stdout == "The token cron of dewi is revoked.\n"
    assert "No token of this account has this name" in dewi.error_of("users", "revoke", "dewi", "--name", "cron")
    assert "No account has this name" in dewi.error_of("users", "token", "nobody", "--name", "cron")


def test_list_prints_the_last_added_first(shell: Shell) -> None:
    assert shell.run("users", "list").stdout == "There is no account yet.\n"

    for name in ("dewi", "budi"):
        run_typing(shell, f"{PASSWORD}\n", "users", "add", name, "--role", "operator", "--password-stdin")
    assert [line.split()[0] for line in shell.run("users", "list").stdout.splitlines()] == ["NAME", "budi", "dewi"]
    assert [account["name"] for account in shell.list_json("users", "list", "--limit", "1")] == ["budi"]


def test_history_shows_changes_and_proofs_the_newest_first(dewi: Shell) -> None:
    dewi.run("appeals", "submit", "1", "--as", "dewi", token="wsp_nothing")
    dewi.run("users", "disable", "dewi")

    history = dewi.list_json("users", "history", "dewi")
    assert [entry["action"] for entry in history] == ["account.disabled", "account.added"]
    assert "roles: supervisor" in dewi.run("users", "history", "dewi").stdout
    (unknown,) = dewi.list_json("users", "history", "?")
    assert (unknown["action"], unknown["detail"]) == ("account.refused", {"by": "token", "reason": "unknown"})
    assert dewi.run("users", "history", "nobody").stdout == "Nothing is recorded of this account.\n"
