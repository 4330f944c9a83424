"""Acts of operators on incidents: move, ask the reporter, reopen, take, release, set answers."""

from __future__ import annotations

import asyncio

import pytest

from gateway.audit import audit
from gateway.incidents.incident import IncidentStatus, TransitionNotAllowed, Veracity
from gateway.incidents.operator_actions import ActRefused, Asked, IncidentActions
from gateway.incidents.report import Report
from gateway.incidents.reporter import Reporter
from gateway.incidents.store import IncidentStore, NoSuchIncident
from gateway.menu.definitions.report_form import AnswerType, DeclaredAnswer, ReportForm, UnfitAnswer
from gateway.messages.outbox import TooManyParts
from gateway.messages.tables import messages
from gateway.runtime.postgres import Database
from tests.helpers.clocks import ManualClock
from tests.helpers.incidents import confirmation, report
from tests.helpers.phones import NUMBER
from tests.helpers.tables import rows

NOTE = DeclaredAnswer(AnswerType.TEXT, most=80)

# Moving -----------------------------------------------------------------------------------------------------


async def test_move_writes_status_and_audit_row(
    store: IncidentStore, actions: IncidentActions, database: Database, clock: ManualClock
) -> None:
    filed = await store.file(report(), NUMBER, confirmation)
    clock.advance(minutes=5)
    await actions.move(filed.ticket, IncidentStatus.CHECKING, "sari", "call +62 812-3000-4567 back")

    found = await store.find(filed.ticket)
    assert found is not None
    assert found.status is IncidentStatus.CHECKING
    assert found.updated_at == clock.now()

    noted = (await rows(database, audit))[-1]
    assert (noted["actor"], noted["action"], noted["subject"]) == ("sari", "incident.moved", filed.ticket)
    assert noted["detail"] == {"from": "received", "to": "checking", "reason": "call +62812****567 back"}


async def test_move_outside_the_lifecycle_names_the_allowed_statuses(
    store: IncidentStore, actions: IncidentActions, database: Database
) -> None:
    filed = await store.file(report(), NUMBER, confirmation)
    expected = '"received" cannot become "action"; expected one of checking, closed, merged'

    with pytest.raises(TransitionNotAllowed, match=expected):
        await actions.move(filed.ticket, IncidentStatus.ACTION, "sari", "")

    assert len(await rows(database, audit)) == 1


async def test_closed_incident_cannot_be_moved(store: IncidentStore, actions: IncidentActions) -> None:
    filed = await store.file(report(), NUMBER, confirmation)
    await actions.move(filed.ticket, IncidentStatus.CLOSED, "sari", "prank")
    with pytest.raises(TransitionNotAllowed, match='"closed" is final'):
        await actions.move(filed.ticket, IncidentStatus.CHECKING, "sari", "again")


async def test_move_records_a_finding_when_it_closes(
    store: IncidentStore, actions: IncidentActions, database: Database
) -> None:
    ticket = (await store.file(report(), NUMBER, confirmation)).ticket
    with pytest.raises(ValueError, match='a finding needs the status "closed"'):
        await actions.move(ticket, IncidentStatus.CHECKING, "sari", "", Veracity.TRUE)

    with pytest.raises(ValueError, match="is no finding"):
        await actions.move(ticket, IncidentStatus.CLOSED, "sari", "", Veracity.UNVERIFIED)
    assert len(await rows(database, audit)) == 1, "nothing was moved"

    await actions.move(ticket, IncidentStatus.CLOSED, "sari", "asked the lurah", Veracity.PARTLY)
    found = await store.find(ticket)
    assert found is not None
    assert (found.status, found.veracity) == (IncidentStatus.CLOSED, Veracity.PARTLY)

    detail = (await rows(database, audit))[-1]["detail"]
    assert detail == {"from": "received", "to": "closed", "reason": "asked the lurah", "veracity": "partly"}


async def test_incident_closed_without_finding_stays_unverified(store: IncidentStore, actions: IncidentActions) -> None:
    ticket = (await store.file(report(), NUMBER, confirmation)).ticket
    await actions.move(ticket, IncidentStatus.CLOSED, "sari", "prank")

    found = await store.find(ticket)

    assert found is not None
    assert found.veracity is Veracity.UNVERIFIED


async def test_concurrent_moves_have_one_winner(
    store: IncidentStore, actions: IncidentActions, database: Database
) -> None:
    filed = await store.file(report(), NUMBER, confirmation)
    moves = (actions.move(filed.ticket, IncidentStatus.CLOSED, name, "") for name in ("sari", "budi", "tono"))

    ended = await asyncio.gather(*moves, return_exceptions=True)

    assert ended.count(None) == 1
    assert sum(isinstance(end, TransitionNotAllowed) for end in ended) == 2
    assert len(await rows(database, audit)) == 2


async def test_move_of_unknown_ticket_raises(actions: IncidentActions) -> None:
    with pytest.raises(NoSuchIncident):
        await actions.move("73402817", IncidentStatus.CHECKING, "sari", "")


# Asking the reporter ----------------------------------------------------------------------------------------


def ask(ticket: str, about: Report) -> str:
    return f"{ticket} {about.category} {about.area}?"


async def test_move_to_info_asks_the_reporter_in_its_transaction(
    store: IncidentStore, actions: IncidentActions, database: Database
) -> None:
    ticket = (await store.file(report(contact=None, language="jv"), NUMBER, confirmation)).ticket
    await actions.move(ticket, IncidentStatus.CHECKING, "sari", "")

    asked = await actions.move(ticket, IncidentStatus.INFO, "sari", "which RT", question=ask)

    assert asked is Asked.QUEUED
    question = (await rows(database, messages))[-1]
    assert (question["class"], question["status"], question["ticket"]) == ("status", "queued", ticket)
    assert (question["text"], question["language"]) == (f"{ticket} gesekan 33.75.01.1008?", "jv")
    change = {"from": "checking", "to": "info", "reason": "which RT", "reporter": "asked"}
    assert (await rows(database, audit))[-1]["detail"] == change


async def test_question_that_is_too_long_moves_nothing(
    store: IncidentStore, actions: IncidentActions, database: Database
) -> None:
    ticket = (await store.file(report(), NUMBER, confirmation)).ticket
    await actions.move(ticket, IncidentStatus.CHECKING, "sari", "")

    with pytest.raises(TooManyParts):
        await actions.move(ticket, IncidentStatus.INFO, "sari", "", question=lambda *_: "x" * 1000)

    found = await store.find(ticket)
    assert found is not None
    assert (found.status, len(await rows(database, messages))) == (IncidentStatus.CHECKING, 1)


@pytest.mark.parametrize(("contact", "expected"), [(None, Asked.ERASED), (True, Asked.ERASED), (False, Asked.DECLINED)])
async def test_reporter_is_not_asked_without_number_or_against_their_wish(
    store: IncidentStore,
    actions: IncidentActions,
    reporter: Reporter,
    database: Database,
    contact: bool | None,
    expected: Asked,
) -> None:
    ticket = (await store.file(report(contact=contact), NUMBER, confirmation)).ticket
    await actions.move(ticket, IncidentStatus.CHECKING, "sari", "")
    if expected is Asked.ERASED:
        await reporter.erase_number(ticket, NUMBER)

    asked = await actions.move(ticket, IncidentStatus.INFO, "sari", "", question=ask)

    assert asked is expected
    assert [message["class"] for message in await rows(database, messages)] == ["confirmation"]
    assert (await rows(database, audit))[-1]["detail"]["reporter"] == expected.value


async def test_erasure_after_a_question_cancels_it(
    store: IncidentStore, actions: IncidentActions, reporter: Reporter, database: Database
) -> None:
    ticket = (await store.file(report(), NUMBER, confirmation)).ticket
    await actions.move(ticket, IncidentStatus.CHECKING, "sari", "")
    await actions.move(ticket, IncidentStatus.INFO, "sari", "", question=ask)

    await reporter.erase_number(ticket, NUMBER)

    question = (await rows(database, messages))[-1]
    assert (question["status"], question["phone_sealed"]) == ("cancelled", None)


# Reopening --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("final", [IncidentStatus.CLOSED, IncidentStatus.MERGED])
async def test_reopen_leads_out_of_a_final_status_and_withdraws_the_finding(
    store: IncidentStore, actions: IncidentActions, database: Database, final: IncidentStatus
) -> None:
    ticket = (await store.file(report(), NUMBER, confirmation)).ticket
    found = Veracity.UNTRUE if final is IncidentStatus.CLOSED else None
    await actions.move(ticket, final, "sari", "prank", found)

    await actions.reopen(ticket, "sari", f"wrong ticket, {NUMBER.e164}")

    reopened = await store.find(ticket)
    assert reopened is not None
    assert (reopened.status, reopened.veracity) == (IncidentStatus.CHECKING, Veracity.UNVERIFIED)
    noted = (await rows(database, audit))[-1]
    assert (noted["action"], noted["actor"]) == ("incident.reopened", "sari")
    assert noted["detail"] == {
        "from": final.value,
        "to": "checking",
        "found": found or "unverified",
        "reason": "wrong ticket, +62812****567",
    }
    assert len(await rows(database, messages)) == 1, "the reporter is not told"


async def test_reopen_refuses_an_open_incident_and_an_unknown_ticket(
    store: IncidentStore, actions: IncidentActions
) -> None:
    ticket = (await store.file(report(), NUMBER, confirmation)).ticket

    with pytest.raises(ActRefused, match='"received" is open already'):
        await actions.reopen(ticket, "sari", "slip")
    with pytest.raises(NoSuchIncident):
        await actions.reopen("73402817", "sari", "slip")


# Taking -----------------------------------------------------------------------------------------------------


async def owner(store: IncidentStore, ticket: str) -> str:
    found = await store.find(ticket)
    assert found is not None
    return found.taken_by


async def test_take_and_release_need_the_name_of_another_owner(
    store: IncidentStore, actions: IncidentActions, database: Database
) -> None:
    ticket = (await store.file(report(), NUMBER, confirmation)).ticket
    with pytest.raises(ActRefused, match="nobody has taken"):
        await actions.release(ticket, "sari")
    await actions.take(ticket, "sari")
    await actions.take(ticket, "sari")
    with pytest.raises(ActRefused, match="sari has taken this incident already"):
        await actions.take(ticket, "budi")
    with pytest.raises(ActRefused, match="sari has taken this incident; to release it"):
        await actions.release(ticket, "budi", "tono")
    assert await owner(store, ticket) == "sari"

    await actions.take(ticket, "budi", "sari")
    assert await owner(store, ticket) == "budi"
    await actions.release(ticket, "budi")
    assert await owner(store, ticket) == ""

    noted = [(row["actor"], row["action"], row["detail"]) for row in await rows(database, audit)]
    assert noted[-2:] == [("budi", "incident.taken", {"from": "sari"}), ("budi", "incident.released", {"from": "budi"})]


async def test_number_in_the_name_of_an_operator_is_masked(
    store: IncidentStore, actions: IncidentActions, database: Database
) -> None:
    ticket = (await store.file(report(), NUMBER, confirmation)).ticket

    await actions.take(ticket, f"sari {NUMBER.e164}")

    assert await owner(store, ticket) == f"sari {NUMBER.masked}"
    assert (await rows(database, audit))[-1]["actor"] == f"sari {NUMBER.masked}"


async def test_of_two_who_take_at_once_one_is_refused(store: IncidentStore, actions: IncidentActions) -> None:
    ticket = (await store.file(report(), NUMBER, confirmation)).ticket

    ended = await asyncio.gather(
        *(actions.take(ticket, name) for name in ("sari", "budi", "tono")), return_exceptions=True
    )

    assert ended.count(None) == 1
    assert sum(isinstance(end, ActRefused) for end in ended) == 2


async def test_final_incident_cannot_be_taken(store: IncidentStore, actions: IncidentActions) -> None:
    ticket = (await store.file(report(), NUMBER, confirmation)).ticket
    await actions.move(ticket, IncidentStatus.CLOSED, "sari", "prank")

    with pytest.raises(ActRefused, match="reopen it first"):
        await actions.take(ticket, "sari")


# New details ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("act", ["move", "take", "release", "reopen"])
async def test_every_act_clears_the_mark_of_new_details(
    store: IncidentStore, actions: IncidentActions, reporter: Reporter, clock: ManualClock, act: str
) -> None:
    ticket = (await store.file(report(), NUMBER, confirmation)).ticket
    if act == "release":
        await actions.take(ticket, "sari")
    if act == "reopen":
        await actions.move(ticket, IncidentStatus.CLOSED, "sari", "")
    clock.advance(minutes=5)
    await reporter.add_details(ticket, NUMBER, "Ada 3 orang luka", channel="at", session="sms:9")
    marked = await store.find(ticket)
    assert marked is not None
    assert (marked.new_details_at, marked.updated_at) == (clock.now(), clock.now())

    match act:
        case "move":
            await actions.move(ticket, IncidentStatus.CHECKING, "sari", "")
        case "take":
            await actions.take(ticket, "sari")
        case "release":
            await actions.release(ticket, "sari")
        case "reopen":
            await actions.reopen(ticket, "sari", "it was true")

    found = await store.find(ticket)
    assert found is not None
    assert found.new_details_at is None


# Answers of the desk ------------------------------------------------------------------------------------------


async def test_personal_answer_is_in_no_audit_trail_and_refused_for_an_erased_reporter(
    store: IncidentStore, actions: IncidentActions, reporter: Reporter, database: Database
) -> None:
    """Nothing would erase it there."""
    form = ReportForm({"name": DeclaredAnswer(AnswerType.TEXT, most=40, personal=True), "note": NOTE})
    filed = await store.file(report(), NUMBER, confirmation)
    await actions.set_answers(filed.ticket, {"name": "Dewi", "note": "call +62 812-3000-4567"}, "sari", form)

    found = await store.find(filed.ticket)
    assert found is not None
    assert (found.report.personal_answers, found.report.answers["note"]) == ({"name": "Dewi"}, "call +62 812-3000-4567")
    assert (await rows(database, audit))[-1]["detail"] == {"name": "set", "note": "call +62812****567"}

    assert await reporter.erase_number(filed.ticket, NUMBER)
    with pytest.raises(ActRefused, match="was erased, and with it their personal answers: name"):
        await actions.set_answers(filed.ticket, {"name": "Dewi"}, "sari", form)
    await actions.set_answers(filed.ticket, {"name": "", "note": "seen"}, "sari", form)
    with pytest.raises(UnfitAnswer):
        await actions.set_answers(filed.ticket, {"colour": "red"}, "sari", form)
