"""Handler of inbound SMS: claim one, parse its command, execute it, record the result and the reply.

Reply limits keep two machines from writing to each other for ever. Short codes, names, our own numbers and automatic
replies get no reply. A number gets at most ten replies an hour, and one a day to texts of which nothing is understood.
The limits are for replies only: a report beyond them is filed, with a suppressed confirmation.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from functools import partial

import structlog

from gateway.appeals.appeal import ResponseKind
from gateway.appeals.responses import record_response
from gateway.menu.definitions.roles import duty_roles
from gateway.menu.model import Menu
from gateway.messages.message import TOO_MANY_REPLIES
from gateway.people.directory import Directory
from gateway.runtime.clock import Clock
from gateway.runtime.postgres import DatabaseUnavailable
from gateway.runtime.redis import RedisUnavailable
from gateway.sms.command_parser import is_automatic, named_language, parse_command
from gateway.sms.commands import Commands
from gateway.sms.desk_answers import DeskAnswers
from gateway.sms.inbound_queue import DAY, HOUR, ClaimedSms, Disposition, InboundQueue, InboundSms, SmsReply, unsettled
from gateway.sms.long_sms import LongSms
from gateway.sms.request import SmsRequest
from gateway.sms.short_texts import lone_number
from gateway.sms.typed_text import prepare
from gateway.sms.understanding import Meaning, understand
from gateway.text.phone import Phone
from gateway.ussd.dropped_sessions import FILE_DRAFT_REPLY, DroppedSessions
from gateway.ussd.menu_versions import MenuVersions
from gateway.ussd.sessions import SessionStore
from gateway.vault.vault import Vault

log = structlog.get_logger()

MAX_REPLIES_PER_HOUR = 10
MAX_REPLIES_PER_HOUR_ON_DUTY = 60
RETRY_DELAY = timedelta(minutes=1)  # for an SMS that could not even be recorded as failed
NOT_REPEATABLE = frozenset({"", "report", "add_info", "status"})
"""Commands that add one thing if they are sent twice. A status without details may be asked for again."""
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
DAILY_LIMITS: Mapping[frozenset[Disposition], int] = {
    frozenset({Disposition.OTHER}): 1,
    frozenset({Disposition.UNSORTED, Disposition.REPORT_NOT_UNDERSTOOD}): 30,
}
"""Replies that a number gets in a day to texts of which nothing is understood, and to those of somebody who is plainly
trying: a keyword, a ticket, or a part of a report."""
OFFICER_NUMBERS = frozenset("123")
OFFICER_REPLY = re.compile(r"[\s.,!\"']*[123](?!\w|[.,]\d)[\s.,!\"']*\w*[\s.,!\"']*")
"""Reply of an officer to an alert: accepted, checked, not true. With at most one more word: longer may be a report."""


class InboundHandler:
    """Handler of inbound SMS. `service_codes` are the USSD codes by channel, `own_numbers` the senders we use."""

    def __init__(
        self,
        queue: InboundQueue,
        commands: Commands,
        long_sms: LongSms,
        desk_answers: DeskAnswers,
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
        self._long_sms = long_sms
        self._desk_answers = desk_answers
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
        if reply.disposition is Disposition.HELP_WITH_TEXT:
            log.warning("sms.call_for_help", channel=sms.channel, letter=sms.id)
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
                limited = await _reply_limit_reached(claimed, duty_roles(self._versions.current.roles))
                unsent = TOO_MANY_REPLIES if limited else ""
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
        text = prepare(sms.text, menu.keywords)
        if sms.anonymous:
            return SmsReply(Disposition.OTHER)
        if sms.phone is None or self._is_our_own(sms, sms.phone) or _is_from_a_machine(text, menu):
            return SmsReply(Disposition.MACHINE)
        if reply := await self._desk_answers.record(claimed, text, menu):
            return reply
        if reply := await self._reply_to_digit(claimed, sms.phone, text, unsent):
            return reply
        recent = await claimed.list_recent()
        meaning = understand(text, unsettled(recent), menu)
        if meaning.command.name in NOT_REPEATABLE and not meaning.is_answer and await claimed.is_repeat():
            return SmsReply(Disposition.REPEATED)
        if not menu.keywords.commands:
            return SmsReply(Disposition.OTHER)
        request = await self._request_from(claimed, sms.phone, text, meaning, unsent)
        if reply := await self._long_sms.add_second_part(request, recent):
            return reply
        reply = await self._commands.execute(request)
        if reply.disposition is Disposition.REPORT and reply.ticket:
            await self._long_sms.add_early_part(request, recent, reply.ticket, claimed)
        if reply.disposition is Disposition.LANGUAGE:
            key = self._vault.lookup(sms.phone)
            await self._sessions.set_language(key, request.language, menu, self._clock.now())
        return SmsReply(reply.disposition) if await _is_answered_enough(claimed, reply) else reply

    async def _reply_to_digit(self, claimed: ClaimedSms, phone: Phone, text: str, unsent: str) -> SmsReply | None:
        """Handle an SMS of one digit. Returns None for any other.

        `1` files an unfinished report as it is. From an officer, `1`, `2` and `3` are replies to an alert, with at most
        one more word. Both have precedence over the missing half of a report.
        """
        keywords = self._versions.current.keywords
        number = lone_number(text, keywords)
        if number == FILE_DRAFT_REPLY and (reply := await self._file_draft(claimed, phone, unsent)):
            return reply
        if OFFICER_REPLY.fullmatch(text) or (number in OFFICER_NUMBERS and any(map(str.isdecimal, text))):
            person = await self._directory.find(phone)
            alerted = [role.key for role in self._versions.current.roles.values() if role.alerted]
            if person and person.has_role(alerted):
                return SmsReply(Disposition.OFFICER)
        if not number and lone_number(text, keywords, confirmed=True) == FILE_DRAFT_REPLY:
            return await self._file_draft(claimed, phone, unsent)
        return None

    async def _file_draft(self, claimed: ClaimedSms, phone: Phone, unsent: str) -> SmsReply | None:
        """File the unfinished report of this phone as it is. Returns None if it has none."""
        done = await self._dropped_sessions.file_draft(phone, claimed.connection, unsent)
        if done is None:
            return None
        forget = partial(self._dropped_sessions.forget_filed, done)
        return SmsReply(Disposition.DRAFT, ticket=done.filed.ticket, confirmed=not unsent, afterwards=forget)

    async def _request_from(
        self, claimed: ClaimedSms, phone: Phone, text: str, meaning: Meaning, unsent: str
    ) -> SmsRequest:
        """Return the request of an SMS. Its language is that of the command word, else the one chosen earlier.

        A command for the language answers in the one that it names, or in the one chosen earlier.
        """
        sms, menu, command = claimed.sms, self._versions.current, meaning.command
        is_change = command.name == "language"
        language = named_language(command.argument, menu) if is_change else command.language
        if not language:
            _, stored = await self._sessions.read(self._vault.lookup(phone))
            chosen = stored.menu_session.language if stored and stored.menu_session.chosen else ""
            language = chosen if chosen in menu.languages else menu.language
        code = self._service_codes.get(sms.channel, "")
        return SmsRequest(sms, phone, text, meaning, language, menu, code, unsent, claimed.connection)

    def _is_our_own(self, sms: InboundSms, phone: Phone) -> bool:
        """Return True if the gateway sent the SMS itself: from one of its numbers, or from the recipient's."""
        return phone.e164 in self._own_numbers or phone.e164.lstrip("+") == sms.recipient.lstrip("+")


def _is_from_a_machine(text: str, menu: Menu) -> bool:
    """Return True for an automatic reply, unless it is a report that quotes one, or an opt-out from them."""
    command = parse_command(text, menu)
    return command.name not in ("report", "unsubscribe") and is_automatic(text, menu.keywords)


async def _reply_limit_reached(claimed: ClaimedSms, on_duty: Collection[str]) -> bool:
    """Return True if this number has had all replies of an hour. People with a role `on_duty` get more."""
    count = await claimed.count_replies(HOUR)
    if count < MAX_REPLIES_PER_HOUR:
        return False
    return count >= MAX_REPLIES_PER_HOUR_ON_DUTY or not await claimed.is_on_duty(on_duty)


async def _is_answered_enough(claimed: ClaimedSms, reply: SmsReply) -> bool:
    """Return True if this number has had all the replies of a day to texts such as this one."""
    for dispositions, most in DAILY_LIMITS.items():
        if reply.disposition in dispositions and await claimed.count_replies(DAY, dispositions) >= most:
            return True
    return False
