"""Count of wrong ticket lookups, which locks a phone out."""

from __future__ import annotations

import pytest

from gateway.incidents.ticket_attempts import WINDOW_S, TicketAttempts
from gateway.wiring.container import Services
from tests.helpers.phones import NUMBER, OTHER


@pytest.fixture
def attempts(services: Services) -> TicketAttempts:
    return services.ticket_attempts


async def test_count_wrong_is_by_phone(attempts: TicketAttempts) -> None:
    await attempts.add_wrong(NUMBER, "at:s1:1")
    await attempts.add_wrong(NUMBER, "at:s1:2")

    assert (await attempts.count_wrong(NUMBER), await attempts.count_wrong(OTHER)) == (2, 0)


async def test_add_wrong_is_idempotent(attempts: TicketAttempts) -> None:
    await attempts.add_wrong(NUMBER, "at:s1:1")
    await attempts.add_wrong(NUMBER, "at:s1:1")

    assert await attempts.count_wrong(NUMBER) == 1


async def test_count_expires_after_the_window_without_a_number_in_its_key(
    attempts: TicketAttempts, services: Services
) -> None:
    await attempts.add_wrong(NUMBER, "at:s1:1")

    (key,) = await services.pipeline.run("KEYS", "waspada:tries:*")
    assert WINDOW_S - 5 < await services.pipeline.run("TTL", key) <= WINDOW_S
    assert NUMBER.e164[-7:].encode() not in key
