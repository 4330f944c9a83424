"""Handler of inbound SMS: claim one, parse its command, execute it, record the result and the reply.

Reply limits keep two machines from writing to each other for ever. Short codes, names, our own numbers and automatic
replies get no reply. A number gets at most ten replies an hour, and one a day to texts that are not understood. The
limits are for replies only: a report beyond them is filed, with a suppressed confirmation.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from functools import partial

import structlog

from gateway.appeals.appeal import ResponseKind
from gateway.appeals.responses import record_response
from gateway.menu.model import Menu
from gateway.messages.message import TOO_MANY_REPLIES
from gateway.people.directory import Directory
from gateway.people.person import Role
from gateway.runtime.clock import Clock
from gateway.runtime.postgres import DatabaseUnavailable
from gateway.runtime.redis import RedisUnavailable
from gateway.sms.commands import Commands, SmsRequest
from gateway.sms.inbound_queue import DAY, HOUR, ClaimedSms, Disposition, InboundQueue, InboundSms, SmsReply
from gateway.sms.keywords import Command, is_automatic, parse_command
from gateway.text.phone import Phone
from gateway.ussd.dropped_sessions import FILE_DRAFT_REPLY, DroppedSessions
from gateway.ussd.menu_versions import MenuVersions
from gateway.ussd.sessions import SessionStore
from gateway.vault.vault import Vault

log = structlog.get_logger()

MAX_REPLIES_PER_HOUR = 10
RETRY_DELAY = timedelta(minutes=1)  # for an SMS that could not even be recorded as failed
NOT_REPEATABLE = frozenset({"", "report", "add_info"})
"""Commands that mean one thing if they are sent twice. A status may be asked for again."""
NOT_A_RESPONSE = frozenset(
    {
        Disposition.UNSUBSCRIBED,
        Disposition.UNSUBSCRIBED_WITH_TEXT,
        Disposition.SUPERSEDED,
        Disposition.REPEATED,
        Disposition.MACHINE,
        Disposition.FAILED,
    },
)
"""Dispositions that do not count as another response to a recent appeal. Opt-outs are counted where they are stored."""
ANSWERED_ONCE_A_DAY = frozenset({Disposition.OTHER, Disposition.REPORT_NOT_UNDERSTOOD})
"""Dispositions with a general reply, which a number gets once a day."""
OFFICER_REPLY = re.compile(r"[\s.,!\"']*[123](?!\w|[.,]\d)[\s.,!\"']*\w*[\s.,!\"']*")
"""Reply of an officer to an alert: accepted, checked, not true. With at most one more word: longer may be a report."""


class InboundHandler:
    """Handler of inbound SMS. `service_codes` are the USSD codes by channel, `own_numbers` the senders we use."""

    def __init__(
        self,
        queue: InboundQueue,
        commands: Commands,
        dropped_sessions: DroppedSessions,
        directory: Directory,
        sessions: SessionStore,
        versions: MenuVersions,
        vault: Vault,
        clock: Clock,
        service_codes: Mapping[str, str],
        own_numbers: Collection[str],
    ) -> None:
        self._queue = queue
        self._commands = commands
        self._dropped_sessions = dropped_sessions
        self._directory = directory
        self._sessions = sessions
        self._versions = versions
        self._vault = vault
        self._clock = clock
        self._service_codes = service_codes
        self._own_numbers = frozenset(own_numbers)
        self._failed_until: dict[int, datetime] = {}  # ids that could not be recorded, and when to retry each

    async def handle_all(self) -> int:
        """Handle every waiting SMS. Returns their number. Raises `DatabaseUnavailable` and `RedisUnavailable`."""
        handled, now = 0, self._clock.now()
        self._failed_until = {sms: until for sms, until in self._failed_until.items() if until > now}
        while await self._handle_next():
            handled += 1
        return handled

    async def _handle_next(self) -> bool:
        sms: InboundSms | None = None
        try:
            async with self._queue.claim_next(self._failed_until) as claimed:
                if claimed is None:
                    return False
                sms = claimed.sms
                reply = await self._handle(claimed)
        except (DatabaseUnavailable, RedisUnavailable):
            raise
        except Exception as error:
            if sms is None:
                raise
            # The SMS waits again. Skip it for a while, so that it does not block later ones.
            log.error("sms.not_filed", letter=sms.id, error=type(error).__name__, exc_info=True)
            self._failed_until[sms.id] = self._clock.now() + RETRY_DELAY
            return True
        if reply.afterwards:
            await reply.afterwards()
        ticket = {"ticket": reply.ticket} if reply.ticket else {}
        log.info(
            "sms.handled",
            channel=sms.channel,
            letter=sms.id,
            made=reply.disposition,
            answered=bool(reply.text) or reply.confirmed,
            **ticket,
        )
        return True

    async def _handle(self, claimed: ClaimedSms) -> SmsReply:
        """Execute the command of the SMS, and record the result."""
        sms = claimed.sms
        try:
            # In a savepoint: after a failed statement, the transaction can still record the failure.
            async with claimed.connection.begin_nested():
                unsent = TOO_MANY_REPLIES if await _reply_limit_reached(claimed) else ""
                reply = await self._reply_to(claimed, unsent)
                if reply.text and unsent:
                    log.warning("sms.too_many_replies", letter=sms.id)
                    reply = SmsReply(reply.disposition, ticket=reply.ticket)
                if sms.phone and reply.disposition not in NOT_A_RESPONSE:
                    key, now = self._vault.lookup(sms.phone), self._clock.now()
                    await record_response(claimed.connection, key, ResponseKind.OTHER, now)
                await claimed.record(reply)
        except (DatabaseUnavailable, RedisUnavailable, OSError):
            raise
        except Exception as error:
            if claimed.connection.invalidated:  # the connection broke: the error is not ours
                raise
            log.error("sms.failed", letter=sms.id, error=type(error).__name__, exc_info=True)
            reply = SmsReply(Disposition.FAILED)
            await claimed.record(reply)
        return reply

    async def _reply_to(self, claimed: ClaimedSms, unsent: str) -> SmsReply:
        """Execute the command of the SMS, if it has one. Returns its result, before the hourly limit is applied.

        `unsent` is the reason why this number gets no more replies now, empty if it does.
        """
        sms, menu = claimed.sms, self._versions.current
        command = parse_command(sms.text, menu)
        if sms.anonymous:
            return SmsReply(Disposition.OTHER)
        if sms.phone is None or self._is_our_own(sms, sms.phone) or _is_from_a_machine(sms, command, menu):
            return SmsReply(Disposition.MACHINE)
        if reply := await self._reply_to_digit(claimed, sms.phone, unsent):
            return reply
        if command.name in NOT_REPEATABLE and await claimed.is_repeat():
            return SmsReply(Disposition.REPEATED)
        if not menu.keywords.commands:
            return SmsReply(Disposition.OTHER)
        request = await self._request_from(claimed, sms.phone, command, menu, unsent)
        reply = await self._commands.execute(request) if command.name else request.reply(Disposition.OTHER, "unknown")
        if reply.disposition is Disposition.LANGUAGE:
            key = self._vault.lookup(sms.phone)
            await self._sessions.set_language(key, request.language, menu, self._clock.now())
        if reply.disposition in ANSWERED_ONCE_A_DAY and await claimed.count_replies(DAY, ANSWERED_ONCE_A_DAY):
            return SmsReply(reply.disposition)
        return reply

    async def _reply_to_digit(self, claimed: ClaimedSms, phone: Phone, unsent: str) -> SmsReply | None:
        """Handle an SMS of one digit. Returns None for any other.

        `1` files an unfinished report as it is. From an officer, `1`, `2` and `3` are replies to an alert, with at most
        one more word.
        """
        text = claimed.sms.text
        if text.strip(" .,!\"'\r\n") == FILE_DRAFT_REPLY and (
            done := await self._dropped_sessions.file_draft(phone, claimed.connection, unsent)
        ):
            forget = partial(self._dropped_sessions.forget_filed, done)
            return SmsReply(Disposition.DRAFT, ticket=done.filed.ticket, confirmed=not unsent, afterwards=forget)
        if not OFFICER_REPLY.fullmatch(text):
            return None
        person = await self._directory.find(phone)
        return SmsReply(Disposition.OFFICER) if person and person.has_role(Role.OFFICER) else None

    async def _request_from(
        self, claimed: ClaimedSms, phone: Phone, command: Command, menu: Menu, unsent: str
    ) -> SmsRequest:
        """Return the request of an SMS. Its language is that of the command word, else the one chosen earlier."""
        sms = claimed.sms
        language = _named_language(command, menu)
        if not language:
            _, stored = await self._sessions.read(self._vault.lookup(phone))
            chosen = stored.menu_session.language if stored and stored.menu_session.chosen else ""
            language = command.language or (chosen if chosen in menu.languages else menu.language)
        code = self._service_codes.get(sms.channel, "")
        return SmsRequest(sms, phone, command, language, menu, code, unsent, claimed.connection)

    def _is_our_own(self, sms: InboundSms, phone: Phone) -> bool:
        """Return True if the gateway sent the SMS itself: from one of its numbers, or from the recipient's."""
        return phone.e164 in self._own_numbers or phone.e164.lstrip("+") == sms.recipient.lstrip("+")


def _is_from_a_machine(sms: InboundSms, command: Command, menu: Menu) -> bool:
    """Return True for an automatic reply, unless it is a report that quotes one, or an opt-out from them."""
    return command.name not in ("report", "unsubscribe") and is_automatic(sms.text, menu.keywords)


async def _reply_limit_reached(claimed: ClaimedSms) -> bool:
    """Return True if this number has had all replies of an hour."""
    return await claimed.count_replies(HOUR) >= MAX_REPLIES_PER_HOUR


def _named_language(command: Command, menu: Menu) -> str:
    """Return the language that a command such as `BAHASA jawa` names. Empty for none."""
    if command.name != "language":
        return ""
    named = command.argument.casefold().split()
    return next((key for key, name in menu.languages.items() if key in named or name.casefold() in named), "")
