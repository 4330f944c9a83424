"""Accounts of the tests about the command: a terminal with the account of Dewi, and what is typed in it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from click.testing import CliRunner, Result
from sqlalchemy import select

from gateway.audit import audit
from gateway.cli import main
from gateway.runtime.postgres import Database
from tests.helpers.cli import Shell

PASSWORD, OTHER_PASSWORD = "kuda lumping merah", "becak biru tua 7"


def run_typing(shell: Shell, typed: str, *arguments: str) -> Result:
    """Run a verb in a terminal in which `typed` is typed."""
    return CliRunner(env=shell.variables).invoke(main, arguments, input=typed)


def add_dewi(shell: Shell) -> Shell:
    """Add the account of Dewi, a supervisor. Returns a terminal that is used by Rini."""
    rini = Shell({**shell.variables, "COLUMNS": "300", "LOGNAME": "rini"})
    result = run_typing(rini, f"{PASSWORD}\n", "users", "add", "dewi", "--role", "supervisor", "--password-stdin")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "dewi is added: supervisor.\n", "")
    return rini


def create_token(dewi: Shell) -> str:
    """Create the token `cron` of Dewi."""
    result = dewi.run("users", "token", "dewi", "--name", "cron")
    assert result.exit_code == 0
    assert result.stdout.startswith("wsp_")
    assert len(result.stdout.splitlines()) == 1, "so that a script can take it as it is"
    assert "not shown again" in result.stderr
    return result.stdout.strip()


def audit_trail(shell: Shell) -> list[tuple[str, str, str]]:
    """Return author, action and subject of every audit row."""

    async def read() -> Sequence[Any]:
        url = shell.variables["WASPADA_DATABASE_URL"]
        assert url
        database = Database(url, pool_size=1)
        async with database.begin() as connection:
            found = (await connection.execute(select(audit).order_by(audit.c.id))).mappings().all()
        await database.close()
        return found

    return [(row["actor"], row["action"], row["subject"]) for row in asyncio.run(read())]
