"""Fixtures of accounts: a store with a cheap hasher, and the account of Dewi in it."""

from __future__ import annotations

import pytest

from gateway.accounts.roles import DeskRole
from gateway.accounts.store import AccountStore
from gateway.runtime.postgres import Database
from tests.helpers.accounts import PASSWORD, CountingHasher
from tests.helpers.clocks import ManualClock


@pytest.fixture
def hasher() -> CountingHasher:
    return CountingHasher()


@pytest.fixture
def accounts(database: Database, clock: ManualClock, hasher: CountingHasher) -> AccountStore:
    return AccountStore(database, clock, hasher)


@pytest.fixture
async def dewi(accounts: AccountStore) -> AccountStore:
    """Store with the account of Dewi."""
    await accounts.add("dewi", "Dewi Lestari", [DeskRole.SUPERVISOR, DeskRole.OPERATOR], PASSWORD, actor="rini")
    return accounts
