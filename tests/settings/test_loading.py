"""Loading of settings: which source wins, and the diagnostics of wrong settings, each with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.wiring.carriers import read_settings
from tests.helpers.settings import CHANNEL, KEY, diagnostics, read_channel, write_secret


def test_option_wins_over_environment_wins_over_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "waspada.toml"
    config.write_text('port = 1001\nhost = "10.0.0.1"\nlog_level = "ERROR"\n')
    monkeypatch.setenv("WASPADA_PORT", "1002")
    monkeypatch.setenv("WASPADA_HOST", "10.0.0.2")

    settings = read_settings(config, port=1003, data=None)

    assert (settings.port, settings.host, settings.log_level) == (1003, "10.0.0.2", "error")


def test_environment_may_name_the_file(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WASPADA_CONFIG", str(config))

    assert list(read_settings().channels) == ["at"]


def test_channel_of_the_environment_is_merged_with_that_of_the_file(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WASPADA_CHANNELS__AT__USERNAME", "12345")
    monkeypatch.setenv("WASPADA_CHANNELS__AT__SECRET", "0123456789abcdef, fedcba9876543210")

    channel = read_channel(config)

    assert channel.username == "12345"
    assert channel.secrets == ("0123456789abcdef", "fedcba9876543210")
    assert channel.service_code == "*384*3375#"


def test_secrets_are_read_from_files(config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, content in {
        "vault": f"{KEY}\n",
        "database": "postgresql://waspada:pass@localhost/waspada\n",
        "redis": "rediss://:pass@cache:6380/1\n",
        "key": "atsk_file\n",
        "secrets": "new-0123456789abcdef\nold-0123456789abcdef\n",
    }.items():
        write_secret(tmp_path / name, content)
    text = CHANNEL.replace('api_key = "atsk_0000"', f'api_key_file = "{tmp_path}/key"')
    text = text.replace('secret = "0123456789abcdef"', f'secret_file = "{tmp_path}/secrets"')
    config.write_text(f'database_url_file = "{tmp_path}/database"\n{text}')
    monkeypatch.setenv("WASPADA_VAULT_KEY_FILE", f"{tmp_path}/vault")
    monkeypatch.setenv("WASPADA_REDIS_URL_FILE", f"{tmp_path}/redis")

    settings, channel = read_settings(config), read_channel(config)

    assert settings.vault_key_bytes == bytes.fromhex(KEY)
    assert settings.database_address == "postgresql+asyncpg://waspada:pass@localhost/waspada"
    assert settings.redis_address == "rediss://:pass@cache:6380/1"
    assert channel.api_key.get_secret_value() == "atsk_file"
    assert channel.secrets == ("new-0123456789abcdef", "old-0123456789abcdef")


def test_mark_of_an_editor_at_the_start_of_a_file_is_no_part_of_it(config: Path, tmp_path: Path) -> None:
    mark = b"\xef\xbb\xbf"
    write_secret(tmp_path / "key", "\ufeffatsk_file\r\n")
    config.write_bytes(mark + CHANNEL.replace('api_key = "atsk_0000"', f'api_key_file = "{tmp_path}/key"').encode())

    assert read_channel(config).api_key.get_secret_value() == "atsk_file"
    assert diagnostics(config, port=0)[0].startswith("--port: port:")


@pytest.mark.parametrize(
    ("setting", "wrong", "reason"),
    [
        ("username", "Sandbox", "must be exactly `sandbox`, in lower case; any other goes to the live service"),
        ("username", "SANDBOX", "must be exactly `sandbox`, in lower case; any other goes to the live service"),
        ("username", "sandbox ", "must be printable ASCII without spaces"),
        ("username", "kota pekalongan", "must be printable ASCII without spaces"),
        ("username", "wasp\u00e1da", "must be printable ASCII without spaces"),
        ("username", "\ufeffwaspada", "must be printable ASCII without spaces"),
        ("api_key", "\ufeffatsk", "must be printable ASCII without spaces"),
        ("api_key", "atsk 1234", "must be printable ASCII without spaces"),
        ("api_url", "https://api.example/?to=1", "must be a URL without a query"),
        ("api_url", "https://user:word@api.example", "must be an http:// or https:// address without a query"),
    ],
)
def test_account_that_the_carrier_could_not_use_is_named_with_its_line(
    config: Path, setting: str, wrong: str, reason: str
) -> None:
    lines = [line for line in CHANNEL.splitlines() if not line.startswith(f"{setting} =")]
    config.write_text("\n".join([*lines, f'{setting} = "{wrong}"', ""]), encoding="utf-8")

    assert diagnostics(config) == [f"{config}:{len(lines) + 1}: channels.at.{setting}: {reason}"]


def test_every_mistake_is_reported_at_once_with_its_place(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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
            f"{config}:8: channels.at.secret: must be 16 to 128 of A-Z a-z 0-9 _ -, because it is part of URLs",
            f"{config}:9: channels.at.service_code: must look like *384*3375# and have at most 14 characters",
            f"{config}:10: channels.at.secrte: there is no such setting (did you mean secret?)",
            "--host: host: must be an address, or the name of a host",
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
def test_wrong_value_is_reported_without_being_shown(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"WASPADA_{name.upper()}", value)

    (diagnostic,) = diagnostics()

    assert diagnostic.startswith(f"WASPADA_{name.upper()}: ")
    assert "secret" not in diagnostic.removeprefix(f"WASPADA_{name.upper()}: ")
    assert "pass" not in diagnostic


def test_secret_and_its_file_together_are_refused(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It cannot be known which one is meant, and the wrong vault key decrypts nothing."""
    config.write_text(f'vault_key = "{KEY}"\n')
    monkeypatch.setenv("WASPADA_VAULT_KEY_FILE", "/etc/waspada/key")

    assert diagnostics(config) == [f"{config}:1: vault_key: give either vault_key or vault_key_file, not both"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("port = true", "port: must not be true or false"),
        ("appeal_pause_share = true", "appeal_pause_share: must not be true or false"),
        ('host = "not a host"', "host: must be an address, or the name of a host"),
        ('public_url = "https://gateway.example.org/?x=1"', "public_url: must be a URL without a query"),
        ('public_url = "https://gateway.example.org:port"', "public_url: must be a URL with a port up to 65535"),
    ],
)
def test_value_that_would_be_taken_wrongly_is_refused(tmp_path: Path, line: str, said: str) -> None:
    config = tmp_path / "waspada.toml"
    config.write_text(line)

    (refused,) = diagnostics(config)

    assert refused.startswith(f"{config}:1: {said}")
