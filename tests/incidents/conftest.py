"""What the tests of this room share: a clock that stands still, the book, and the outbox behind it."""

from __future__ import annotations

import pytest

from gateway.incidents.drafts import DraftStore
from gateway.incidents.reporter import Reporter
from gateway.incidents.store import IncidentStore
from gateway.messages.outbox import Outbox
from gateway.runtime.postgres import Database
from gateway.vault.vault import Vault
from tests.helpers.clocks import ManualClock


@pytest.fixture
def book(database: Database, vault: Vault, clock: ManualClock) -> IncidentStore:
    return IncidentStore(database, vault, clock)


@pytest.fixture
def outbox(database: Database, vault: Vault, clock: ManualClock) -> Outbox:
    return Outbox(database, vault, clock)


@pytest.fixture
def reporter(database: Database, vault: Vault, clock: ManualClock) -> Reporter:
    return Reporter(database, vault, clock)


@pytest.fixture
def drafts(database: Database, vault: Vault, clock: ManualClock, book: IncidentStore) -> DraftStore:
    return DraftStore(database, vault, clock, book)
