"""Gateway of a data folder: notes of a running one, and defaults for the settings of a command."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.runtime.secrets import SecretsUnusable, load_or_create
from gateway.runtime.store_urls import store_urls
from gateway.settings import Settings
from gateway.wiring.running_instance import (
    LOCAL,
    channel_urls,
    forget_pack,
    locate,
    own_url,
    reachable_host,
    with_pack_in_use,
    write_notes,
)
from tests.helpers.gateway import settings_of

URL = "http://127.0.0.1:9999"


def test_locate_fills_in_the_stores_and_the_channel_of_the_data_folder(tmp_path: Path) -> None:
    secrets = load_or_create(tmp_path)
    write_notes(tmp_path, URL, tmp_path / "pack")

    located = locate(Settings(data=tmp_path))

    assert (located.redis_address, located.database_address) == store_urls(tmp_path)
    assert located.vault_key_bytes == bytes.fromhex(secrets.vault_key)
    assert located.public_url == URL
    assert channel_urls(located, LOCAL)["ussd"] == f"{URL}/hooks/local/{secrets.channel_secret}/ussd"


def test_locate_without_a_gateway_in_the_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SecretsUnusable, match="there is no gateway in"):
        locate(Settings(data=tmp_path))


def test_locate_leaves_settings_with_stores_and_key_as_they_are() -> None:
    settings = settings_of("redis://127.0.0.1:9", "postgresql+asyncpg://127.0.0.1:9/waspada")

    assert locate(settings) == settings


def test_pack_of_the_running_gateway_is_used_until_it_stops(tmp_path: Path) -> None:
    pack = tmp_path / "pack"
    settings = Settings(data=tmp_path)
    write_notes(tmp_path, URL, pack)

    assert with_pack_in_use(settings).pack == pack

    forget_pack(tmp_path)
    assert with_pack_in_use(settings).pack == settings.pack


@pytest.mark.parametrize(
    ("host", "reachable"),
    [("0.0.0.0", "127.0.0.1"), ("::", "::1"), ("10.0.0.2", "10.0.0.2"), ("::1", "::1"), ("localhost", "localhost")],
)
def test_reachable_host_of_all_interfaces_is_the_loopback(host: str, reachable: str) -> None:
    assert reachable_host(host) == reachable


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8080"),
        ("0.0.0.0", "http://127.0.0.1:8080"),
        ("::", "http://[::1]:8080"),
        ("::1", "http://[::1]:8080"),
        ("2001:db8::7", "http://[2001:db8::7]:8080"),
        ("gateway.example", "http://gateway.example:8080"),
    ],
)
def test_own_url_has_an_address_of_ipv6_in_brackets(host: str, url: str) -> None:
    settings = settings_of("redis://127.0.0.1:9", "postgresql+asyncpg://127.0.0.1:9/waspada", host=host)

    assert own_url(settings) == url
    assert channel_urls(settings, "at")["ussd"].startswith(f"{url}/hooks/at/")
