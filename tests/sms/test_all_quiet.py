"""All-quiet reports by SMS: which texts are one, from whom they count, and how often."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.messages.tables import messages
from gateway.people.directory import erase_person
from gateway.people.tables import quiet_reports
from gateway.sms.all_quiet import AllQuiet, read_all_quiet
from gateway.sms.typed_text import prepare
from gateway.text.words import words
from tests.helpers.clocks import ManualClock
from tests.helpers.duty import put_on_duty
from tests.helpers.packs import MENU
from tests.helpers.sms import KLEGO, MEDONO, NUMBER, OTHER, SmsWorld, pack_sms
from tests.helpers.ussd import VAULT

PLAIN = [
    ("NIHIL", ""),
    ("nihil klego", KLEGO),
    ("Laporan nihil hari ini pak", ""),
    ("lapor NIHIL", ""),
    ("AMAN terkendali", ""),
    ("situasi aman kondusif di Klego rt 3", KLEGO),
    ("nihil, terima kasih", ""),
    ("NIHIL KLEGO MEDONO", ""),
]
OTHERS = ["tidak aman", "belum aman di klego", "aman tapi ada tawuran", "NIHIL tawuran klego", "amankan klego", "klego"]
OTHERS += ["LAPOR 3 KLEGO tawuran", " ".join(["nihil"] * 13), ""]


def read(text: str) -> AllQuiet | None:
    return read_all_quiet(list(words(prepare(text, MENU.keywords))), MENU)


@pytest.mark.parametrize(("text", "area"), PLAIN)
def test_a_plain_text_reports_all_quiet_with_its_place(text: str, area: str) -> None:
    found = read(text)

    assert found is not None
    assert found.area == area


@pytest.mark.parametrize("text", OTHERS)
def test_a_text_that_says_more_does_not(text: str) -> None:
    assert read(text) is None


@given(st.sampled_from(sorted(MENU.keywords.categories)), st.booleans())
def test_no_text_with_a_word_for_an_incident_is_all_quiet(word: str, before: bool) -> None:
    assert word.isdecimal() or read(f"{word} nihil" if before else f"nihil {word}") is None


async def test_from_somebody_with_a_duty_it_is_the_report_of_the_day(world: SmsWorld) -> None:
    await put_on_duty(world.services, NUMBER)
    assert await world.send_sms("NIHIL KLEGO") == pack_sms("quiet")

    (row,) = await world.rows(quiet_reports)
    assert (row["area"], row["channel"]) == (KLEGO, "at")
    assert await world.dispositions() == ["quiet"]
    assert await world.queue.list_inbound(to_sort=True) == []


async def test_twice_on_a_day_it_is_one_and_the_next_day_another(world: SmsWorld, clock: ManualClock) -> None:
    await put_on_duty(world.services, NUMBER)
    for _ in range(2):
        assert await world.send_sms("NIHIL") == pack_sms("quiet")
    assert len(await world.rows(quiet_reports)) == 1

    clock.advance(hours=24)
    await world.send_sms("AMAN")
    days = [row["day"] for row in await world.rows(quiet_reports)]
    assert len(set(days)) == 2


async def test_the_day_is_that_of_the_place(world: SmsWorld, clock: ManualClock) -> None:
    """At 20:00 in Greenwich it is the next day in Pekalongan."""
    await put_on_duty(world.services, NUMBER)
    while clock.now().hour != 20:
        clock.advance(hours=1)
    await world.send_sms("NIHIL")

    (row,) = await world.rows(quiet_reports)
    assert row["day"] == clock.now().astimezone(MENU.timezone).date()
    assert row["day"] > date.fromordinal(clock.now().toordinal())


async def test_handled_twice_it_changes_nothing(world: SmsWorld) -> None:
    await put_on_duty(world.services, NUMBER)
    await world.store_sms("NIHIL")
    await world.handle_and_kill()
    assert await world.rows(quiet_reports) == []

    assert await world.handler.handle_all() == 1
    assert len(await world.rows(quiet_reports)) == 1
    assert await world.replies() == [pack_sms("quiet")]


@pytest.mark.parametrize("role", ["", "camat"])
async def test_from_anybody_else_it_is_explained_and_for_the_desk(world: SmsWorld, role: str) -> None:
    if role:
        await put_on_duty(world.services, NUMBER, role, [MEDONO])

    assert await world.send_sms("NIHIL") == pack_sms("not_on_duty")
    assert await world.rows(quiet_reports) == []
    assert [sms.text for sms in await world.queue.list_inbound(to_sort=True)] == ["NIHIL"]


async def test_an_all_quiet_report_is_erased_with_its_person(world: SmsWorld, clock: ManualClock) -> None:
    for one in (NUMBER, OTHER):
        await put_on_duty(world.services, one)
        await world.send_sms("NIHIL", one)
    async with world.services.database.begin() as connection:
        await erase_person(connection, VAULT.lookup(NUMBER), clock.now())

    assert len(await world.rows(quiet_reports)) == 1


async def test_people_with_a_duty_get_more_confirmations_an_hour(world: SmsWorld) -> None:
    await put_on_duty(world.services, NUMBER)
    for number in range(12):
        for sender in (NUMBER, OTHER):
            await world.send_sms(f"LAPOR 3 KLEGO tawuran ke {number}", sender)

    confirmed = [row for row in await world.rows(messages) if row["status"] == "queued"]
    assert sum(row["phone_key"] == VAULT.lookup(NUMBER) for row in confirmed) == 12
    assert sum(row["phone_key"] == VAULT.lookup(OTHER) for row in confirmed) == 10
