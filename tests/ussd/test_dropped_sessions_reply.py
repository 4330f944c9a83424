"""Reply to the reminder of a dropped session: its draft is filed once, resumed, or erased in the end."""

from __future__ import annotations

import asyncio

from structlog.testing import capture_logs

from gateway.incidents.tables import drafts
from gateway.text.phone import Phone
from gateway.ussd.dropped_sessions import LONGEST_SESSION_S
from tests.helpers.clocks import ManualClock
from tests.helpers.phones import NUMBER, OTHER
from tests.helpers.ussd import Resident, UssdGateway, drop_session, reminders


async def file_draft(gateway: UssdGateway, phone: Phone = NUMBER) -> str | None:
    """File the draft as the handler of the SMS `1` does. Returns the ticket."""
    async with gateway.services.database.begin() as connection:
        done = await gateway.services.dropped_sessions.file_draft(phone, connection)
    if done is None:
        return None
    await gateway.services.dropped_sessions.forget_filed(done)
    return done.filed.ticket


# Reply ------------------------------------------------------------------------------------------------------


async def test_file_draft_files_and_confirms_once(timed_gateway: UssdGateway, clock: ManualClock) -> None:
    resident = await drop_session(timed_gateway, clock)
    await timed_gateway.services.dropped_sessions.sweep()

    clock.advance(minutes=5)
    assert await file_draft(timed_gateway)

    (incident,) = await timed_gateway.incidents()
    assert (incident["session"], incident["category"], incident["danger"]) == (resident.session, "gesekan", "")

    (confirmation,) = (one for one in await timed_gateway.confirmations() if one["class"] == "confirmation")
    assert confirmation["ticket"] == incident["ticket"]

    (reminder,) = await reminders(timed_gateway)
    assert reminder["status"] == "cancelled"
    assert await timed_gateway.services.drafts.list_drafts() == []
    assert not await file_draft(timed_gateway), "a second reply files nothing"
    assert len(await timed_gateway.incidents()) == 1


async def test_filed_draft_is_not_offered_on_the_next_call(timed_gateway: UssdGateway, clock: ManualClock) -> None:
    """Further answers would get the same ticket and be lost."""
    await drop_session(timed_gateway, clock)
    await timed_gateway.services.dropped_sessions.sweep()
    await file_draft(timed_gateway)

    stored = await timed_gateway.stored()

    assert (stored.filed_today(clock.now().date()), stored.menu_session.answers) == (1, {})
    assert (await Resident(timed_gateway.services.turns).dial()).label == "main.id.home"


async def test_session_resumed_while_its_draft_is_filed_gets_the_same_ticket(
    timed_gateway: UssdGateway, clock: ManualClock
) -> None:
    await drop_session(timed_gateway, clock)
    await timed_gateway.services.dropped_sessions.sweep()
    again = Resident(timed_gateway.services.turns)

    await again.walk(("1", "2"))
    assert await file_draft(timed_gateway)

    for keys in ("3", "1", "tawuran", "1", "1"):
        screen = await again.answer(keys)
    (incident,) = await timed_gateway.incidents()
    assert screen.label == "ticket_plain.id.resume"
    assert str(incident["ticket"])[:4] in screen.text


async def test_file_draft_includes_answers_given_after_resuming(timed_gateway: UssdGateway, clock: ManualClock) -> None:
    """Resume the session, drop it again, and answer the first reminder."""
    await drop_session(timed_gateway, clock)
    await timed_gateway.services.dropped_sessions.sweep()
    again = Resident(timed_gateway.services.turns)

    await again.walk(("1", "1"))
    assert await file_draft(timed_gateway)

    (incident,) = await timed_gateway.incidents()
    assert incident["danger"] == "yes"


async def test_answers_given_after_filing_by_sms_complete_the_incident(
    timed_gateway: UssdGateway, clock: ManualClock
) -> None:
    await drop_session(timed_gateway, clock)
    await timed_gateway.services.dropped_sessions.sweep()
    again = Resident(timed_gateway.services.turns)
    await again.walk(("1", "2"))
    ticket = await file_draft(timed_gateway)
    clock.advance(seconds=20)

    for keys in ("3", "1", "tawuran", "1", "1"):
        screen = await again.answer(keys)
    assert str(ticket)[:4] in screen.text

    (incident,) = await timed_gateway.incidents()
    assert (incident["danger"], incident["description"], incident["contact"]) == ("no", "tawuran", True)


async def test_cancelled_report_erases_its_draft(timed_gateway: UssdGateway, clock: ManualClock) -> None:
    await drop_session(timed_gateway, clock)
    await timed_gateway.services.dropped_sessions.sweep()
    again = Resident(timed_gateway.services.turns)

    screen = await again.walk(("1", "2", "3", "1", "tawuran", "1", "3", "1"))
    assert (screen.label, screen.end) == ("cancelled.id.resume", True)
    assert await timed_gateway.services.drafts.list_drafts() == []

    (reminder,) = await reminders(timed_gateway)
    assert (reminder["status"], reminder["phone_sealed"]) == ("cancelled", None)
    assert not await file_draft(timed_gateway)
    assert await timed_gateway.incidents() == []


async def test_later_dropped_session_is_still_offered_after_filing(
    timed_gateway: UssdGateway, clock: ManualClock
) -> None:
    await drop_session(timed_gateway, clock)
    await timed_gateway.services.dropped_sessions.sweep()
    later = Resident(timed_gateway.services.turns)
    await later.walk(("2", "2", "1", "2"))  # start again; another kind, and no place yet

    clock.advance(seconds=LONGEST_SESSION_S)

    assert await file_draft(timed_gateway)
    assert (await Resident(timed_gateway.services.turns).dial()).label == "unfinished.id.resume"


async def test_file_draft_of_another_phone_files_nothing(timed_gateway: UssdGateway, clock: ManualClock) -> None:
    await drop_session(timed_gateway, clock)
    await timed_gateway.services.dropped_sessions.sweep()

    assert await file_draft(timed_gateway, OTHER) is None
    assert await timed_gateway.incidents() == []
    assert len(await timed_gateway.services.drafts.list_drafts()) == 1


async def test_concurrent_replies_file_once(timed_gateway: UssdGateway, clock: ManualClock) -> None:
    await drop_session(timed_gateway, clock)
    await timed_gateway.services.dropped_sessions.sweep()

    taken = await asyncio.gather(*(file_draft(timed_gateway) for _ in range(5)))

    assert [one is None for one in taken].count(False) == 1
    assert len(await timed_gateway.incidents()) == 1


async def test_file_draft_after_the_resume_window_files_nothing(timed_gateway: UssdGateway, clock: ManualClock) -> None:
    await drop_session(timed_gateway, clock)
    await timed_gateway.services.dropped_sessions.sweep()

    clock.advance(hours=24)

    assert not await file_draft(timed_gateway)
    assert await timed_gateway.incidents() == []


async def test_draft_whose_session_another_phone_filed_is_refused(
    timed_gateway: UssdGateway, clock: ManualClock
) -> None:
    """Two phones with one session: the carrier's fault, and no reason to be asked for the SMS again and again."""
    resident = await drop_session(timed_gateway, clock)
    await timed_gateway.services.dropped_sessions.sweep()
    await Resident(timed_gateway.services.turns, OTHER, resident.session).walk()

    with capture_logs() as lines:
        assert not await file_draft(timed_gateway)
    assert [(line["event"], line["error"]) for line in lines] == [("draft.unfileable", "SessionOfAnotherPhone")]

    (incident,) = await timed_gateway.incidents()
    assert incident["phone"] == OTHER.masked


async def test_report_sent_after_resuming_closes_its_draft(timed_gateway: UssdGateway, clock: ManualClock) -> None:
    await drop_session(timed_gateway, clock)
    await timed_gateway.services.dropped_sessions.sweep()
    again = Resident(timed_gateway.services.turns)

    await again.walk(("1", "2", "3", "1", "tawuran", "1", "1"))
    assert await timed_gateway.services.drafts.list_drafts() == []

    (reminder,) = await reminders(timed_gateway)
    assert reminder["status"] == "cancelled"

    await file_draft(timed_gateway)
    assert len(await timed_gateway.incidents()) == 1


# End of a draft ---------------------------------------------------------------------------------------------


async def test_expire_drafts_erases_drafts_after_the_resume_window(
    timed_gateway: UssdGateway, clock: ManualClock
) -> None:
    await drop_session(timed_gateway, clock)
    await timed_gateway.services.dropped_sessions.sweep()

    clock.advance(hours=23, minutes=56)
    assert await timed_gateway.services.dropped_sessions.expire_drafts() == 0

    clock.advance(minutes=2)
    assert await timed_gateway.services.dropped_sessions.expire_drafts() == 1

    (draft,) = await timed_gateway.rows(drafts)
    assert (draft["status"], draft["answers"], draft["phone_sealed"], draft["phone_key"]) == ("expired", {}, None, None)

    (reminder,) = await reminders(timed_gateway)
    assert (reminder["status"], reminder["phone_sealed"]) == ("cancelled", None)
    assert await timed_gateway.services.dropped_sessions.expire_drafts() == 0


async def test_delete_on_the_next_call_erases_draft_and_reminder(
    timed_gateway: UssdGateway, clock: ManualClock
) -> None:
    await drop_session(timed_gateway, clock)
    await timed_gateway.services.dropped_sessions.sweep()
    again = Resident(timed_gateway.services.turns)

    screen = await again.walk(("3", "1"))
    assert (screen.label, screen.end) == ("deleted.id.resume", True)

    (draft,) = await timed_gateway.rows(drafts)
    assert (draft["status"], draft["answers"], draft["phone_key"]) == ("deleted", {}, None)

    (reminder,) = await reminders(timed_gateway)
    assert (reminder["status"], reminder["phone_sealed"]) == ("cancelled", None)
    assert not await file_draft(timed_gateway)

    clock.advance(seconds=LONGEST_SESSION_S)
    assert await timed_gateway.services.dropped_sessions.sweep() == 0, "a sweep makes no new draft of it"
    assert (await Resident(timed_gateway.services.turns).dial()).label == "main.id.home"
