"""The post room: takes letters one after the other, sees what each means, has it done, and files the answer.

Machines get no answer (a short code, a name, our own numbers, automatic replies), nobody gets more than ten an hour,
and to what is not understood there is one answer a day: two gateways that meet must fall silent. What would be
confirmed and may not be is not done either: a report that no answer is left for is kept for the desk.
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
RETRY_DELAY = timedelta(minutes=1)  # until a letter is tried again that could not even be put away as failed
NOT_REPEATABLE = frozenset(
    {"", "report", "add_info"}
)  # what is said twice means one thing; a status is asked for again
NOT_A_RESPONSE = frozenset(
    {
        Disposition.UNSUBSCRIBED,
        Disposition.UNSUBSCRIBED_WITH_TEXT,
        Disposition.REPEATED,
        Disposition.MACHINE,
        Disposition.FAILED,
    },
)
"""What is no other answer to an appeal that came lately: an opt-out is counted where it is noted, and nobody's words
or the same ones again are no answer."""
ANSWERED_ONCE_A_DAY = frozenset(
    {Disposition.OTHER, Disposition.REPORT_NOT_UNDERSTOOD}
)  # what is answered in general words, once a day
OFFICER_REPLY = re.compile(r"[\s.,!\"']*[123](?!\w|[.,]\d)[\s.,!\"']*\w*[\s.,!\"']*")
"""To an alert: taken, checked, not true; with one word more at most, for what is longer may be a report."""


class InboundHandler:
    """Handles what came in. `service_codes` are what is dialled on each channel, `own_numbers` what we send from."""

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
        self._failed_until: dict[int, datetime] = {}  # letters that could not be filed, and until when each rests

    async def handle_all(self) -> int:
        """Handle every letter that waits; how many there were. Raises `DatabaseAway` and `RedisAway`."""
        handled, now = 0, self._clock.now()
        self._failed_until = {letter: until for letter, until in self._failed_until.items() if until > now}
        while await self._handle_next():
            handled += 1
        return handled

    async def _handle_next(self) -> bool:
        letter: InboundSms | None = None
        try:
            async with self._queue.claim_next(self._failed_until) as opened:
                if opened is None:
                    return False
                letter = opened.sms
                answer = await self._handle(opened)
        except (DatabaseUnavailable, RedisUnavailable):
            raise
        except Exception as error:
            if letter is None:
                raise
            # It stays as it was, and must not keep back whoever wrote later.
            log.error("sms.not_filed", letter=letter.id, error=type(error).__name__, exc_info=True)
            self._failed_until[letter.id] = self._clock.now() + RETRY_DELAY
            return True
        if answer.afterwards:
            await answer.afterwards()
        log.info(
            "sms.handled",
            channel=letter.channel,
            letter=letter.id,
            made=answer.disposition,
            answered=bool(answer.text) or answer.confirmed,
            **({"ticket": answer.ticket} if answer.ticket else {}),
        )
        return True

    async def _handle(self, claimed: ClaimedSms) -> SmsReply:
        """Have done what the letter asks for, and file it.

        In a savepoint: a statement that fails leaves the transaction fit to file that we failed.
        """
        letter = claimed.sms
        try:
            async with claimed.connection.begin_nested():
                answer = await self._reply_to(claimed)
                if answer.text and await _reply_limit_reached(claimed):
                    answer = SmsReply(answer.disposition, ticket=answer.ticket)
                if letter.phone and answer.disposition not in NOT_A_RESPONSE:
                    key, now = self._vault.lookup(letter.phone), self._clock.now()
                    await record_response(claimed.connection, key, ResponseKind.OTHER, now)
                await claimed.record(answer)
        except (DatabaseUnavailable, RedisUnavailable, OSError):
            raise
        except Exception as error:
            if claimed.connection.invalidated:  # the database went away: what is left of it says so
                raise
            log.error("sms.failed", letter=letter.id, error=type(error).__name__, exc_info=True)
            answer = SmsReply(Disposition.FAILED)
            await claimed.record(answer)
        return answer

    async def _reply_to(self, claimed: ClaimedSms) -> SmsReply:
        letter, menu = claimed.sms, self._versions.current
        command = parse_command(letter.text, menu)
        if letter.phone is None or self._is_our_own(letter, letter.phone) or _is_from_a_machine(letter, command, menu):
            return SmsReply(Disposition.MACHINE)
        if answer := await self._reply_to_digit(claimed, letter.phone):
            return answer
        if command.name in NOT_REPEATABLE and await claimed.is_repeat():
            return SmsReply(Disposition.REPEATED)
        if not menu.keywords.commands:
            return SmsReply(Disposition.OTHER)
        said = await self._request_from(claimed, letter.phone, command, menu)
        if command.name == "report" and await _reply_limit_reached(claimed):
            return SmsReply(Disposition.UNSORTED)
        answer = await self._commands.execute(said) if command.name else said.reply(Disposition.OTHER, "unknown")
        if answer.disposition is Disposition.LANGUAGE:
            await self._sessions.set_language(self._vault.lookup(letter.phone), said.language, menu, self._clock.now())
        if answer.disposition in ANSWERED_ONCE_A_DAY and await claimed.count_replies(DAY, ANSWERED_ONCE_A_DAY):
            return SmsReply(answer.disposition)
        return answer

    async def _reply_to_digit(self, claimed: ClaimedSms, phone: Phone) -> SmsReply | None:
        """`1` sends an unfinished report as it is; of an officer, `1`, `2` and `3` are answers to an alert.

        An officer may say a word behind the number.
        """
        text = claimed.sms.text
        if (
            text.strip(" .,!\"'\r\n") == FILE_DRAFT_REPLY
            and not await _reply_limit_reached(claimed)
            and (done := await self._dropped_sessions.file_draft(phone, claimed.connection))
        ):
            settling = partial(self._dropped_sessions.forget_filed, done)
            return SmsReply(Disposition.DRAFT, ticket=done.filed.ticket, confirmed=True, afterwards=settling)
        if not OFFICER_REPLY.fullmatch(text):
            return None
        person = await self._directory.find(phone)
        return SmsReply(Disposition.OFFICER) if person and person.has_role(Role.OFFICER) else None

    async def _request_from(self, claimed: ClaimedSms, phone: Phone, command: Command, menu: Menu) -> SmsRequest:
        """What the letter means, and the language to answer in: that of its keyword, else the one chosen before."""
        letter = claimed.sms
        language = _named_language(command, menu)
        if not language:
            _, stored = await self._sessions.read(self._vault.lookup(phone))
            chosen = stored.menu_session.language if stored and stored.menu_session.chosen else ""
            language = command.language or (chosen if chosen in menu.languages else menu.language)
        code = self._service_codes.get(letter.channel, "")
        return SmsRequest(letter, phone, command, language, menu, code, claimed.connection)

    def _is_our_own(self, letter: InboundSms, phone: Phone) -> bool:
        """Whether we have written this ourselves: from a number that we send from, or from the one that it came to."""
        return phone.e164 in self._own_numbers or phone.e164.lstrip("+") == letter.recipient.lstrip("+")


def _is_from_a_machine(letter: InboundSms, command: Command, menu: Menu) -> bool:
    """Whether a machine wrote this.

    Who reports may quote one, and who says `STOP pesan otomatis` means just that.
    """
    return command.name not in ("report", "unsubscribe") and is_automatic(letter.text, menu.keywords)


async def _reply_limit_reached(claimed: ClaimedSms) -> bool:
    """Whether this number has got all the replies of an hour."""
    full = await claimed.count_replies(HOUR) >= MAX_REPLIES_PER_HOUR
    if full:
        log.warning("sms.too_many_replies", letter=claimed.sms.id)
    return full


def _named_language(command: Command, menu: Menu) -> str:
    """The language that `BAHASA jawa` asks for."""
    if command.name != "language":
        return ""
    named = command.argument.casefold().split()
    return next((key for key, name in menu.languages.items() if key in named or name.casefold() in named), "")
