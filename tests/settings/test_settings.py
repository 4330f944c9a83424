"""Model of the settings: defaults, required ones, addresses, and rows in which no secret is shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel, SecretStr

from gateway.settings import Settings, SettingsRefused
from gateway.wiring.carriers import CARRIERS, read_settings
from tests.helpers.settings import KEY


def test_defaults_are_a_gateway_with_embedded_stores() -> None:
    settings = read_settings()

    assert (settings.data, settings.pack) == (Path("var"), Path("menus/pekalongan"))
    assert (settings.host, settings.port) == ("127.0.0.1", 8080)
    assert settings.redis_url is settings.database_url is settings.vault_key is None
    assert settings.channels == {}


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ("postgres://localhost/w", "postgresql+asyncpg://localhost/w"),
        ("postgresql://localhost/w", "postgresql+asyncpg://localhost/w"),
        ("postgresql+asyncpg://waspada@/waspada?host=/run", "postgresql+asyncpg://waspada@/waspada?host=/run"),
    ],
)
def test_database_address_has_the_driver_for_every_spelling(given: str, address: str) -> None:
    assert Settings(database_url=SecretStr(given)).database_address == address


def test_require_names_all_missing_settings_at_once() -> None:
    settings = read_settings()

    with pytest.raises(SettingsRefused) as caught:
        settings.require("redis_url", "database_url", "vault_key", "channels", "port")

    assert len(caught.value.diagnostics) == 4
    assert "set WASPADA_REDIS_URL" in caught.value.diagnostics[0]


@pytest.mark.parametrize("address", ["redis_address", "database_address", "vault_key_bytes"])
def test_address_that_is_not_set_is_refused(address: str) -> None:
    settings = read_settings()

    with pytest.raises(SettingsRefused, match="is missing"):
        getattr(settings, address)


def test_is_set_is_false_for_a_default(config: Path) -> None:
    config.write_text("port = 8080\n")

    settings = read_settings(config)

    assert (settings.is_set("port"), settings.is_set("host")) == (True, False)


def test_neither_rows_nor_repr_show_a_secret(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WASPADA_VAULT_KEY", KEY)
    monkeypatch.setenv("WASPADA_DATABASE_URL", "postgresql://waspada:hunter2@localhost/waspada")
    settings = read_settings(config)

    shown = repr(settings) + str([*settings.rows()])

    for secret in (KEY, "hunter2", "atsk_0000", "0123456789abcdef"):
        assert secret not in shown


def test_rows_have_value_default_and_source(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WASPADA_VAULT_KEY", KEY)

    rows = {row.name: row for row in read_settings(config, port=1234).rows()}

    assert (rows["port"].value, rows["port"].default, rows["port"].source) == ("1234", "8080", "--port")
    assert (rows["data"].value, rows["data"].source) == ("var", "default")
    assert (rows["vault_key"].value, rows["vault_key"].source) == ("hidden", "WASPADA_VAULT_KEY")
    assert (rows["redis_url"].value, rows["redis_url"].default) == ("", "")
    assert (rows["channels.at.secret"].value, rows["channels.at.secret"].source) == ("hidden", f"{config}:6")
    assert rows["channels.at.limit"].source == "default"


def test_rows_of_a_channel_begin_with_its_carrier_and_what_that_adds(config: Path) -> None:
    names = [row.name.removeprefix("channels.at.") for row in read_settings(config).rows()]

    own = ["carrier", "username", "api_key_file", "api_key", "sender", "api_url"]
    common = ["secret_file", "secret", "service_code", "limit", "rate", "keys"]
    assert names[-12:] == [*own, *common]


def test_meanings_are_sentences() -> None:
    models: list[type[BaseModel]] = [Settings, *(carrier.settings for carrier in CARRIERS.values())]

    for model in models:
        for name, field in model.model_fields.items():
            assert field.description, name
            assert field.description.endswith("."), name


def test_settings_are_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        read_settings().port = 1
