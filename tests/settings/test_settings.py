"""Settings from options, environment and file; and every complaint with the place where the mistake was made."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, SecretStr

from gateway.carriers.africastalking.settings import AfricasTalkingSettings
from gateway.settings import Settings, SettingsRefused
from gateway.wiring import CARRIERS, read_settings

_KEY = "00112233445566778899aabbccddeeff" * 2
_CHANNEL = """
[channels.at]
carrier = "africastalking"
username = "sandbox"
api_key = "atsk_0000"
secret = "0123456789abcdef"
service_code = "*384*3375#"
"""


@pytest.fixture(autouse=True)
def no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.upper().startswith("WASPADA_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "waspada.toml"
    path.write_text(_CHANNEL)
    return path


def account(config: Path) -> AfricasTalkingSettings:
    channel = read_settings(config).channels["at"]
    assert isinstance(channel, AfricasTalkingSettings)
    return channel


def diagnostics(config: Path | None = None, **options: Any) -> list[str]:
    with pytest.raises(SettingsRefused) as caught:
        read_settings(config, **options)
    assert str(caught.value) == "\n".join(caught.value.diagnostics)
    return caught.value.diagnostics


# Where values come from --------------------------------------------------------------------------------------


def test_nothing_set_is_a_gateway_with_its_own_stores() -> None:
    settings = read_settings()

    assert (settings.data, settings.pack) == (Path("var"), Path("menus/pekalongan"))
    assert (settings.host, settings.port) == ("127.0.0.1", 8080)
    assert settings.redis_url is settings.database_url is settings.vault_key is None
    assert settings.channels == {}


def test_option_wins_over_environment_wins_over_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "waspada.toml"
    config.write_text('port = 1001\nhost = "10.0.0.1"\nlog_level = "ERROR"\n')
    monkeypatch.setenv("WASPADA_PORT", "1002")
    monkeypatch.setenv("WASPADA_HOST", "10.0.0.2")

    settings = read_settings(config, port=1003, data=None)

    assert (settings.port, settings.host, settings.log_level) == (1003, "10.0.0.2", "error")


def test_the_file_may_be_named_by_the_environment(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WASPADA_CONFIG", str(config))

    assert list(read_settings().channels) == ["at"]


def test_a_channel_of_the_file(config: Path) -> None:
    channel = account(config)

    assert channel.carrier == "africastalking"
    assert channel.api_key.get_secret_value() == "atsk_0000"
    assert channel.secrets == ("0123456789abcdef",)
    assert (channel.sender, channel.api_url, channel.limit) == (None, None, 160)


def test_a_channel_of_the_environment_mixes_with_the_file(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WASPADA_CHANNELS__AT__USERNAME", "12345")
    monkeypatch.setenv("WASPADA_CHANNELS__AT__SECRET", "0123456789abcdef, fedcba9876543210")

    channel = account(config)

    assert channel.username == "12345"
    assert channel.secrets == ("0123456789abcdef", "fedcba9876543210")
    assert channel.service_code == "*384*3375#"


def test_two_secrets_while_rotating(config: Path) -> None:
    config.write_text(_CHANNEL.replace('"0123456789abcdef"', '["new-0123456789abcdef", "old-0123456789abcdef"]'))

    assert account(config).secrets == ("new-0123456789abcdef", "old-0123456789abcdef")


def test_secrets_may_lie_in_files(config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, content in {
        "vault": f"{_KEY}\n",
        "database": "postgresql://waspada:pass@db/waspada\n",
        "redis": "rediss://:pass@cache:6380/1\n",
        "key": "atsk_file\n",
        "secrets": "new-0123456789abcdef\nold-0123456789abcdef\n",
    }.items():
        (tmp_path / name).write_text(content)
    text = _CHANNEL.replace('api_key = "atsk_0000"', f'api_key_file = "{tmp_path}/key"')
    text = text.replace('secret = "0123456789abcdef"', f'secret_file = "{tmp_path}/secrets"')
    config.write_text(f'database_url_file = "{tmp_path}/database"\n{text}')
    monkeypatch.setenv("WASPADA_VAULT_KEY_FILE", f"{tmp_path}/vault")
    monkeypatch.setenv("WASPADA_REDIS_URL_FILE", f"{tmp_path}/redis")

    settings, channel = read_settings(config), account(config)

    assert settings.vault_key_bytes == bytes.fromhex(_KEY)
    assert settings.database_address == "postgresql+asyncpg://waspada:pass@db/waspada"
    assert settings.redis_address == "rediss://:pass@cache:6380/1"
    assert channel.api_key.get_secret_value() == "atsk_file"
    assert channel.secrets == ("new-0123456789abcdef", "old-0123456789abcdef")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("postgres://db/w", "postgresql+asyncpg://db/w"),
        ("postgresql://db/w", "postgresql+asyncpg://db/w"),
        ("postgresql+asyncpg://waspada@/waspada?host=/run", "postgresql+asyncpg://waspada@/waspada?host=/run"),
    ],
)
def test_the_database_url_in_every_usual_spelling(written: str, read: str) -> None:
    assert Settings(database_url=SecretStr(written)).database_address == read


@pytest.mark.parametrize(
    "written",
    [_KEY, _KEY.upper(), "ABEiM0RVZneImaq7zN3u_wARIjNEVWZ3iJmqu8zd7v8", "ABEiM0RVZneImaq7zN3u_wARIjNEVWZ3iJmqu8zd7v8="],
)
def test_the_vault_key_in_hex_and_base64url(written: str) -> None:
    assert Settings(vault_key=SecretStr(written)).vault_key_bytes == bytes.fromhex(_KEY)


# What is refused ---------------------------------------------------------------------------------------------


def test_every_mistake_is_told_at_once_with_its_place(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config.write_text(
        'port = 0\nprot = 8080\n\n[channels.at]\ncarrier = "africastalking"\nlimit = 300\n'
        'api_key_file = "/nowhere"\nsecret = ["short"]\nservice_code = "384"\nsecrte = "x"\n'
    )
    monkeypatch.setenv("WASPADA_LOG_LEVEL", "loud")
    monkeypatch.setenv("WASPADA_LOGLEVEL", "info")

    assert sorted(diagnostics(config, host="")) == sorted(
        [
            f"{config}:1: port: Input should be greater than or equal to 1",
            f"{config}:2: prot: there is no such setting (did you mean port?)",
            f"{config}:4: channels.at.username: is missing",
            f"{config}:6: channels.at.limit: Input should be less than or equal to 182",
            f"{config}:7: channels.at.api_key: cannot read /nowhere: No such file or directory",
            f"{config}:8: channels.at.secret: must be 16 to 128 of A-Z a-z 0-9 _ -, as it stands in URLs",
            f"{config}:9: channels.at.service_code: must look like *384*3375# and have at most 14 characters",
            f"{config}:10: channels.at.secrte: there is no such setting (did you mean secret?)",
            "--host: host: String should have at least 1 character",
            "WASPADA_LOG_LEVEL: log_level: Input should be 'debug', 'info', 'warning' or 'error'",
            "WASPADA_LOGLEVEL: there is no such setting (did you mean log_level?)",
        ]
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("redis_url", "http://cache"),
        ("redis_url", "redis://cache:port"),
        ("redis_url", ""),
        ("database_url", "sqlite:///w.db"),
        ("database_url", "postgresql://w:pass word@db/w"),
        ("database_url", "postgresql://w:secret@db:54x32/w"),
        ("public_url", "gateway.example"),
        ("public_url", "https://"),
        ("vault_key", "secret"),
        ("vault_key", "0" * 63),
        ("vault_key", "ä" * 64),
        ("port", "65536"),
        ("database_pool_size", "1"),
        ("port", "8080.5"),
        ("channels", "at"),
    ],
)
def test_a_bad_value_is_told_without_being_shown(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"WASPADA_{name.upper()}", value)

    (diagnostic,) = diagnostics()

    assert diagnostic.startswith(f"WASPADA_{name.upper()}: ")
    assert "secret" not in diagnostic.removeprefix(f"WASPADA_{name.upper()}: ")
    assert "pass" not in diagnostic


@pytest.mark.parametrize("name", ["AT", "a_t", "a" * 33, "at/ussd", "ä"])
def test_a_channels_name_fits_a_url(config: Path, name: str) -> None:
    config.write_text(_CHANNEL.replace("[channels.at]", f'[channels."{name}"]'))

    assert diagnostics(config) == [f"{config}:2: channels.{name}: a channel's name must be 1 to 32 of a-z 0-9 -"]


@pytest.mark.parametrize(
    "secret", ['""', "[]", '["0123456789abcdef", "0123456789abcdeg", "0123456789abcdeh"]', '"0123456789abcde/"', "7"]
)
def test_a_webhook_secret_that_would_not_hold_is_refused(config: Path, secret: str) -> None:
    config.write_text(_CHANNEL.replace('"0123456789abcdef"', secret))

    assert all(diagnostic.startswith(f"{config}:6: channels.at.secret") for diagnostic in diagnostics(config))


def test_a_channel_in_one_line_is_found_too(config: Path) -> None:
    config.write_text("# all in one\nchannels = {at = {carrier = 'pigeon'}}\n")

    refusal = f'{config}:2: channels.at.carrier: unknown carrier "pigeon"; expected africastalking'
    assert refusal in diagnostics(config)


def test_a_secret_given_twice_is_refused(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which one is meant cannot be known, and the wrong vault key opens nothing."""
    config.write_text(f'vault_key = "{_KEY}"\n')
    monkeypatch.setenv("WASPADA_VAULT_KEY_FILE", "/etc/waspada/key")

    assert diagnostics(config) == [f"{config}:1: vault_key: give either vault_key or vault_key_file, not both"]


@pytest.mark.parametrize(
    ("content", "diagnostic"),
    [
        (b"port = \n", ":1: Invalid value"),
        (b"\n\nport = 1\nport = 2\n", ":4: Cannot overwrite a value"),
        (b"\xff\xfe", ": is not UTF-8"),
        (b"port = [1,\n", ": Invalid value (at end of document)"),
    ],
)
def test_a_file_that_is_not_toml_is_refused_with_its_line(config: Path, content: bytes, diagnostic: str) -> None:
    config.write_bytes(content)

    assert diagnostics(config) == [f"{config}{diagnostic}"]


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert diagnostics(tmp_path / "no.toml") == [f"{tmp_path}/no.toml: cannot be read: No such file or directory"]


def test_what_a_server_needs_is_asked_for_by_name() -> None:
    settings = read_settings()

    with pytest.raises(SettingsRefused) as caught:
        settings.require("redis_url", "database_url", "vault_key", "channels", "port")

    assert len(caught.value.diagnostics) == 4
    assert "set WASPADA_REDIS_URL" in caught.value.diagnostics[0]
    for address in ("redis_address", "database_address", "vault_key_bytes"):
        with pytest.raises(SettingsRefused, match="is missing"):
            getattr(settings, address)


# How they are shown ------------------------------------------------------------------------------------------


def test_no_secret_is_shown(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WASPADA_VAULT_KEY", _KEY)
    monkeypatch.setenv("WASPADA_DATABASE_URL", "postgresql://waspada:hunter2@db/waspada")
    settings = read_settings(config)

    shown = repr(settings) + str([*settings.rows()])

    for secret in (_KEY, "hunter2", "atsk_0000", "0123456789abcdef"):
        assert secret not in shown


def test_rows_tell_value_default_and_source(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WASPADA_VAULT_KEY", _KEY)
    rows = {row.name: row for row in read_settings(config, port=1234).rows()}

    assert (rows["port"].value, rows["port"].default, rows["port"].source) == ("1234", "8080", "--port")
    assert (rows["data"].value, rows["data"].source) == ("var", "default")
    assert (rows["vault_key"].value, rows["vault_key"].source) == ("hidden", "WASPADA_VAULT_KEY")
    assert (rows["redis_url"].value, rows["redis_url"].default) == ("", "")
    assert (rows["channels.at.secret"].value, rows["channels.at.secret"].source) == ("hidden", f"{config}:6")
    assert rows["channels.at.limit"].source == "default"


def test_every_setting_has_a_meaning_that_is_a_sentence() -> None:
    models: list[type[BaseModel]] = [Settings, *(carrier.settings for carrier in CARRIERS.values())]

    for model in models:
        for name, field in model.model_fields.items():
            assert field.description, name
            assert field.description.endswith("."), name


def test_settings_do_not_change() -> None:
    with pytest.raises(ValueError, match="frozen"):
        read_settings().port = 1
