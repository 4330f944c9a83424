"""Dropped sessions: detected when no more callbacks come, kept as drafts, and followed by one reminder SMS.

A carrier may report the end of a session, or not (facts/protocols.md A.7), so nothing depends on it. When a dialogue
says enough for a report, its phone goes on a list in Redis. The worker looks again when the network must have ended the
session. An unfinished dialogue becomes a draft: the desk sees it, danger first, and the resident gets one SMS outside
quiet hours, if the pack wants it. The answer `1` files the draft.

Danger does not wait. A draft of it is at the desk when the carrier reports the end of the session, or after half a
minute of silence, and its SMS obeys no quiet hours. A dialogue that has filed its report, as danger does, leaves no
draft: what it has added completes the report.
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
from gateway.menu.definitions.report_form import IN_DANGER
from gateway.menu.model import Menu
from gateway.messages.inbox import Inbox
from gateway.messages.outbox import TooManyParts
from gateway.runtime.clock import Clock
from gateway.runtime.postgres import DatabaseUnavailable
from gateway.runtime.redis import Pipeline, RedisUnavailable
from gateway.text import ticket
from gateway.text.phone import Phone
from gateway.ussd.filing import Filing
from gateway.ussd.menu_versions import MenuVersions
from gateway.ussd.sessions import DAY_S, SessionStore, StoredSession, session_hash
from gateway.ussd.turn_context import completing_request
from gateway.ussd.unfinished_report import adds_to_report, is_fileable, is_urgent
from gateway.vault.vault import CannotOpen, Vault

log = structlog.get_logger()

LONGEST_SESSION_S = 180 + 20  # of a network (facts/protocols.md A.4), with a margin
SILENCE_S = 30  # of somebody in danger, after which the desk need not wait for the network
FILE_DRAFT_REPLY = "1"
URGENT = "resume_urgent"  # name of the SMS that reminds of danger without a place
_WATCHED = "waspada:watched"
_DELETE_IF_EQUAL = files("gateway.ussd").joinpath("delete_if_equal.lua").read_bytes()


class DroppedSessions:
    """List of sessions to watch, the sweep that makes drafts of them, and the reply to the reminder."""

    def __init__(
        self,
        redis: Pipeline,
        sessions: SessionStore,
        versions: MenuVersions,
        drafts: DraftStore,
        filing: Filing,
        inbox: Inbox,
        vault: Vault,
        clock: Clock,
        service_codes: Mapping[str, str],
    ) -> None:
        """Create the list. `service_codes` has the code that is dialled on each channel, for the reminder.

        `filing` completes reports, and `inbox` knows the sessions whose end a carrier has reported.
        """
        self._redis = redis
        self._sessions = sessions
        self._versions = versions
        self._drafts = drafts
        self._filing = filing
        self._inbox = inbox
        self._at_desk: dict[bytes, int] = {}  # urgent sessions that may go on, as they were when the desk got them
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
        if stored is None or (stored.channel, stored.report_session) != (draft.channel, draft.session):
            return
        if stored.age(now) < LONGEST_SESSION_S:
            return  # resumed on a call under way: what it sends gets the same ticket
        today = now.astimezone(menu.timezone).date()
        cleared = stored.without_report(menu, today, filed=int(filed.new and not filed.by_duty))
        language_ttl = menu.rules.remember_language.total_seconds() if cleared.menu_session.chosen else 0
        await self._sessions.compare_and_set(key, raw, cleared, max(int(language_ttl), DAY_S))

    async def _check(self, key: bytes, sealed: bytes) -> bool:
        """Return True if this session has dropped and is a new draft now. It is listed while it may continue."""
        raw, stored = await self._sessions.read(bytes.fromhex(key.decode()))
        if stored is not None and not await self._is_over(stored):
            return self._is_silent(key, stored) and await self._settle(stored, key, sealed, over=False)
        kept = stored is not None and await self._settle(stored, key, sealed, over=True)
        if stored is not None and stored.menu_session.barrier:
            await self._forget_answers(bytes.fromhex(key.decode()), raw, stored)
        self._at_desk.pop(key, None)
        # Only if unchanged: a new call of this phone may have put it on the list again.
        await self._redis.run("EVAL", _DELETE_IF_EQUAL, 1, _WATCHED, key, sealed)
        return kept

    async def _is_over(self, stored: StoredSession) -> bool:
        """Return True if the network must have ended the session, or its carrier says so. Only danger asks for that."""
        if stored.age(self._clock.now()) >= LONGEST_SESSION_S:
            return True
        return self._cannot_wait(stored) and await self._inbox.has_ended(stored.channel, stored.session)

    def _cannot_wait(self, stored: StoredSession) -> bool:
        menu, session = self._menu(stored), stored.menu_session
        return engine.has_place(menu, session) and (is_urgent(menu, session) or adds_to_report(menu, session))

    def _is_silent(self, key: bytes, stored: StoredSession) -> bool:
        """Return True once for a session of danger that has been silent for a while. It may still go on."""
        if stored.menu_session.barrier or stored.age(self._clock.now()) < SILENCE_S or not self._cannot_wait(stored):
            return False
        return self._at_desk.get(key) != stored.stored_at

    async def _settle(self, stored: StoredSession, key: bytes, sealed: bytes, *, over: bool) -> bool:
        """Complete the report of this session, or make a draft of it. Returns True for a new draft."""
        try:
            phone = self._vault.open(b64decode(sealed), bytes.fromhex(key.decode()))
            if adding := completing_request(stored, phone, self._versions):
                await self._filing.complete_dropped(adding)
                kept = False
            else:
                kept = await self._keep(stored, phone, over=over)
        except (CannotOpen, ValueError, TooManyParts) as error:
            log.error("draft.not_kept", channel=stored.channel, session=stored.session, error=type(error).__name__)
            return False
        if not over:
            self._at_desk[key] = stored.stored_at
        return kept

    async def _forget_answers(self, key: bytes, raw: bytes, stored: StoredSession) -> None:
        """Clear a session that has filed its report. Language and report count stay."""
        menu, now = self._versions.current, self._clock.now()
        cleared = stored.without_report(menu, now.astimezone(menu.timezone).date(), filed=0)
        language_ttl = menu.rules.remember_language.total_seconds() if cleared.menu_session.chosen else 0
        await self._sessions.compare_and_set(key, raw, cleared, max(int(language_ttl), DAY_S))

    def _menu(self, stored: StoredSession) -> Menu:
        return self._versions.get(stored.menu_version) or self._versions.current

    def _to_draft(self, stored: StoredSession, phone: Phone) -> Draft | None:
        """Make a draft of a session. Returns None if it says too little. Raises `ValueError`."""
        menu, session = self._menu(stored), stored.menu_session
        if not engine.has_place(menu, session):
            return None
        urgent = is_urgent(menu, session)
        if not urgent and not is_fileable(menu, session):
            return None
        return Draft(
            channel=stored.channel,
            session=stored.report_session,
            phone=phone,
            language=session.language,
            answers=menu.form.of_report(engine.valid_answers(menu, session)),
            left_at=datetime.fromtimestamp(stored.stored_at, UTC),
            urgent=urgent,
        )

    async def _keep(self, stored: StoredSession, phone: Phone, *, over: bool) -> bool:
        """Make a draft of this session, with a reminder if it is over. Returns True for a new draft."""
        draft = self._to_draft(stored, phone)
        if draft is None:
            return False
        due_at = self._clock.now()
        if draft.danger != IN_DANGER:
            due_at = self._menu(stored).quiet_until(due_at) or due_at
        text = self._reminder(stored, draft, due_at) if over else None
        new = await self._drafts.keep(draft, text, due_at, session_hash(stored.channel, stored.session))
        reminded = text is not None and (new or await self._drafts.remind(draft, text, due_at))
        write = log.warning if draft.is_pressing else log.info
        write(
            "draft.kept",
            channel=draft.channel,
            session=draft.session,
            danger=draft.danger,
            urgent=draft.is_pressing,
            new=new,
            reminded=reminded,
        )
        return new

    def _reminder(self, stored: StoredSession, draft: Draft, due_at: datetime) -> str | None:
        """Return the SMS that reminds of a draft, if the pack has one. One without a place cannot be filed by SMS."""
        menu = self._menu(stored)
        if not menu.rules.resume_sms or due_at >= draft.left_at + menu.rules.resume_within:
            return None
        given = self._placeholders(draft.channel)
        if draft.is_fileable:
            return menu.reminder(draft.language, draft.answers, given)
        if draft.danger != IN_DANGER or URGENT not in menu.wordings[menu.language].sms:
            return None
        return menu.sms_text(URGENT, draft.language, draft.answers, given)

    def _placeholders(self, channel: str) -> Mapping[str, str]:
        return {"ussd": self._service_codes.get(channel, "")}
