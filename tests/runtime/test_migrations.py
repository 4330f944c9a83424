"""Migrations: they make the declared tables, and keep the rows of earlier versions."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, Table, insert, inspect, make_url, select, text

from gateway.accounts import tables as accounts
from gateway.appeals import tables as appeals
from gateway.audit import audit
from gateway.carriers.carrier import Inbound
from gateway.incidents import tables as incidents
from gateway.incidents.store import IncidentStore
from gateway.messages import tables as messages
from gateway.messages.inbox import Inbox
from gateway.messages.outbox import Outbox
from gateway.people import tables as people
from gateway.people.directory import Directory
from gateway.runtime.clock import Clock
from gateway.runtime.embedded import EmbeddedStores
from gateway.runtime.postgres import Database, TablesOutdated, metadata
from gateway.runtime.schema import check_tables, upgrade
from gateway.sms.inbound_queue import InboundQueue
from gateway.text.phone import Phone
from gateway.vault import tables as vault
from gateway.vault.vault import Vault
from tests.helpers.migrations import to_version

DECLARED = {
    *(messages.messages, messages.message_attempts, messages.receipts, messages.channel_states, messages.holds),
    *(messages.inbound_messages, messages.session_ends),
    *(incidents.incidents, incidents.incident_details, incidents.incident_questions, incidents.drafts),
    *(incidents.called_off, audit),
    *(people.people, people.person_roles, people.subscriptions, people.opt_outs, people.quiet_reports),
    *(accounts.accounts, accounts.account_tokens, vault.vault_keys),
    *(appeals.appeals, appeals.appeal_approvals, appeals.appeal_chunks, appeals.appeal_answers),
}
AT = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
VAULT = Vault(bytes(range(32)))


def _differences(connection: Connection) -> list[Any]:
    context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
    return list(compare_metadata(context, metadata))


def _conditions(connection: Connection) -> Mapping[str, str]:
    """Return the conditions of partial indexes and checks, as PostgreSQL words them."""
    inspector = inspect(connection)
    indexes = [index for table in DECLARED for index in inspector.get_indexes(table.name)]
    partial = {str(index["name"]): index["dialect_options"].get("postgresql_where", "") for index in indexes}
    checks = [check for table in DECLARED for check in inspector.get_check_constraints(table.name)]
    return {name: condition for name, condition in partial.items() if condition} | {
        str(check["name"]): check["sqltext"] for check in checks
    }


async def test_migrations_make_the_declared_tables(database: Database) -> None:
    async with database.begin() as connection:
        assert await connection.run_sync(_differences) == []
    assert {table.name for table in DECLARED} == set(metadata.tables)


async def test_migrations_make_the_declared_indexes_and_checks(database: Database) -> None:
    async with database.begin() as connection:
        migrated = await connection.run_sync(_conditions)
        await connection.execute(text("CREATE SCHEMA declared"))
        await connection.execute(text("SET LOCAL search_path = declared"))
        await connection.run_sync(metadata.create_all)
        declared = await connection.run_sync(_conditions)
        await connection.rollback()

    assert migrated == declared
    assert {"ck_messages_phone", "ck_people_phone", "ix_messages_due"} <= set(migrated)


# Upgrading -------------------------------------------------------------------------------------------------


@pytest.fixture
async def old_url(stores: EmbeddedStores, template: asyncpg.Connection) -> AsyncIterator[str]:
    """Create a database of the first version."""
    await template.execute("CREATE DATABASE old_version")
    url = make_url(stores.database_url).set(database="old_version").render_as_string(hide_password=False)
    old = Database(url)
    async with old.begin() as connection:
        await connection.run_sync(to_version, "0001")
    await old.close()
    yield url
    await template.execute("DROP DATABASE old_version WITH (FORCE)")


def _row(table: Table, **known: Any) -> dict[str, Any]:
    """Make a row of the first version: `known`, and a filler in every other column that must have a value.

    Columns of later versions have defaults.
    """
    phone = Phone("+6281230004567")
    numbers = {"phone_sealed": VAULT.seal(phone), "phone_key": VAULT.lookup(phone)}
    fillers: dict[str, Any] = {"TEXT": "some", "INTEGER": 1, "DATETIME": AT, "JSONB": {}}
    must = (one for one in table.columns if not (one.primary_key or one.nullable or one.server_default))
    row = {column.name: fillers[str(column.type)] for column in must}
    return row | (numbers if "phone_key" in table.c else {}) | known


async def test_upgrade_keeps_rows(old_url: str) -> None:
    before = {"size": "many", "seen": "self"}
    incident = _row(incidents.incidents, ticket="73402816", status="checking", veracity="unverified", **before)
    message = _row(messages.messages, ticket="73402816", **{"class": "confirmation", "status": "delivered"})
    note = _row(audit, subject="73402816")
    added = {incidents.incidents: incident, messages.messages: message, audit: note}
    database = Database(old_url)

    async with database.begin() as connection:
        for table, row in added.items():
            await connection.execute(insert(table), row)
    with pytest.raises(TablesOutdated):
        await check_tables(database)

    await upgrade(old_url)

    await check_tables(database)

    async with database.begin() as connection:
        for table, row in added.items():
            (kept,) = (await connection.execute(select(table))).mappings()
            assert {name: kept[name] for name in row} == row
    (listed,) = await IncidentStore(database, VAULT, Clock()).list_incidents()
    assert listed.report.answers == before
    assert (listed.ticket, listed.phone, listed.details) == ("73402816", "+62812****567", ())
    assert [sent.to for sent in await Outbox(database, VAULT, Clock()).list_messages()] == ["+62812****567"]

    await database.close()


async def test_upgrade_makes_people_of_subscribers(old_url: str) -> None:
    database = Database(old_url)
    phone = Phone("+6281230004567")
    numbers = {"phone_sealed": VAULT.seal(phone), "phone_key": VAULT.lookup(phone)}
    async with database.begin() as connection:
        await connection.run_sync(to_version, "0002")
        for area, withdrawn_at in (("33.75.01.1003", AT), ("33.75.01.1002", None)):
            row = _row(people.subscriptions, **numbers, area=area, withdrawn_at=withdrawn_at, consented_at=AT)
            await connection.execute(insert(people.subscriptions), row)

    await upgrade(old_url)

    (person,) = await Directory(database, VAULT, Clock()).list_people()
    assert (person.phone, person.roles) == (phone.masked, ("subscriber",))
    assert (person.areas, person.language) == (("33.75.01.1002",), "some")
    async with database.begin() as connection:
        assert (await connection.execute(select(people.people.c.opted_out_at))).scalars().all() == [AT]
        assert (await connection.execute(select(people.subscriptions.c.agreed_at))).scalars().all() == [AT, AT]

    await database.close()


async def test_upgrade_leaves_old_inbound_sms_for_the_desk(old_url: str) -> None:
    """Old SMS get no late replies. The desk sorts them."""
    phone = Phone("+6281230004567")
    sender = {"sender_sealed": VAULT.seal(phone), "sender_key": VAULT.lookup(phone)}
    old = [
        _row(messages.inbound_messages, carrier_id="1", text="LAPOR 3 KLEGO", **sender),
        _row(messages.inbound_messages, carrier_id="2", text="promo", sender_name="TELKOMSEL"),
    ]
    database = Database(old_url)
    async with database.begin() as connection:
        for row in old:
            await connection.execute(insert(messages.inbound_messages), row)
    await upgrade(old_url)

    async with database.begin() as connection:
        kept = (await connection.execute(select(messages.inbound_messages).order_by("id"))).mappings().all()
    assert [{name: letter[name] for name in row} for row, letter in zip(old, kept, strict=True)] == old
    assert {(one["handled_at"], one["made"], one["answered"], one["ticket"]) for one in kept} == {
        (AT, "other", False, None)
    }

    queue = InboundQueue(database, VAULT, Clock())
    async with queue.claim_next() as waiting:
        assert waiting is None
    listed = await queue.list_inbound(to_sort=True)
    assert [(one.sender, one.text) for one in listed] == [
        ("TELKOMSEL", "promo"),
        ("+62812****567", "LAPOR 3 KLEGO"),
    ]

    await Inbox(database, VAULT, Clock()).store_sms("at", Inbound("3", phone, "3375", "CEK", None, ""))
    async with queue.claim_next() as waiting:
        assert waiting
        assert waiting.sms.text == "CEK"
    await database.close()


async def test_upgrade_copies_size_and_seen_to_the_answers_of_the_pack(old_url: str) -> None:
    said = [("few", "media"), ("few", ""), ("", "told"), ("", "")]
    database = Database(old_url)
    async with database.begin() as connection:
        await connection.run_sync(to_version, "0017")
        for number, (size, seen) in enumerate(said):
            row = _row(incidents.incidents, ticket=f"7340281{number}", session=f"s{number}", size=size, seen=seen)
            erased = {"phone_sealed": None, "phone_key": None} if number % 2 else {}
            await connection.execute(insert(incidents.incidents), {**row, **erased})

    await upgrade(old_url)

    assert await _answers(database) == [{"size": "few", "seen": "media"}, {"size": "few"}, {"seen": "told"}, {}]
    await database.close()


async def test_size_that_the_release_before_writes_becomes_an_answer_of_the_pack(old_url: str) -> None:
    database = Database(old_url)
    await upgrade(old_url)
    async with database.begin() as connection:
        for number, (size, seen) in enumerate([("many", "self"), ("", "")]):
            row = _row(incidents.incidents, ticket=f"7340281{number}", session=f"s{number}", size=size, seen=seen)
            await connection.execute(insert(incidents.incidents), row)
    assert await _answers(database) == [{"size": "many", "seen": "self"}, {}]

    async with database.begin() as connection:
        await connection.execute(text("UPDATE incidents SET seen = 'told' WHERE ticket = '73402811'"))
        await connection.execute(text("UPDATE incidents SET status = 'closed'"))
    assert await _answers(database) == [{"size": "many", "seen": "self"}, {"seen": "told"}]
    await database.close()


async def _answers(database: Database) -> list[dict[str, str]]:
    async with database.begin() as connection:
        return list((await connection.execute(text("SELECT answers FROM incidents ORDER BY ticket"))).scalars())
