"""Readiness of the two stores, of a process that runs and of settings that are checked."""

from __future__ import annotations

import asyncio
from functools import partial

from redis.asyncio import Redis

from gateway.runtime.clock import Clock
from gateway.runtime.postgres import Database, DatabaseUnavailable
from gateway.runtime.readiness import UNREACHABLE, NotReady, Probe, Readiness
from gateway.runtime.redis import redis_client
from gateway.runtime.redis_probe import probe_redis
from gateway.runtime.schema import check_tables
from gateway.settings import Settings
from gateway.vault.key_check import WrongVaultKey, check_vault_key
from gateway.vault.vault import Vault

_WRONG_VAULT_KEY = "Wrong vault key: this database was encrypted with another one."
_CHECK_SECONDS = 3.0


def readiness_of(redis: Redis, database: Database, vault: Vault, clock: Clock) -> Readiness:
    """Return the readiness of a process over these stores."""
    return Readiness({"redis": partial(probe_redis, redis), "postgres": _postgres_probe(database, vault, clock)})


async def faults_of_stores(settings: Settings) -> dict[str, NotReady]:
    """Return the faults of the stores that the settings name, without changing anything in PostgreSQL."""
    probes: dict[str, Probe] = {}
    redis = redis_client(settings.redis_address) if settings.redis_url else None
    database = Database(settings.database_address, pool_size=1) if settings.database_url else None
    if redis:
        probes["redis"] = partial(probe_redis, redis)
    if database:
        vault = Vault(settings.vault_key_bytes) if settings.vault_key else None
        probes["postgres"] = _postgres_probe(database, vault, None)
    try:
        return await Readiness(probes).faults(_CHECK_SECONDS)
    finally:
        if redis:
            await redis.aclose()
        if database:
            await database.close()


def _postgres_probe(database: Database, vault: Vault | None, clock: Clock | None) -> Probe:
    """Return the probe of PostgreSQL: tables of this release, the right vault key, and a write.

    The write is the lock of a row, made by the check of the key. It leaves nothing behind, and fails for all that a
    report would fail for: a standby, a read-only database, missing rights, a commit that hangs.
    """

    async def probe(seconds: float) -> None:
        ends = asyncio.get_running_loop().time() + seconds
        try:
            await check_tables(database, deadline=seconds)
            if vault:
                await check_vault_key(database, vault, clock, deadline=ends - asyncio.get_running_loop().time())
        except WrongVaultKey:
            raise NotReady(_WRONG_VAULT_KEY) from None
        except DatabaseUnavailable as error:
            if isinstance(error.__cause__, TimeoutError):
                raise TimeoutError from error
            raise NotReady(error.reason or UNREACHABLE) from error

    return probe
