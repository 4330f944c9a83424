"""The key of a database: noted once, and no other is taken, whoever comes first and whatever stands there already."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import select, text

from gateway.people.subscriptions import Subscriptions
from gateway.runtime.postgres import Database, DatabaseUnavailable
from gateway.text.phone import Phone
from gateway.vault.key_check import WrongVaultKey, check_vault_key
from gateway.vault.tables import vault_keys
from gateway.vault.vault import Vault
from tests.helpers.clocks import ManualClock

OTHER = Vault(bytes(32))
FIRST, SECOND = Phone("+6281230004567"), Phone("+6285712340008")


async def subscribed(database: Database, vault: Vault, clock: ManualClock, phone: Phone) -> None:
    """A number that was sealed with this key; nobody has proven it."""
    await Subscriptions(database, vault, clock).subscribe(
        phone, "33.75.01.1008", language="id", channel="at", wording="v1"
    )


async def noted(database: Database) -> list[bytes]:
    async with database.begin() as connection:
        return list(await connection.scalars(select(vault_keys.c.fingerprint)))


async def test_the_first_key_is_noted_and_no_other_taken(database: Database, vault: Vault, clock: ManualClock) -> None:
    for _ in range(2):
        await check_vault_key(database, vault, clock)
    with pytest.raises(WrongVaultKey, match="this database was encrypted with another one"):
        await check_vault_key(database, OTHER, clock)
    await check_vault_key(database, vault, clock)
    assert await noted(database) == [vault.fingerprint]


async def test_of_many_at_once_one_key_wins(database: Database, vault: Vault, clock: ManualClock) -> None:
    ended = await asyncio.gather(
        *(check_vault_key(database, key, clock) for key in (vault, OTHER) * 5), return_exceptions=True
    )
    (winner,) = await noted(database)
    assert winner in (vault.fingerprint, OTHER.fingerprint)
    refused = [isinstance(end, WrongVaultKey) for end in ended]
    assert refused == [key.fingerprint != winner for key in (vault, OTHER) * 5]


async def test_numbers_of_before_tell_the_right_key(database: Database, vault: Vault, clock: ManualClock) -> None:
    await subscribed(database, vault, clock, FIRST)
    with pytest.raises(WrongVaultKey):
        await check_vault_key(database, OTHER, clock)
    assert await noted(database) == []
    await check_vault_key(database, vault, clock)
    assert await noted(database) == [vault.fingerprint]


async def test_the_newest_number_tells(database: Database, vault: Vault, clock: ManualClock) -> None:
    """Where a key was lost once already, the one of today stays."""
    await subscribed(database, OTHER, clock, FIRST)
    await subscribed(database, vault, clock, SECOND)
    await check_vault_key(database, vault, clock)
    assert await noted(database) == [vault.fingerprint]


async def test_erased_numbers_tell_nothing(database: Database, vault: Vault, clock: ManualClock) -> None:
    await subscribed(database, OTHER, clock, FIRST)
    async with database.begin() as connection:
        for table in ("subscriptions", "people"):
            await connection.execute(text(f"UPDATE {table} SET phone_sealed = NULL, phone_key = NULL"))
    await check_vault_key(database, vault, clock)


async def test_a_database_that_is_away_is_no_wrong_key(vault: Vault, clock: ManualClock) -> None:
    nowhere = Database("postgresql+asyncpg://nobody@127.0.0.1:1/nothing", pool_size=1)
    with pytest.raises(DatabaseUnavailable):
        await check_vault_key(nowhere, vault, clock)
    await nowhere.close()
