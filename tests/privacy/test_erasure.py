"""Erasure of a number: from every record of its person, and from no other."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import LargeBinary

from gateway.audit import audit
from gateway.carriers.carrier import Inbound, OptOut
from gateway.incidents.draft import Draft
from gateway.incidents.drafts import DraftStore
from gateway.incidents.store import IncidentStore
from gateway.incidents.tables import incidents
from gateway.messages.inbox import Inbox
from gateway.messages.outbox import Outbox
from gateway.messages.tables import inbound_messages, messages
from gateway.people.directory import Directory
from gateway.people.person import ListedPerson, RoleGrant
from gateway.people.subscriptions import Subscriptions
from gateway.people.tables import opt_outs
from gateway.privacy.erasure import Eraser, ErasureCounts
from gateway.runtime.postgres import Database, metadata
from gateway.text.phone import Phone
from gateway.vault.vault import CannotOpen, Vault
from tests.helpers.clocks import ManualClock
from tests.helpers.incidents import AT, confirmation, report
from tests.helpers.phones import NUMBER, OTHER
from tests.helpers.tables import rows

NOTHING = ErasureCounts(0, 0, 0, 0, 0, 0, 0)


@pytest.fixture
def eraser(database: Database, vault: Vault, clock: ManualClock) -> Eraser:
    return Eraser(database, vault, clock)


@pytest.fixture
async def two_people(
    database: Database, vault: Vault, clock: ManualClock, store: IncidentStore, drafts: DraftStore
) -> None:
    """Create two people who have each done everything that stores a number."""
    inbox, consents = Inbox(database, vault, clock), Subscriptions(database, vault, clock)
    for name, phone in (("a", NUMBER), ("b", OTHER)):
        for session in (f"ATUid_{name}1", f"ATUid_{name}2"):
            await store.file(report(session), phone, confirmation)
        await drafts.delete(phone, calls=[1])
        left = Draft("at", f"ATUid_{name}3", phone, "id", {"category": "gesekan"}, AT)
        await drafts.keep(left, "Lanjutkan?", clock.now())
        await inbox.store_sms("at", Inbound(f"sms-{name}", phone, "3375", "halo", None, ""))
        await consents.subscribe(phone, "33.75.01.1003", language="id", channel="at", wording="v1")
        await inbox.store_opt_out("at", OptOut(phone, "3375"))
    officer = RoleGrant("officer", ("33.75.01",))
    entries = [ListedPerson(phone, (officer,), name) for name, phone in (("Dewi", NUMBER), ("Budi", OTHER))]
    await Directory(database, vault, clock).import_people(entries, source="list.csv", language="id")


async def of_number(database: Database, vault: Vault, phone: Phone) -> dict[str, list[int]]:
    """Return the ids of the rows that have this number, encrypted or as its key, by table."""
    found: dict[str, list[int]] = {}
    for table in metadata.sorted_tables:
        sealed = [column.name for column in table.columns if isinstance(column.type, LargeBinary)]
        for row in await rows(database, table) if "id" in table.c else []:
            if any(_tells(vault, row[name], phone) for name in sealed):
                found.setdefault(table.name, []).append(row["id"])
    return found


def _tells(vault: Vault, value: Any, phone: Phone) -> bool:
    if value is None:
        return False
    return value == vault.lookup(phone) if len(value) == 32 else _opens_as(vault, value, phone)


def _opens_as(vault: Vault, sealed: bytes, phone: Phone) -> bool:
    try:
        return vault.open(sealed, vault.lookup(phone)) == phone
    except CannotOpen:
        return False


async def test_erase_removes_the_number_from_every_table(
    eraser: Eraser, two_people: None, database: Database, vault: Vault
) -> None:
    before, others = await of_number(database, vault, NUMBER), await of_number(database, vault, OTHER)
    assert before.keys() == {
        *("incidents", "drafts", "messages", "inbound_messages", "opt_outs", "subscriptions", "people", "called_off")
    }

    erased = await eraser.erase(NUMBER, "dewi")
    assert erased == ErasureCounts(incidents=2, drafts=1, messages=2, received=1, subscriptions=1, roles=1, people=1)
    assert (await of_number(database, vault, NUMBER)).keys() == {"opt_outs"}, "an opt-out must still be honoured"
    assert await of_number(database, vault, OTHER) == others


async def test_erase_keeps_reports_and_cancels_messages(
    eraser: Eraser, two_people: None, database: Database, outbox: Outbox
) -> None:
    await eraser.erase(NUMBER, "dewi")
    assert [row["description"] for row in await rows(database, incidents)] == ["Ribut di depan balai"] * 4
    assert [row["text"] for row in await rows(database, inbound_messages)] == ["halo"] * 2
    assert len(await rows(database, opt_outs)) == 2

    mine = [row for row in await rows(database, messages) if row["phone_key"] is None]
    assert {row["status"] for row in mine} == {"cancelled"}
    assert {claim.phone for claim in await outbox.claim(10, "worker", "at")} == {OTHER}


async def test_erase_is_audited_without_the_number(
    eraser: Eraser, two_people: None, database: Database, vault: Vault
) -> None:
    tickets = sorted(row["ticket"] for row in await rows(database, incidents) if row["session"].startswith("ATUid_a"))
    before = len(await rows(database, audit))
    await eraser.erase(NUMBER, "dewi")

    noted = (await rows(database, audit))[before:]

    assert [(row["action"], row["subject"]) for row in noted] == [
        *(("incident.number_erased", ticket) for ticket in tickets),
        ("person.erased", ""),
    ]
    assert {row["actor"] for row in noted} == {"dewi"}
    assert noted[-1]["detail"]["incidents"] == 2
    assert NUMBER.e164[-6:] not in repr(noted)


async def test_erase_again_finds_nothing(eraser: Eraser, two_people: None, database: Database) -> None:
    await eraser.erase(NUMBER, "dewi")
    before = await rows(database, audit)

    again = await eraser.erase(NUMBER, "dewi")

    assert (again, again.found_any) == (NOTHING, False)
    assert await rows(database, audit) == before


async def test_erase_removes_the_number_of_a_claimed_message(
    eraser: Eraser, store: IncidentStore, outbox: Outbox, database: Database
) -> None:
    await store.file(report(), NUMBER, confirmation)
    await outbox.claim(1, "worker", "at")

    assert (await eraser.erase(NUMBER, "dewi")).messages == 1

    (row,) = await rows(database, messages)
    assert (row["status"], row["phone_key"]) == ("sending", None)
