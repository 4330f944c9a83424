"""Fixtures of the tests about messages: an outbox, channel states, and the queue seen from outside."""

from __future__ import annotations

import pytest

from gateway.messages.channel_state import Channels
from gateway.messages.outbox import Outbox
from gateway.runtime.postgres import Database
from gateway.vault.vault import Vault
from tests.helpers.clocks import ManualClock
from tests.helpers.messages import MessageQueue


@pytest.fixture
def outbox(database: Database, vault: Vault, clock: ManualClock) -> Outbox:
    return Outbox(database, vault, clock)


@pytest.fixture
def channels(database: Database, clock: ManualClock) -> Channels:
    return Channels(database, clock)


@pytest.fixture
def queue(database: Database, vault: Vault, clock: ManualClock) -> MessageQueue:
    return MessageQueue(database, vault, clock)
