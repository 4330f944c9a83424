"""Check of the vault key over a real PostgreSQL: the first key is stored, and no other is accepted."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import insert, select, text

from gateway.accounts.tables import accounts
from gateway.people.subscriptions import Subscriptions
from gateway.runtime.postgres import Database, DatabaseUnavailable
from gateway.text.phone import Phone
from gateway.vault.key_check import WrongVaultKey, check_vault_key
from gateway.vault.tables import vault_keys
from gateway.vault.vault import Vault
from tests.helpers.clocks import ManualClock
from tests.helpers.phones import NUMBER, OTHER

OTHER_VAULT = Vault(bytes(32))


async def subscribe(database: Database, vault: Vault, clock: ManualClock, phone: Phone) -> None:
    """Store a number that was encrypted with this key, without checking the key."""
    await Subscriptions(database, vault, clock).subscribe(
        phone, "33.75.01.1008", language="id", channel="at", wording="v1"
    )


async def stored_fingerprints(database: Database) -> list[bytes]:
    async with database.begin() as connection:
        return list(await connection.scalars(select(vault_keys.c.fingerprint)))


async def test_first_key_is_stored_and_no_other_accepted(database: Database, vault: Vault, clock: ManualClock) -> None:
    for _ in range(2):
        await check_vault_key(database, vault, clock)
    with pytest.raises(WrongVaultKey, match="this database was encrypted with another one"):
        await check_vault_key(database, OTHER_VAULT, clock)

    await check_vault_key(database, vault, clock)
    assert await stored_fingerprints(database) == [vault.fingerprint]


async def test_simultaneous_first_checks_store_one_key(database: Database, vault: Vault, clock: ManualClock) -> None:
    results = await asyncio.gather(
        *(check_vault_key(database, key, clock) for key in (vault, OTHER_VAULT) * 5), return_exceptions=True
    )
    (winner,) = await stored_fingerprints(database)
    assert winner in (vault.fingerprint, OTHER_VAULT.fingerprint)

    refused = [isinstance(result, WrongVaultKey) for result in results]
    assert refused == [key.fingerprint != winner for key in (vault, OTHER_VAULT) * 5]


async def test_database_without_fingerprint_accepts_the_key_of_its_numbers(
    database: Database, vault: Vault, clock: ManualClock
) -> None:
    await subscribe(database, vault, clock, NUMBER)
    with pytest.raises(WrongVaultKey):
        await check_vault_key(database, OTHER_VAULT, clock)
    assert await stored_fingerprints(database) == []

    await check_vault_key(database, vault, clock)
    assert await stored_fingerprints(database) == [vault.fingerprint]


async def test_database_without_fingerprint_accepts_the_key_of_its_newest_number(
    database: Database, vault: Vault, clock: ManualClock
) -> None:
    """If a key was lost once already, the one of today stays."""
    await subscribe(database, OTHER_VAULT, clock, NUMBER)
    await subscribe(database, vault, clock, OTHER)

    await check_vault_key(database, vault, clock)

    assert await stored_fingerprints(database) == [vault.fingerprint]


async def test_database_of_erased_numbers_accepts_any_key(database: Database, vault: Vault, clock: ManualClock) -> None:
    await subscribe(database, OTHER_VAULT, clock, NUMBER)
    async with database.begin() as connection:
        for table in ("subscriptions", "people"):
            await connection.execute(text(f"UPDATE {table} SET phone_sealed = NULL, phone_key = NULL"))
    await check_vault_key(database, vault, clock)


async def test_secret_of_an_account_is_no_number(database: Database, vault: Vault, clock: ManualClock) -> None:
    secret = {"totp_sealed": OTHER_VAULT.seal_secret(bytes(20), "dewi"), "totp_step": 1}
    row = {"name": "dewi", "display": "Dewi", "roles": [], "password_hash": "", "failed_tries": 0}
    async with database.begin() as connection:
        await connection.execute(
            insert(accounts).values(row | secret | {"password_set_at": clock.now(), "created_at": clock.now()})
        )

    await check_vault_key(database, vault, clock)


async def test_unavailable_database_is_no_wrong_key(vault: Vault, clock: ManualClock) -> None:
    nowhere = Database("postgresql+asyncpg://nobody@127.0.0.1:1/nothing", pool_size=1)
    with pytest.raises(DatabaseUnavailable):
        await check_vault_key(nowhere, vault, clock)

    await nowhere.close()
