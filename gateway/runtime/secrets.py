"""Secrets that `waspada run` creates at its first start, in the data folder, readable by its owner only."""

from __future__ import annotations

import os
import re
import secrets
import tomllib
from dataclasses import dataclass
from pathlib import Path

from gateway.text.errors import UserError

_NAME = "secrets.toml"
_KEY = re.compile(r"[0-9a-f]{64}")
_SECRET = re.compile(r"[A-Za-z0-9_-]{16,128}")


class SecretsUnusable(UserError):
    """Error: the file with the gateway's secrets cannot be used. They cannot be created again, only restored."""


@dataclass(frozen=True, slots=True, repr=False)
class Secrets:
    """Secrets of one data folder. Without the vault key no stored number can be read again."""

    vault_key: str  # 32 bytes as hex digits
    channel_secret: str  # of the webhook URLs of the channel `local`
    local_api_key: str  # between the gateway and the built-in carrier


def load_or_create(data: Path, *, in_use: bool = False) -> Secrets:
    """Load the secrets of a data folder, or create them if it has none. Raises `SecretsUnusable`.

    `in_use` means that numbers may have been sealed with the key of this folder: a missing file was lost then, and no
    new one is created.
    """
    path = data / _NAME
    if not path.exists():
        if in_use:
            raise SecretsUnusable(
                f"{path} is gone, and without its vault_key no number of the database can be read or found: "
                "restore it from your backup. To begin again without the old data, name another --data folder"
            )
        _create(path)
    return load(data)


def load(data: Path) -> Secrets:
    """Load the secrets of a data folder. Raises `SecretsUnusable`, also if there are none."""
    path = data / _NAME
    if not path.exists():
        raise SecretsUnusable(f"there is no gateway in {data}: start one with `waspada run`, or name its --data folder")
    try:
        mode = path.stat().st_mode
        content = tomllib.loads(path.read_text(encoding="ascii"))
        loaded = Secrets(content["vault_key"], content["channel_secret"], content["local_api_key"])
        valid = bool(_KEY.fullmatch(loaded.vault_key) and _SECRET.fullmatch(loaded.channel_secret))
    except (OSError, ValueError, KeyError, TypeError):
        mode, valid = 0, False
    if mode & 0o077:
        raise SecretsUnusable(f"{path} can be read by others: chmod 600 {path}")
    if not valid:
        raise SecretsUnusable(f"{path} is damaged or cannot be read: restore it from your backup")
    return loaded


def _create(path: Path) -> None:
    """Write new secrets atomically, for the owner alone, synced to disk before anything is sealed with them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".new")
    unfinished.unlink(missing_ok=True)
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(
            "# Made by `waspada run`. Keep a copy in a safe place: without vault_key no stored number can be read.\n"
            f'vault_key = "{secrets.token_hex(32)}"\n'
            f'channel_secret = "{secrets.token_urlsafe(24)}"\n'
            f'local_api_key = "{secrets.token_hex(16)}"\n'
        )
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(path)
