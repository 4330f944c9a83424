"""Acts of operators on inbound SMS: done, report, answer."""

from __future__ import annotations

import asyncio
import io
import re

import pytest
from sqlalchemy import update

from gateway.audit import audit
from gateway.incidents.filters import IncidentFilter
from gateway.incidents.incident import IncidentStatus
from gateway.messages.inbox import ERASED_SENDER
from gateway.messages.suppression import OptOuts
from gateway.messages.tables import inbound_messages, messages
from gateway.runtime import logs
from gateway.sms.desk_inbox import REASONS, CannotSort, DeskInbox, NoSuchInboundSms
from gateway.sms.inbound_queue import TO_SORT, Disposition
from tests.helpers.sms import KLEGO, MEDONO, NUMBER, SmsWorld, file_report, pack_sms

NEW = IncidentFilter(new_details_only=True)


@pytest.fixture
def desk(world: SmsWorld) -> DeskInbox:
    return world.services.desk_inbox


async def receive(world: SmsWorld, text: str, made: Disposition = Disposition.OTHER, **values: str) -> int:
    """Receive an SMS of `NUMBER` with this result. Returns its id."""
    await world.store_sms(text)
    sms = int((await world.rows(inbound_messages))[-1]["id"])
    handled = update(inbound_messages).where(inbound_messages.c.id == sms)
    async with world.services.database.begin() as connection:
        await connection.execute(handled.values(made=made, handled_at=world.services.clock.now(), **values))
    return sms


async def to_sort(world: SmsWorld) -> list[int]:
    return [sms.id for sms in await world.queue.list_inbound(to_sort=True)]


def test_every_result_has_words() -> None:
    assert set(REASONS) == {None, *Disposition}


# Done -------------------------------------------------------------------------------------------------------


async def test_done_takes_an_sms_off_the_list(world: SmsWorld, desk: DeskInbox) -> None:
    first, second = await receive(world, "apa ini"), await receive(world, "halo halo")
    assert await to_sort(world) == [second, first]

    await desk.mark_done(first, "siti")

    assert await to_sort(world) == [second]
    (_, sorted_sms) = await world.queue.list_inbound()
    assert (sorted_sms.to_sort, sorted_sms.sorted_by) == (False, "siti")
    noted = (await world.rows(audit))[-1]
    assert (noted["actor"], noted["action"], noted["subject"]) == ("siti", "inbound.done", f"inbound {first}")
    with pytest.raises(CannotSort, match="is sorted already, by siti"):
        await desk.mark_done(first, "budi")


async def test_of_two_operators_one_is_told_that_it_is_done(world: SmsWorld, desk: DeskInbox) -> None:
    sms = await receive(world, "apa ini")

    ended = await asyncio.gather(*(desk.mark_done(sms, name) for name in ("siti", "budi")), return_exceptions=True)

    assert sorted(type(end).__name__ for end in ended) == ["CannotSort", "NoneType"]


async def test_sms_that_is_not_to_sort_cannot_be_done(world: SmsWorld, desk: DeskInbox) -> None:
    sms = await receive(world, "BANTUAN", Disposition.HELP)
    with pytest.raises(CannotSort, match="is not to sort: asked how it works"):
        await desk.mark_done(sms, "siti")

    await world.store_sms("apa ini")
    with pytest.raises(CannotSort, match="is not handled yet"):
        await desk.mark_done(sms + 1, "siti")
    with pytest.raises(NoSuchInboundSms):
        await desk.mark_done(sms + 2, "siti")


# Report -----------------------------------------------------------------------------------------------------


async def test_report_takes_kind_and_place_from_what_was_understood(
    world: SmsWorld, desk: DeskInbox, log: io.StringIO
) -> None:
    text = "tolong ada tawuran di klego"
    sms = await receive(world, text)

    filed = await desk.make_report(sms, "siti")

    (incident,) = await world.incidents()
    assert (incident["ticket"], incident["category"], incident["area"]) == (filed.ticket, "gesekan", KLEGO)
    assert (incident["description"], incident["session"]) == (text, f"sms:{sms}")
    confirmation = pack_sms("received", category="gesekan", area=KLEGO, ticket=await world.newest_ticket())
    assert await world.replies() == [confirmation]
    assert await to_sort(world) == []
    assert [(row["action"], row["subject"]) for row in await world.rows(audit)][-2:] == [
        ("incident.filed", filed.ticket),
        ("inbound.reported", f"inbound {sms}"),
    ]
    logs.flush()
    assert log.getvalue().count('"incident.filed"') == 1


async def test_report_of_an_sms_whose_sender_is_not_known_is_confirmed_to_nobody(
    world: SmsWorld, desk: DeskInbox
) -> None:
    sms = await receive(world, "tolong ada tawuran di klego")
    async with world.services.database.begin() as connection:
        await connection.execute(update(inbound_messages).values(**ERASED_SENDER, sender_name=""))

    filed = await desk.make_report(sms, "siti")
    again = await desk.make_report(sms, "siti")

    (incident,) = await world.incidents()
    assert (incident["ticket"], incident["category"], incident["phone"]) == (filed.ticket, "gesekan", "")
    assert (filed.new, again.ticket, again.new) == (True, filed.ticket, False)
    assert await world.rows(messages) == []
    assert await to_sort(world) == []
    assert [row["action"] for row in await world.rows(audit)][-2:] == ["incident.filed", "inbound.reported"]
    with pytest.raises(CannotSort, match="has no number that can be answered"):
        await desk.answer(sms, "siti", "ya", again=True)


async def test_report_again_keeps_its_ticket(world: SmsWorld, desk: DeskInbox) -> None:
    sms = await receive(world, "tolong ada tawuran di klego")

    filed = await asyncio.gather(*(desk.make_report(sms, name) for name in ("siti", "budi", "tono")))

    assert len({one.ticket for one in filed}) == 1
    assert sum(one.new for one in filed) == 1
    assert (len(await world.incidents()), len(await world.replies())) == (1, 1)


async def test_operators_kind_and_place_have_precedence(world: SmsWorld, desk: DeskInbox) -> None:
    sms = await receive(world, "tolong ada tawuran di klego")

    await desk.make_report(sms, "siti", "uang", MEDONO)

    (incident,) = await world.incidents()
    assert (incident["category"], incident["area"]) == ("uang", MEDONO)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("apa ini", "the kind and place of SMS 1 must be named"),
        ("tolong ada tawuran", "the place of SMS 1 must be named"),
        ("tolong, di klego", "the kind of SMS 1 must be named"),
        ("LAPOR 3 KURIPAN ribut", "the place of SMS 1 must be named; the text may mean Kuripan"),
    ],
)
async def test_report_without_kind_or_place_names_what_is_missing(
    world: SmsWorld, desk: DeskInbox, text: str, fault: str
) -> None:
    sms = await receive(world, text)

    with pytest.raises(CannotSort, match=fault):
        await desk.make_report(sms, "siti")

    assert (await to_sort(world), await world.incidents()) == ([sms], [])


async def test_sms_of_a_report_is_no_second_one(world: SmsWorld, desk: DeskInbox) -> None:
    ticket = await file_report(world)
    digits = ticket.replace("-", "")
    sms = await receive(world, f"INFO {ticket} ada 3 orang luka", Disposition.DETAILS, ticket=digits)

    filed = await desk.make_report(sms, "siti")

    assert (filed.ticket, filed.new) == (digits, False)
    assert len(await world.incidents()) == 1


async def test_report_of_an_sms_that_is_one_changes_neither_kind_nor_place(world: SmsWorld, desk: DeskInbox) -> None:
    sms = await receive(world, "tolong ada tawuran di klego")
    filed = await desk.make_report(sms, "siti")

    for category, area in (("uang", ""), ("", MEDONO), ("gesekan", MEDONO), ("uang", KLEGO)):
        with pytest.raises(CannotSort, match=r"belongs to report [0-9]{4}-[0-9]{4} already, of the kind .* in Klego"):
            await desk.make_report(sms, "budi", category, area)
    for category, area in (("", ""), ("gesekan", ""), ("", KLEGO), ("gesekan", KLEGO)):
        assert (await desk.make_report(sms, "budi", category, area)).ticket == filed.ticket

    (incident,) = await world.incidents()
    assert (incident["category"], incident["area"]) == ("gesekan", KLEGO)


async def test_answer_to_a_question_of_the_desk_marks_the_report(world: SmsWorld) -> None:
    ticket = await file_report(world)
    actions, digits = world.services.incident_actions, ticket.replace("-", "")
    await actions.move(digits, IncidentStatus.CHECKING, "siti", "")
    await actions.move(digits, IncidentStatus.INFO, "siti", "", question=lambda *_: f"Di RT berapa? (INFO {ticket})")
    await world.replies()

    assert await world.send_sms(f"INFO {ticket} RT 3") == pack_sms("added", ticket=ticket)

    found = await world.services.incidents.find(digits)
    assert found is not None
    assert ([detail.text for detail in found.details], found.new_details_at) == (["RT 3"], world.services.clock.now())
    assert [one.ticket for one in await world.services.incidents.list_incidents(wanted=NEW)] == [digits]


# Answer -----------------------------------------------------------------------------------------------------


async def test_answer_is_sent_whatever_the_reply_limit_and_an_opt_out_say(world: SmsWorld, desk: DeskInbox) -> None:
    for _ in range(12):
        await world.send_sms("BANTUAN")
    await world.replies()
    sms = await receive(world, "di mana kantornya")
    opt_outs: OptOuts = world.services.opt_outs
    await opt_outs.add(NUMBER, "at")

    sent = await desk.answer(sms, "siti", " Jl. \u201cMajapahit\u201d 5 ")

    assert (sent.text, sent.parts) == ('Jl. "Majapahit" 5', 1)
    assert await world.replies() == [sent.text]
    message = (await world.rows(messages))[-1]
    assert (message["id"], message["class"], message["status"]) == (sent.message, "reply", "queued")
    (claim,) = [one for one in await world.services.outbox.claim(100, "w", "at") if one.id == sent.message]
    assert claim.text == sent.text
    assert sms not in await to_sort(world)
    noted = (await world.rows(audit))[-1]
    assert (noted["action"], noted["detail"]) == ("inbound.answered", {"message": sent.message, "parts": 1})


async def test_of_two_operators_one_answers_and_the_other_is_told(world: SmsWorld, desk: DeskInbox) -> None:
    sms = await receive(world, "di mana kantornya")

    answers = (desk.answer(sms, name, f"jawaban {name}") for name in ("siti", "budi", "tono"))
    ended = await asyncio.gather(*answers, return_exceptions=True)

    assert sorted(type(end).__name__ for end in ended) == ["CannotSort", "CannotSort", "SentAnswer"]
    refusals = {str(end) for end in ended if isinstance(end, CannotSort)}
    assert all(
        re.fullmatch(rf"SMS {sms} was answered already, by (siti|budi|tono) on 20.* WIB; give --again .*", refusal)
        for refusal in refusals
    ), refusals
    assert len(await world.replies()) == 1


@pytest.mark.parametrize(
    ("act", "said"),
    [
        ("done", "was marked as done already, by siti on "),
        ("report", "was made a report already, by siti on "),
        ("answer", "was answered already, by siti on "),
    ],
)
async def test_answer_to_a_sorted_sms_is_given_only_again(
    world: SmsWorld, desk: DeskInbox, act: str, said: str
) -> None:
    sms = await receive(world, "tolong ada tawuran di klego")
    if act == "done":
        await desk.mark_done(sms, "siti")
    elif act == "report":
        await desk.make_report(sms, "siti")
    else:
        await desk.answer(sms, "siti", "kami datang")
    await world.replies()

    with pytest.raises(CannotSort, match=said):
        await desk.answer(sms, "budi", "terima kasih")
    assert await world.replies() == []

    await desk.answer(sms, "budi", "terima kasih", again=True)
    assert await world.replies() == ["terima kasih"]


async def test_answer_to_an_sms_that_became_a_report_by_itself_is_given_only_again(
    world: SmsWorld, desk: DeskInbox
) -> None:
    ticket = await file_report(world)
    sms = await receive(world, "LAPOR 3 KLEGO ribut", Disposition.REPORT, ticket=ticket.replace("-", ""))

    with pytest.raises(CannotSort, match=f"was made the report {ticket} already, by the gateway on "):
        await desk.answer(sms, "budi", "terima kasih")

    assert (await desk.answer(sms, "budi", "terima kasih", again=True)).parts == 1


@pytest.mark.parametrize(
    ("text", "fault"), [("  ", "is empty"), ("x" * 460, "takes 4 SMS parts; shorten it to at most 3")]
)
async def test_answer_that_cannot_be_sent_is_refused(world: SmsWorld, desk: DeskInbox, text: str, fault: str) -> None:
    sms = await receive(world, "di mana kantornya")

    with pytest.raises(CannotSort, match=fault):
        await desk.answer(sms, "siti", text)

    assert (await world.replies(), await to_sort(world)) == ([], [sms])


async def test_sender_without_number_gets_no_answer_and_no_report(world: SmsWorld, desk: DeskInbox) -> None:
    await world.send_sms("tawuran di klego", sender="TELKOMSEL")
    sms = int((await world.rows(inbound_messages))[-1]["id"])

    for act in (desk.answer(sms, "siti", "ya"), desk.make_report(sms, "siti", "uang", MEDONO)):
        with pytest.raises(CannotSort, match="has no number that can be answered"):
            await act


def test_list_to_sort_names_known_results() -> None:
    assert set(TO_SORT) <= set(REASONS)
