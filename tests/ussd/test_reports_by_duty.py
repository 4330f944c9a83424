"""Reports of a phone in a day: a resident's are limited, those of somebody who reports by duty are not."""

from __future__ import annotations

import pytest

from gateway.text.phone import Phone
from tests.helpers.clocks import ManualClock
from tests.helpers.duty import put_on_duty
from tests.helpers.phones import NUMBER, OTHER
from tests.helpers.ussd import WHOLE_REPORT, Resident, UssdGateway


@pytest.mark.parametrize(("sender", "filed"), [(NUMBER, 7), (OTHER, 5)])
async def test_only_reports_without_a_duty_count(gateway: UssdGateway, sender: Phone, filed: int) -> None:
    await put_on_duty(gateway.services, NUMBER, "linmas")
    for number in range(7):
        await Resident(gateway.services.turns, sender).walk(WHOLE_REPORT if number == 0 else WHOLE_REPORT[1:])

    assert len(await gateway.incidents()) == filed


async def test_a_draft_filed_by_duty_does_not_count(timed_gateway: UssdGateway, clock: ManualClock) -> None:
    gateway = timed_gateway
    await put_on_duty(gateway.services, NUMBER)
    await Resident(gateway.services.turns).walk(WHOLE_REPORT[:-1])
    clock.advance(minutes=5)
    assert await gateway.services.dropped_sessions.sweep() == 1
    async with gateway.services.database.begin() as connection:
        done = await gateway.services.dropped_sessions.file_draft(NUMBER, connection)
    assert done is not None
    await gateway.services.dropped_sessions.forget_filed(done)

    stored = await gateway.stored()
    assert stored is not None
    assert stored.filed_today(clock.now().date()) == 0
