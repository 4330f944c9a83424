"""What most verbs work on: the settings of the gateway that is meant, its database, and the key to its numbers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from gateway import wiring
from gateway.runtime.clock import Clock
from gateway.runtime.postgres import Database
from gateway.settings import Settings
from gateway.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class CommandContext:
    """What a verb has opened."""

    settings: Settings
    database: Database
    clock: Clock

    @property
    def vault(self) -> Vault:
        """Raises `SettingsRefused` where the key is not in the settings: only who asks for it needs it."""
        return Vault(self.settings.vault_key_bytes)


def locate_gateway(config: Path | None, data: Path | None, pack: Path | None = None) -> Settings:
    """The settings of the gateway that `--config` and `--data` mean, with another `pack` if one is named."""
    return wiring.locate(wiring.read_settings(config, data=data, pack=pack))


@asynccontextmanager
async def open_context(settings: Settings) -> AsyncIterator[CommandContext]:
    """Its stores, until the block ends."""
    database = Database(settings.database_address, pool_size=1)
    try:
        yield CommandContext(settings, database, Clock())
    finally:
        await database.close()
