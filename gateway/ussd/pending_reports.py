"""Spool of pending reports in Redis: finished reports that wait until PostgreSQL is available (promise 1)."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator
from datetime import datetime

from gateway.runtime.redis import Pipeline
from gateway.ussd.effect_request import EffectRequest
from gateway.vault.vault import CannotOpen, Vault

UNFILED = "waspada:unfiled"
UNCOMPLETED = "waspada:uncompleted"


class PendingReports:
    """Redis hash with one entry per (channel, session, phone), so that adding a report is idempotent.

    Every method may raise `RedisUnavailable`.
    """

    def __init__(self, redis: Pipeline, vault: Vault, name: str = UNFILED) -> None:
        """Create the hash `name`: `UNFILED`, or `UNCOMPLETED` for answers that complete a filed report."""
        self._redis = redis
        self._vault = vault
        self._name_of_hash = name

    async def add(self, report: EffectRequest, *, replace: bool = False) -> None:
        """Add a report, with its number encrypted. If this raises, the report may have been added or not.

        An earlier one of the same name stays, unless it is to be `replace`d.
        """
        entry = {
            "channel": report.channel,
            "session": report.session,
            "phone": b64encode(self._vault.seal(report.phone)).decode(),
            "phone_key": self._vault.lookup(report.phone).hex(),
            "language": report.language,
            "answers": dict(report.answers),
            "received_at": report.at.isoformat(),
            "call": report.call,
        }
        command = "HSET" if replace else "HSETNX"
        await self._redis.run(command, self._name_of_hash, self._name(report), json.dumps(entry))

    async def contains(self, report: EffectRequest) -> bool:
        """Return True if a report of this channel, session and phone is pending."""
        return bool(await self._redis.run("HEXISTS", self._name_of_hash, self._name(report)))

    async def scan(self) -> AsyncIterator[tuple[bytes, EffectRequest | None]]:
        """Yield the name of each entry and its report, or None for an entry that cannot be read."""
        cursor = b"0"
        while True:
            cursor, listed = await self._redis.run("HSCAN", self._name_of_hash, cursor)
            for name, raw in zip(listed[::2], listed[1::2], strict=True):
                yield name, self._parse(raw)
            if cursor == b"0":
                return

    async def count(self) -> int:
        return int(await self._redis.run("HLEN", self._name_of_hash))

    async def remove(self, name: bytes) -> None:
        await self._redis.run("HDEL", self._name_of_hash, name)

    async def set_aside(self, name: bytes) -> None:
        """Move an entry that can never be filed to another hash, for a person to look at."""
        raw = await self._redis.run("HGET", self._name_of_hash, name)
        if raw is not None:
            await self._redis.run("HSET", f"{self._name_of_hash}:refused", name, raw)
            await self._redis.run("HDEL", self._name_of_hash, name)

    def _name(self, report: EffectRequest) -> str:
        # The phone is part of the name, so that two phones with one session do not replace each other.
        return f"{report.channel}:{report.session}:{self._vault.lookup(report.phone)[:8].hex()}"

    def _parse(self, raw: bytes) -> EffectRequest | None:
        try:
            entry = json.loads(raw)
            key = bytes.fromhex(entry["phone_key"]) if "phone_key" in entry else None  # earlier versions wrote none
            return EffectRequest(
                channel=entry["channel"],
                session=entry["session"],
                phone=self._vault.open(b64decode(entry["phone"]), key),
                language=entry["language"],
                answers=entry["answers"],
                at=datetime.fromisoformat(entry["received_at"]),
                call=entry.get("call"),
            )
        except (CannotOpen, ValueError, KeyError, TypeError):
            return None
