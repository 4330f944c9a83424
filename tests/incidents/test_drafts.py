"""Store of drafts: kept once, filed once, and erased whatever ends them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gateway.audit import audit
from gateway.incidents.draft import Draft
from gateway.incidents.drafts import DraftStore
from gateway.incidents.reporter import Reporter
from gateway.incidents.store import FiledReport, IncidentStore, SessionOfAnotherPhone
from gateway.incidents.tables import drafts as table
from gateway.incidents.tables import incidents
from gateway.menu.definitions.report_form import DEFAULT_FORM
from gateway.messages.outbox import Outbox, TooManyParts
from gateway.messages.tables import messages
from gateway.runtime.postgres import Database
from gateway.text import ticket as tickets
from gateway.vault.vault import Vault
from tests.helpers.clocks import ManualClock
from tests.helpers.drafts import DANGER_ANSWERS, DUE, draft
from tests.helpers.incidents import AT, confirmation, report
from tests.helpers.phones import NUMBER, OTHER, phone
from tests.helpers.tables import rows

REMINDER = "Laporan Anda belum selesai, balas 1 untuk mengirim apa adanya."
ERASED: Mapping[str, Any] = {
    "phone_sealed": None,
    "phone_key": None,
    "answers": {},
    "category": "",
    "area": "",
    "danger": "",
}
BEFORE = AT - timedelta(days=1)


def confirming(_draft: Draft, ticket: str) -> str:
    return confirmation(ticket)


async def statuses(database: Database) -> list[str]:
    return [row["status"] for row in await rows(database, table)]


async def reminders(database: Database) -> list[dict[str, Any]]:
    return [message for message in await rows(database, messages) if message["class"] == "resume"]


# Keeping ----------------------------------------------------------------------------------------------------


async def test_keep_stores_draft_and_reminder_together(
    drafts: DraftStore, database: Database, vault: Vault, clock: ManualClock
) -> None:
    assert await drafts.keep(draft(), REMINDER, DUE)

    (row,) = await rows(database, table)
    assert vault.open(row["phone_sealed"], row["phone_key"]) == NUMBER
    assert row["phone_key"] == vault.lookup(NUMBER)
    assert (row["answers"], row["language"], row["left_at"]) == (DANGER_ANSWERS, "id", AT)
    assert (row["category"], row["area"], row["danger"]) == ("gesekan", "33.75.01.1008", "yes")
    assert (row["status"], row["updated_at"]) == ("open", clock.now())

    (reminder,) = await rows(database, messages)
    assert (reminder["class"], reminder["status"], reminder["ticket"]) == ("resume", "queued", None)
    assert (reminder["text"], reminder["channel"], reminder["language"]) == (REMINDER, "at", "id")
    assert vault.open(reminder["phone_sealed"], reminder["phone_key"]) == NUMBER
    assert (reminder["due_at"], reminder["expires_at"]) == (DUE, DUE + timedelta(hours=24))


async def test_reminder_is_not_claimed_before_it_is_due(drafts: DraftStore, outbox: Outbox, clock: ManualClock) -> None:
    await drafts.keep(draft(), REMINDER, DUE)
    assert await outbox.claim(1, "w1", "at") == []

    clock.advance(minutes=10)
    assert [claim.text for claim in await outbox.claim(1, "w1", "at")] == [REMINDER]


async def test_keep_without_reminder_queues_none(drafts: DraftStore, database: Database) -> None:
    assert await drafts.keep(draft(), None, DUE)
    assert await rows(database, messages) == []


async def test_concurrent_keep_stores_a_session_once(drafts: DraftStore, database: Database) -> None:
    kept = await asyncio.gather(*(drafts.keep(draft(), REMINDER, DUE) for _ in range(5)))

    assert kept.count(True) == 1
    assert not await drafts.keep(draft(phone=OTHER), REMINDER, DUE)
    assert await statuses(database) == ["open"]
    assert len(await rows(database, messages)) == 1


async def test_keep_again_updates_the_answers(drafts: DraftStore, database: Database) -> None:
    await drafts.keep(draft(), REMINDER, DUE)

    later = replace(draft(minutes=5), answers={**draft().answers, "danger": "no", "description": "more by now"})
    assert not await drafts.keep(later, REMINDER, DUE), "the draft is not new"
    assert not await drafts.keep(draft(minutes=3), REMINDER, DUE), "an older state changes nothing"

    (listed,) = await drafts.list_drafts()
    assert (listed.answers["danger"], listed.answers["description"]) == ("no", "more by now")
    assert listed.left_at == later.left_at
    assert len(await rows(database, messages)) == 1, "there is one reminder"


async def test_keep_supersedes_the_earlier_draft_of_the_phone(drafts: DraftStore, database: Database) -> None:
    await drafts.keep(draft("s1"), REMINDER, DUE)
    await drafts.keep(draft("s2", phone=OTHER), REMINDER, DUE)

    assert await drafts.keep(draft("s3", minutes=5), REMINDER, DUE)

    assert await statuses(database) == ["superseded", "open", "open"]

    first = (await rows(database, table))[0]
    assert {name: first[name] for name in ERASED} == ERASED
    assert [(one["status"], one["phone_key"] is None) for one in await reminders(database)] == [
        ("cancelled", True),
        ("queued", False),
        ("queued", False),
    ]
    assert not await drafts.keep(draft("s1"), REMINDER, DUE), "it was kept before"
    assert not await drafts.keep(draft("s0", minutes=-5), REMINDER, DUE), "there is a later draft"


async def test_concurrent_drafts_of_a_phone_keep_the_last_left(drafts: DraftStore, database: Database) -> None:
    await asyncio.gather(*(drafts.keep(draft(f"s{number}", minutes=number), REMINDER, DUE) for number in range(5)))

    assert [listed.session for listed in await drafts.list_drafts()] == ["s4"]
    assert (await statuses(database)).count("open") == 1
    assert [one["status"] for one in await reminders(database)].count("queued") == 1


async def test_keep_ignores_sessions_that_were_filed(
    drafts: DraftStore, store: IncidentStore, database: Database
) -> None:
    await store.file(report("s1", received_at=AT), NUMBER, confirmation)

    assert not await drafts.keep(draft("s1", minutes=5), REMINDER, DUE), "its own session"
    assert not await drafts.keep(draft("s2", minutes=-5), REMINDER, DUE), "filed since"
    assert await drafts.keep(draft("s3", minutes=5), REMINDER, DUE)
    assert await statuses(database) == ["open"]
    assert len(await reminders(database)) == 1


async def test_keep_with_too_long_reminder_stores_nothing(drafts: DraftStore, database: Database) -> None:
    with pytest.raises(TooManyParts):
        await drafts.keep(draft(), "x" * 161, DUE)
    assert await rows(database, table) == []


# Filing -----------------------------------------------------------------------------------------------------


async def test_file_files_the_draft_and_erases_it(
    drafts: DraftStore, store: IncidentStore, database: Database, clock: ManualClock
) -> None:
    await drafts.keep(draft(), REMINDER, DUE)
    clock.advance(minutes=30)

    done = await drafts.file(
        NUMBER, lambda left, ticket: f"{left.answers['area']} {ticket}", DEFAULT_FORM, since=BEFORE
    )

    assert done is not None
    filed = done.filed
    assert (filed.new, done.draft.session) == (True, "ATUid_1")

    # The incident has the answers and the time of the dropped session.
    found = await store.find(filed.ticket)
    assert found is not None
    assert (found.report.category, found.report.danger, found.report.session) == ("gesekan", "yes", "ATUid_1")
    assert (found.report.received_at, found.phone) == (AT, NUMBER.masked)

    (noted,) = await rows(database, audit)
    assert (noted["at"], noted["detail"]) == (clock.now(), {"channel": "at", "by": "sms"})

    # The draft is erased, and its reminder cancelled.
    (row,) = await rows(database, table)
    assert {name: row[name] for name in ERASED} == ERASED
    assert (row["status"], row["updated_at"]) == ("filed", clock.now())

    sent = {message["class"]: message for message in await rows(database, messages)}
    assert sent["confirmation"]["text"] == f"33.75.01.1008 {filed.ticket}"
    assert (sent["resume"]["status"], sent["resume"]["phone_key"]) == ("cancelled", None)


async def test_concurrent_file_files_a_draft_once(drafts: DraftStore, database: Database) -> None:
    await drafts.keep(draft(), REMINDER, DUE)
    filed = await asyncio.gather(*(drafts.file(NUMBER, confirming, DEFAULT_FORM, since=BEFORE) for _ in range(5)))

    assert sum(one is not None for one in filed) == 1
    assert await drafts.file(NUMBER, confirming, DEFAULT_FORM, since=BEFORE) is None
    assert len(await rows(database, incidents)) == 1


async def test_file_without_an_open_draft_returns_none(
    drafts: DraftStore, store: IncidentStore, database: Database
) -> None:
    assert await drafts.file(NUMBER, confirming, DEFAULT_FORM, since=BEFORE) is None, "none was left"

    await drafts.keep(draft("s1"), None, DUE)
    assert await drafts.file(OTHER, confirming, DEFAULT_FORM, since=BEFORE) is None, "it is another phone's"
    assert await drafts.file(NUMBER, confirming, DEFAULT_FORM, since=AT) is None, "it is too old"

    await store.file(report("s2", received_at=AT + timedelta(minutes=1)), NUMBER, confirmation)
    assert await drafts.file(NUMBER, confirming, DEFAULT_FORM, since=BEFORE) is None, "another report was filed since"
    assert len(await rows(database, incidents)) == 1


async def test_earlier_report_does_not_settle_a_draft(drafts: DraftStore, store: IncidentStore) -> None:
    await store.file(report("s1", received_at=AT), NUMBER, confirmation)
    await drafts.keep(draft("s2", minutes=1), None, DUE)

    assert await drafts.file(NUMBER, confirming, DEFAULT_FORM, since=BEFORE) is not None


async def test_file_of_a_filed_session_returns_its_ticket(
    drafts: DraftStore, store: IncidentStore, database: Database
) -> None:
    """File a pending report whose dropped session had become a draft."""
    await drafts.keep(draft(), None, DUE)

    earlier = await store.file(report(received_at=AT + timedelta(minutes=1)), NUMBER, confirmation)
    assert await drafts.list_drafts() == []

    done = await drafts.file(NUMBER, confirming, DEFAULT_FORM, since=BEFORE)
    assert done is not None
    assert done.filed == FiledReport(earlier.ticket, new=False)
    assert await statuses(database) == ["filed"]


@pytest.mark.parametrize("answers", [{}, {"category": "gesekan"}], ids=["nothing", "no place"])
async def test_file_with_missing_answers_leaves_the_draft_open(
    drafts: DraftStore, database: Database, answers: dict[str, str]
) -> None:
    await drafts.keep(draft(answers=answers), None, DUE)
    with pytest.raises(ValueError, match="short key"):
        await drafts.file(NUMBER, confirming, DEFAULT_FORM, since=BEFORE)

    assert await statuses(database) == ["open"]
    assert await rows(database, incidents) == []


async def test_file_without_valid_confirmation_files_nothing(drafts: DraftStore, database: Database) -> None:
    await drafts.keep(draft(), None, DUE)
    with pytest.raises(TooManyParts):
        await drafts.file(NUMBER, lambda *_: "x" * 1000, DEFAULT_FORM, since=BEFORE)

    assert await statuses(database) == ["open"]
    assert await rows(database, incidents) == []


async def test_file_of_a_session_with_erased_number_is_refused(
    drafts: DraftStore, store: IncidentStore, reporter: Reporter, database: Database
) -> None:
    await drafts.keep(draft(), None, DUE)
    filed = await store.file(report(received_at=AT - timedelta(minutes=1)), NUMBER, confirmation)
    await reporter.erase_number(filed.ticket, NUMBER)

    with pytest.raises(SessionOfAnotherPhone):
        await drafts.file(NUMBER, confirming, DEFAULT_FORM, since=BEFORE)

    assert len(await rows(database, incidents)) == 1


async def test_filing_a_report_cancels_the_reminder(
    drafts: DraftStore, store: IncidentStore, database: Database
) -> None:
    """Residents with a ticket must not read that their report was not sent."""
    await drafts.keep(draft("s1"), REMINDER, DUE)
    await drafts.keep(draft("s2", phone=OTHER), REMINDER, DUE)

    await store.file(report("s3", received_at=DUE), NUMBER, confirmation)
    assert [(one["status"], one["reason"]) for one in await reminders(database)] == [
        ("cancelled", "its report was filed"),
        ("queued", ""),
    ]

    await drafts.keep(draft("s4", minutes=20), REMINDER, DUE)
    await store.file(report("s3", received_at=DUE), NUMBER, confirmation)
    assert (await reminders(database))[-1]["status"] == "queued", "the same session again changes nothing"


# Ending -----------------------------------------------------------------------------------------------------


async def test_delete_erases_draft_and_reminder(drafts: DraftStore, database: Database) -> None:
    await drafts.keep(draft("s1"), REMINDER, DUE)

    await drafts.keep(draft("s2", phone=OTHER), REMINDER, DUE)
    assert await drafts.delete(NUMBER) == 1
    assert await drafts.delete(NUMBER) == 0

    assert await statuses(database) == ["deleted", "open"]

    row = (await rows(database, table))[0]
    assert {name: row[name] for name in ERASED} == ERASED
    assert [(one["status"], one["phone_key"] is None) for one in await reminders(database)] == [
        ("cancelled", True),
        ("queued", False),
    ]
    assert not await drafts.keep(draft("s1"), REMINDER, DUE), "a repeated end of the session"
    assert await drafts.file(NUMBER, confirming, DEFAULT_FORM, since=BEFORE) is None


async def test_concurrent_delete_and_file_have_one_winner(drafts: DraftStore, database: Database) -> None:
    await drafts.keep(draft(), REMINDER, DUE)
    deleted, filed = await asyncio.gather(
        drafts.delete(NUMBER), drafts.file(NUMBER, confirming, DEFAULT_FORM, since=BEFORE)
    )

    assert (deleted == 1) is (filed is None)
    assert await statuses(database) == ["deleted" if deleted else "filed"]
    assert len(await rows(database, incidents)) == 1 - deleted


async def test_expire_erases_old_drafts(drafts: DraftStore, database: Database) -> None:
    await drafts.keep(draft("s1"), REMINDER, DUE)

    await drafts.keep(draft("s2", minutes=5, phone=OTHER), REMINDER, DUE)
    assert await drafts.expire(AT) == 0
    assert await drafts.expire(AT + timedelta(minutes=5)) == 1
    assert await statuses(database) == ["expired", "open"]

    row = (await rows(database, table))[0]
    assert {name: row[name] for name in ERASED} == ERASED
    assert [one["status"] for one in await reminders(database)] == ["cancelled", "queued"]


async def test_concurrent_expire_erases_each_draft_once(drafts: DraftStore) -> None:
    for number in range(20):
        await drafts.keep(draft(f"s{number}", phone=phone(number)), REMINDER, DUE)
    expired = await asyncio.gather(*(drafts.expire(DUE) for _ in range(3)))

    assert sum(expired) == 20


async def test_tables_hold_no_readable_number(drafts: DraftStore, database: Database) -> None:
    await drafts.keep(draft(), REMINDER, DUE)
    assert "81230004567" not in repr([await rows(database, one) for one in (table, messages)])

    done = await drafts.file(NUMBER, confirming, DEFAULT_FORM, since=BEFORE)
    assert done is not None
    assert tickets.is_valid(done.filed.ticket)
    assert "81230004567" not in repr([await rows(database, one) for one in (table, messages, audit, incidents)])
