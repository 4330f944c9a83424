"""Wrong ticket lookups of each phone, counted in Redis for an hour after the first: a lockout against guessing."""

from __future__ import annotations

from importlib.resources import files

from gateway.runtime.redis import Pipeline
from gateway.text.phone import Phone
from gateway.vault.vault import Vault

WINDOW_S = 3600
_ADD_WRONG = files("gateway.incidents").joinpath("ticket_attempts.lua").read_bytes()


class TicketAttempts:
    """Counter of wrong lookups. Every method may raise `RedisUnavailable`. Then no lookup may be answered."""

    def __init__(self, redis: Pipeline, vault: Vault) -> None:
        self._redis = redis
        self._vault = vault

    async def count_wrong(self, phone: Phone) -> int:
        """Return the number of wrong lookups of this phone in the hour since the first of them."""
        return int(await self._redis.run("SCARD", self._key(phone)))

    async def add_wrong(self, phone: Phone, attempt: str) -> None:
        """Count a wrong lookup. Idempotent: an `attempt` that was counted before is not counted again."""
        await self._redis.run("EVAL", _ADD_WRONG, 1, self._key(phone), attempt, WINDOW_S)

    def _key(self, phone: Phone) -> str:
        return f"waspada:tries:{self._vault.lookup(phone).hex()[:32]}"
