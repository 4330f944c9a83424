"""Secrets of the first start of `waspada run`, which are never created a second time."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from gateway.runtime.secrets import SecretsUnusable, load, load_or_create

_NAME = "secrets.toml"


def test_secrets_are_created_once(tmp_path: Path) -> None:
    made = load_or_create(tmp_path / "var")

    assert len(bytes.fromhex(made.vault_key)) == 32
    assert len(made.channel_secret) >= 16
    assert load_or_create(tmp_path / "var") == made == load(tmp_path / "var")


def test_two_gateways_have_different_secrets(tmp_path: Path) -> None:
    one, other = load_or_create(tmp_path / "one"), load_or_create(tmp_path / "other")

    assert one.vault_key != other.vault_key
    assert one.channel_secret != other.channel_secret
    assert one.local_api_key != other.local_api_key


def test_file_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    load_or_create(tmp_path)

    assert stat.S_IMODE((tmp_path / _NAME).stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [_NAME]


def test_repr_shows_no_secret(tmp_path: Path) -> None:
    made = load_or_create(tmp_path)

    assert made.vault_key not in repr(made)
    assert made.channel_secret not in f"{made}"


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620])
def test_file_readable_by_others_is_refused(tmp_path: Path, mode: int) -> None:
    load_or_create(tmp_path)
    (tmp_path / _NAME).chmod(mode)

    with pytest.raises(SecretsUnusable, match="chmod 600"):
        load_or_create(tmp_path)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "vault_key = ",
        'vault_key = "short"\nchannel_secret = "0123456789abcdef"\nlocal_api_key = "x"\n',
        f'vault_key = "{"0" * 64}"\nchannel_secret = "short"\nlocal_api_key = "x"\n',
        f'vault_key = "{"0" * 64}"\nchannel_secret = "0123456789abcdef"\n',
        f'vault_key = 7\nchannel_secret = "0123456789abcdef"\nlocal_api_key = "{"0" * 32}"\n',
        "\xff",
    ],
)
def test_damaged_file_is_refused_and_kept(tmp_path: Path, content: str) -> None:
    """With a new vault key no stored number could be read."""
    path = tmp_path / _NAME
    path.touch(mode=0o600)
    path.write_text(content, encoding="latin-1")

    with pytest.raises(SecretsUnusable, match="is damaged"):
        load_or_create(tmp_path)

    assert path.read_text(encoding="latin-1") == content


def test_lost_secrets_are_not_created_again(tmp_path: Path) -> None:
    with pytest.raises(SecretsUnusable, match=f"{tmp_path / _NAME} is gone, .* from your backup"):
        load_or_create(tmp_path, in_use=True)

    assert list(tmp_path.iterdir()) == []

    made = load_or_create(tmp_path)
    assert load_or_create(tmp_path, in_use=True) == made


def test_unfinished_file_of_an_earlier_start_is_replaced(tmp_path: Path) -> None:
    unfinished = tmp_path / "secrets.new"
    unfinished.write_text("vault_key = ")

    made = load_or_create(tmp_path)

    assert load(tmp_path) == made
    assert stat.S_IMODE((tmp_path / _NAME).stat().st_mode) == 0o600


def test_folder_without_a_gateway_is_named(tmp_path: Path) -> None:
    with pytest.raises(SecretsUnusable, match=f"no gateway in {tmp_path}"):
        load(tmp_path)
