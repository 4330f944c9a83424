"""The stores as every verb meets them: brought up to date, away, not set, or filled with another key."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.helpers.cli import LISTS, Shell


def test_the_tables_can_be_brought_up_to_date_again(shell: Shell) -> None:
    for _ in range(2):
        result = shell.run("db", "upgrade")
        assert (result.exit_code, result.stderr) == (0, "")


def test_postgresql_away(shell: Shell) -> None:
    away = {"database_url": "postgresql://waspada@/waspada?host=/nowhere"}
    for path in (("incidents", "list"), ("messages", "list"), ("db", "upgrade")):
        assert "Is it running?" in shell.error_of(*path, **away)


def test_redis_away(shell: Shell) -> None:
    assert "Is it running?" in shell.error_of("logs", redis_url="unix:///nowhere/redis.sock")


def test_no_gateway_there(tmp_path: Path) -> None:
    shell = Shell({"WASPADA_CONFIG": None, "WASPADA_DATA": str(tmp_path / "nothing")})
    for path in LISTS:
        assert "there is no gateway in" in shell.error_of(*path)
    assert not (tmp_path / "nothing").exists()


def test_another_key(shell: Shell, tickets: list[str]) -> None:
    """Stored numbers cannot be opened: a list shows the rest."""
    result = shell.run("incidents", "list", "--json", vault_key="08" * 32)
    assert (result.exit_code, result.stderr) == (0, "")
    assert [incident["phone"] for incident in json.loads(result.stdout)] == ["?"] * 3


@pytest.mark.parametrize("verb", ["web", "worker"])
def test_a_process_without_stores(tmp_path: Path, verb: str) -> None:
    message = Shell({"WASPADA_CONFIG": None, "WASPADA_DATA": str(tmp_path)}).error_of(verb)
    assert "redis_url: is missing: set WASPADA_REDIS_URL" in message
