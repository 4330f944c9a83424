"""Subscriptions against a real PostgreSQL: one standing per phone and area, and every consent on record."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import select, text

from gateway.people.subscriptions import Subscriptions, withdraw_subscriptions
from gateway.people.tables import subscriptions
from gateway.runtime.postgres import Database, DatabaseUnavailable
from gateway.text.phone import Phone
from gateway.vault.vault import Vault
from tests.helpers.clocks import ManualClock

PHONE = Phone("+6281230004567")
OTHER = Phone("+6285712340008")
PODOSUGIH, MEDONO = "33.75.01.1008", "33.75.01.1003"


@pytest.fixture
def people(database: Database, vault: Vault, clock: ManualClock) -> Subscriptions:
    return Subscriptions(database, vault, clock)


async def subscribe(
    people: Subscriptions, phone: Phone = PHONE, area: str = PODOSUGIH, language: str = "id", wording: str = "v1"
) -> bool:
    return await people.subscribe(phone, area, language=language, channel="at", wording=wording)


async def withdrawn(database: Database, vault: Vault, clock: ManualClock, phone: Phone = PHONE) -> int:
    async with database.begin() as connection:
        return await withdraw_subscriptions(connection, [vault.lookup(phone)], clock.now())


async def rows(database: Database) -> list[dict[str, Any]]:
    async with database.begin() as connection:
        found = await connection.execute(select(subscriptions).order_by(subscriptions.c.id))
        return [dict(row) for row in found.mappings()]


async def test_a_consent_is_recorded(
    people: Subscriptions, database: Database, vault: Vault, clock: ManualClock
) -> None:
    assert await subscribe(people)
    (row,) = await rows(database)
    assert vault.open(row["phone_sealed"]) == PHONE
    assert row["phone_key"] == vault.lookup(PHONE)
    assert (row["area"], row["language"], row["channel"], row["wording"]) == (PODOSUGIH, "id", "at", "v1")
    assert (row["consented_at"], row["withdrawn_at"]) == (clock.now(), None)
    assert await people.active_areas(PHONE) == [PODOSUGIH]


async def test_subscribing_again_changes_the_language_only(
    people: Subscriptions, database: Database, clock: ManualClock
) -> None:
    await subscribe(people)
    (before,) = await rows(database)
    clock.advance(days=1)
    assert not await subscribe(people, language="jv", wording="v2")
    assert await rows(database) == [{**before, "language": "jv"}]


async def test_subscribing_at_the_same_time_makes_one(people: Subscriptions, database: Database) -> None:
    new = await asyncio.gather(*(subscribe(people) for _ in range(5)))
    assert new.count(True) == 1
    assert len(await rows(database)) == 1


async def test_several_areas_and_phones(people: Subscriptions) -> None:
    assert await subscribe(people, area=PODOSUGIH)
    assert await subscribe(people, area=MEDONO)
    assert await subscribe(people, OTHER, MEDONO)
    assert await people.active_areas(PHONE) == [PODOSUGIH, MEDONO]
    assert await people.active_areas(OTHER) == [MEDONO]


async def test_withdrawing_ends_all_and_forgets_none(
    people: Subscriptions, database: Database, vault: Vault, clock: ManualClock
) -> None:
    for phone, area in ((PHONE, PODOSUGIH), (PHONE, MEDONO), (OTHER, MEDONO)):
        await subscribe(people, phone, area)
    before = await rows(database)
    clock.advance(days=1)

    assert await withdrawn(database, vault, clock) == 2
    assert await people.active_areas(PHONE) == []
    assert await people.active_areas(OTHER) == [MEDONO]
    ended = [{**row, "withdrawn_at": clock.now()} for row in before[:2]]
    assert await rows(database) == [*ended, before[2]]
    clock.advance(days=1)
    assert await withdrawn(database, vault, clock) == 0
    assert await rows(database) == [*ended, before[2]]


async def test_who_comes_back_agrees_anew(
    people: Subscriptions, database: Database, vault: Vault, clock: ManualClock
) -> None:
    await subscribe(people)
    await withdrawn(database, vault, clock)
    clock.advance(days=1)
    assert await subscribe(people, wording="v2")
    assert [(row["wording"], row["withdrawn_at"] is None) for row in await rows(database)] == [
        ("v1", False),
        ("v2", True),
    ]
    assert await people.active_areas(PHONE) == [PODOSUGIH]


async def test_every_answer_ends_at_its_deadline(people: Subscriptions, database: Database) -> None:
    async with database.begin() as other:
        await other.execute(text("LOCK TABLE subscriptions IN ACCESS EXCLUSIVE MODE"))
        for asking in (
            people.subscribe(PHONE, MEDONO, language="id", channel="at", wording="v1", deadline=0.1),
            people.active_areas(PHONE, deadline=0.1),
        ):
            with pytest.raises(DatabaseUnavailable):
                await asking


async def test_the_table_holds_no_readable_number(people: Subscriptions, database: Database) -> None:
    await subscribe(people)
    assert "81230004567" not in repr(await rows(database))
