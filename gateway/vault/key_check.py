"""Whether the vault's key is the one that this database was filled with: a fingerprint of it stands in the database.

Under another key every stored number is lost to sight: none can be read, and none is found again, so that whoever has
said STOP would get the next appeal. Nothing else would tell, since new numbers work. So a process with the wrong key is
refused before it seals anything.
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

_SEALED = "_sealed"  # what the names of the columns with sealed numbers end with


class WrongVaultKey(ExplainedError):
    """The vault key is not the one that this database was filled with. Put the right one back from your backup:
    vault_key of the settings, or secrets.toml in the data folder of `waspada run`. Nothing is lost until then."""


async def check_vault_key(database: Database, vault: Vault, clock: Clock, *, deadline: float | None = None) -> None:
    """Return if the key is the right one; the first that comes is noted. Raises `WrongVaultKey` and `DatabaseAway`.

    A database of before there were fingerprints takes the key that opens the newest number of any of its tables.
    """
    async with database.begin(deadline=deadline) as connection:
        noted = await _noted(connection)
        if noted is None:
            if not await _opens_what_stands(connection, vault):
                raise WrongVaultKey
            row = {"id": KEY_ID[0], "fingerprint": vault.fingerprint, "noted_at": clock.now()}
            await connection.execute(insert(vault_keys).values(row).on_conflict_do_nothing())
            noted = await _noted(connection)  # another process may have been first
        if noted is None or not hmac.compare_digest(noted, vault.fingerprint):
            raise WrongVaultKey


async def _noted(connection: AsyncConnection) -> bytes | None:
    found = await connection.execute(select(vault_keys.c.fingerprint).where(vault_keys.c.id == KEY_ID[0]))
    return found.scalar()


async def _opens_what_stands(connection: AsyncConnection, vault: Vault) -> bool:
    """Whether no number stands there, or the newest of some table can be opened."""
    newest = [
        await connection.scalar(select(column).where(column.is_not(None)).order_by(table.c.id.desc()).limit(1))
        for table in metadata.sorted_tables
        for column in table.columns
        if column.name.endswith(_SEALED)
    ]
    numbers = [sealed for sealed in newest if sealed is not None]
    return not numbers or any(_opens(vault, sealed) for sealed in numbers)


def _opens(vault: Vault, sealed: bytes) -> bool:
    try:
        vault.open(sealed)
    except CannotOpen:
        return False
    return True
