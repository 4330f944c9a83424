"""What the tests of this room share: the desk, over a new database, at 15:00 on an ordinary day."""

from __future__ import annotations

import pytest

from gateway.menu.model import Menu
from gateway.runtime.postgres import Database
from gateway.vault.vault import Vault
from tests.helpers.appeals import Desk, menu_of
from tests.helpers.clocks import ManualClock


@pytest.fixture(scope="session")
def menu() -> Menu:
    return menu_of()


@pytest.fixture
def clock() -> ManualClock:
    clock = ManualClock()
    clock.advance(days=-4)  # 19 November 2026, 15:00 in Pekalongan
    return clock


@pytest.fixture
def desk(database: Database, vault: Vault, clock: ManualClock, menu: Menu) -> Desk:
    return Desk(database, vault, clock, menu)
