"""Dialogues that broke off: noticed when nothing more is heard of them, kept as drafts, and brought to mind by SMS.

A carrier may tell that a session has ended, or not (facts/protocols.md A.7), so nothing hangs on it. When a report has
got far enough to be filed as it is, its phone goes on a list in Redis; the worker looks again when the network must
have ended the session. What it finds unfinished becomes a draft: the desk sees it, danger first, and the resident gets
one SMS if the pack says so, not in the quiet hours. His answer `1` files it.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from importlib.resources import files

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.incidents.draft import Draft
from gateway.incidents.drafts import DraftStore, FiledDraft
from gateway.incidents.incident import REQUIRED_ANSWERS
from gateway.incidents.store import FiledReport, SessionOfAnotherPhone
from gateway.menu import engine
from gateway.menu.engine import Session
from gateway.menu.model import Menu
from gateway.messages.outbox import TooManyParts
from gateway.runtime.clock import Clock
from gateway.runtime.postgres import DatabaseUnavailable
from gateway.runtime.redis import Pipeline, RedisUnavailable
from gateway.text import ticket
from gateway.text.phone import Phone
from gateway.ussd.menu_versions import MenuVersions
from gateway.ussd.sessions import DAY_S, SessionStore, StoredSession
from gateway.vault.vault import CannotOpen, Vault

log = structlog.get_logger()

LONGEST_SESSION_S = 180 + 20  # of a network (facts/protocols.md A.4), and a little
FILE_DRAFT_REPLY = "1"
_WATCHED = "waspada:watched"
_UNWATCH = files("gateway.ussd").joinpath("delete_if_equal.lua").read_bytes()


def is_fileable(menu: Menu, place: Session) -> bool:
    """Whether an unfinished dialogue says enough to be a report."""
    if not menu.states[place.state].kind.waits_for_input:
        return False
    said = engine.valid_answers(menu, place)
    return all(said.get(name) for name in REQUIRED_ANSWERS)


class DroppedSessions:
    """The list of dialogues to look after, what becomes of them, and the answer to the reminder."""

    def __init__(
        self,
        redis: Pipeline,
        sessions: SessionStore,
        versions: MenuVersions,
        drafts: DraftStore,
        vault: Vault,
        clock: Clock,
        service_codes: Mapping[str, str],
    ) -> None:
        """`service_codes` are what is dialled on each channel, for the SMS that asks to dial again."""
        self._redis = redis
        self._sessions = sessions
        self._versions = versions
        self._drafts = drafts
        self._vault = vault
        self._clock = clock
        self._service_codes = service_codes

    async def watch(self, phone: Phone) -> None:
        """Look after this phone's dialogue once it has gone quiet. Raises `RedisAway`."""
        sealed = b64encode(self._vault.seal(phone))
        await self._redis.run("HSET", _WATCHED, self._vault.lookup(phone).hex(), sealed)

    async def sweep(self) -> int:
        """Keep what has broken off as drafts; how many there were. Stops quietly where a store is away."""
        kept = 0
        cursor = b"0"
        try:
            while True:
                cursor, listed = await self._redis.run("HSCAN", _WATCHED, cursor)
                for key, sealed in zip(listed[::2], listed[1::2], strict=True):
                    try:
                        kept += await self._look_at(key, sealed)
                    except (RedisUnavailable, DatabaseUnavailable):
                        raise
                    except Exception:  # one that is wrong must not hide those behind it
                        log.exception("draft.not_looked_at")
                if cursor == b"0":
                    return kept
        except (RedisUnavailable, DatabaseUnavailable):
            return kept

    async def expire_drafts(self) -> int:
        """Wipe the drafts that can no longer be gone on with; how many there were. Raises `DatabaseAway`."""
        return await self._drafts.expire(self._clock.now() - self._versions.current.rules.resume_within)

    async def file_draft(self, phone: Phone, within: AsyncConnection) -> FiledDraft | None:
        """File what this phone has left unfinished; None where there is nothing. Raises `DatabaseAway`.

        It is part of the transaction of `within`; once that is committed, `settle` must be told.
        """
        menu = self._versions.current

        def confirmation(draft: Draft, number: str) -> str:
            answers = {**draft.answers, "ticket": ticket.with_dash(number)}
            return menu.sms_text("received", draft.language, answers, self._given(draft.channel))

        since = self._clock.now() - menu.rules.resume_within
        try:
            latest = await self._latest(phone)
            return await self._drafts.file(phone, confirmation, since=since, latest=latest, within=within)
        except (SessionOfAnotherPhone, ValueError) as error:
            log.warning("draft.unfileable", error=type(error).__name__)
            return None

    async def _latest(self, phone: Phone) -> Draft | None:
        """What Redis holds of this phone's dialogue, if it says enough; it may have been gone on with since."""
        try:
            _, stored = await self._sessions.read(self._vault.lookup(phone))
        except RedisUnavailable:
            return None
        return self._draft(stored, phone) if stored is not None else None

    async def forget_filed(self, done: FiledDraft) -> None:
        """Let a dialogue that was filed so be offered no more: nothing of it stays in Redis but the language, and the
        report to be counted. Where Redis is away it is offered once more, and gets the same ticket.
        """
        log.info("draft.filed", ticket=done.filed.ticket, new=done.filed.new)
        with suppress(RedisUnavailable):
            await self._forget(done.draft, done.filed)

    async def _forget(self, draft: Draft, filed: FiledReport) -> None:
        key, menu, now = self._vault.lookup(draft.phone), self._versions.current, self._clock.now()
        raw, stored = await self._sessions.read(key)
        if stored is None or (stored.channel, stored.origin or stored.session) != (draft.channel, draft.session):
            return
        if stored.age(now) < LONGEST_SESSION_S:
            return  # he dials just now: what he sends has the ticket that he is told
        today = now.astimezone(menu.timezone).date()
        place = engine.show_home(menu, stored.menu_session.language).session._replace(chosen=stored.menu_session.chosen)
        count = stored.filed_today(today) + filed.new
        settled = stored._replace(menu_session=place, origin="", filed_on=today.toordinal(), filed_count=count)
        language = menu.rules.remember_language.total_seconds() if place.chosen else 0
        await self._sessions.compare_and_set(key, raw, settled, max(int(language), DAY_S))

    async def _look_at(self, key: bytes, sealed: bytes) -> bool:
        """Whether this one has broken off and is kept now. It stays on the list while it may still go on."""
        _, stored = await self._sessions.read(bytes.fromhex(key.decode()))
        if stored is not None and stored.age(self._clock.now()) < LONGEST_SESSION_S:
            return False
        kept = stored is not None and await self._keep(stored, sealed)
        await self._redis.run("EVAL", _UNWATCH, 1, _WATCHED, key, sealed)
        return kept

    def _menu(self, stored: StoredSession) -> Menu:
        return self._versions.get(stored.menu_version) or self._versions.current

    def _draft(self, stored: StoredSession, phone: Phone) -> Draft | None:
        """What is left of a dialogue; None where it does not say enough. Raises `ValueError`."""
        menu, place = self._menu(stored), stored.menu_session
        if not engine.has_place(menu, place) or not is_fileable(menu, place):
            return None
        return Draft(
            channel=stored.channel,
            session=stored.origin or stored.session,
            phone=phone,
            language=place.language,
            answers=engine.valid_answers(menu, place),
            left_at=datetime.fromtimestamp(stored.stored_at, UTC),
        )

    async def _keep(self, stored: StoredSession, sealed: bytes) -> bool:
        menu = self._menu(stored)
        try:
            draft = self._draft(stored, self._vault.open(b64decode(sealed)))
            if draft is None:
                return False
            due = self._due(menu)
            reminded = menu.rules.resume_sms and due < draft.left_at + menu.rules.resume_within
            given = self._given(draft.channel)
            text = menu.sms_text("resume", draft.language, draft.answers, given) if reminded else None
            new = await self._drafts.keep(draft, text, due)
        except (CannotOpen, ValueError, TooManyParts) as error:
            log.error("draft.not_kept", channel=stored.channel, session=stored.session, error=type(error).__name__)
            return False
        tell = log.warning if draft.mentions_danger else log.info
        tell(
            "draft.kept",
            channel=draft.channel,
            session=draft.session,
            danger=draft.danger,
            new=new,
            reminded=new and reminded,
        )
        return new

    def _given(self, channel: str) -> Mapping[str, str]:
        return {"ussd": self._service_codes.get(channel, "")}

    def _due(self, menu: Menu) -> datetime:
        """The next moment outside the pack's quiet hours."""
        now = self._clock.now()
        return menu.quiet_until(now) or now
