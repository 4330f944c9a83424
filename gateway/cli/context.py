"""Context of a command: settings, database and vault of the gateway that it works on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from gateway.runtime.clock import Clock
from gateway.runtime.logs import silence
from gateway.runtime.postgres import Database
from gateway.settings import Settings
from gateway.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class CommandContext:
    """Settings, database and clock of a command."""

    settings: Settings
    database: Database
    clock: Clock

    @property
    def vault(self) -> Vault:
        """Vault with the key of the settings. Raises `SettingsRefused` if they have none: not every verb needs it."""
        return Vault(self.settings.vault_key_bytes)


@asynccontextmanager
async def open_context(settings: Settings) -> AsyncIterator[CommandContext]:
    """Open the database of the gateway while the block lasts. What its stores log is not printed."""
    silence()
    database = Database(settings.database_address, pool_size=1)
    try:
        yield CommandContext(settings, database, Clock())
    finally:
        await database.close()
