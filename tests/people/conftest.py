"""Directory and subscriptions over a real PostgreSQL."""

from __future__ import annotations

import pytest

from gateway.messages.suppression import OptOuts
from gateway.people.directory import Directory
from gateway.people.subscriptions import Subscriptions
from gateway.runtime.postgres import Database
from gateway.text.phone import Phone
from gateway.vault.vault import Vault
from tests.helpers.clocks import ManualClock
from tests.helpers.people import (
    OptOutPhone,
)


@pytest.fixture
def directory(database: Database, vault: Vault, clock: ManualClock) -> Directory:
    return Directory(database, vault, clock)


@pytest.fixture
def consents(database: Database, vault: Vault, clock: ManualClock) -> Subscriptions:
    return Subscriptions(database, vault, clock)


@pytest.fixture
def opt_out(database: Database, vault: Vault, clock: ManualClock) -> OptOutPhone:
    async def opt_out(phone: Phone) -> None:
        await OptOuts(database, vault, clock).add(phone, "at")

    return opt_out
