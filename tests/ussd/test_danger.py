"""Danger: filed after kind and place, completed by what is said afterwards, at the desk at once if the call drops."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from gateway.audit import audit
from gateway.carriers.carrier import Ending, SessionEnd
from gateway.incidents.tables import drafts
from gateway.ussd.dropped_sessions import LONGEST_SESSION_S, SILENCE_S
from tests.helpers.clocks import ManualClock
from tests.helpers.outages import OwnRedis, PostgresGate
from tests.helpers.packs import MENU
from tests.helpers.phones import NUMBER
from tests.helpers.ussd import SERVICE, VAULT, Resident, UssdGateway, expected_screen, reminders
from tests.helpers.waiting import until

TO_KIND = ("1", "1", "1", "1")  # Indonesian, danger, a clash: the place is missing
TO_TICKET = (*TO_KIND, "3", "1")  # in Krapyak
TO_SIZE = (*TO_TICKET, "1")
TO_SEEN = (*TO_SIZE, "3")
TO_WORDS = (*TO_SEEN, "1")
WHOLE = (*TO_WORDS, "tawuran di pasar")
ADDED = {"size": "many", "seen": "self", "description": "tawuran di pasar"}
NIGHT = datetime(2026, 11, 23, 16, 30, tzinfo=UTC)  # 23:30 in Pekalongan


def said(incident: dict[str, Any]) -> dict[str, Any]:
    return {**incident, **incident.get("answers", {})}


async def actions(gateway: UssdGateway) -> list[object]:
    return [row["action"] for row in await gateway.rows(audit)]


async def sweep(gateway: UssdGateway) -> int:
    return await gateway.services.dropped_sessions.sweep()


async def test_report_is_filed_once_kind_and_place_are_known(gateway: UssdGateway) -> None:
    resident = Resident(gateway.services.turns)
    screen = await resident.walk(TO_TICKET)

    (incident,) = await gateway.incidents()
    assert (incident["category"], incident["area"], incident["danger"]) == ("gesekan", "33.75.03.1002", "yes")
    assert (screen.label, screen.end) == ("ticket_urgent.id", False)
    assert f"{incident['ticket'][:4]}-{incident['ticket'][4:]}" in screen.text
    assert "110/112" in screen.text
    assert len(await gateway.confirmations()) == 1


async def test_answers_after_the_ticket_complete_the_report(gateway: UssdGateway) -> None:
    resident = Resident(gateway.services.turns)
    screen = await resident.walk(WHOLE)
    again = await resident.callback(resident.text, f"add_words.id..{len('*'.join(TO_WORDS))}")

    (incident,) = await gateway.incidents()
    assert {name: said(incident).get(name, "") for name in ADDED} == ADDED
    assert (screen.label, screen.end, again.text) == ("completed.id", True, screen.text)
    assert f"{incident['ticket'][:4]}-{incident['ticket'][4:]}" in screen.text
    assert await actions(gateway) == ["incident.filed", "incident.completed"]
    assert len(await gateway.confirmations()) == 1


@pytest.mark.parametrize("number", range(len(TO_TICKET), len(WHOLE)))
async def test_hang_up_after_the_ticket_loses_no_answer(
    timed_gateway: UssdGateway, clock: ManualClock, number: int
) -> None:
    await Resident(timed_gateway.services.turns).walk(WHOLE[:number])
    given = dict(zip(ADDED, ADDED.values(), strict=True)) if number == len(WHOLE) else {}
    given |= {"size": "many"} if number > len(TO_SIZE) else {}
    given |= {"seen": "self"} if number > len(TO_SEEN) else {}
    clock.advance(seconds=LONGEST_SESSION_S)

    for _ in range(2):
        assert await sweep(timed_gateway) == 0

    (incident,) = await timed_gateway.incidents()
    found = {name: said(incident).get(name, "") for name in ADDED}
    assert found == {"size": "", "seen": "", "description": "", **given}
    assert await timed_gateway.rows(drafts) == []
    assert await reminders(timed_gateway) == []
    assert await actions(timed_gateway) == ["incident.filed", *(["incident.completed"] if given else [])]
    assert (await timed_gateway.stored()).menu_session.answers.keys() <= {"language", "ticket", "category", "area"} | (
        set() if given else {"danger", "kecamatan"}
    )


@pytest.mark.parametrize("number", range(len(TO_TICKET), len(WHOLE)))
async def test_redial_after_the_ticket_offers_nothing_and_loses_nothing(gateway: UssdGateway, number: int) -> None:
    await Resident(gateway.services.turns).walk(WHOLE[:number])

    assert (await Resident(gateway.services.turns).dial()).label == "main.id.home"
    assert (await Resident(gateway.services.turns).dial()).label == "main.id.home"
    await gateway.services.filing.complete_pending()

    (incident,) = await gateway.incidents()
    assert said(incident).get("size", "") == ("many" if number > len(TO_SIZE) else "")
    assert said(incident).get("seen", "") == ("self" if number > len(TO_SEEN) else "")
    assert await gateway.run_redis("HLEN", "waspada:uncompleted") == 0


async def test_back_never_leads_behind_the_ticket(gateway: UssdGateway) -> None:
    resident = Resident(gateway.services.turns)
    ticket = await resident.walk(TO_TICKET)

    for keys in ("0", "99", "0"):
        assert (await resident.answer(keys)).text == ticket.text
    assert (await resident.answer("1")).label == "add_size.id"
    assert (await resident.answer("0")).text == ticket.text
    assert len(await gateway.incidents()) == 1


async def test_second_report_of_the_same_call_is_another_one(gateway: UssdGateway) -> None:
    resident = Resident(gateway.services.turns)
    first = await resident.walk(TO_TICKET)
    for keys in ("00", *TO_TICKET[1:3], "2", "2", "3"):
        second = await resident.answer(keys)
    for keys in ("1", "1"):
        await resident.answer(keys)
    await Resident(gateway.services.turns).dial()
    await gateway.services.filing.complete_pending()

    later, earlier = await gateway.incidents()
    assert (earlier["category"], later["category"]) == ("gesekan", "ancam")
    assert (said(earlier).get("size", ""), said(later)["size"]) == ("", "few")
    assert first.text != second.text
    assert later["session"] == f"{earlier['session']}+1"


async def test_going_home_after_the_ticket_loses_no_answer(gateway: UssdGateway) -> None:
    await Resident(gateway.services.turns).walk((*TO_SEEN, "00", "2"))
    await gateway.services.filing.complete_pending()

    (incident,) = await gateway.incidents()
    assert said(incident).get("size", "") == "many"


async def test_second_report_of_a_call_that_a_redial_sends_is_another_one(gateway: UssdGateway) -> None:
    first = await Resident(gateway.services.turns).walk((*TO_TICKET, "00", *TO_TICKET[1:-1]))
    again = Resident(gateway.services.turns)
    assert (await again.dial()).label == "unfinished.id.resume"
    for keys in ("1", "2"):
        second = await again.answer(keys)

    assert second.label == "ticket_urgent.id.resume"
    assert second.text != first.text
    assert len(await gateway.incidents()) == 2


async def test_ticket_whose_write_was_lost_is_shown_again_without_a_label(gateway: UssdGateway) -> None:
    resident = Resident(gateway.services.turns, labelled=False)
    await resident.walk(TO_TICKET[:-1])
    key = f"waspada:ussd:{VAULT.lookup(NUMBER)[:8].hex()}"
    before = await gateway.run_redis("GET", key)
    ticket = await resident.answer(TO_TICKET[-1])
    await gateway.run_redis("SET", key, before)

    again = await resident.answer("1")
    assert again.text == f"{MENU.wordings['id'].errors['lost']}\n{ticket.text}"
    for keys in ("1", "3", "1", "tawuran di pasar"):
        screen = await resident.answer(keys)
    assert screen.label == "completed.id.resume"
    (incident,) = await gateway.incidents()
    assert {name: said(incident).get(name, "") for name in ADDED} == ADDED


# Redis forgets ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", range(1, len(WHOLE)))
async def test_call_goes_on_after_redis_forgot(gateway: UssdGateway, number: int) -> None:
    resident = Resident(gateway.services.turns)
    await resident.walk(WHOLE[:number])
    await gateway.run_redis("FLUSHALL")

    for keys in WHOLE[number:]:
        screen = await resident.answer(keys)

    (incident,) = await gateway.incidents()
    assert {name: said(incident).get(name, "") for name in ADDED} == ADDED
    assert screen.label == "completed.id"
    assert f"{incident['ticket'][:4]}-{incident['ticket'][4:]}" in screen.text


async def test_callback_with_the_ticket_is_answered_the_same_after_redis_forgot(gateway: UssdGateway) -> None:
    resident = Resident(gateway.services.turns)
    ticket = await resident.walk(TO_TICKET)
    await gateway.run_redis("FLUSHALL")

    assert (await resident.callback("*".join(TO_TICKET), "urgent_kelurahan.id")).text == ticket.text
    await gateway.run_redis("FLUSHALL")
    assert (await resident.answer("1")).label == "add_size.id"
    assert (await resident.answer("0")).text == ticket.text
    assert len(await gateway.incidents()) == len(await gateway.confirmations()) == 1


async def test_late_callbacks_after_the_completion_change_nothing(gateway: UssdGateway) -> None:
    resident = Resident(gateway.services.turns)
    await resident.walk((*TO_WORDS, "99", "2", "tawuran di pasar"))
    before = (await gateway.incidents(), await gateway.rows(audit))
    for flushed in (False, True):
        for number in range(1, len(WHOLE)):
            if flushed:
                await gateway.run_redis("FLUSHALL")
            await resident.callback("*".join(WHOLE[:number]), expected_label(number))
    await gateway.services.filing.complete_pending()
    await Resident(gateway.services.turns).dial()
    await gateway.services.filing.complete_pending()

    assert said(before[0][0])["seen"] == "told"
    assert (await gateway.incidents(), await gateway.rows(audit)) == before


def expected_label(number: int) -> str:
    states = ("language", "main", "urgent", "urgent_kind", "urgent_kecamatan", "urgent_kelurahan")
    return f"{(*states, 'ticket_urgent', 'add_size', 'add_seen', 'add_words')[number - 1]}.id"


# PostgreSQL is unavailable ------------------------------------------------------------------------------------


async def test_completion_waits_while_postgresql_is_unavailable(
    unreliable_gateway: UssdGateway, postgres: PostgresGate
) -> None:
    resident = Resident(unreliable_gateway.services.turns)
    await resident.walk(TO_WORDS)
    await postgres.close()
    screen = await resident.answer("tawuran di pasar")
    assert screen.label == "completed.id"

    await postgres.open()
    assert await unreliable_gateway.services.filing.complete_pending() == 1
    assert await unreliable_gateway.services.filing.complete_pending() == 0

    (incident,) = await unreliable_gateway.incidents()
    assert {name: said(incident).get(name, "") for name in ADDED} == ADDED


async def test_completion_that_no_store_takes_is_not_called_kept(
    unreliable_gateway: UssdGateway, postgres: PostgresGate, own_redis: OwnRedis
) -> None:
    resident = Resident(unreliable_gateway.services.turns)
    await resident.walk(TO_WORDS)
    await postgres.close()
    await own_redis.kill()

    assert (await resident.answer("tawuran di pasar")).label == "not_completed.id"

    await postgres.open()
    await own_redis.start()
    await until(unreliable_gateway.reaches_redis)
    assert len(await unreliable_gateway.incidents()) == 1


async def test_completion_of_a_closed_report_says_that_nothing_was_kept(gateway: UssdGateway) -> None:
    resident = Resident(gateway.services.turns)
    await resident.walk(TO_WORDS)
    (incident,) = await gateway.incidents()
    await gateway.services.reporter.erase_number(incident["ticket"], NUMBER)

    assert (await resident.answer("tawuran di pasar")).label == "not_completed.id"
    assert (await gateway.incidents())[0]["description"] == ""


# Drafts -------------------------------------------------------------------------------------------------------


async def test_silence_puts_danger_without_a_place_at_the_desk(timed_gateway: UssdGateway, clock: ManualClock) -> None:
    resident = Resident(timed_gateway.services.turns)
    await resident.walk(TO_KIND)
    clock.advance(seconds=SILENCE_S - 1)
    assert await sweep(timed_gateway) == 0
    clock.advance(seconds=1)
    with capture_logs() as lines:
        assert [await sweep(timed_gateway) for _ in range(3)] == [1, 0, 0]

    (draft,) = await timed_gateway.services.drafts.list_drafts()
    assert (draft.is_pressing, draft.answers["category"], draft.answers.get("area", "")) == (True, "gesekan", "")
    (line,) = (line for line in lines if line["event"] == "draft.kept")
    assert (line["log_level"], line["urgent"], line["new"], line["reminded"]) == ("warning", True, True, False)
    assert await reminders(timed_gateway) == [], "the call may go on"

    for keys in TO_TICKET[len(TO_KIND) :]:
        screen = await resident.answer(keys)
    assert screen.label == "ticket_urgent.id"
    assert await timed_gateway.services.drafts.list_drafts() == []
    clock.advance(seconds=LONGEST_SESSION_S)
    await sweep(timed_gateway)
    assert await reminders(timed_gateway) == []


async def test_reminder_of_danger_obeys_no_quiet_hours_and_goes_out_once(
    timed_gateway: UssdGateway, clock: ManualClock
) -> None:
    clock.time = NIGHT
    await Resident(timed_gateway.services.turns).walk(TO_KIND)
    clock.advance(seconds=SILENCE_S)
    await sweep(timed_gateway)
    clock.advance(seconds=LONGEST_SESSION_S - SILENCE_S)
    with capture_logs() as lines:
        await sweep(timed_gateway)
    due = clock.now()
    clock.advance(hours=1)
    await sweep(timed_gateway)

    (reminder,) = await reminders(timed_gateway)
    (shown,) = await timed_gateway.confirmations()
    assert reminder["due_at"] == due
    assert shown["text"] == MENU.sms_text("resume_urgent", "id", {}, {"ussd": SERVICE.service_code})
    (line,) = (line for line in lines if line["event"] == "draft.kept")
    assert (line["new"], line["reminded"]) == (False, True)


@pytest.mark.parametrize("keys", [TO_KIND, TO_SEEN])
async def test_end_of_the_session_that_the_carrier_reports_is_acted_on_at_once(
    timed_gateway: UssdGateway, clock: ManualClock, keys: tuple[str, ...]
) -> None:
    resident = Resident(timed_gateway.services.turns)
    await resident.walk(keys)
    clock.advance(seconds=1)
    assert await sweep(timed_gateway) == 0
    ended = SessionEnd(
        session=resident.session, ending=Ending.ABANDONED, hops=4, duration_ms=1, network="", cost="", error=""
    )
    await timed_gateway.services.inbox.store_session_end(SERVICE.channel, ended)

    assert await sweep(timed_gateway) == (1 if keys == TO_KIND else 0)

    assert len(await reminders(timed_gateway)) == (1 if keys == TO_KIND else 0)
    assert await timed_gateway.run_redis("HLEN", "waspada:watched") == 0
    if keys == TO_SEEN:
        (incident,) = await timed_gateway.incidents()
        assert said(incident).get("size", "") == "many"


async def test_redial_offers_to_continue_danger_without_a_place(gateway: UssdGateway) -> None:
    await Resident(gateway.services.turns).walk(TO_KIND)
    again = Resident(gateway.services.turns)

    assert (await again.dial()).label == "unfinished.id.resume"
    for keys in ("1", "3", "1"):
        screen = await again.answer(keys)
    assert screen.label == "ticket_urgent.id.resume"
    assert (await again.answer("1")).label == "add_size.id.resume"
    for keys in ("3", "1", "tawuran di pasar"):
        screen = await again.answer(keys)
    (incident,) = await gateway.incidents()
    assert {name: said(incident).get(name, "") for name in ADDED} == ADDED


async def test_danger_is_not_held_back_by_the_reports_of_the_day(gateway: UssdGateway) -> None:
    for _ in range(7):
        assert (await Resident(gateway.services.turns).walk(TO_TICKET[1:] if _ else TO_TICKET)).label.startswith(
            "ticket_urgent.id"
        )

    assert (await Resident(gateway.services.turns).walk(("2",))).label == "limit.id.home"
    assert len(await gateway.incidents()) == 7


async def test_answer_to_the_question_about_danger_files(gateway: UssdGateway) -> None:
    resident = Resident(gateway.services.turns)
    screen = await resident.walk(("1", "2", "1", "3", "1", "2", "2", "1"))

    (incident,) = await gateway.incidents()
    assert (incident["when"], incident["danger"]) == ("hour", "yes")
    assert (screen.label, screen.text != expected_screen("1")) == ("ticket_urgent.id", True)


async def test_session_that_filed_keeps_no_answer_longer_than_needed(
    timed_gateway: UssdGateway, clock: ManualClock
) -> None:
    await Resident(timed_gateway.services.turns).walk(TO_SEEN)
    clock.advance(seconds=LONGEST_SESSION_S)
    await sweep(timed_gateway)

    stored = (await timed_gateway.services.sessions.read(VAULT.lookup(NUMBER)))[1]
    assert stored is not None
    assert (stored.menu_session.answers, stored.menu_session.language) == ({}, "id")
    assert stored.filed_today((clock.now() + timedelta(hours=7)).date()) == 1
