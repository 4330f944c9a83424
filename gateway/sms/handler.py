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
from gateway.appeals.responses import note_answer
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

MOST_REPLIES_AN_HOUR = 10
UNFILED_RESTS = timedelta(minutes=1)  # until a letter is tried again that could not even be put away as failed
ONCE = frozenset({"", "report", "add_info"})  # what is said twice means one thing; a status is asked for again
NO_OTHER_ANSWER = frozenset(
    {
        Disposition.UNSUBSCRIBED,
        Disposition.UNSUBSCRIBED_TOLD,
        Disposition.REPEATED,
        Disposition.MACHINE,
        Disposition.FAILED,
    },
)
"""What is no other answer to an appeal that came lately: an opt-out is counted where it is noted, and nobody's words
or the same ones again are no answer."""
NOT_UNDERSTOOD = frozenset({Disposition.OTHER, Disposition.UNTOLD})  # what is answered in general words, once a day
OFFICERS_ANSWER = re.compile(r"[\s.,!\"']*[123](?!\w|[.,]\d)[\s.,!\"']*\w*[\s.,!\"']*")
"""To an alert: taken, checked, not true; with one word more at most, for what is longer may be a report."""


class InboundHandler:
    """Handles what came in. `service_codes` are what is dialled on each channel, `own_numbers` what we send from."""

    def __init__(
        self,
        letters: InboundQueue,
        answers: Commands,
        dropped: DroppedSessions,
        directory: Directory,
        sessions: SessionStore,
        versions: MenuVersions,
        vault: Vault,
        clock: Clock,
        service_codes: Mapping[str, str],
        own_numbers: Collection[str],
    ) -> None:
        self._letters = letters
        self._answers = answers
        self._dropped = dropped
        self._directory = directory
        self._sessions = sessions
        self._versions = versions
        self._vault = vault
        self._clock = clock
        self._service_codes = service_codes
        self._own_numbers = frozenset(own_numbers)
        self._unfiled: dict[int, datetime] = {}  # letters that could not be filed, and until when each rests

    async def handle_all(self) -> int:
        """Handle every letter that waits; how many there were. Raises `DatabaseAway` and `RedisAway`."""
        handled, now = 0, self._clock.now()
        self._unfiled = {letter: until for letter, until in self._unfiled.items() if until > now}
        while await self._handle_next():
            handled += 1
        return handled

    async def _handle_next(self) -> bool:
        letter: InboundSms | None = None
        try:
            async with self._letters.next(self._unfiled) as opened:
                if opened is None:
                    return False
                letter = opened.letter
                answer = await self._handle(opened)
        except (DatabaseUnavailable, RedisUnavailable):
            raise
        except Exception as error:
            if letter is None:
                raise
            # It stays as it was, and must not keep back whoever wrote later.
            log.error("sms.not_filed", letter=letter.id, error=type(error).__name__, exc_info=True)
            self._unfiled[letter.id] = self._clock.now() + UNFILED_RESTS
            return True
        if answer.afterwards:
            await answer.afterwards()
        log.info(
            "sms.handled",
            channel=letter.channel,
            letter=letter.id,
            made=answer.made,
            answered=bool(answer.text) or answer.confirmed,
            **({"ticket": answer.ticket} if answer.ticket else {}),
        )
        return True

    async def _handle(self, opened: ClaimedSms) -> SmsReply:
        """Have done what the letter asks for, and file it.

        In a savepoint: a statement that fails leaves the transaction fit to file that we failed.
        """
        letter = opened.letter
        try:
            async with opened.connection.begin_nested():
                answer = await self._answer(opened)
                if answer.text and await _reply_limit_reached(opened):
                    answer = SmsReply(answer.made, ticket=answer.ticket)
                if letter.phone and answer.made not in NO_OTHER_ANSWER:
                    key, now = self._vault.lookup(letter.phone), self._clock.now()
                    await note_answer(opened.connection, key, ResponseKind.OTHER, now)
                await opened.file(answer)
        except (DatabaseUnavailable, RedisUnavailable, OSError):
            raise
        except Exception as error:
            if opened.connection.invalidated:  # the database went away: what is left of it says so
                raise
            log.error("sms.failed", letter=letter.id, error=type(error).__name__, exc_info=True)
            answer = SmsReply(Disposition.FAILED)
            await opened.file(answer)
        return answer

    async def _answer(self, opened: ClaimedSms) -> SmsReply:
        letter, menu = opened.letter, self._versions.current
        understood = parse_command(letter.text, menu)
        if letter.phone is None or self._is_own(letter, letter.phone) or _is_automatic(letter, understood, menu):
            return SmsReply(Disposition.MACHINE)
        if answer := await self._short_answer(opened, letter.phone):
            return answer
        if understood.command in ONCE and await opened.repeats():
            return SmsReply(Disposition.REPEATED)
        if not menu.keywords.commands:
            return SmsReply(Disposition.OTHER)
        said = await self._said(opened, letter.phone, understood, menu)
        if understood.command == "report" and await _reply_limit_reached(opened):
            return SmsReply(Disposition.UNSORTED)
        answer = await self._answers.execute(said) if understood.command else said.answer(Disposition.OTHER, "unknown")
        if answer.made is Disposition.LANGUAGE:
            await self._sessions.set_language(self._vault.lookup(letter.phone), said.language, menu, self._clock.now())
        if answer.made in NOT_UNDERSTOOD and await opened.answered_since(DAY, NOT_UNDERSTOOD):
            return SmsReply(answer.made)
        return answer

    async def _short_answer(self, opened: ClaimedSms, phone: Phone) -> SmsReply | None:
        """`1` sends an unfinished report as it is; of an officer, `1`, `2` and `3` are answers to an alert.

        An officer may say a word behind the number.
        """
        text = opened.letter.text
        if (
            text.strip(" .,!\"'\r\n") == FILE_DRAFT_REPLY
            and not await _reply_limit_reached(opened)
            and (done := await self._dropped.file_draft(phone, opened.connection))
        ):
            settling = partial(self._dropped.forget_filed, done)
            return SmsReply(Disposition.DRAFT, ticket=done.filed.ticket, confirmed=True, afterwards=settling)
        if not OFFICERS_ANSWER.fullmatch(text):
            return None
        person = await self._directory.find(phone)
        return SmsReply(Disposition.OFFICER) if person and person.has_role(Role.OFFICER) else None

    async def _said(self, opened: ClaimedSms, phone: Phone, understood: Command, menu: Menu) -> SmsRequest:
        """What the letter means, and the language to answer in: that of its keyword, else the one chosen before."""
        letter = opened.letter
        language = _named_language(understood, menu)
        if not language:
            _, stored = await self._sessions.read(self._vault.lookup(phone))
            chosen = stored.menu_session.language if stored and stored.menu_session.chosen else ""
            language = understood.language or (chosen if chosen in menu.languages else menu.language)
        code = self._service_codes.get(letter.channel, "")
        return SmsRequest(letter, phone, understood, language, menu, code, opened.connection)

    def _is_own(self, letter: InboundSms, phone: Phone) -> bool:
        """Whether we have written this ourselves: from a number that we send from, or from the one that it came to."""
        return phone.e164 in self._own_numbers or phone.e164.lstrip("+") == letter.recipient.lstrip("+")


def _is_automatic(letter: InboundSms, understood: Command, menu: Menu) -> bool:
    """Whether a machine wrote this.

    Who reports may quote one, and who says `STOP pesan otomatis` means just that.
    """
    return understood.command not in ("report", "unsubscribe") and is_automatic(letter.text, menu.keywords)


async def _reply_limit_reached(opened: ClaimedSms) -> bool:
    """Whether this number has got all the replies of an hour."""
    full = await opened.answered_since(HOUR) >= MOST_REPLIES_AN_HOUR
    if full:
        log.warning("sms.too_many_replies", letter=opened.letter.id)
    return full


def _named_language(understood: Command, menu: Menu) -> str:
    """The language that `BAHASA jawa` asks for."""
    if understood.command != "language":
        return ""
    named = understood.rest.casefold().split()
    return next((key for key, name in menu.languages.items() if key in named or name.casefold() in named), "")
