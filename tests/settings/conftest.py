from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.helpers.settings import CHANNEL


@pytest.fixture(autouse=True)
def no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.upper().startswith("WASPADA_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Write a settings file with the channel `at`. Returns its path."""
    path = tmp_path / "waspada.toml"
    path.write_text(CHANNEL)
    return path
