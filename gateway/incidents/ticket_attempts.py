"""How often a phone has asked for a ticket that is not its own: counted in Redis, forgotten an hour after the first."""

from __future__ import annotations

from importlib.resources import files

from gateway.runtime.redis import Pipeline
from gateway.text.phone import Phone
from gateway.vault.vault import Vault

WINDOW_S = 3600
_COUNT = files("gateway.incidents").joinpath("ticket_attempts.lua").read_bytes()


class TicketAttempts:
    """The wrong tries of every phone. Every method may raise `RedisAway`: who cannot count must not tell."""

    def __init__(self, redis: Pipeline, vault: Vault) -> None:
        self._redis = redis
        self._vault = vault

    async def count_wrong(self, phone: Phone) -> int:
        """The wrong tries of this phone in the hour since the first of them."""
        return int(await self._redis.run("SCARD", self._key(phone)))

    async def add_wrong(self, phone: Phone, tried: str) -> None:
        """One more, unless this very try was counted before; `tried` tells it from the others."""
        await self._redis.run("EVAL", _COUNT, 1, self._key(phone), tried, WINDOW_S)

    def _key(self, phone: Phone) -> str:
        return f"waspada:tries:{self._vault.lookup(phone).hex()[:32]}"
