"""Finished reports that PostgreSQL could not take: kept in Redis until housekeeping files them (promise 1)."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator
from datetime import datetime

from gateway.runtime.redis import Pipeline
from gateway.ussd.effect_request import EffectRequest
from gateway.vault.vault import CannotOpen, Vault

_WAITING = "waspada:unfiled"
_REFUSED = "waspada:unfiled:refused"


class PendingReports:
    """A Redis hash with one entry per (channel, session, phone), so that keeping one twice keeps it once."""

    def __init__(self, redis: Pipeline, vault: Vault) -> None:
        """Every method may raise `RedisAway`."""
        self._redis = redis
        self._vault = vault

    async def add(self, report: EffectRequest) -> None:
        """Keep it; the number rests sealed. Where this raises, it may or may not be kept."""
        entry = {
            "channel": report.channel,
            "session": report.session,
            "phone": b64encode(self._vault.seal(report.phone)).decode(),
            "language": report.language,
            "answers": dict(report.answers),
            "received_at": report.at.isoformat(),
        }
        # The phone is part of the name: where two phones have one session, neither takes the other's place.
        name = f"{report.channel}:{report.session}:{self._vault.lookup(report.phone)[:8].hex()}"
        await self._redis.run("HSETNX", _WAITING, name, json.dumps(entry))

    async def scan(self) -> AsyncIterator[tuple[bytes, EffectRequest | None]]:
        """Every kept report with the name of its entry; None where the entry cannot be read."""
        cursor = b"0"
        while True:
            cursor, listed = await self._redis.run("HSCAN", _WAITING, cursor)
            for name, raw in zip(listed[::2], listed[1::2], strict=True):
                yield name, self._statement(raw)
            if cursor == b"0":
                return

    async def remove(self, name: bytes) -> None:
        """It is filed: forget it."""
        await self._redis.run("HDEL", _WAITING, name)

    async def set_aside(self, name: bytes) -> None:
        """It can never be filed as it is: keep it apart, for a person to look at, and try it no more."""
        raw = await self._redis.run("HGET", _WAITING, name)
        if raw is not None:
            await self._redis.run("HSET", _REFUSED, name, raw)
            await self._redis.run("HDEL", _WAITING, name)

    def _statement(self, raw: bytes) -> EffectRequest | None:
        try:
            entry = json.loads(raw)
            return EffectRequest(
                channel=entry["channel"],
                session=entry["session"],
                phone=self._vault.open(b64decode(entry["phone"])),
                language=entry["language"],
                answers=entry["answers"],
                at=datetime.fromisoformat(entry["received_at"]),
            )
        except (CannotOpen, ValueError, KeyError, TypeError):
            return None
