"""Subscriptions over a real PostgreSQL: one active per phone and area, and every consent on record."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import text

from gateway.people.directory import Directory, ImportCounts
from gateway.people.person import ListedPerson
from gateway.people.subscriptions import Subscriptions, withdraw_subscriptions
from gateway.people.tables import people, subscriptions
from gateway.runtime.postgres import Database, DatabaseUnavailable
from gateway.text.phone import Phone
from gateway.vault.vault import Vault
from tests.helpers.clocks import ManualClock
from tests.helpers.people import MEDONO, OFFICER, PODOSUGIH, OptOutPhone, import_list
from tests.helpers.phones import NUMBER, OTHER
from tests.helpers.tables import Rows, rows


async def subscribe(
    consents: Subscriptions, phone: Phone = NUMBER, area: str = PODOSUGIH, language: str = "id", wording: str = "v1"
) -> bool:
    return await consents.subscribe(phone, area, language=language, channel="at", wording=wording)


async def withdraw(database: Database, vault: Vault, clock: ManualClock, phone: Phone = NUMBER) -> set[bytes]:
    async with database.begin() as connection:
        return await withdraw_subscriptions(connection, [vault.lookup(phone)], clock.now())


async def subscription_rows(database: Database) -> Rows:
    return await rows(database, subscriptions)


async def test_subscribe_records_the_consent(
    consents: Subscriptions, database: Database, vault: Vault, clock: ManualClock
) -> None:
    assert await subscribe(consents)

    (row,) = await subscription_rows(database)
    assert vault.open(row["phone_sealed"], row["phone_key"]) == NUMBER
    assert row["phone_key"] == vault.lookup(NUMBER)
    assert (row["area"], row["language"], row["channel"], row["wording"]) == (PODOSUGIH, "id", "at", "v1")
    assert (row["consented_at"], row["withdrawn_at"]) == (clock.now(), None)
    assert await consents.active_areas(NUMBER) == [PODOSUGIH]


async def test_subscribe_again_changes_the_language_and_the_newest_time_only(
    consents: Subscriptions, database: Database, clock: ManualClock
) -> None:
    await subscribe(consents)
    (before,) = await subscription_rows(database)

    clock.advance(days=1)

    assert await subscribe(consents, language="jv", wording="v2")
    assert await subscription_rows(database) == [{**before, "language": "jv", "agreed_at": clock.now()}]


async def test_simultaneous_subscribes_make_one_subscription(consents: Subscriptions, database: Database) -> None:
    assert all(await asyncio.gather(*(subscribe(consents) for _ in range(5))))

    assert len(await subscription_rows(database)) == 1


async def test_subscribe_takes_several_areas_and_phones(consents: Subscriptions) -> None:
    assert await subscribe(consents, area=PODOSUGIH)
    assert await subscribe(consents, area=MEDONO)
    assert await subscribe(consents, OTHER, MEDONO)
    assert await consents.active_areas(NUMBER) == [PODOSUGIH, MEDONO]
    assert await consents.active_areas(OTHER) == [MEDONO]


async def test_withdraw_ends_all_subscriptions_and_deletes_none(
    consents: Subscriptions, database: Database, vault: Vault, clock: ManualClock
) -> None:
    for phone, area in ((NUMBER, PODOSUGIH), (NUMBER, MEDONO), (OTHER, MEDONO)):
        await subscribe(consents, phone, area)
    before = await subscription_rows(database)

    clock.advance(days=1)

    assert await withdraw(database, vault, clock) == set()
    assert await consents.active_areas(NUMBER) == []
    assert await consents.active_areas(OTHER) == [MEDONO]

    ended = [{**row, "withdrawn_at": clock.now()} for row in before[:2]]
    assert await subscription_rows(database) == [*ended, before[2]]

    clock.advance(days=1)
    assert await withdraw(database, vault, clock) == set()
    assert await subscription_rows(database) == [*ended, before[2]]


async def test_subscribe_after_a_withdrawal_records_a_new_consent(
    consents: Subscriptions, database: Database, vault: Vault, clock: ManualClock
) -> None:
    await subscribe(consents)
    await withdraw(database, vault, clock)

    clock.advance(days=1)

    assert await subscribe(consents, wording="v2")
    assert [(row["wording"], row["withdrawn_at"] is None) for row in await subscription_rows(database)] == [
        ("v1", False),
        ("v2", True),
    ]
    assert await consents.active_areas(NUMBER) == [PODOSUGIH]


async def test_every_call_ends_at_its_deadline(consents: Subscriptions, database: Database) -> None:
    async with database.begin() as other:
        await other.execute(text("LOCK TABLE subscriptions IN ACCESS EXCLUSIVE MODE"))
        for asking in (
            consents.subscribe(NUMBER, MEDONO, language="id", channel="at", wording="v1", deadline=0.1),
            consents.active_areas(NUMBER, deadline=0.1),
        ):
            with pytest.raises(DatabaseUnavailable):
                await asking


async def test_subscribe_stores_no_readable_number(consents: Subscriptions, database: Database) -> None:
    await subscribe(consents)
    assert "81230004567" not in repr(await subscription_rows(database))


# Together with imports -------------------------------------------------------------------------------------------


async def test_subscribe_adds_the_phone_to_the_directory(
    directory: Directory, consents: Subscriptions, opt_out: OptOutPhone, database: Database
) -> None:
    for area, language in ((PODOSUGIH, "id"), (MEDONO, "jv")):
        await consents.subscribe(NUMBER, area, language=language, channel="at", wording="v1")
    (listed,) = await directory.list_people()
    assert (listed.roles, listed.areas) == (("subscriber",), (MEDONO, PODOSUGIH))
    assert (listed.language, listed.source) == ("jv", "at")
    assert await import_list(directory, ListedPerson(NUMBER, (OFFICER,), "Dewi")) == ImportCounts(updated=1)
    assert len(await rows(database, people)) == 1

    await opt_out(NUMBER)
    person = await directory.find(NUMBER)
    assert person
    assert person.grants == (OFFICER,)
