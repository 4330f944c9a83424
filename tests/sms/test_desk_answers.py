"""Answers by SMS to a question of the desk: which texts are one, to which question, and what they were otherwise."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import update

from gateway.incidents.desk_questions import Answer, DeskQuestion
from gateway.incidents.operator_actions import ActRefused
from gateway.incidents.question import duty_question_text
from gateway.incidents.report import Report
from gateway.incidents.tables import incident_questions, incidents
from gateway.sms.desk_answers import read_answer
from gateway.sms.typed_text import prepare
from tests.helpers.clocks import ManualClock
from tests.helpers.duty import put_on_duty
from tests.helpers.incidents import confirmation, report
from tests.helpers.packs import MENU
from tests.helpers.sms import KLEGO, NUMBER, OTHER, SmsWorld, drop_session, file_report, pack_sms

YES, NO, UNKNOWN = Answer.YES, Answer.NO, Answer.UNKNOWN
ANSWERS = [
    *(("1", YES), ("1 benar", YES), ("Balas 1", YES), ("ya", YES), ("Ya pak, ada dua kelompok", YES), ("satu", YES)),
    *(("2", NO), ("tidak", NO), ("mboten leres", NO), ("2. sudah saya cek", NO)),
    *(("3", UNKNOWN), ("tidak tahu", UNKNOWN), ("belum tahu pak", UNKNOWN), ("dereng mangertos", UNKNOWN)),
]
OTHERS = [
    "2 orang luka",
    "3 klego tawuran",
    "1.5 juta",
    "12",
    "4",
    "tidak mau sms",
    "stop",
    "LAPOR 3 KLEGO tawuran",
    "nihil",
]
OTHERS += ["ada tawuran di klego", "ya lapor tawuran klego", "terima kasih", "CEK 7340-2816", "", "\U0001f525"]


@pytest.mark.parametrize(("text", "answer"), ANSWERS)
def test_read_answer_takes_a_digit_or_a_word_with_more_behind(text: str, answer: Answer) -> None:
    assert read_answer(prepare(text, MENU.keywords), MENU) is answer


@pytest.mark.parametrize("text", OTHERS)
def test_read_answer_leaves_reports_commands_and_quantities(text: str) -> None:
    assert read_answer(prepare(text, MENU.keywords), MENU) is None


async def ask(world: SmsWorld, ticket: str, roles: tuple[str, ...] = ("fkdm",)) -> int:
    def words(number: str, report: Report, language: str) -> str:
        return duty_question_text(number, report, language, MENU)

    return await world.services.desk_questions.ask(ticket.replace("-", ""), "siti", roles, words, MENU)


async def questions(world: SmsWorld, ticket: str) -> list[DeskQuestion]:
    return list(await world.services.desk_questions.list_questions(ticket.replace("-", "")))


@pytest.fixture
async def asked(world: SmsWorld) -> str:
    """Return the ticket of a report of `NUMBER` in Klego, about which `OTHER` of the FKDM was asked."""
    await put_on_duty(world.services, OTHER)
    ticket = await file_report(world)
    assert await ask(world, ticket) == 1
    (question,) = await world.replies(OTHER)
    assert question == pack_sms("is_true", category="gesekan", area="33.75.02.1008", ticket=ticket)
    return ticket


async def test_an_answer_is_stored_beside_the_incident(world: SmsWorld, asked: str) -> None:
    reply = await world.send_sms("1 benar, dua kelompok di pasar", OTHER)

    assert reply == pack_sms("answer_noted", ticket=asked)
    (question,) = await questions(world, asked)
    assert (question.name, question.asked_by) == ("Dewi", "siti")
    assert (question.answer, question.said) == (YES, "1 benar, dua kelompok di pasar")
    (incident,) = await world.services.incidents.list_incidents()
    assert incident.new_details_at is not None
    assert (await world.dispositions())[-1] == "answer"
    assert await world.queue.list_inbound(to_sort=True) == []


async def test_without_an_open_question_it_is_what_it_was_before(world: SmsWorld, asked: str) -> None:
    await world.send_sms("1", OTHER)
    assert await world.send_sms("1", OTHER) == pack_sms("unknown")
    assert await world.send_sms("1") == pack_sms("unknown"), "its reporter was not asked"
    assert (await world.dispositions())[-3:] == ["answer", "unsorted", "unsorted"]


async def test_after_a_day_a_question_is_no_longer_open(world: SmsWorld, clock: ManualClock, asked: str) -> None:
    clock.advance(hours=24)

    assert await world.send_sms("1", OTHER) == pack_sms("unknown")
    assert (await questions(world, asked))[0].answer is None


async def test_the_newest_open_question_is_answered(world: SmsWorld, clock: ManualClock, asked: str) -> None:
    clock.advance(minutes=11)
    newer = await file_report(world, "LAPOR 4 KLEGO ancaman")
    await ask(world, newer)
    await world.replies(OTHER)

    assert await world.send_sms("2", OTHER) == pack_sms("answer_noted", ticket=newer)
    assert [one.answer for one in await questions(world, asked)] == [None]
    assert await world.send_sms("ya", OTHER) == pack_sms("answer_noted", ticket=asked)


async def test_a_draft_left_after_the_question_is_filed_by_one(world: SmsWorld, clock: ManualClock) -> None:
    await put_on_duty(world.services, NUMBER)
    ticket = await file_report_of_other(world)
    await ask(world, ticket)
    clock.advance(minutes=1)
    await drop_session(world, clock)

    await world.send_sms("1")
    assert (await world.dispositions())[-1] == "draft"
    assert await world.send_sms("1") == pack_sms("answer_noted", ticket=ticket)


async def file_report_of_other(world: SmsWorld) -> str:
    await world.send_sms("LAPOR 3 KLEGO tawuran", OTHER)
    return await world.newest_ticket()


async def test_a_report_of_somebody_who_was_asked_is_a_report(world: SmsWorld, asked: str) -> None:
    for text in ("LAPOR 3 KLEGO tawuran lagi", "3 klego tawuran besar"):
        assert "diterima" in await world.send_sms(text, OTHER)

    assert (await questions(world, asked))[0].answer is None


async def test_an_answer_handled_twice_is_one(world: SmsWorld, asked: str) -> None:
    await world.store_sms("1 benar", OTHER)
    await world.handle_and_kill()
    assert (await questions(world, asked))[0].answer is None

    await asyncio.gather(world.handler.handle_all(), world.handler.handle_all())
    assert (await questions(world, asked))[0].answer is YES
    assert await world.replies(OTHER) == [pack_sms("answer_noted", ticket=asked)]


async def test_two_questions_get_the_two_answers_that_come_at_once(world: SmsWorld, asked: str) -> None:
    await ask(world, asked)
    await world.replies(OTHER)
    for text in ("1", "2"):
        await world.store_sms(text, OTHER)
    await asyncio.gather(*(world.handler.handle_all() for _ in range(2)))
    while await world.handler.handle_all():
        pass

    assert sorted(str(one.answer) for one in await questions(world, asked)) == ["no", "yes"]


async def test_the_name_is_gone_with_its_person(world: SmsWorld, asked: str) -> None:
    await world.send_sms("1", OTHER)
    await world.services.eraser.erase(OTHER, "siti")

    (question,) = await questions(world, asked)
    assert (question.name, question.answer) == ("", YES)


async def test_a_question_of_an_unknown_age_is_not_answered(world: SmsWorld, clock: ManualClock, asked: str) -> None:
    async with world.services.database.begin() as connection:
        late = update(incident_questions).values(asked_at=clock.now() - timedelta(days=3))
        await connection.execute(late)
        await connection.execute(update(incidents).values(status="closed"))

    assert await world.send_sms("ya", OTHER) != pack_sms("answer_noted", ticket=asked)


async def test_nobody_is_asked_about_a_report_of_a_restricted_kind(world: SmsWorld) -> None:
    restricted = next(kind.name for kind in MENU.categories.values() if kind.is_restricted)
    await put_on_duty(world.services, OTHER)
    filed = await world.services.incidents.file(report(category=restricted, area=KLEGO), NUMBER, confirmation)

    with pytest.raises(ActRefused, match="of a restricted kind"):
        await ask(world, filed.ticket)
    assert await world.replies(OTHER) == []
