"""Files of secrets by their mode and owner, with real files."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.runtime.drop_root import NOBODY
from gateway.settings import SettingsRefused
from gateway.settings.secret_file import check_private
from gateway.wiring.carriers import read_settings
from tests.helpers.settings import CHANNEL, KEY, diagnostics

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")

PRIVATE = [0o400, 0o600, 0o500, 0o700]
OF_THE_GROUP = [0o440, 0o640]
OPEN = [0o444, 0o644, 0o604, 0o664, 0o660, 0o620, 0o602, 0o666, 0o777, 0o641, 0o450]


@pytest.fixture
def secret(tmp_path: Path) -> Callable[[int, int], Path]:
    def make(mode: int, owner: int = -1) -> Path:
        path = tmp_path / "key"
        path.write_text(KEY)
        path.chmod(mode)
        os.chown(path, owner, -1)
        return path

    return make


@as_root
@pytest.mark.parametrize("mode", PRIVATE + OF_THE_GROUP)
def test_file_of_root_may_be_read_by_its_group(secret: Callable[[int, int], Path], mode: int) -> None:
    check_private(secret(mode, 0))


@as_root
@pytest.mark.parametrize("mode", PRIVATE)
def test_file_of_a_user_is_private(secret: Callable[[int, int], Path], mode: int) -> None:
    check_private(secret(mode, NOBODY))


@as_root
@pytest.mark.parametrize(
    ("owner", "mode", "right"),
    [*((0, mode, 640) for mode in OPEN), *((NOBODY, mode, 600) for mode in OPEN + OF_THE_GROUP)],
)
def test_open_file_is_refused_with_the_right_mode(
    secret: Callable[[int, int], Path], owner: int, mode: int, right: int
) -> None:
    path = secret(mode, owner)
    with pytest.raises(ValueError, match=f"^{path} can be read or changed by others: chmod {right} {path}$"):
        check_private(path)


@as_root
def test_mounted_secret_of_root_is_taken_as_it_is(secret: Callable[[int, int], Path], tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    folder.mkdir()
    mounted, outside = secret(0o444, 0).rename(folder / "key"), secret(0o444, 0)

    check_private(mounted, [folder])
    for path in (outside, folder / ".." / "key"):
        with pytest.raises(ValueError, match="chmod 640"):
            check_private(path, [folder])
    (folder / "link").symlink_to(outside)
    with pytest.raises(ValueError, match="chmod 640"):
        check_private(folder / "link", [folder])
    os.chown(mounted, NOBODY, -1)
    with pytest.raises(ValueError, match="chmod 600"):
        check_private(mounted, [folder])


def test_pipe_has_no_mode_that_counts(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o666)

    check_private(tmp_path / "pipe")
    check_private(Path(os.devnull))


@pytest.mark.parametrize("name", ["vault_key", "redis_url", "database_url", "api_key", "secret"])
def test_every_setting_of_a_file_refuses_an_open_one(name: str, tmp_path: Path, config: Path) -> None:
    (tmp_path / "open").write_text("0123456789abcdef" * 4)
    (tmp_path / "open").chmod(0o644)
    setting = f'{name}_file = "{tmp_path}/open"\n'
    lines = [line for line in CHANNEL.splitlines(keepends=True) if not line.startswith(f"{name} ")]
    config.write_text("".join([*lines, setting] if len(lines) < CHANNEL.count("\n") else [setting, *lines]))

    found = diagnostics(config)
    assert any(f"{name}: {tmp_path}/open can be read or changed by others: chmod 6" in line for line in found), found
    assert "0123456789abcdef" not in str(found)


def test_private_file_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "key").write_text(KEY)
    monkeypatch.setenv("WASPADA_VAULT_KEY_FILE", str(tmp_path / "key"))
    (tmp_path / "key").chmod(0o644)
    with pytest.raises(SettingsRefused, match="chmod 6"):
        read_settings()

    (tmp_path / "key").chmod(0o600)
    assert read_settings().vault_key_bytes == bytes.fromhex(KEY)
