"""Dropped sessions: detected when no more callbacks come, kept as drafts, and followed by one reminder SMS.

A carrier may report the end of a session, or not (facts/protocols.md A.7), so nothing depends on it. When a dialogue
says enough for a report, its phone goes on a list in Redis. The worker looks again when the network must have ended the
session. An unfinished dialogue becomes a draft: the desk sees it, danger first, and the resident gets one SMS outside
quiet hours, if the pack wants it. The answer `1` files the draft.
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
from gateway.incidents.store import FiledReport, SessionOfAnotherPhone
from gateway.menu import engine
from gateway.menu.model import Menu
from gateway.menu.report_form import REQUIRED_ANSWERS
from gateway.menu.session import Session
from gateway.messages.outbox import TooManyParts
from gateway.runtime.clock import Clock
from gateway.runtime.postgres import DatabaseUnavailable
from gateway.runtime.redis import Pipeline, RedisUnavailable
from gateway.text import ticket
from gateway.text.phone import Phone
from gateway.ussd.menu_versions import MenuVersions
from gateway.ussd.sessions import DAY_S, SessionStore, StoredSession, session_hash
from gateway.vault.vault import CannotOpen, Vault

log = structlog.get_logger()

LONGEST_SESSION_S = 180 + 20  # of a network (facts/protocols.md A.4), with a margin
FILE_DRAFT_REPLY = "1"
_WATCHED = "waspada:watched"
_DELETE_IF_EQUAL = files("gateway.ussd").joinpath("delete_if_equal.lua").read_bytes()


def is_fileable(menu: Menu, session: Session) -> bool:
    """Return True if an unfinished dialogue has the answers that a report requires, and was not called off."""
    if session.called_off or not menu.states[session.state].kind.waits_for_input:
        return False
    answers = engine.valid_answers(menu, session)
    return all(answers.get(name) for name in REQUIRED_ANSWERS)


class DroppedSessions:
    """List of sessions to watch, the sweep that makes drafts of them, and the reply to the reminder."""

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
        """Create the list. `service_codes` has the code that is dialled on each channel, for the reminder."""
        self._redis = redis
        self._sessions = sessions
        self._versions = versions
        self._drafts = drafts
        self._vault = vault
        self._clock = clock
        self._service_codes = service_codes

    async def watch(self, phone: Phone) -> None:
        """Put the session of this phone on the list. Raises `RedisUnavailable`."""
        sealed = b64encode(self._vault.seal(phone))
        await self._redis.run("HSET", _WATCHED, self._vault.lookup(phone).hex(), sealed)

    async def sweep(self) -> int:
        """Make drafts of the sessions that dropped. Returns their number.

        Stops without error if a store is unavailable. The rest of the list waits for the next sweep.
        """
        kept = 0
        cursor = b"0"
        try:
            while True:
                cursor, listed = await self._redis.run("HSCAN", _WATCHED, cursor)
                for key, sealed in zip(listed[::2], listed[1::2], strict=True):
                    try:
                        kept += await self._check(key, sealed)
                    except (RedisUnavailable, DatabaseUnavailable):
                        raise
                    except Exception:  # a damaged entry must not block those behind it
                        log.exception("draft.not_looked_at")
                if cursor == b"0":
                    return kept
        except (RedisUnavailable, DatabaseUnavailable):
            return kept

    async def expire_drafts(self) -> int:
        """Erase the drafts that can no longer be resumed. Returns their number. Raises `DatabaseUnavailable`."""
        return await self._drafts.expire(self._clock.now() - self._versions.current.rules.resume_within)

    async def file_draft(self, phone: Phone, within: AsyncConnection, unsent: str = "") -> FiledDraft | None:
        """File the draft of this phone, or return None if it has none. Raises `DatabaseUnavailable`.

        It joins the transaction of `within`. `unsent` is the reason why its confirmation is not sent.
        Call `forget_filed` once that is committed.
        """
        menu = self._versions.current

        def confirmation(draft: Draft, number: str) -> str:
            answers = {**draft.answers, "ticket": ticket.with_dash(number)}
            return menu.confirmation(draft.language, answers, self._placeholders(draft.channel))

        since = self._clock.now() - menu.rules.resume_within
        try:
            latest = await self._latest_answers(phone)
            return await self._drafts.file(
                phone, confirmation, menu.form, since=since, latest=latest, within=within, unsent=unsent
            )
        except (SessionOfAnotherPhone, ValueError) as error:
            log.warning("draft.unfileable", error=type(error).__name__)
            return None

    async def _latest_answers(self, phone: Phone) -> Draft | None:
        """Return the session in Redis as a draft, if it says enough: it may have been resumed since."""
        try:
            _, stored = await self._sessions.read(self._vault.lookup(phone))
        except RedisUnavailable:
            return None
        return self._to_draft(stored, phone) if stored is not None else None

    async def forget_filed(self, done: FiledDraft) -> None:
        """Clear the session of a filed draft, so that it is not offered again. Language and report count stay.

        If Redis is unavailable, the session is offered once more and gets the same ticket.
        """
        self._drafts.announce(done)
        log.info("draft.filed", ticket=done.filed.ticket, new=done.filed.new)
        with suppress(RedisUnavailable):
            await self._clear(done.draft, done.filed)

    async def _clear(self, draft: Draft, filed: FiledReport) -> None:
        key, menu, now = self._vault.lookup(draft.phone), self._versions.current, self._clock.now()
        raw, stored = await self._sessions.read(key)
        if stored is None or (stored.channel, stored.origin or stored.session) != (draft.channel, draft.session):
            return
        if stored.age(now) < LONGEST_SESSION_S:
            return  # resumed on a call under way: what it sends gets the same ticket
        today = now.astimezone(menu.timezone).date()
        cleared = stored.without_report(menu, today, filed=int(filed.new and not filed.by_duty))
        language_ttl = menu.rules.remember_language.total_seconds() if cleared.menu_session.chosen else 0
        await self._sessions.compare_and_set(key, raw, cleared, max(int(language_ttl), DAY_S))

    async def _check(self, key: bytes, sealed: bytes) -> bool:
        """Return True if this session has dropped and is a draft now. It stays on the list while it may continue."""
        _, stored = await self._sessions.read(bytes.fromhex(key.decode()))
        if stored is not None and stored.age(self._clock.now()) < LONGEST_SESSION_S:
            return False
        kept = stored is not None and await self._keep(stored, key, sealed)
        # Only if unchanged: a new call of this phone may have put it on the list again.
        await self._redis.run("EVAL", _DELETE_IF_EQUAL, 1, _WATCHED, key, sealed)
        return kept

    def _menu(self, stored: StoredSession) -> Menu:
        return self._versions.get(stored.menu_version) or self._versions.current

    def _to_draft(self, stored: StoredSession, phone: Phone) -> Draft | None:
        """Make a draft of a session. Returns None if it says too little. Raises `ValueError`."""
        menu, session = self._menu(stored), stored.menu_session
        if not engine.has_place(menu, session) or not is_fileable(menu, session):
            return None
        return Draft(
            channel=stored.channel,
            session=stored.origin or stored.session,
            phone=phone,
            language=session.language,
            answers=menu.form.of_report(engine.valid_answers(menu, session)),
            left_at=datetime.fromtimestamp(stored.stored_at, UTC),
        )

    async def _keep(self, stored: StoredSession, key: bytes, sealed: bytes) -> bool:
        menu = self._menu(stored)
        try:
            phone = self._vault.open(b64decode(sealed), bytes.fromhex(key.decode()))
            draft = self._to_draft(stored, phone)
            if draft is None:
                return False
            due_at = self._reminder_due_at(menu)
            reminded = menu.rules.resume_sms and due_at < draft.left_at + menu.rules.resume_within
            given = self._placeholders(draft.channel)
            text = menu.reminder(draft.language, draft.answers, given) if reminded else None
            left_in = session_hash(stored.channel, stored.session)
            new = await self._drafts.keep(draft, text, due_at, left_in)
        except (CannotOpen, ValueError, TooManyParts) as error:
            log.error("draft.not_kept", channel=stored.channel, session=stored.session, error=type(error).__name__)
            return False
        write = log.warning if draft.mentions_danger else log.info
        write(
            "draft.kept",
            channel=draft.channel,
            session=draft.session,
            danger=draft.danger,
            new=new,
            reminded=new and reminded,
        )
        return new

    def _placeholders(self, channel: str) -> Mapping[str, str]:
        return {"ussd": self._service_codes.get(channel, "")}

    def _reminder_due_at(self, menu: Menu) -> datetime:
        now = self._clock.now()
        return menu.quiet_until(now) or now
