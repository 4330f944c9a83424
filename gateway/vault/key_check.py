"""Check of the vault key against the fingerprint of the key that this database was encrypted with.

Under another key no stored number can be decrypted, and none is found by its keyed hash, so that people who have opted
out would get the next appeal. Nothing else would reveal it, since new numbers work. So a process with the wrong key is
refused before it encrypts anything.
"""

from __future__ import annotations

import hmac

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.runtime.clock import Clock
from gateway.runtime.postgres import Database, metadata
from gateway.text.errors import ExplainedError
from gateway.vault.tables import vault_keys
from gateway.vault.vault import KEY_ID, CannotOpen, Vault

_SEALED_SUFFIX, _KEY_SUFFIX = "_sealed", "_key"  # of the names of columns with encrypted numbers, and their hashes


class WrongVaultKey(ExplainedError):
    """Wrong vault key: this database was encrypted with another one. Put the right one back from your backup:
    vault_key of the settings, or secrets.toml in the data folder of `waspada run`. Nothing is lost until then."""


async def check_vault_key(
    database: Database, vault: Vault, clock: Clock | None, *, deadline: float | None = None
) -> None:
    """Check that the key is the right one. Raises `WrongVaultKey` and `DatabaseUnavailable`.

    The first key of a new database is stored as the right one, unless there is no `clock` to date it. A database from
    before there were fingerprints accepts the key that decrypts the newest number of any of its tables.

    The stored fingerprint is locked, which is a write: a database that only reads is unavailable.
    """
    async with database.begin(deadline=deadline) as connection:
        stored = await _stored_fingerprint(connection)
        if stored is None:
            if not await _opens_stored_numbers(connection, vault):
                raise WrongVaultKey
            if clock is None:
                return
            row = {"id": KEY_ID[0], "fingerprint": vault.fingerprint, "noted_at": clock.now()}
            await connection.execute(insert(vault_keys).values(row).on_conflict_do_nothing())
            stored = await _stored_fingerprint(connection)  # another process may have been first
        if stored is None or not hmac.compare_digest(stored, vault.fingerprint):
            raise WrongVaultKey


async def _stored_fingerprint(connection: AsyncConnection) -> bytes | None:
    stored = select(vault_keys.c.fingerprint).where(vault_keys.c.id == KEY_ID[0])
    return await connection.scalar(stored.with_for_update(read=True, key_share=True))


async def _opens_stored_numbers(connection: AsyncConnection, vault: Vault) -> bool:
    """Return True if there is no number, or if the newest one of some table can be decrypted."""
    newest = []
    for table in metadata.sorted_tables:
        for column in table.columns:
            key = table.c.get(column.name.removesuffix(_SEALED_SUFFIX) + _KEY_SUFFIX)
            if column.name.endswith(_SEALED_SUFFIX) and key is not None:  # the secret of an account has no hash
                last = select(column, key).where(column.is_not(None)).order_by(table.c.id.desc()).limit(1)
                newest.append((await connection.execute(last)).first())
    numbers = [row for row in newest if row is not None]
    return not numbers or any(_opens(vault, sealed, key) for sealed, key in numbers)


def _opens(vault: Vault, sealed: bytes, key: bytes | None) -> bool:
    try:
        vault.open(sealed, key)
    except CannotOpen:
        return False
    return True
