"""USSD sessions in Redis: one key per phone, replaced by compare-and-set alone.

The same key tells what is known when a phone dials again: a dropped session, the chosen language, the number of reports
filed today. Its TTL depends on its content (`SessionTtl`).
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

from gateway.menu import engine
from gateway.menu.model import Menu
from gateway.menu.session import Session
from gateway.runtime.redis import Pipeline
from gateway.ussd.screen_label import Spans
from gateway.ussd.transcript import TextFingerprint, fingerprint

DAY_S = 24 * 60 * 60
_MAX_REPLACED = 8  # sessions of a phone that are remembered, so that their late callbacks are recognised
_MAX_WRITES = 3  # of one change, while other writers are faster
_COMPARE_AND_SET = files("gateway.ussd").joinpath("compare_and_set.lua").read_bytes()
_COMPARE_AND_SET_SHA = hashlib.sha1(_COMPARE_AND_SET, usedforsecurity=False).hexdigest()


def session_hash(channel: str, session: str) -> int:
    """Return a short hash, which only has to separate the few sessions of one phone."""
    return crc32(f"{channel}:{session}".encode("utf-8", "surrogatepass"))


def report_session(session: str, menu_session: Session) -> str:
    """Return the name under which a dialogue files its report. A second report of one call has a name of its own."""
    earlier = menu_session.filings - 1 if menu_session.barrier else menu_session.filings
    return f"{session}+{earlier}" if earlier > 0 else session


class StoredSession(NamedTuple):
    """Session between two callbacks: whose it is, the transcript by then, and the position in the menu.

    `encode`, `decode` and `TurnContext.to_store` take it by position: tests/ussd/test_sessions.py guards the order.
    """

    channel: str
    session: str
    fingerprint: TextFingerprint
    menu_version: str
    stored_at: int  # seconds since 1970
    filed_on: int  # the day of `filed_count`, as a proleptic ordinal
    filed_count: int  # reports that this phone filed on that day
    origin: str  # the session, on the same channel, in which a resumed dialogue began; empty for its own
    menu_session: Session
    replaced: tuple[int, ...] = ()  # hashes of earlier sessions
    spans: Spans = ()  # of the inputs that have a star

    def has_replaced(self, channel: str, session: str) -> bool:
        """Return True for a session that this one has replaced. It is over, whatever still arrives of it.

        A phone has one call at a time, so even input that was not known is late: it was typed before this call began.
        """
        return bool(self.replaced) and session_hash(channel, session) in self.replaced

    def replaced_list_for(self, channel: str, session: str) -> tuple[int, ...]:
        """Return the `replaced` of a session that now replaces this one."""
        mine, its = session_hash(self.channel, self.session), session_hash(channel, session)
        return (*(one for one in self.replaced if one not in (mine, its)), mine)[-_MAX_REPLACED:]

    def filed_today(self, today: date) -> int:
        return self.filed_count if self.filed_on == today.toordinal() else 0

    def without_report(self, menu: Menu, today: date, *, filed: int) -> StoredSession:
        """Return it without its answers, once its report was filed: this time (`filed` is 1), or before (0)."""
        old = self.menu_session
        home = engine.show_home(menu, old.language).session._replace(chosen=old.chosen, filings=old.filings)
        count = self.filed_today(today) + filed
        return self._replace(menu_session=home, origin="", filed_on=today.toordinal(), filed_count=count)

    @property
    def report_session(self) -> str:
        """Session under which its report is filed: that in which a resumed dialogue began."""
        return report_session(self.origin or self.session, self.menu_session)

    def age(self, now: datetime) -> float:
        """Return the seconds since it was stored."""
        return now.timestamp() - self.stored_at


@dataclass(frozen=True, slots=True)
class SessionTtl:
    """Seconds that a session is kept: while it is open, while it may be resumed, and for its language alone."""

    open: int
    dropped: int
    language: int

    def seconds(self, session: Session, *, ended: bool, filed: bool = False) -> int:
        """Return the TTL of this session. `filed` means that its phone has filed a report today, which is counted.

        Answers of a resident never stay longer than their dialogue may be resumed.
        """
        if not ended and _has_answers(session):
            return self.dropped
        return max(self.open, self.language if session.chosen else 0, DAY_S if filed else 0)


class SessionStore:
    """Stored sessions by the key of their phone. Every method may raise `RedisUnavailable`."""

    def __init__(self, redis: Pipeline) -> None:
        self._redis = redis

    async def read(self, phone_key: bytes) -> tuple[bytes, StoredSession | None]:
        """Return the raw value and the session of a phone, or `b""` and None.

        The raw value is what `compare_and_set` compares.
        """
        raw: bytes = await self._redis.run("GET", _key(phone_key)) or b""
        return raw, decode(raw)

    async def compare_and_set(
        self, phone_key: bytes, seen: bytes, stored: StoredSession, ttl: int
    ) -> StoredSession | None:
        """Store the session for `ttl` seconds if the value is still `seen`.

        Otherwise nothing is changed, and the session of the other writer is returned.
        """
        command = (1, _key(phone_key), seen, encode(stored), ttl)
        try:
            other: bytes | None = await self._redis.run("EVALSHA", _COMPARE_AND_SET_SHA, *command)
        except NoScriptError:  # the first time, and after Redis was restarted
            other = await self._redis.run("EVAL", _COMPARE_AND_SET, *command)
        return None if other is None else decode(other)

    async def set_language(self, phone_key: bytes, language: str, menu: Menu, now: datetime) -> None:
        """Remember a language that was chosen outside a dialogue, such as by SMS. An open dialogue changes to it."""
        for _ in range(_MAX_WRITES):
            raw, stored = await self.read(phone_key)
            stored, ttl = _with_language(stored, language, menu, now)
            if await self.compare_and_set(phone_key, raw, stored, ttl) is None:
                return


def _with_language(stored: StoredSession | None, language: str, menu: Menu, now: datetime) -> tuple[StoredSession, int]:
    session = stored.menu_session if stored else Session(menu.home, language)
    language_answers = {state.keep for state in menu.states.values() if state.source == "languages"}
    answers = {name: language if name in language_answers else value for name, value in session.answers.items()}
    session = session._replace(language=language, chosen=True, answers=answers)
    if stored is None:
        stored = StoredSession("", "", fingerprint(""), menu.version, 0, 0, 0, "", session)
    state = menu.states.get(session.state)
    ttl = menu.rules.remember_language.total_seconds()
    if _has_answers(session) and (state is None or not state.kind.is_end or session.trail):
        # A new language does not keep the answers of a resident any longer.
        ttl = max(1, menu.rules.resume_within.total_seconds() - stored.age(now))
    return stored._replace(menu_session=session), int(ttl)


def _has_answers(session: Session) -> bool:
    """Return True if the session has an answer other than its language."""
    return not {session.language}.issuperset(session.answers.values())


def _key(phone_key: bytes) -> str:
    return f"waspada:ussd:{phone_key[:8].hex()}"  # 64 bits keep millions of phones apart


# The stored form is a JSON array with the trail joined, the rarest values last, and empty values cut off its end. Every
# phone that dials has one, so each byte counts: a long one, with a long description in it, is deflated.
_PASSING, _CHOSEN, _RESUMED, _CALLED_OFF = 1, 2, 4, 8
_DEFLATE_OVER = 448  # bytes; with its key that is a little over 500 in Redis
_DEFLATED = b"x"  # first byte of every zlib stream, and of no JSON array


def encode(stored: StoredSession) -> bytes:
    channel, session, (length, checksum), version, at, filed_on, filed, origin, position, replaced, spans = stored
    flags = position.passing * _PASSING | position.chosen * _CHOSEN
    flags |= position.resumed * _RESUMED | position.called_off * _CALLED_OFF
    values = [channel, session, length, checksum, version, at, position.state, position.language]
    rarer = [position.answers, "/".join(position.trail), flags, position.hops, filed_on, filed]
    rarer += [position.began, position.page, position.wrong, position.error, origin, replaced, spans]
    rarer += [position.barrier, position.filings]
    while rarer and not rarer[-1]:
        rarer.pop()
    plain = to_json([*values, *rarer])
    return plain if len(plain) <= _DEFLATE_OVER else zlib.compress(plain, 1)


def decode(raw: bytes) -> StoredSession | None:
    """Decode a stored form. Returns None for an empty one, and for one that an older release may have left."""
    if not raw:
        return None
    try:
        if raw.startswith(_DEFLATED):
            raw = zlib.decompress(raw)
        channel, session, length, checksum, version, at, state, language, *rarer = from_json(raw)
        rarer += _EMPTY[len(rarer) :]
        answers, trail, flags, hops, filed_on, filed, began, page, wrong, error, *rarest = rarer
        origin, replaced, spans, barrier, filings = rarest
        # By position, which takes half the time of keywords.
        position = Session(
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
            bool(flags & _CALLED_OFF),
            barrier,
            filings,
        )
        text, earlier, starred = (
            TextFingerprint(length, checksum),
            tuple(replaced),
            tuple(map(tuple, spans)) if spans else (),
        )
        return StoredSession(channel, session, text, version, at, filed_on, filed, origin, position, earlier, starred)
    except (ValueError, TypeError, AttributeError, zlib.error):
        return None


_EMPTY: list[Any] = [{}, "", 0, 0, 0, 0, "", 0, 0, "", "", (), (), 0, 0]
