"""Retention: numbers are purged from finished records, and from none that is still needed."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta

import pytest
from sqlalchemy import update

from gateway.audit import audit
from gateway.carriers.carrier import Inbound, OptOut
from gateway.incidents.drafts import DraftStore
from gateway.incidents.incident import IncidentStatus
from gateway.incidents.operator_actions import IncidentActions
from gateway.incidents.store import IncidentStore
from gateway.incidents.tables import called_off, incidents
from gateway.messages.inbox import Inbox
from gateway.messages.tables import inbound_messages, messages
from gateway.people.directory import Directory
from gateway.people.person import ListedPerson, RoleGrant
from gateway.people.subscriptions import Subscriptions
from gateway.people.tables import opt_outs, people, subscriptions
from gateway.privacy.retention import PurgeCounts, Retention
from gateway.runtime.postgres import Database
from gateway.vault.vault import Vault
from tests.helpers.clocks import ManualClock
from tests.helpers.incidents import confirmation, report
from tests.helpers.phones import NUMBER, OTHER
from tests.helpers.tables import rows

KEPT = timedelta(days=90)
NOTHING = PurgeCounts(0, 0, 0, 0, 0, 0)


@pytest.fixture
def retention(database: Database, clock: ManualClock) -> Retention:
    return Retention(database, clock, KEPT)


async def numbers(database: Database) -> dict[str, list[bool]]:
    """Return by table, for each row, True if it still has its number."""
    keys = {incidents: "phone_key", messages: "phone_key", inbound_messages: "sender_key"}
    keys |= {subscriptions: "phone_key", people: "phone_key", opt_outs: "phone_key"}
    return {table.name: [row[key] is not None for row in await rows(database, table)] for table, key in keys.items()}


async def handled(database: Database, clock: ManualClock) -> None:
    async with database.begin() as connection:
        await connection.execute(update(inbound_messages).values(handled_at=clock.now(), made="other"))


async def test_purge_removes_numbers_of_finished_records(
    retention: Retention,
    database: Database,
    vault: Vault,
    clock: ManualClock,
    store: IncidentStore,
    actions: IncidentActions,
) -> None:
    # One finished record of each kind.
    inbox, consents = Inbox(database, vault, clock), Subscriptions(database, vault, clock)
    filed = await store.file(report(), NUMBER, confirmation)
    await actions.move(filed.ticket, IncidentStatus.CLOSED, "sari", "")
    await inbox.store_sms("at", Inbound("sms-1", NUMBER, "3375", "halo", None, ""))
    await handled(database, clock)
    await consents.subscribe(NUMBER, "33.75.01.1003", language="id", channel="at", wording="v1")
    await inbox.store_opt_out("at", OptOut(NUMBER, "3375"))

    clock.advance(days=90)
    assert await retention.count_due() == await retention.purge("worker") == NOTHING, (
        "the last day of the retention counts"
    )

    clock.advance(seconds=1)
    expected = PurgeCounts(incidents=1, messages=1, received=1, subscriptions=1, people=1, called_off=0)
    assert await retention.count_due() == expected
    assert await retention.purge("worker") == expected
    assert await retention.purge("worker") == NOTHING
    assert await numbers(database) == {
        **{name: [False] for name in ("incidents", "messages", "inbound_messages", "subscriptions", "people")},
        "opt_outs": [True],
    }

    found = await store.find(filed.ticket)
    assert found is not None
    assert (found.report.description, found.status, found.phone) == (report().description, IncidentStatus.CLOSED, "")

    noted = [(row["actor"], row["action"], row["subject"], row["detail"]) for row in await rows(database, audit)]
    assert noted[-2:] == [
        ("worker", "incident.number_erased", filed.ticket, {}),
        ("worker", "retention.purged", "", asdict(expected)),
    ]


async def test_purge_keeps_numbers_that_are_needed(
    retention: Retention,
    database: Database,
    vault: Vault,
    clock: ManualClock,
    store: IncidentStore,
    actions: IncidentActions,
) -> None:
    inbox, consents = Inbox(database, vault, clock), Subscriptions(database, vault, clock)
    filed = await store.file(report(), NUMBER, confirmation)
    await inbox.store_sms("at", Inbound("sms-1", NUMBER, "3375", "halo", None, ""))
    await consents.subscribe(NUMBER, "33.75.01.1003", language="id", channel="at", wording="v1")
    officer = ListedPerson(OTHER, (RoleGrant("officer", ("33.75.01",)),), "Budi")
    await Directory(database, vault, clock).import_people([officer], source="list.csv", language="id")
    clock.advance(days=91)

    await actions.move(filed.ticket, IncidentStatus.CHECKING, "sari", "")
    assert (await retention.purge("worker")) == PurgeCounts(
        incidents=0, messages=1, received=0, subscriptions=0, people=0, called_off=0
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


async def test_purge_deletes_old_marks_of_reports_that_were_called_off(
    retention: Retention, drafts: DraftStore, database: Database, clock: ManualClock
) -> None:
    await drafts.delete(NUMBER, calls=[1, 2])
    clock.advance(days=90)
    await drafts.delete(OTHER, calls=[3])
    clock.advance(days=1)

    assert (await retention.count_due()).called_off == 1
    assert (await retention.purge("worker")).called_off == 1

    assert [row["calls"] for row in await rows(database, called_off)] == [[3]]


async def test_purge_works_in_several_transactions(
    database: Database, clock: ManualClock, store: IncidentStore, actions: IncidentActions
) -> None:
    retention = Retention(database, clock, KEPT, rows_per_transaction=3)
    for number in range(8):
        filed = await store.file(report(f"ATUid_{number}"), NUMBER, confirmation)
        await actions.move(filed.ticket, IncidentStatus.CLOSED if number % 2 else IncidentStatus.MERGED, "sari", "")

    clock.advance(days=91)

    assert await retention.purge("worker") == PurgeCounts(
        incidents=8, messages=8, received=0, subscriptions=0, people=0, called_off=0
    )
    assert (await numbers(database))["incidents"] == [False] * 8


async def test_purge_skips_rows_that_are_locked(
    retention: Retention, database: Database, clock: ManualClock, store: IncidentStore, actions: IncidentActions
) -> None:
    filed = await store.file(report(), NUMBER, confirmation)
    await actions.move(filed.ticket, IncidentStatus.CLOSED, "sari", "")
    clock.advance(days=91)

    async with database.begin() as connection:
        await connection.execute(update(incidents).values(updated_at=incidents.c.updated_at))
        assert (await retention.purge("worker")).incidents == 0
        await connection.rollback()

    assert (await retention.purge("worker")).incidents == 1
