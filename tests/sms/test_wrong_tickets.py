"""A ticket of somebody else is none by SMS, and five wrong ones lock the phone for an hour."""

from __future__ import annotations

import pytest

from tests.helpers.sms import NUMBER, OTHER, Room, sms
from tests.helpers.ussd import Resident


@pytest.mark.parametrize("command", ["CEK {}", "INFO {} lari", "HAPUS {}"])
async def test_the_ticket_of_another_phone_is_none(desk: Room, command: str) -> None:
    await desk.says("LAPOR 3 KLEGO")
    strange, theirs = command.format("7340-2817"), command.format(await desk.ticket())
    assert await desk.says(theirs, OTHER) == await desk.says(strange, OTHER) == sms("not_found")
    (incident,) = await desk.incidents()
    assert (incident["phone"], incident["details"]) == (NUMBER.masked, [])


async def test_five_wrong_tickets_lock_for_an_hour_here_and_on_the_screen(desk: Room) -> None:
    await desk.says("LAPOR 3 KLEGO", OTHER)
    own = await desk.ticket()
    for _ in range(3):
        assert await desk.says("CEK 7340-2817", OTHER) == sms("not_found")
    assert await desk.says("INFO 7340-2817 lari", OTHER) == sms("not_found")
    assert await desk.says(f"CEK {own}", OTHER) == sms("status", ticket=own, status="received", date="23/11 15:00")
    assert await desk.says("HAPUS 7340-2817", OTHER) == sms("not_found")
    for command in (f"CEK {own}", f"INFO {own} naik motor", f"HAPUS {own}"):
        assert await desk.says(command, OTHER) == sms("locked")
    screen = await Resident(desk.gateway.services.turns, OTHER).walk(["1", "2", own.replace("-", "")])
    assert screen.label.startswith("locked.id"), screen
    (key,) = await desk.gateway.run_redis("KEYS", "waspada:tries:*")
    assert 3500 < await desk.gateway.run_redis("TTL", key) <= 3600


async def test_a_ticket_that_does_not_check_is_no_try(desk: Room) -> None:
    for _ in range(6):
        assert await desk.says("CEK 7340-2816") == sms("not_found")
    assert await desk.gateway.run_redis("KEYS", "waspada:tries:*") == []


async def test_ten_tickets_in_one_text_are_one_try(desk: Room) -> None:
    await desk.says("LAPOR 3 KLEGO", OTHER)
    theirs = await desk.ticket()
    assert await desk.says(f"CEK 7340-2817 {theirs} " + "7340-2817 " * 8) == sms("not_found")
    (key,) = await desk.gateway.run_redis("KEYS", "waspada:tries:*")
    assert await desk.gateway.run_redis("SCARD", key) == 1
