"""Fixtures of the command's tests: a terminal over new stores, and filed reports."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.incidents.report import Report
from gateway.incidents.store import IncidentStore
from gateway.runtime.clock import Clock
from gateway.runtime.postgres import Database
from gateway.vault.vault import Vault
from tests.helpers.cli import CONFIG, KEY, Shell
from tests.helpers.cli_accounts import add_dewi, create_token
from tests.helpers.parsed_packs import parse_packs_once
from tests.helpers.phones import NUMBER


@pytest.fixture(scope="package", autouse=True)
def packs() -> Iterator[None]:
    """Parse a pack once in all these tests, though each of their thousand verbs loads it."""
    with parse_packs_once():
        yield


@pytest.fixture
def shell(tmp_path: Path, redis_url: str, database_url: str) -> Shell:
    config = tmp_path / "waspada.toml"
    config.write_text(CONFIG)
    stores = {"WASPADA_REDIS_URL": redis_url, "WASPADA_DATABASE_URL": database_url}
    return Shell({"WASPADA_CONFIG": str(config), "COLUMNS": "300", **stores})


@pytest.fixture
async def tickets(database: Database) -> list[str]:
    """File three reports. Returns their tickets, the oldest first."""
    store = IncidentStore(database, Vault(bytes.fromhex(KEY)), Clock())
    filed = []
    for number in range(3):
        report = Report(
            category="gesekan",
            area="33.75.01.1003",
            language="id",
            channel="at",
            session=f"ATUid_{number}",
            received_at=datetime(2026, 11, 28, 3, number, tzinfo=UTC),
            description=f"tawuran\n{number} Dèwi",
            answers={"size": "some", "tps": "12"} if number == 0 else {},
        )
        answer = await store.file(report, NUMBER, lambda ticket: f"Laporan {ticket} diterima")
        filed.append(answer.ticket)
    return filed


@pytest.fixture
def dewi(shell: Shell) -> Shell:
    return add_dewi(shell)


@pytest.fixture
def token(dewi: Shell) -> str:
    return create_token(dewi)
