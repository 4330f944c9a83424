"""Fixtures of this room: a gateway over a new database, at 15:00 on an ordinary day."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from gateway.menu.model import Menu
from tests.helpers.appeals import KLEGO, PODOSUGIH, AppealWorld, appeal_menu, open_appeal_gateway
from tests.helpers.clocks import ManualClock


@pytest.fixture(scope="session")
def menu() -> Menu:
    return appeal_menu()


@pytest.fixture
def clock() -> ManualClock:
    clock = ManualClock()
    clock.advance(days=-4)  # 19 November 2026, 15:00 in Pekalongan
    return clock


@pytest.fixture
async def world(redis_url: str, database_url: str, clock: ManualClock, menu: Menu) -> AsyncIterator[AppealWorld]:
    async with open_appeal_gateway(redis_url, database_url, clock, menu) as services:
        yield AppealWorld(services)


@pytest.fixture
async def town(world: AppealWorld) -> AppealWorld:
    """Add two subscribers in Medono, one beside it, one in Klego, one of all appeals, a camat and a civil servant.

    The last person has withdrawn the subscription.
    """
    await world.add_subscribers(1)
    await world.add_subscribers(1, first=1, language="jv")
    await world.add_subscribers(1, first=2, area=PODOSUGIH)
    await world.add_subscribers(1, first=3, area=KLEGO)
    await world.add_subscribers(1, first=4, area="")
    await world.add_contact(5, "camat", ["33.75.01"])
    await world.add_contact(6, "asn", language="jv")
    await world.add_subscribers(1, first=7)
    async with world.database.begin() as connection:
        await connection.exec_driver_sql("UPDATE subscriptions SET withdrawn_at = now() WHERE id = 6")
    return world
