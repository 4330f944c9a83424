"""Stores on other machines: refused without verified TLS, by a sentence that tells what to write."""

from __future__ import annotations

import socket
from pathlib import Path

import certifi
import pytest

from gateway.settings import SettingsRefused
from gateway.settings.remote_store import check_verified
from gateway.settings.url import POSTGRES_PARAMETERS, REDIS_PARAMETERS, check_url
from gateway.wiring.carriers import read_settings

HERE, CERTIFICATES = socket.gethostname(), certifi.where()
LOCAL = [
    "unix:///run/redis/redis.sock",
    "unix://:secret@/run/redis/redis.sock?db=0",
    "redis:///0",
    "redis://localhost:6379/0",
    "redis://:secret@LOCALHOST",
    "redis://127.0.0.1:6379/0",
    "redis://waspada:secret@127.8.9.10:6379/0",
    "redis://[::1]:6379/0",
    "redis://[::ffff:127.0.0.1]:6379",
    f"redis://{HERE}:6379/0",
    "rediss://127.0.0.1:1/0?ssl_cert_reqs=none",
    "postgresql:///waspada",
    "postgresql://waspada@/waspada?host=/run/postgresql",
    "postgresql+asyncpg://waspada@/waspada?host=%2Frun%2Fpostgresql",
    "postgresql://waspada@%2Frun%2Fpostgresql/waspada",
    "postgres://waspada:secret@localhost:5432/waspada?sslmode=disable",
    "postgresql://waspada@127.0.0.1/waspada",
    "postgresql://waspada@[::1]:5432/waspada",
    "postgresql:///waspada?host=localhost:5432,127.0.0.1:5433,/run/postgresql",
    f"postgresql://waspada@{HERE.upper()}/waspada",
]
VERIFIED = [
    "rediss://cache.example:6380/0",
    f"rediss://:secret@10.0.0.2/0?ssl_ca_certs={CERTIFICATES}",
    "rediss://cache.example/0?ssl_cert_reqs=required&ssl_check_hostname=true",
    "rediss://cache.example/0?ssl_cert_reqs=optional&ssl_check_hostname=True",
    f"postgresql://waspada:secret@db.example/waspada?sslmode=verify-full&sslrootcert={CERTIFICATES}",
    "postgresql+asyncpg://waspada@10.0.0.2:5432/waspada?ssl=verify-full",
    "postgres:///waspada?host=one.example,two.example&sslmode=verify-full",
]
UNVERIFIED = [
    "redis://cache.example:6379/0",
    "redis://:secret@cache/0",
    "redis://10.0.0.2",
    "redis://192.168.1.7:6379/0",
    "redis://0.0.0.0/0",
    "redis://[fd00::2]:6379/0",
    "redis://[::ffff:10.0.0.2]:6379/0",
    "redis://localhost.example/0",
    "redis://127.0.0.1.example/0",
    "redis://localhost@cache/0",
    "rediss://cache.example/0?ssl_cert_reqs=none",
    "rediss://cache.example/0?ssl_check_hostname=false",
    "rediss://cache.example/0?ssl_check_hostname=False&ssl_cert_reqs=required",
    "postgresql://waspada:secret@db/waspada",
    "postgresql://10.0.0.2:5432/waspada",
    "postgresql+asyncpg://waspada@[fd00::2]/waspada",
    "postgres:///waspada?host=db.example",
    "postgresql:///waspada?host=/run/postgresql,db.example",
    "postgresql://127.0.0.1:5432,db.example:5432/waspada",
    "postgresql://localhost@db.example/waspada?host=/run/postgresql",
    *(
        f"postgresql://db.example/waspada?{name}={mode}"
        for name in ("sslmode", "ssl")
        for mode in ("disable", "allow", "prefer", "require", "verify-ca")
    ),
    "postgresql://db.example/waspada?sslmode=verify-full&ssl=require",
]


def kind(url: str) -> str:
    return "database_url" if url.startswith("postgres") else "redis_url"


@pytest.fixture(autouse=True)
def no_host_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PGHOST", raising=False)


@pytest.mark.parametrize("url", [*LOCAL, *VERIFIED])
def test_local_and_verified_stores_are_taken(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"WASPADA_{kind(url)}".upper(), url)
    assert getattr(read_settings(), kind(url)).get_secret_value() == url


@pytest.mark.parametrize("url", UNVERIFIED)
def test_unverified_store_on_another_machine_is_refused(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"WASPADA_{kind(url)}".upper(), url)
    with pytest.raises(SettingsRefused) as caught:
        read_settings()

    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.startswith(f"WASPADA_{kind(url).upper()}: {kind(url)}: names another machine")
    assert ("rediss://" if kind(url) == "redis_url" else "sslmode=verify-full and sslrootcert=FILE") in diagnostic
    assert diagnostic.endswith("or set trusted_network = true if the network between is yours alone")
    assert "secret" not in diagnostic


@pytest.mark.parametrize("url", UNVERIFIED)
def test_trusted_network_takes_any_store(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WASPADA_TRUSTED_NETWORK", "true")
    monkeypatch.setenv(f"WASPADA_{kind(url)}".upper(), url)

    assert getattr(read_settings(), kind(url)).get_secret_value() == url


def test_host_of_the_environment_counts_as_the_driver_takes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGHOST", "db.example")

    check_verified("postgresql:///waspada?sslmode=verify-full")
    check_verified("postgresql://127.0.0.1/waspada")
    check_verified("postgresql:///waspada?host=/run/postgresql")
    with pytest.raises(ValueError, match="names another machine"):
        check_verified("postgresql:///waspada")


@pytest.mark.parametrize(
    "url",
    ["rediss://cache.example/0?ssl_ca_certs={}", "postgresql://db.example/w?sslmode=verify-full&sslrootcert={}"],
)
def test_file_of_certificates_that_cannot_be_used_is_refused(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "empty").touch()
    (tmp_path / "key").write_text("0" * 64)
    reasons = []
    for name in ("gone", "empty", "key", "."):
        monkeypatch.setenv(f"WASPADA_{kind(url)}".upper(), url.format(tmp_path / name))
        with pytest.raises(SettingsRefused) as caught:
            read_settings()
        (diagnostic,) = caught.value.diagnostics
        assert f"has a file of certificates that cannot be used, {tmp_path / name}: " in diagnostic
        reasons.append(diagnostic.rpartition(": ")[2])

    assert reasons[:3] == ["No such file or directory", "it has no certificates", "it has no certificates"]


def test_both_stores_are_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WASPADA_REDIS_URL", "redis://cache")
    monkeypatch.setenv("WASPADA_DATABASE_URL", "postgresql://db/waspada")
    with pytest.raises(SettingsRefused) as caught:
        read_settings()

    assert len(caught.value.diagnostics) == 2


@pytest.mark.parametrize("url", [*LOCAL, *VERIFIED, *UNVERIFIED])
def test_examples_have_the_shape_of_a_url(url: str) -> None:
    redis = kind(url) == "redis_url"
    schemes = ("redis", "rediss", "unix") if redis else ("postgresql", "postgresql+asyncpg", "postgres")
    check_url(url, schemes, REDIS_PARAMETERS if redis else POSTGRES_PARAMETERS)
