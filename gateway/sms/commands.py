"""What each command of an SMS does, and what is answered to it.

Everything here may be done twice and is done once: a report and its details are unique by the letter, a number is
erased and a language chosen in the transaction that files the letter, the rest leaves things as they are. So a letter
whose handling was cut short is simply handled again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.incidents.incident import Report, clean_description
from gateway.incidents.reporter import Reporter
from gateway.incidents.store import IncidentStore
from gateway.incidents.ticket_attempts import TicketAttempts
from gateway.menu.model import MAX_PLACES_IN_SMS, Menu
from gateway.messages.message import MessageClass
from gateway.messages.suppression import OptOuts
from gateway.people.subscriptions import Subscriptions
from gateway.sms.inbound_queue import Disposition, InboundSms, SmsReply
from gateway.sms.keywords import (
    Command,
    ReportText,
    has_free_text,
    named_places,
    named_ticket,
    names_a_number,
    parse_report,
)
from gateway.text import ticket as tickets
from gateway.text.phone import Phone

EVERYWHERE = ""  # the area of a subscription to all appeals


@dataclass(frozen=True, slots=True)
class SmsRequest:
    """A letter that means something: whose it is, what it asks for, and in which language to answer."""

    letter: InboundSms
    phone: Phone
    meant: Command
    language: str
    menu: Menu
    service_code: str
    connection: AsyncConnection  # of the transaction that will file the letter

    def answer(self, made: Disposition, text: str, *, ticket: str | None = None, **shown: str) -> SmsReply:
        """That was made of it, and the pack's SMS `text`, which shows `shown`."""
        values = {**shown, **({"ticket": tickets.with_dash(ticket)} if ticket else {})}
        kind = MessageClass.STATUS if made is Disposition.STATUS else MessageClass.REPLY
        return SmsReply(made, self.sms(text, values), self.language, kind, ticket)

    def sms(self, text: str, values: Mapping[str, str]) -> str:
        """The pack's SMS of that name."""
        return self.menu.sms_text(text, self.language, values, {"ussd": self.service_code})


class Commands:
    """Carries commands out. May raise `DatabaseAway` and `RedisAway`; then nothing is answered yet."""

    def __init__(
        self,
        book: IncidentStore,
        reporter: Reporter,
        subscriptions: Subscriptions,
        opt_outs: OptOuts,
        tries: TicketAttempts,
    ) -> None:
        self._book = book
        self._reporter = reporter
        self._subscriptions = subscriptions
        self._opt_outs = opt_outs
        self._tries = tries
        self._known: Mapping[str, Callable[[SmsRequest], Awaitable[SmsReply]]] = {
            "report": self._report,
            "status": self._status,
            "add_info": self._add_info,
            "erase": self._erase,
            "subscribe": self._subscribe,
            "unsubscribe": self._unsubscribe,
            "help": self._help,
            "language": self._language,
        }

    async def execute(self, said: SmsRequest) -> SmsReply:
        """Do what is asked for, and say so."""
        return await self._known[said.meant.command](said)

    async def _report(self, said: SmsRequest) -> SmsReply:
        read = parse_report(said.meant.rest, said.menu)
        if not (read.category and read.area):
            return _incomplete(said, read)
        answers = {"category": read.category, "area": read.area}

        def confirmation(number: str) -> str:
            return said.sms("received", {**answers, "ticket": tickets.with_dash(number)})

        report = Report(
            category=read.category,
            area=read.area,
            language=said.language,
            channel=said.letter.channel,
            session=session_of(said.letter),
            received_at=said.letter.received_at,
            description=clean_description(read.description),
        )
        filed = await self._book.file(report, said.phone, confirmation)
        return SmsReply(Disposition.REPORT, ticket=filed.ticket, confirmed=True)

    async def _status(self, said: SmsRequest) -> SmsReply:
        ticket, _, refusal = await self._ticket(said)
        standing = await self._reporter.find_status(ticket, said.phone) if ticket else None
        if ticket is None or standing is None:
            return refusal or await self._not_his(said)
        shown = {"status": standing.status.value, "date": said.menu.format_time(standing.updated_at)}
        return said.answer(Disposition.STATUS, "status", ticket=ticket, **shown)

    async def _add_info(self, said: SmsRequest) -> SmsReply:
        ticket, told_now, refusal = await self._ticket(said)
        details = clean_description(told_now)
        if ticket is None:
            return refusal or await self._not_his(said)
        if not details:
            return said.answer(Disposition.UNSORTED, "no_details", ticket=ticket)
        added = await self._reporter.add_details(
            ticket, said.phone, details, channel=said.letter.channel, session=session_of(said.letter)
        )
        return said.answer(Disposition.DETAILS, "added", ticket=ticket) if added else await self._not_his(said)

    async def _erase(self, said: SmsRequest) -> SmsReply:
        ticket, _, refusal = await self._ticket(said)
        if ticket is None:
            return refusal or await self._not_his(said)
        erased = await self._reporter.erase_number_within(said.connection, ticket, said.phone)
        return said.answer(Disposition.ERASED, "erased", ticket=ticket) if erased else await self._not_his(said)

    async def _subscribe(self, said: SmsRequest) -> SmsReply:
        places = named_places(said.meant.rest, said.menu)
        if said.meant.rest and not places:
            return said.answer(Disposition.UNSORTED, "no_area")
        if len(places) > 1:
            return said.answer(Disposition.UNSORTED, "which_area", places=_named(said.menu, places))
        area = places[0] if places else EVERYWHERE
        await self._subscriptions.subscribe(
            said.phone, area, language=said.language, channel=said.letter.channel, wording=said.menu.version
        )
        return said.answer(Disposition.SUBSCRIBED, "sub_ok", area=area or said.menu.name)

    async def _unsubscribe(self, said: SmsRequest) -> SmsReply:
        await self._opt_outs.add(said.phone, said.letter.channel)
        more = has_free_text(said.meant, said.menu)
        return said.answer(Disposition.UNSUBSCRIBED_TOLD if more else Disposition.UNSUBSCRIBED, "unsub_ok")

    async def _help(self, said: SmsRequest) -> SmsReply:
        more = has_free_text(said.meant, said.menu)
        return said.answer(Disposition.HELP_TOLD if more else Disposition.HELP, "help")

    async def _language(self, said: SmsRequest) -> SmsReply:
        await self._subscriptions.set_language(said.connection, said.phone, said.language)
        return said.answer(Disposition.LANGUAGE, "language")

    async def _ticket(self, said: SmsRequest) -> tuple[str | None, str, SmsReply | None]:
        """The ticket that the letter names and what it says besides; or the answer to one that names none, or to a
        phone that has named too many wrong ones."""
        ticket, besides = named_ticket(said.meant.rest)
        if not ticket:
            missing = "not_found" if names_a_number(said.meant.rest) else f"no_ticket_{said.meant.command}"
            return None, besides, said.answer(Disposition.UNSORTED, missing)
        if await self._tries.count_wrong(said.phone) >= said.menu.rules.ticket_tries_per_hour:
            return None, besides, said.answer(Disposition.UNSORTED, "locked")
        return ticket, besides, None

    async def _not_his(self, said: SmsRequest) -> SmsReply:
        await self._tries.add_wrong(said.phone, session_of(said.letter))
        return said.answer(Disposition.UNSORTED, "not_found")


def session_of(letter: InboundSms) -> str:
    """What stands in the place of a session where a letter brings something about."""
    return f"sms:{letter.id}"


def _incomplete(said: SmsRequest, read: ReportText) -> SmsReply:
    """Say exactly what was understood of a report, and what is missing."""
    answers = {"category": read.category} if read.category else {}
    if read.category and read.places:
        return said.answer(Disposition.UNSORTED, "which_place", places=_named(said.menu, read.places), **answers)
    if read.category:
        return said.answer(Disposition.UNSORTED, "no_place", **answers)
    if read.area:
        return said.answer(Disposition.UNSORTED, "no_category", area=read.area)
    return said.answer(Disposition.UNTOLD, "no_report")


def _named(menu: Menu, codes: tuple[str, ...]) -> str:
    return ", ".join(menu.full_label("area", code, menu.language) for code in codes[:MAX_PLACES_IN_SMS])
