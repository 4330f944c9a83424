"""Where a dialogue rests between two hops: one Redis key per phone, replaced only by whoever saw what stands there.

The same key is what the gateway knows of a phone when it dials again: a dropped dialogue, the language that was chosen,
how many reports it has filed today. How long it is kept hangs on what it holds (`Keeping`).
"""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass
from datetime import date, datetime
from importlib.resources import files
from typing import Any, NamedTuple
from zlib import crc32

from pydantic_core import from_json, to_json
from redis.exceptions import NoScriptError

from gateway.menu.engine import Session
from gateway.menu.model import Menu
from gateway.runtime.redis import Pipeline
from gateway.ussd.transcript import TextFingerprint, fingerprint

_SWAP = files("gateway.ussd").joinpath("compare_and_set.lua").read_bytes()
DAY_S = 24 * 60 * 60
_REPLACED = 3  # so many sessions of a phone before this one are known, so that their late callbacks are
_TRIES = 3  # of a write that somebody else is quicker than
_SWAP_SHA = hashlib.sha1(_SWAP, usedforsecurity=False).hexdigest()


def _sign(channel: str, session: str) -> int:
    """A session by a number, which tells the few of one phone apart."""
    return crc32(f"{channel}:{session}".encode("utf-8", "surrogatepass"))


class StoredSession(NamedTuple):
    """A dialogue as it rests: whose dialling it is, what had been typed by then, and the place in the menu."""

    channel: str
    session: str
    fingerprint: TextFingerprint
    menu_version: str  # the version of the pack that it walks
    stored_at: int  # when it was stored, in seconds since 1970
    filed_on: int  # the day, as a proleptic ordinal, and how many reports this phone filed on it
    filed_count: int
    origin: str  # the session of the same channel that a resumed dialogue was begun in; empty for its own
    menu_session: Session
    replaced: tuple[tuple[int, int], ...] = ()  # the sessions before this one (`_sign`), and how long each text had got

    def has_replaced(self, channel: str, session: str, text: str) -> bool:
        """Whether this is a late or repeated callback of a session that this one has replaced.

        One that brings more than was known of it is none: whoever answers it is on that call.
        """
        sign = _sign(channel, session) if self.replaced else 0
        return any(sign == other and len(text) <= length for other, length in self.replaced)

    def replaced_list_for(self, channel: str, session: str) -> tuple[tuple[int, int], ...]:
        """What that session has `replaced` once it takes the place of this one."""
        mine, its = _sign(self.channel, self.session), _sign(channel, session)
        others = (one for one in self.replaced if one[0] not in (mine, its))
        return (*others, (mine, self.fingerprint.length))[-_REPLACED:]

    def filed_today(self, today: date) -> int:
        """How many reports this phone has filed today."""
        return self.filed_count if self.filed_on == today.toordinal() else 0

    def age(self, now: datetime) -> float:
        """Seconds since it was stored."""
        return now.timestamp() - self.stored_at


@dataclass(frozen=True, slots=True)
class SessionTtl:
    """For how many seconds a dialogue is kept: while it may go on, while it may be resumed, and its language alone."""

    open: int
    dropped: int
    language: int

    def seconds(self, place: Session, *, ended: bool, filed: bool = False) -> int:
        """How long this place is kept; `filed` says that its phone has filed a report today, which is to be counted.

        What a resident has said never rests longer than it may be gone on with.
        """
        if not ended and _says(place):
            return self.dropped
        return max(self.open, self.language if place.chosen else 0, DAY_S if filed else 0)


class SessionStore:
    """Stored dialogues by the phone's key. What is read comes with its raw form, which `write` compares."""

    def __init__(self, redis: Pipeline) -> None:
        self._redis = redis

    async def read(self, phone_key: bytes) -> tuple[bytes, StoredSession | None]:
        """The raw and the parsed session of a phone: `b""` and None when there is none. Raises `RedisAway`."""
        raw: bytes = await self._redis.run("GET", _key(phone_key)) or b""
        return raw, decode(raw)

    async def compare_and_set(
        self, phone_key: bytes, seen: bytes, stored: StoredSession, ttl: int
    ) -> StoredSession | None:
        """Store it for `ttl` seconds if `seen` still stands there; else change nothing and tell what stands there."""
        command = (1, _key(phone_key), seen, encode(stored), ttl)
        try:
            other: bytes | None = await self._redis.run("EVALSHA", _SWAP_SHA, *command)
        except NoScriptError:  # the first time, and after Redis was restarted
            other = await self._redis.run("EVAL", _SWAP, *command)
        return None if other is None else decode(other)

    async def set_language(self, phone_key: bytes, language: str, menu: Menu, now: datetime) -> None:
        """Remember a language that was chosen by other ways than a dialogue; an open one goes on in it."""
        for _ in range(_TRIES):
            raw, stored = await self.read(phone_key)
            stored, seconds = _in_language(stored, language, menu, now)
            if await self.compare_and_set(phone_key, raw, stored, seconds) is None:
                return


def _in_language(stored: StoredSession | None, language: str, menu: Menu, now: datetime) -> tuple[StoredSession, int]:
    """What is stored of a phone that now speaks `language`, and for how many seconds."""
    place = stored.menu_session if stored else Session(menu.home, language)
    kept = {state.keep for state in menu.states.values() if state.source == "languages"}
    answers = {name: language if name in kept else value for name, value in place.answers.items()}
    place = place._replace(language=language, chosen=True, answers=answers)
    if stored is None:
        stored = StoredSession("", "", fingerprint(""), menu.version, 0, 0, 0, "", place)
    state = menu.states.get(place.state)
    seconds = menu.rules.remember_language.total_seconds()
    if _says(place) and (state is None or not state.kind.is_end):
        # What a resident has said is kept no longer for it.
        seconds = max(1, menu.rules.resume_within.total_seconds() - stored.age(now))
    return stored._replace(menu_session=place), int(seconds)


def _says(place: Session) -> bool:
    """Whether it holds more of the resident than the language."""
    return not {place.language}.issuperset(place.answers.values())


def _key(phone_key: bytes) -> str:
    return f"waspada:ussd:{phone_key[:8].hex()}"  # 64 bits tell millions of phones apart


# The stored form: a list, the trail joined, the rarest values last and left off while they are nothing. There is one
# for every phone that dials, so each byte counts: what is longer, having a long description in it, is deflated.
_PASSING, _CHOSEN, _RESUMED = 1, 2, 4
_LONG = 448  # bytes; with its key that is a little over 500 in Redis
_DEFLATED = b"x"  # with what zlib begins, and no list


def encode(stored: StoredSession) -> bytes:
    """The stored form."""
    channel, session, (length, checksum), menu, at, filed_on, filed, origin, place, replaced = stored
    flags = place.passing * _PASSING | place.chosen * _CHOSEN | place.resumed * _RESUMED
    values = [channel, session, length, checksum, menu, at, place.state, place.language]
    rarer = [place.answers, "/".join(place.trail), flags, place.hops, filed_on, filed, place.began, place.page]
    rarer += [place.wrong, place.error, origin, replaced]
    while rarer and not rarer[-1]:
        rarer.pop()
    plain = to_json([*values, *rarer])
    return plain if len(plain) <= _LONG else zlib.compress(plain, 1)


def decode(raw: bytes) -> StoredSession | None:
    """The session in `raw`; None for nothing, and for what an older release may have left there."""
    if not raw:
        return None
    try:
        if raw.startswith(_DEFLATED):
            raw = zlib.decompress(raw)
        channel, session, length, checksum, menu, at, state, language, *rarer = from_json(raw)
        rarer += _NOTHING[len(rarer) :]
        answers, trail, flags, hops, filed_on, filed, began, page, wrong, error, origin, replaced = rarer
        place = Session(
            state,
            language,
            page,
            answers,
            tuple(trail.split("/")) if trail else (),
            error,
            bool(flags & _PASSING),
            hops,
            wrong,
            bool(flags & _CHOSEN),
            began,
            bool(flags & _RESUMED),
        )
        text = TextFingerprint(length, checksum)
        return StoredSession(
            channel, session, text, menu, at, filed_on, filed, origin, place, tuple(map(tuple, replaced))
        )
    except (ValueError, TypeError, AttributeError, zlib.error):
        return None


_NOTHING: list[Any] = [{}, "", 0, 0, 0, 0, "", 0, 0, "", "", ()]
