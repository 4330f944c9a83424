"""A ticket of somebody else is none by SMS, and five wrong ones lock the phone for an hour."""

from __future__ import annotations

import pytest

from tests.helpers.sms import NUMBER, OTHER, SmsWorld, pack_sms
from tests.helpers.ussd import Resident


@pytest.mark.parametrize("command", ["CEK {}", "INFO {} lari", "HAPUS {}"])
async def test_the_ticket_of_another_phone_is_none(world: SmsWorld, command: str) -> None:
    await world.send_sms("LAPOR 3 KLEGO")
    strange, theirs = command.format("7340-2817"), command.format(await world.newest_ticket())
    assert await world.send_sms(theirs, OTHER) == await world.send_sms(strange, OTHER) == pack_sms("not_found")
    (incident,) = await world.incidents()
    assert (incident["phone"], incident["details"]) == (NUMBER.masked, [])


async def test_five_wrong_tickets_lock_for_an_hour_here_and_on_the_screen(world: SmsWorld) -> None:
    await world.send_sms("LAPOR 3 KLEGO", OTHER)
    own = await world.newest_ticket()
    for _ in range(3):
        assert await world.send_sms("CEK 7340-2817", OTHER) == pack_sms("not_found")
    assert await world.send_sms("INFO 7340-2817 lari", OTHER) == pack_sms("not_found")
    assert await world.send_sms(f"CEK {own}", OTHER) == pack_sms(
        "status", ticket=own, status="received", date="23/11 15:00"
    )
    assert await world.send_sms("HAPUS 7340-2817", OTHER) == pack_sms("not_found")
    for command in (f"CEK {own}", f"INFO {own} naik motor", f"HAPUS {own}"):
        assert await world.send_sms(command, OTHER) == pack_sms("locked")
    screen = await Resident(world.services.turns, OTHER).walk(["1", "2", own.replace("-", "")])
    assert screen.label.startswith("locked.id"), screen
    (key,) = await world.ask("KEYS", "waspada:tries:*")
    assert 3500 < await world.ask("TTL", key) <= 3600


async def test_a_ticket_that_does_not_check_is_no_try(world: SmsWorld) -> None:
    for _ in range(6):
        assert await world.send_sms("CEK 7340-2816") == pack_sms("not_found")
    assert await world.ask("KEYS", "waspada:tries:*") == []


async def test_ten_tickets_in_one_text_are_one_try(world: SmsWorld) -> None:
    await world.send_sms("LAPOR 3 KLEGO", OTHER)
    theirs = await world.newest_ticket()
    assert await world.send_sms(f"CEK 7340-2817 {theirs} " + "7340-2817 " * 8) == pack_sms("not_found")
    (key,) = await world.ask("KEYS", "waspada:tries:*")
    assert await world.ask("SCARD", key) == 1
