"""Commands of inbound SMS: execute each, and word its reply.

Commands are idempotent, so an SMS whose handling was interrupted is simply handled again. A report and its details are
unique by the id of the SMS. Erasing a number and choosing a language are part of the transaction that records the
result. All other commands have the same effect when they are repeated.
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
    find_places,
    find_ticket,
    has_free_text,
    has_ticket_like_number,
    parse_report,
)
from gateway.text import ticket as tickets
from gateway.text.phone import Phone

EVERYWHERE = ""  # the area of a subscription to all appeals


@dataclass(frozen=True, slots=True)
class SmsRequest:
    """Command of an inbound SMS with its context: sender, language of the reply, menu, transaction."""

    inbound: InboundSms
    phone: Phone
    command: Command
    language: str
    menu: Menu
    service_code: str
    unsent: str  # reason why this number gets no reply now; empty if it does
    connection: AsyncConnection  # of the transaction that records the result

    def reply(self, disposition: Disposition, text: str, *, ticket: str | None = None, **shown: str) -> SmsReply:
        """Return the result with the SMS `text` of the pack as the reply. `shown` are values of its placeholders."""
        values = dict(shown)
        if ticket:
            values["ticket"] = tickets.with_dash(ticket)
        kind = MessageClass.STATUS if disposition is Disposition.STATUS else MessageClass.REPLY
        return SmsReply(disposition, self.pack_text(text, values), self.language, kind, ticket)

    def pack_text(self, text: str, values: Mapping[str, str]) -> str:
        return self.menu.sms_text(text, self.language, values, {"ussd": self.service_code})


class Commands:
    """Executor of commands. May raise `DatabaseUnavailable` and `RedisUnavailable`: then nothing is replied yet."""

    def __init__(
        self,
        incidents: IncidentStore,
        reporter: Reporter,
        subscriptions: Subscriptions,
        opt_outs: OptOuts,
        ticket_attempts: TicketAttempts,
    ) -> None:
        self._incidents = incidents
        self._reporter = reporter
        self._subscriptions = subscriptions
        self._opt_outs = opt_outs
        self._ticket_attempts = ticket_attempts
        self._by_name: Mapping[str, Callable[[SmsRequest], Awaitable[SmsReply]]] = {
            "report": self._report,
            "status": self._status,
            "add_info": self._add_info,
            "erase": self._erase,
            "subscribe": self._subscribe,
            "unsubscribe": self._unsubscribe,
            "help": self._help,
            "language": self._language,
        }

    async def execute(self, request: SmsRequest) -> SmsReply:
        """Execute the command. Returns its result and reply."""
        return await self._by_name[request.command.name](request)

    async def _report(self, request: SmsRequest) -> SmsReply:
        parsed = parse_report(request.command.argument, request.menu)
        if not (parsed.category and parsed.area):
            return _incomplete_report(request, parsed)
        answers = {"category": parsed.category, "area": parsed.area}

        def confirmation(number: str) -> str:
            return request.pack_text("received", {**answers, "ticket": tickets.with_dash(number)})

        report = Report(
            category=parsed.category,
            area=parsed.area,
            language=request.language,
            channel=request.inbound.channel,
            session=session_id_of(request.inbound),
            received_at=request.inbound.received_at,
            description=clean_description(parsed.description),
        )
        filed = await self._incidents.file(report, request.phone, confirmation, unsent=request.unsent)
        return SmsReply(Disposition.REPORT, ticket=filed.ticket, confirmed=not request.unsent)

    async def _status(self, request: SmsRequest) -> SmsReply:
        ticket, _, refusal = await self._find_ticket(request)
        found = await self._reporter.find_status(ticket, request.phone) if ticket else None
        if ticket is None or found is None:
            return refusal or await self._ticket_not_found(request)
        shown = {"status": found.status.value, "date": request.menu.format_time(found.updated_at)}
        return request.reply(Disposition.STATUS, "status", ticket=ticket, **shown)

    async def _add_info(self, request: SmsRequest) -> SmsReply:
        ticket, text, refusal = await self._find_ticket(request)
        details = clean_description(text)
        if ticket is None:
            return refusal or await self._ticket_not_found(request)
        if not details:
            return request.reply(Disposition.UNSORTED, "no_details", ticket=ticket)
        added = await self._reporter.add_details(
            ticket, request.phone, details, channel=request.inbound.channel, session=session_id_of(request.inbound)
        )
        if not added:
            return await self._ticket_not_found(request)
        return request.reply(Disposition.DETAILS, "added", ticket=ticket)

    async def _erase(self, request: SmsRequest) -> SmsReply:
        ticket, _, refusal = await self._find_ticket(request)
        if ticket is None:
            return refusal or await self._ticket_not_found(request)
        erased = await self._reporter.erase_number_within(request.connection, ticket, request.phone)
        if not erased:
            return await self._ticket_not_found(request)
        return request.reply(Disposition.ERASED, "erased", ticket=ticket)

    async def _subscribe(self, request: SmsRequest) -> SmsReply:
        places = find_places(request.command.argument, request.menu)
        if request.command.argument and not places.codes:
            return request.reply(Disposition.UNSORTED, "no_area")
        if places.codes and not places.area:
            return request.reply(Disposition.UNSORTED, "which_area", places=_labels_of(request.menu, places.codes))
        area = places.area or EVERYWHERE
        subscribed = await self._subscriptions.subscribe(
            request.phone,
            area,
            language=request.language,
            channel=request.inbound.channel,
            wording=request.menu.version,
            at=request.inbound.received_at,
        )
        if not subscribed:  # they have opted out since
            return await self._wish_that_counts(request, Disposition.SUPERSEDED)
        return request.reply(Disposition.SUBSCRIBED, "sub_ok", area=area or request.menu.name)

    async def _unsubscribe(self, request: SmsRequest) -> SmsReply:
        in_force = await self._opt_outs.add(request.phone, request.inbound.channel, at=request.inbound.received_at)
        has_text = has_free_text(request.command, request.menu)
        if not in_force:  # they have subscribed since
            superseded = Disposition.UNSUBSCRIBED_WITH_TEXT if has_text else Disposition.SUPERSEDED
            return await self._wish_that_counts(request, superseded)
        return request.reply(Disposition.UNSUBSCRIBED_WITH_TEXT if has_text else Disposition.UNSUBSCRIBED, "unsub_ok")

    async def _wish_that_counts(self, request: SmsRequest, disposition: Disposition) -> SmsReply:
        """Return the reply to a superseded wish: what has been wished since."""
        areas = await self._subscriptions.active_areas(request.phone)
        if not areas:
            return request.reply(disposition, "unsub_ok")
        return request.reply(disposition, "sub_ok", area=areas[-1] or request.menu.name)

    async def _help(self, request: SmsRequest) -> SmsReply:
        has_text = has_free_text(request.command, request.menu)
        return request.reply(Disposition.HELP_WITH_TEXT if has_text else Disposition.HELP, "help")

    async def _language(self, request: SmsRequest) -> SmsReply:
        await self._subscriptions.set_language(request.connection, request.phone, request.language)
        return request.reply(Disposition.LANGUAGE, "language")

    async def _find_ticket(self, request: SmsRequest) -> tuple[str | None, str, SmsReply | None]:
        """Find the ticket in the argument. Returns it, the rest of the text, and no reply; or no ticket and a reply.

        The reply says that no ticket was found, or that this phone has named too many wrong ones.
        """
        argument = request.command.argument
        ticket, rest = find_ticket(argument)
        if not ticket:
            missing = "not_found" if has_ticket_like_number(argument) else f"no_ticket_{request.command.name}"
            return None, rest, request.reply(Disposition.UNSORTED, missing)
        if await self._ticket_attempts.count_wrong(request.phone) >= request.menu.rules.ticket_tries_per_hour:
            return None, rest, request.reply(Disposition.UNSORTED, "locked")
        return ticket, rest, None

    async def _ticket_not_found(self, request: SmsRequest) -> SmsReply:
        await self._ticket_attempts.add_wrong(request.phone, session_id_of(request.inbound))
        return request.reply(Disposition.UNSORTED, "not_found")


def session_id_of(sms: InboundSms) -> str:
    """Return the session id of a report or of details that came by SMS."""
    return f"sms:{sms.id}"


def _incomplete_report(request: SmsRequest, report: ReportText) -> SmsReply:
    """Reply to an incomplete report: name the parts that were understood, and ask for the others."""
    answers = {"category": report.category} if report.category else {}
    if report.category and report.places:
        return request.reply(
            Disposition.UNSORTED, "which_place", places=_labels_of(request.menu, report.places), **answers
        )
    if report.category:
        return request.reply(Disposition.UNSORTED, "no_place", **answers)
    if report.area:
        return request.reply(Disposition.UNSORTED, "no_category", area=report.area)
    return request.reply(Disposition.REPORT_NOT_UNDERSTOOD, "no_report")


def _labels_of(menu: Menu, codes: tuple[str, ...]) -> str:
    return ", ".join(menu.full_label("area", code, menu.language) for code in codes[:MAX_PLACES_IN_SMS])
