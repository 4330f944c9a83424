"""Start of a process, refused if the vault key is not the one that the database was encrypted with."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from gateway.runtime.postgres import DatabaseUnavailable
from gateway.runtime.schema import check_tables
from gateway.vault.key_check import WrongVaultKey, check_vault_key
from gateway.wiring.container import Services

log = structlog.get_logger()

_DEADLINE_S = 2.0
_RETRY_S = 1.0


@asynccontextmanager
async def verify_key(services: Services) -> AsyncIterator[asyncio.Future[None]]:
    """Check the vault key before the block begins. Raises `WrongVaultKey`.

    A process starts all the same while PostgreSQL is unavailable, or its tables are older: residents are served from
    Redis meanwhile. The check is then retried until it is possible, and the yielded future fails with `WrongVaultKey`.
    """
    if await _is_proven(services):
        proof: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        proof.set_result(None)
    else:
        proof = asyncio.create_task(_prove_later(services))
    try:
        yield proof
    finally:
        proof.cancel()
        await asyncio.gather(proof, return_exceptions=True)


async def _prove_later(services: Services) -> None:
    proven = False
    while not proven:
        await asyncio.sleep(_RETRY_S)
        proven = await _is_proven(services)


async def _is_proven(services: Services) -> bool:
    """Return True if the key is right, False if that cannot be checked now. Raises `WrongVaultKey`."""
    try:
        await check_tables(services.database, deadline=_DEADLINE_S)
        await check_vault_key(services.database, services.vault, services.clock, deadline=_DEADLINE_S)
    except DatabaseUnavailable:
        return False
    except WrongVaultKey:
        log.error("vault.wrong_key")
        raise
    return True
