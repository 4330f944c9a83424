from __future__ import annotations

import pytest

from gateway.menu.model import Menu
from tests.helpers.pack_edits import Files
from tests.helpers.packs import FILES, MENU


@pytest.fixture(scope="session")
def files() -> Files:
    return FILES


@pytest.fixture(scope="session")
def menu() -> Menu:
    return MENU
