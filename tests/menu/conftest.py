from __future__ import annotations

from pathlib import Path

import pytest

from gateway.menu.model import Menu
from gateway.menu.pack.loader import load
from gateway.runtime.pack_folder import read_pack

PEKALONGAN = Path(__file__).parents[2] / "menus" / "pekalongan"


@pytest.fixture(scope="session")
def files() -> dict[str, str]:
    return read_pack(PEKALONGAN)


@pytest.fixture(scope="session")
def menu(files: dict[str, str]) -> Menu:
    return load(files)
