"""Verbs over a database that was not upgraded: one sentence each, and processes that wait for the upgrade."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from aiohttp import ClientSession
from sqlalchemy import text

from gateway.runtime.postgres import Database
from gateway.runtime.schema import upgrade
from tests.helpers.cli import CONFIG, LISTS, Shell
from tests.helpers.cli_accounts import PASSWORD, run_typing
from tests.helpers.migrations import make_tables
from tests.helpers.packs import PEKALONGAN
from tests.helpers.phones import NUMBER
from tests.helpers.program import free_port, run_program
from tests.helpers.waiting import until

SENTENCE = "Error: PostgreSQL cannot be used. The tables are missing or old: run `waspada db upgrade`.\n"
CHANGES = (
    ("incidents", "move", "7340-2817", "checking", "--as", "dewi"),
    ("messages", "show", "1"),
    ("messages", "cancel", "1"),
    ("channels", "pause", "at"),
    ("users", "add", "dewi", "--role", "operator", "--password-stdin"),
    ("people", "export", "--reason", "test"),
    ("people", "erase", NUMBER.e164, "--yes"),
    ("purge", "--dry-run"),
)


@pytest.fixture(params=["", "0001", "0008"], ids=["no tables", "first version", "old version"])
async def outdated(request: pytest.FixtureRequest, database: Database) -> None:
    """Give the database other tables than those of this release."""
    await make_tables(database, request.param)


@pytest.fixture
async def without_tables(database: Database) -> None:
    """Empty the database, as before the first upgrade."""
    await make_tables(database, "")


@pytest.mark.parametrize("verb", [verb for verb in LISTS if verb != ("logs",)], ids=" ".join)
@pytest.mark.parametrize("options", [(), ("--json",)], ids=str)
def test_list_without_tables_asks_for_the_upgrade(
    shell: Shell, without_tables: None, verb: tuple[str, ...], options: tuple[str, ...]
) -> None:
    assert shell.error_of(*verb, *options) == SENTENCE


@pytest.mark.parametrize("verb", CHANGES, ids=" ".join)
def test_change_without_tables_asks_for_the_upgrade(shell: Shell, without_tables: None, verb: tuple[str, ...]) -> None:
    result = run_typing(shell, f"{PASSWORD}\n", *verb)

    assert (result.exit_code, result.stderr.splitlines()[-1]) == (1, SENTENCE.strip())


def test_check_of_outdated_tables_asks_for_the_upgrade(shell: Shell, outdated: None) -> None:
    result = shell.run("check")

    assert result.exit_code == 1
    assert result.stderr == "Error: postgres: The tables are missing or old: run `waspada db upgrade`.\n"


def test_check_passes_after_the_upgrade(shell: Shell, outdated: None) -> None:
    assert shell.run("db", "upgrade").exit_code == 0
    assert (shell.run("check").exit_code, shell.run("incidents", "list").exit_code) == (0, 0)


def test_check_notes_stores_that_cannot_be_reached(shell: Shell) -> None:
    nowhere = {"redis_url": "unix:///nowhere/redis.sock", "database_url": "postgresql://waspada@/waspada?host=/nowhere"}
    result = shell.run("check", **nowhere)

    assert result.exit_code == 0
    assert [line.partition(". ")[0] for line in result.stderr.splitlines()] == [
        "redis: not checked",
        "postgres: not checked",
    ]


def test_check_of_a_pack_looks_at_no_store(shell: Shell, without_tables: None) -> None:
    assert (shell.run("check", str(PEKALONGAN)).exit_code, shell.run("check", str(PEKALONGAN)).stderr) == (0, "")


@pytest.fixture
async def newer_tables(database: Database) -> None:
    async with database.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))


def test_upgrade_refuses_the_tables_of_a_newer_release(shell: Shell, newer_tables: None) -> None:
    for verb in (("db", "upgrade"), ("check",)):
        result = shell.run(*verb)
        assert result.exit_code == 1
        assert "The tables are of a newer release, or of another program: install that release" in result.stderr


@pytest.mark.parametrize("verb", ["web", "worker"])
async def test_process_waits_for_the_upgrade_with_one_line_in_the_log(
    tmp_path: Path, database: Database, database_url: str, redis_url: str, without_tables: None, verb: str
) -> None:
    config, port = tmp_path / "waspada.toml", free_port()
    config.write_text(CONFIG)
    settings = {"config": str(config), "redis_url": redis_url, "database_url": database_url, "worker_port": str(port)}
    async with (
        run_program(verb, data=tmp_path / "var", port=free_port(), **settings) as program,
        ClientSession() as http,
    ):
        health = program.url if verb == "web" else f"http://127.0.0.1:{port}"

        async def readiness() -> int:
            async with http.get(f"{health}/readyz") as answer:
                return answer.status

        async def is_ready() -> bool:
            return await readiness() == 200

        for _ in range(20):
            assert await readiness() == 503
        await upgrade(database_url)
        await until(is_ready)

        await until(lambda: "store.usable" in program.log.read_text())
        lines = [json.loads(line) for line in program.log.read_text().splitlines()]
        stores = [(line["event"], line["store"]) for line in lines if line["event"].startswith("store.")]
        assert stores == [("store.unusable", "postgres"), ("store.usable", "postgres")]
        assert len(lines) < 10, lines
