"""Turns leave no readable phone number in Redis."""

from __future__ import annotations

import pytest

from tests.helpers.outages import PostgresGate
from tests.helpers.phones import NUMBER
from tests.helpers.ussd import (
    Resident,
    UssdGateway,
)


async def everything_in(gateway: UssdGateway) -> bytes:
    """Return all keys and values of Redis."""
    keys = await gateway.run_redis("KEYS", "*")
    texts = [await gateway.run_redis("GET", key) for key in keys if key.startswith(b"waspada:ussd:")]
    kept = await gateway.pending()
    watched = await gateway.run_redis("HGETALL", "waspada:watched")
    logged = [repr(line).encode() for line in await gateway.run_redis("XRANGE", "waspada:log", "-", "+")]
    known = len(texts) + bool(kept) + bool(watched) + (b"waspada:log" in keys)
    assert known == len(keys), "Redis has a key that this test does not know"
    return b"\n".join([*keys, *texts, *kept.keys(), *kept.values(), *watched.keys(), *watched.values(), *logged])


@pytest.mark.parametrize("database", [True, False])
async def test_redis_holds_no_readable_number(
    unreliable_gateway: UssdGateway, postgres: PostgresGate, database: bool
) -> None:
    if not database:
        await postgres.close()
    await Resident(unreliable_gateway.services.turns).walk()

    content = await everything_in(unreliable_gateway)
    assert (b"tawuran di pasar" in content) is not database, "filed answers are in PostgreSQL alone"

    for digits in (NUMBER.e164, NUMBER.e164[1:], NUMBER.e164[3:], NUMBER.e164[-7:]):
        assert digits.encode() not in content
