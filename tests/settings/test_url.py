"""URLs of the stores: accepted as their drivers take them, refused in one sentence that quotes no password."""

from __future__ import annotations

import asyncio
import re

import pytest

from gateway.runtime.postgres import Database, DatabaseUnavailable
from gateway.runtime.redis import redis_client
from gateway.runtime.redis_probe import probe_redis
from gateway.settings.url import POSTGRES_PARAMETERS, REDIS_PARAMETERS, check_url

POSTGRES = ("postgresql", "postgresql+asyncpg", "postgres")
REDIS = ("redis", "rediss", "unix")
GOOD_POSTGRES = [
    "postgresql://127.0.0.1:1/waspada",
    "postgres://waspada:se%40cret@127.0.0.1:1/waspada",
    "postgresql+asyncpg://waspada@/waspada?host=%2Fnowhere",
    "postgresql://waspada@/waspada?host=/nowhere",
    "postgresql:///waspada?host=/nowhere&user=waspada",
    "postgresql://waspada@[::1]:1/waspada",
    "postgresql://waspada@127.0.0.1:1,127.0.0.1:2/waspada?target_session_attrs=read-write",
    "postgresql://waspada@/waspada?host=127.0.0.1,127.0.0.1&port=1,2&target_session_attrs=primary",
    "postgresql://127.0.0.1:1/waspada?sslmode=require&application_name=waspada&passfile=/nowhere",
    "postgresql://127.0.0.1:1/waspada?sslmode=verify-full&sslrootcert=/nowhere",
    "postgresql://127.0.0.1:1/waspada?ssl=require",
    "postgresql://127.0.0.1:1/waspada?statement_cache_size=0",
    "postgresql://127.0.0.1:1/waspada?prepared_statement_cache_size=0",
]
GOOD_REDIS = [
    "redis://127.0.0.1:1",
    "redis://:se%40cret@127.0.0.1:1/0",
    "redis://127.0.0.1:1?db=1",
    "rediss://waspada:secret@127.0.0.1:1/0?ssl_cert_reqs=none",
    "rediss://127.0.0.1:1/0?ssl_ca_certs=/nowhere&ssl_check_hostname=false",
    "unix:///nowhere/redis.sock",
    "unix://:secret@/nowhere/redis.sock?db=2",
]


@pytest.mark.parametrize("url", GOOD_POSTGRES)
async def test_driver_of_postgresql_takes_an_accepted_url(url: str) -> None:
    check_url(url, POSTGRES, POSTGRES_PARAMETERS)

    database = Database(url)
    with pytest.raises(DatabaseUnavailable):
        await database.ping()
    await database.close()


@pytest.mark.parametrize("url", GOOD_REDIS)
async def test_client_of_redis_takes_an_accepted_url(url: str) -> None:
    check_url(url, REDIS, REDIS_PARAMETERS)

    async with redis_client(url) as client:
        with pytest.raises(Exception, match="reached"):
            await asyncio.wait_for(probe_redis(client, 5), 10)


@pytest.mark.parametrize(
    ("parameter", "said"),
    [
        ("statement_cache_size=none", "a value for statement_cache_size"),
        ("statement_cache_size=", "a value for statement_cache_size"),
        ("sslmode=on", "a value for sslmode"),
        ("sslmode=VERIFY-FULL", "a value for sslmode"),
        ("target_session_attrs=write", "a value for target_session_attrs"),
        ("port=secret", "a value for port"),
        ("connect_timeout=10", "an unknown parameter connect_timeout; expected one of application_name, host, "),
        ("channel_binding=require", "an unknown parameter channel_binding"),
        ("pgbouncer=true", "an unknown parameter pgbouncer"),
        ("options=-c%20jit%3Doff", "an unknown parameter options"),
        ("server_settings=secret", "an unknown parameter server_settings"),
        ("Sslmode=require", "an unknown parameter Sslmode"),
        ("host=secret&host=secret", "the same parameter twice"),
    ],
)
def test_unknown_parameter_of_postgresql_is_refused_by_name(parameter: str, said: str) -> None:
    with pytest.raises(ValueError, match=f"^has {said}") as refused:
        check_url(f"postgresql://waspada:secret@host/waspada?{parameter}", POSTGRES, POSTGRES_PARAMETERS)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("parameter", "said"),
    [
        ("db=one", "a value for db"),
        ("db=-1", "a value for db"),
        ("ssl_cert_reqs=no", "a value for ssl_cert_reqs"),
        ("socket_timeout=secret", "an unknown parameter socket_timeout; expected one of client_name, db, "),
        ("decode_responses=True", "an unknown parameter decode_responses"),
        ("protocol=2", "an unknown parameter protocol"),
        ("sentinel=waspada", "an unknown parameter sentinel"),
        ("db=0&db=1", "the same parameter twice"),
    ],
)
def test_unknown_parameter_of_redis_is_refused_by_name(parameter: str, said: str) -> None:
    with pytest.raises(ValueError, match=f"^has {said}") as refused:
        check_url(f"redis://:secret@host/0?{parameter}", REDIS, REDIS_PARAMETERS)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        *(
            (url, "must be a URL that begins with redis:// or rediss:// or unix://")
            for url in (
                "redis:/host",
                "unix:/run/redis.sock",
                "REDIS://host",
                "redis+sentinel://host/waspada",
                "sentinel://host",
                "host:6379",
                "",
            )
        ),
        ("redis://", "must be a URL that names a host or a socket"),
        ("redis://host:99999", "must be a URL with a port up to 65535, and an address of IPv6 in [ ]"),
        ("redis://host:port", "must be a URL with a port up to 65535, and an address of IPv6 in [ ]"),
        ("redis://[::1/0", "must be a URL with a port up to 65535, and an address of IPv6 in [ ]"),
        ("redis://host /0", "must be a URL without blanks"),
        ("redis://host/first", "must end with the number of a database, such as /0"),
        ("rediss://host:6379/0/1", "must end with the number of a database, such as /0"),
    ],
)
def test_text_that_is_no_url_of_a_redis_is_refused(url: str, said: str) -> None:
    with pytest.raises(ValueError, match=rf"^{re.escape(said)}$"):
        check_url(url, REDIS, REDIS_PARAMETERS)


@pytest.mark.parametrize("password", ["sec#ret", "sec/ret", "sec?ret", "sec@ret", "s/e?c=r@e#t"])
@pytest.mark.parametrize("scheme", ["postgresql", "redis"])
def test_unquoted_password_is_told_and_not_quoted(scheme: str, password: str) -> None:
    parameters = POSTGRES_PARAMETERS if scheme == "postgresql" else REDIS_PARAMETERS
    with pytest.raises(ValueError, match="must have %40 for @, %2F for /,") as refused:
        check_url(f"{scheme}://waspada:{password}@host/0", (scheme,), parameters)
    assert password not in str(refused.value)
    assert "ret" not in str(refused.value)
