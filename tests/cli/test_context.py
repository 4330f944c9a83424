"""Stores of a verb: upgraded, unavailable, not configured, or encrypted with another key."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.helpers.cli import LISTS, Shell


def test_db_upgrade_may_be_repeated(shell: Shell) -> None:
    for _ in range(2):
        result = shell.run("db", "upgrade")
        assert (result.exit_code, result.stderr) == (0, "")


def test_unavailable_postgresql_is_reported(shell: Shell) -> None:
    unreachable = {"database_url": "postgresql://waspada@/waspada?host=/nowhere"}
    for path in (("incidents", "list"), ("messages", "list"), ("db", "upgrade")):
        assert "Is it running?" in shell.error_of(*path, **unreachable)


def test_unavailable_redis_is_reported(shell: Shell) -> None:
    assert "Is it running?" in shell.error_of("logs", redis_url="unix:///nowhere/redis.sock")


def test_data_folder_without_a_gateway_is_reported(tmp_path: Path) -> None:
    shell = Shell({"WASPADA_CONFIG": None, "WASPADA_DATA": str(tmp_path / "nothing")})

    for path in LISTS:
        assert "there is no gateway in" in shell.error_of(*path)
    assert not (tmp_path / "nothing").exists()


def test_wrong_vault_key_hides_the_numbers_of_a_list(shell: Shell, tickets: list[str]) -> None:
    """Stored numbers cannot be decrypted. A list shows the rest."""
    result = shell.run("incidents", "list", "--json", vault_key="08" * 32)

    assert (result.exit_code, result.stderr) == (0, "")
    assert [incident["phone"] for incident in json.loads(result.stdout)] == ["?"] * 3


@pytest.mark.parametrize("verb", ["web", "worker"])
def test_process_without_configured_stores_is_refused(tmp_path: Path, verb: str) -> None:
    message = Shell({"WASPADA_CONFIG": None, "WASPADA_DATA": str(tmp_path)}).error_of(verb)
    assert "redis_url: is missing: set WASPADA_REDIS_URL" in message
