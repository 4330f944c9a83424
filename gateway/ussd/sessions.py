"""Where a dialogue rests between two hops: one Redis key per phone, replaced only by whoever saw what stands there."""

from __future__ import annotations

import hashlib
from importlib.resources import files
from typing import NamedTuple

from pydantic_core import from_json, to_json
from redis.exceptions import NoScriptError

from gateway.menu.engine import Session
from gateway.runtime.redis import Batcher

_SWAP = files("gateway.ussd").joinpath("swap.lua").read_bytes()
_SWAP_SHA = hashlib.sha1(_SWAP, usedforsecurity=False).hexdigest()


class Stored(NamedTuple):
    """A dialogue as it rests: whose dialling it is, what had been typed by then, and the place in the menu."""

    channel: str
    session: str
    text: str
    menu: str  # the version of the pack that it walks
    place: Session


class Sessions:
    """Stored dialogues by the phone's key. What is read comes with its raw form, which `write` compares."""

    def __init__(self, redis: Batcher, ttl: int) -> None:
        """`ttl` is in seconds; above the 180 s that a network keeps a session open (facts/protocols.md A.4)."""
        self._redis = redis
        self._ttl = ttl

    async def read(self, phone_key: bytes) -> tuple[bytes, Stored | None]:
        """The raw and the parsed session of a phone: `b""` and None when there is none. Raises `RedisAway`."""
        raw: bytes = await self._redis.run("GET", _key(phone_key)) or b""
        return raw, decode(raw)

    async def write(self, phone_key: bytes, seen: bytes, stored: Stored) -> Stored | None:
        """Store it if `seen` still stands there; else change nothing and tell what stands there instead."""
        command = (1, _key(phone_key), seen, encode(stored), self._ttl)
        try:
            other: bytes | None = await self._redis.run("EVALSHA", _SWAP_SHA, *command)
        except NoScriptError:  # the first time, and after Redis was restarted
            other = await self._redis.run("EVAL", _SWAP, *command)
        return None if other is None else decode(other)


def _key(phone_key: bytes) -> str:
    return f"waspada:ussd:{phone_key.hex()[:32]}"


def encode(stored: Stored) -> bytes:
    """The stored form, short because there is one for every phone that dials."""
    *dialling, place = stored
    return to_json([*dialling, *place])


def decode(raw: bytes) -> Stored | None:
    """The session in `raw`; None for nothing, and for what an older release may have left there."""
    if not raw:
        return None
    try:
        channel, session, text, menu, *place = from_json(raw)
        state, language, page, answers, trail, *rest = place
        return Stored(channel, session, text, menu, Session(state, language, page, answers, tuple(trail), *rest))
    except (ValueError, TypeError):
        return None
