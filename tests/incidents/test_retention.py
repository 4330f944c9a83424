"""Numbers whose time is over: out of what has ended, and out of nothing that is still needed."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta

import pytest
from sqlalchemy import update

from gateway.audit import audit
from gateway.carriers.carrier import Inbound, OptOut
from gateway.incidents.incident import IncidentStatus
from gateway.incidents.store import IncidentStore
from gateway.incidents.tables import incidents
from gateway.messages.inbox import Inbox
from gateway.messages.tables import inbound_messages, messages
from gateway.people.directory import Directory
from gateway.people.person import ListedPerson, Role, RoleGrant
from gateway.people.subscriptions import Subscriptions
from gateway.people.tables import opt_outs, people, subscriptions
from gateway.privacy import retention as room
from gateway.privacy.retention import PurgeCounts, Retention
from gateway.runtime.postgres import Database
from gateway.vault.vault import Vault
from tests.helpers.clocks import ManualClock
from tests.helpers.incidents import OTHER, PHONE, confirmation, report, rows

KEPT = timedelta(days=90)
NOTHING = PurgeCounts(0, 0, 0, 0, 0)


@pytest.fixture
def retention(database: Database, clock: ManualClock) -> Retention:
    return Retention(database, clock, KEPT)


async def numbers(database: Database) -> dict[str, list[bool]]:
    """Whether each row still has its number, by table."""
    keys = {incidents: "phone_key", messages: "phone_key", inbound_messages: "sender_key"}
    keys |= {subscriptions: "phone_key", people: "phone_key", opt_outs: "phone_key"}
    return {table.name: [row[key] is not None for row in await rows(database, table)] for table, key in keys.items()}


async def handled(database: Database, clock: ManualClock) -> None:
    async with database.begin() as connection:
        await connection.execute(update(inbound_messages).values(handled_at=clock.now(), made="other"))


async def test_what_has_ended_loses_its_number_and_keeps_its_record(
    retention: Retention, database: Database, vault: Vault, clock: ManualClock, book: IncidentStore
) -> None:
    inbox, consents = Inbox(database, vault, clock), Subscriptions(database, vault, clock)
    filed = await book.file(report(), PHONE, confirmation)
    await book.move(filed.ticket, IncidentStatus.CLOSED, "sari", "")
    await inbox.store_sms("at", Inbound("sms-1", PHONE, "3375", "halo", None, ""))
    await handled(database, clock)
    await consents.subscribe(PHONE, "33.75.01.1003", language="id", channel="at", wording="v1")
    await inbox.store_opt_out("at", OptOut(PHONE, "3375"))
    clock.advance(days=90)
    assert await retention.count_due() == await retention.purge("worker") == NOTHING, "the last day is one of them"
    clock.advance(seconds=1)
    expected = PurgeCounts(incidents=1, messages=1, received=1, subscriptions=1, people=1)
    assert await retention.count_due() == expected
    assert await retention.purge("worker") == expected
    assert await retention.purge("worker") == NOTHING
    assert await numbers(database) == {
        **{name: [False] for name in ("incidents", "messages", "inbound_messages", "subscriptions", "people")},
        "opt_outs": [True],
    }
    found = await book.find(filed.ticket)
    assert found is not None
    assert (found.report.description, found.status, found.phone) == (report().description, IncidentStatus.CLOSED, "")
    noted = [(row["actor"], row["action"], row["subject"], row["detail"]) for row in await rows(database, audit)]
    assert noted[-2:] == [
        ("worker", "incident.number_erased", filed.ticket, {}),
        ("worker", "retention.purged", "", asdict(expected)),
    ]


async def test_what_is_needed_keeps_its_number(
    retention: Retention, database: Database, vault: Vault, clock: ManualClock, book: IncidentStore
) -> None:
    inbox, consents = Inbox(database, vault, clock), Subscriptions(database, vault, clock)
    filed = await book.file(report(), PHONE, confirmation)
    await inbox.store_sms("at", Inbound("sms-1", PHONE, "3375", "halo", None, ""))
    await consents.subscribe(PHONE, "33.75.01.1003", language="id", channel="at", wording="v1")
    officer = ListedPerson(OTHER, (RoleGrant(Role.OFFICER, ("33.75.01",)),), "Budi")
    await Directory(database, vault, clock).import_people([officer], source="list.csv", language="id")
    clock.advance(days=91)
    await book.move(filed.ticket, IncidentStatus.CHECKING, "sari", "")
    assert (await retention.purge("worker")) == PurgeCounts(
        incidents=0, messages=1, received=0, subscriptions=0, people=0
    )
    kept = await numbers(database)
    assert kept == {
        "incidents": [True],
        "messages": [False],
        "inbound_messages": [True],
        "subscriptions": [True],
        "people": [True, True],
        "opt_outs": [],
    }


async def test_many_are_purged_in_batches(
    retention: Retention, database: Database, clock: ManualClock, book: IncidentStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "_BATCH", 3)
    for number in range(8):
        filed = await book.file(report(f"ATUid_{number}"), PHONE, confirmation)
        await book.move(filed.ticket, IncidentStatus.CLOSED if number % 2 else IncidentStatus.MERGED, "sari", "")
    clock.advance(days=91)
    assert await retention.purge("worker") == PurgeCounts(
        incidents=8, messages=8, received=0, subscriptions=0, people=0
    )
    assert (await numbers(database))["incidents"] == [False] * 8


async def test_what_somebody_holds_has_its_turn_another_time(
    retention: Retention, database: Database, clock: ManualClock, book: IncidentStore
) -> None:
    filed = await book.file(report(), PHONE, confirmation)
    await book.move(filed.ticket, IncidentStatus.CLOSED, "sari", "")
    clock.advance(days=91)
    async with database.begin() as connection:
        await connection.execute(update(incidents).values(updated_at=incidents.c.updated_at))
        assert (await retention.purge("worker")).incidents == 0
        await connection.rollback()
    assert (await retention.purge("worker")).incidents == 1
