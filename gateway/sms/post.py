"""The post room: takes letters one after the other, sees what each means, has it done, and files the answer.

Machines get no answer (a short code, a name, our own numbers, automatic replies), nobody gets more than ten an hour,
and to what is not understood there is one answer a day: two gateways that meet must fall silent.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import structlog

from gateway.menu.definition import Menu
from gateway.messages.keywords import Meant, is_automatic, meant
from gateway.messages.letters import DAY, HOUR, Answer, Letter, Letters, Made, Opened
from gateway.people.vault import Vault
from gateway.runtime.postgres import DatabaseAway
from gateway.runtime.redis import RedisAway
from gateway.sms.answers import Answers, Said
from gateway.text.phone import Phone
from gateway.ussd.dropped import FILE_AS_IT_IS, Dropped
from gateway.ussd.editions import Editions
from gateway.ussd.sessions import Sessions

log = structlog.get_logger()

MOST_REPLIES_AN_HOUR = 10
OFFICERS_ANSWERS = frozenset({"1", "2", "3"})  # to an alert: taken, checked, not true


class Post:
    """Handles what came in. `service_codes` are what is dialled on each channel, `own_numbers` what we send from."""

    def __init__(
        self,
        letters: Letters,
        answers: Answers,
        dropped: Dropped,
        sessions: Sessions,
        editions: Editions,
        vault: Vault,
        service_codes: Mapping[str, str],
        own_numbers: Collection[str],
    ) -> None:
        self._letters = letters
        self._answers = answers
        self._dropped = dropped
        self._sessions = sessions
        self._editions = editions
        self._vault = vault
        self._service_codes = service_codes
        self._own_numbers = frozenset(own_numbers)

    async def handle_all(self) -> int:
        """Handle every letter that waits; how many there were. Raises `DatabaseAway` and `RedisAway`."""
        handled = 0
        while await self._handle_next():
            handled += 1
        return handled

    async def _handle_next(self) -> bool:
        async with self._letters.next() as opened:
            if opened is None:
                return False
            letter = opened.letter
            try:
                answer = await self._answer(opened)
            except (DatabaseAway, RedisAway):
                raise
            except Exception as error:
                log.error("sms.failed", letter=letter.id, error=type(error).__name__, exc_info=True)
                answer = Answer(Made.FAILED)
            if answer.text and await opened.answered_since(HOUR) >= MOST_REPLIES_AN_HOUR:
                log.warning("sms.too_many_replies", letter=letter.id, made=answer.made)
                answer = Answer(answer.made, ticket=answer.ticket)
            await opened.file(answer)
        log.info(
            "sms.handled",
            channel=letter.channel,
            letter=letter.id,
            made=answer.made,
            answered=bool(answer.text),
            **({"ticket": answer.ticket} if answer.ticket else {}),
        )
        return True

    async def _answer(self, opened: Opened) -> Answer:
        letter, menu = opened.letter, self._editions.current
        if letter.phone is None or self._is_own(letter.phone) or is_automatic(letter.text, menu.keywords):
            return Answer(Made.MACHINE)
        if await opened.repeats():
            return Answer(Made.REPEATED)
        if letter.text.strip() in OFFICERS_ANSWERS:
            return await self._short_answer(letter, letter.phone)
        said = await self._said(letter, letter.phone, menu)
        if said.meant.command:
            answer = await self._answers.to(said)
            if answer.made is Made.LANGUAGE:
                await self._sessions.choose_language(self._vault.lookup(letter.phone), said.language, menu)
            return answer
        if await opened.answered_since(DAY, Made.OTHER):
            return Answer(Made.OTHER)
        return said.answer(Made.OTHER, "unknown")

    async def _short_answer(self, letter: Letter, phone: Phone) -> Answer:
        """`1` sends an unfinished report as it is; otherwise these are an officer's answers to an alert."""
        if letter.text.strip() == FILE_AS_IT_IS and (filed := await self._dropped.file_as_it_is(phone)):
            return Answer(Made.DRAFT, ticket=filed.ticket)
        return Answer(Made.OFFICER)

    async def _said(self, letter: Letter, phone: Phone, menu: Menu) -> Said:
        """What the letter means, and the language to answer in: that of its keyword, else the one chosen before."""
        understood = meant(letter.text, menu.keywords)
        language = _named_language(understood, menu)
        if not language:
            _, stored = await self._sessions.read(self._vault.lookup(phone))
            chosen = stored.place.language if stored and stored.place.chosen else ""
            language = understood.language or (chosen if chosen in menu.languages else menu.language)
        return Said(letter, phone, understood, language, menu, self._service_codes.get(letter.channel, ""))

    def _is_own(self, phone: Phone) -> bool:
        return phone.e164 in self._own_numbers


def _named_language(understood: Meant, menu: Menu) -> str:
    """The language that `BAHASA jawa` asks for."""
    if understood.command != "language":
        return ""
    named = understood.rest.casefold()
    return next((key for key, name in menu.languages.items() if named and named in (key, name.casefold())), "")
