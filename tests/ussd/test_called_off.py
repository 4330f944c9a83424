"""Reports that a resident called off: nothing is sent, nobody is told, and a redial offers to continue."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gateway.incidents.tables import drafts
from gateway.ussd.dropped_sessions import LONGEST_SESSION_S
from tests.helpers.clocks import ManualClock
from tests.helpers.packs import MENU
from tests.helpers.phones import NUMBER
from tests.helpers.ussd import TO_CONFIRM, VAULT, Resident, UssdGateway, drop_session, expected_screen, reminders

CALLED_OFF = (*TO_CONFIRM, "3", "1")
OFFER = "unfinished.id.resume"


async def call_off(gateway: UssdGateway, clock: ManualClock) -> Resident:
    """Return a resident who has called off a whole report, so long ago that a sweep looks at it."""
    resident = await drop_session(gateway, clock, CALLED_OFF)
    assert resident.label == "cancelled.id"
    return resident


async def redial(gateway: UssdGateway, *keys: str) -> Resident:
    resident = Resident(gateway.services.turns)
    await resident.walk(keys)
    return resident


async def assert_nobody_is_told(gateway: UssdGateway) -> None:
    assert await gateway.services.dropped_sessions.sweep() == 0
    assert await gateway.services.drafts.list_drafts() == []
    assert await reminders(gateway) == []
    assert await gateway.incidents() == []


async def test_called_off_report_is_no_draft_and_brings_no_reminder(
    timed_gateway: UssdGateway, clock: ManualClock
) -> None:
    await call_off(timed_gateway, clock)

    await assert_nobody_is_told(timed_gateway)


async def test_called_off_report_is_offered_and_sent_once(timed_gateway: UssdGateway, clock: ManualClock) -> None:
    await call_off(timed_gateway, clock)
    again = Resident(timed_gateway.services.turns)
    assert (await again.dial()).label == OFFER
    assert (await again.answer("1")).text == expected_screen(*TO_CONFIRM)
    assert (await again.answer("1")).label == "ticket_plain.id.resume"

    (incident,) = await timed_gateway.incidents()
    assert (incident["category"], incident["description"]) == ("gesekan", "tawuran di pasar")
    assert (await Resident(timed_gateway.services.turns).dial()).label == "main.id.home"


@pytest.mark.parametrize("keys", [(), ("9",), ("9", "9", "9"), ("3",), ("3", "2")], ids=" ".join)
async def test_redial_that_is_hung_up_leaves_it_called_off(
    timed_gateway: UssdGateway, clock: ManualClock, keys: tuple[str, ...]
) -> None:
    await call_off(timed_gateway, clock)
    await redial(timed_gateway, *keys)
    clock.advance(seconds=LONGEST_SESSION_S)

    await assert_nobody_is_told(timed_gateway)
    assert (await redial(timed_gateway)).label == OFFER


@pytest.mark.parametrize("keys", [("1",), ("1", "0"), ("1", "3")], ids=" ".join)
async def test_report_that_is_continued_and_dropped_again_is_a_draft(
    timed_gateway: UssdGateway, clock: ManualClock, keys: tuple[str, ...]
) -> None:
    await call_off(timed_gateway, clock)
    await redial(timed_gateway, *keys)
    clock.advance(seconds=LONGEST_SESSION_S)

    assert await timed_gateway.services.dropped_sessions.sweep() == 1
    assert len(await reminders(timed_gateway)) == 1


async def test_draft_of_an_earlier_drop_ends_when_the_report_is_called_off(
    timed_gateway: UssdGateway, clock: ManualClock
) -> None:
    await drop_session(timed_gateway, clock, TO_CONFIRM)
    assert await timed_gateway.services.dropped_sessions.sweep() == 1
    assert (await redial(timed_gateway, "1", "3", "1")).label == "cancelled.id.resume"
    clock.advance(seconds=LONGEST_SESSION_S)

    (draft,) = await timed_gateway.rows(drafts)
    (reminder,) = await reminders(timed_gateway)
    assert (draft["status"], draft["answers"], reminder["status"]) == ("deleted", {}, "cancelled")
    assert await timed_gateway.services.dropped_sessions.sweep() == 0
    assert (await redial(timed_gateway)).label == OFFER


async def test_called_off_report_that_is_deleted_is_gone(timed_gateway: UssdGateway, clock: ManualClock) -> None:
    await call_off(timed_gateway, clock)
    assert (await redial(timed_gateway, "3", "1")).label == "deleted.id.resume"

    (raw,) = [
        await timed_gateway.run_redis("GET", key) for key in await timed_gateway.run_redis("KEYS", "waspada:ussd:*")
    ]
    assert b"gesekan" not in raw
    assert (await redial(timed_gateway)).label == "main.id.home"


async def test_called_off_report_is_kept_as_long_as_a_dropped_one(
    timed_gateway: UssdGateway, clock: ManualClock
) -> None:
    await call_off(timed_gateway, clock)
    (key,) = await timed_gateway.run_redis("KEYS", "waspada:ussd:*")
    window = MENU.rules.resume_within.total_seconds()
    assert window - 60 <= await timed_gateway.run_redis("TTL", key) <= window

    await timed_gateway.services.sessions.set_language(VAULT.lookup(NUMBER), "en", MENU, clock.now())
    assert await timed_gateway.run_redis("TTL", key) <= window
    clock.advance(seconds=timedelta(hours=24).total_seconds())
    assert (await redial(timed_gateway)).label == "main.en.home"


async def test_repeated_callback_gets_the_last_screen_again(gateway: UssdGateway) -> None:
    resident = Resident(gateway.services.turns)
    screen = await resident.walk(CALLED_OFF)

    assert screen.end
    assert await resident.callback(resident.text, resident.label) == screen
    assert await resident.callback(f"{resident.text}*1", resident.label) == screen
    assert await gateway.incidents() == []
