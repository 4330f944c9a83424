"""TLS to the stores as the settings ask for it: both drivers refuse a wrong name and an unknown authority.

The servers are real, behind a front that speaks TLS.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from urllib.parse import unquote, urlsplit

import certifi
import pytest
from sqlalchemy import make_url

from gateway.runtime.embedded import EmbeddedStores
from gateway.runtime.postgres import Database
from gateway.vault.key_check import check_vault_key
from gateway.vault.vault import Vault
from gateway.wiring.readiness import faults_of_stores
from tests.helpers.clocks import ManualClock
from tests.helpers.gateway import VAULT_KEY, settings_of
from tests.helpers.tls import Authority, tls_front
from tests.helpers.ussd import Resident, ussd_gateway

UNTRUSTED = "Its TLS certificate is not trusted."


@asynccontextmanager
async def behind_tls(stores: EmbeddedStores, database_url: str, context: ssl.SSLContext) -> AsyncIterator[list[str]]:
    """Yield the addresses of Redis and PostgreSQL behind TLS, without schemes and parameters."""
    url = make_url(database_url)
    connect_redis = partial(asyncio.open_unix_connection, unquote(urlsplit(stores.redis_url).path))
    connect_postgres = partial(asyncio.open_unix_connection, f"{url.query['host']}/.s.PGSQL.5432")
    async with (
        tls_front(context, connect_redis) as redis_port,
        tls_front(context, connect_postgres, postgres=True) as postgres_port,
    ):
        yield [f"localhost:{redis_port}/0", f"{url.username}@localhost:{postgres_port}/{url.database}"]


async def faults(redis_url: str, database_url: str) -> dict[str, str]:
    """Return what `waspada check` says of the stores."""
    return {
        store: str(fault) for store, fault in (await faults_of_stores(settings_of(redis_url, database_url))).items()
    }


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "authority")


@pytest.fixture(autouse=True)
async def noted(redis_url: str, database: Database, clock: ManualClock) -> None:
    await check_vault_key(database, Vault(VAULT_KEY), clock)


async def test_verified_stores_are_used(stores: EmbeddedStores, database_url: str, authority: Authority) -> None:
    async with behind_tls(stores, database_url, authority.server("localhost")) as (redis, postgres):
        redis_url = f"rediss://{redis}?ssl_ca_certs={authority.trusted}"
        verified_url = f"postgresql://{postgres}?sslmode=verify-full&sslrootcert={authority.trusted}"

        assert await faults(redis_url, verified_url) == {}
        async with ussd_gateway(redis_url, verified_url) as gateway:
            await Resident(gateway.services.turns).walk()
            assert len(await gateway.incidents()) == 1


@pytest.mark.parametrize("name", ["db.example", "localhost.example", "127.0.0.1", "*.localhost"])
async def test_certificate_of_another_name_is_refused(
    stores: EmbeddedStores, database_url: str, authority: Authority, name: str
) -> None:
    async with behind_tls(stores, database_url, authority.server(name)) as (redis, postgres):
        found = await faults(
            f"rediss://{redis}?ssl_ca_certs={authority.trusted}",
            f"postgresql://{postgres}?sslmode=verify-full&sslrootcert={authority.trusted}",
        )

    assert found == {"redis": UNTRUSTED, "postgres": UNTRUSTED}


async def test_certificate_of_an_unknown_authority_is_refused(
    stores: EmbeddedStores, database_url: str, authority: Authority, tmp_path: Path
) -> None:
    other = Authority(tmp_path / "other")
    async with behind_tls(stores, database_url, authority.server("localhost")) as (redis, postgres):
        found = await faults(
            f"rediss://{redis}?ssl_ca_certs={other.trusted}",
            f"postgresql://{postgres}?sslmode=verify-full&sslrootcert={other.trusted}",
        )
        by_the_system = await faults(
            f"rediss://{redis}", f"postgresql://{postgres}?sslmode=verify-full&sslrootcert={certifi.where()}"
        )

    assert found == by_the_system == {"redis": UNTRUSTED, "postgres": UNTRUSTED}


async def test_verification_without_a_file_of_certificates_is_told(
    stores: EmbeddedStores, redis_url: str, database_url: str, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The driver of PostgreSQL does not know the authorities of the system."""
    monkeypatch.setenv("HOME", "/nowhere")
    async with behind_tls(stores, database_url, authority.server("localhost")) as (_, postgres):
        found = await faults(redis_url, f"postgresql://{postgres}?sslmode=verify-full")

    assert found == {"postgres": "It needs sslrootcert=FILE in database_url: the certificates to trust."}
