"""Fixtures of the tests about inbound SMS: a gateway over good stores, and one over stores that a test may stop."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator

import pytest

from gateway.runtime.postgres import Database
from gateway.vault.vault import Vault
from tests.helpers.clocks import ManualClock
from tests.helpers.gateway import PRODUCTION
from tests.helpers.logs import log
from tests.helpers.messages import MessageQueue
from tests.helpers.outages import OwnRedis, PostgresGate, own_redis, postgres
from tests.helpers.sms import SmsWorld, open_sms_world

__all__ = ["log", "own_redis", "postgres"]


@pytest.fixture
async def world(redis_url: str, database_url: str, clock: ManualClock, log: io.StringIO) -> AsyncIterator[SmsWorld]:
    async with open_sms_world(redis_url, database_url, clock, log=log) as built:
        yield built


@pytest.fixture
async def unreliable_world(
    own_redis: OwnRedis, postgres: PostgresGate, clock: ManualClock, log: io.StringIO
) -> AsyncIterator[SmsWorld]:
    """Return a gateway over `own_redis` and `postgres`, which a test may stop."""
    async with open_sms_world(own_redis.url, postgres.url, clock, log=log, deadlines=PRODUCTION) as built:
        yield built


@pytest.fixture
def queue(database: Database, vault: Vault, clock: ManualClock) -> MessageQueue:
    return MessageQueue(database, vault, clock)
