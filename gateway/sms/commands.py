"""Commands of inbound SMS: execute each, and word its reply.

Commands are idempotent, so an SMS whose handling was interrupted is simply handled again. A report and its details are
unique by the id of the SMS. Erasing a number and choosing a language are part of the transaction that records the
result. All other commands have the same effect when they are repeated.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

from gateway.appeals.published import PublishedAppeals
from gateway.incidents.report import Report, clean_description
from gateway.incidents.reporter import Reporter
from gateway.incidents.store import IncidentStore
from gateway.incidents.ticket_attempts import TicketAttempts
from gateway.menu.definitions.roles import duty_roles
from gateway.menu.model import LONGEST_TITLE
from gateway.messages.suppression import OptOuts
from gateway.people.duty import find_on_duty, record_quiet
from gateway.people.person import EVERYWHERE
from gateway.people.subscriptions import Subscriptions
from gateway.sms.all_quiet import ALL_QUIET, read_all_quiet
from gateway.sms.appeal_number import find_appeal_number
from gateway.sms.command_parser import NO_STOP, areas_only, has_free_text, named_language
from gateway.sms.inbound_queue import Disposition, SmsReply
from gateway.sms.questions import incomplete_report, reply_without_command
from gateway.sms.refusals import is_plain_erasure, is_refusal, mentions_leaving
from gateway.sms.request import SmsRequest, session_id_of
from gateway.sms.short_texts import has_meaning, is_cry, tells_more
from gateway.sms.tickets_in_text import find_ticket, has_ticket_like_number
from gateway.sms.typed_text import phrase_size, without_phrases
from gateway.text import gsm
from gateway.text import ticket as tickets
from gateway.text.repair import cut
from gateway.text.words import words
from gateway.vault.vault import Vault

_LONGEST_UCS2 = 100  # characters of the text of an appeal, so that the reply has at most three parts


class Commands:
    """Executor of commands. May raise `DatabaseUnavailable` and `RedisUnavailable`: then nothing is replied yet."""

    def __init__(
        self,
        incidents: IncidentStore,
        reporter: Reporter,
        subscriptions: Subscriptions,
        opt_outs: OptOuts,
        ticket_attempts: TicketAttempts,
        vault: Vault,
        published: PublishedAppeals,
    ) -> None:
        self._incidents = incidents
        self._reporter = reporter
        self._subscriptions = subscriptions
        self._opt_outs = opt_outs
        self._ticket_attempts = ticket_attempts
        self._vault = vault
        self._published = published
        self._by_name: Mapping[str, Callable[[SmsRequest], Awaitable[SmsReply]]] = {
            "": self._no_command,
            "echo": self._echo,
            "thanks": self._thanks,
            "report": self._report,
            "status": self._status,
            "add_info": self._add_info,
            "erase": self._erase,
            "subscribe": self._subscribe,
            "unsubscribe": self._unsubscribe,
            "help": self._help,
            "language": self._language,
            NO_STOP: self._no_stop,
            ALL_QUIET: self._all_quiet,
        }

    async def execute(self, request: SmsRequest) -> SmsReply:
        """Execute the command. Returns its result and reply."""
        return await self._by_name[request.meaning.command.name](request)

    async def _no_command(self, request: SmsRequest) -> SmsReply:
        return reply_without_command(request)

    async def _echo(self, request: SmsRequest) -> SmsReply:
        return request.reply(Disposition.OTHER, "unknown")

    async def _thanks(self, _request: SmsRequest) -> SmsReply:
        return SmsReply(Disposition.THANKS)  # a reply to thanks would only cost

    async def _report(self, request: SmsRequest) -> SmsReply:
        said = request.meaning.report
        if not said.is_complete:
            return incomplete_report(request, said)
        answers = {"category": said.category, "area": said.area}

        def confirmation(number: str) -> str:
            text = request.menu.category(said.category).confirmation
            return request.pack_text(text, {**answers, "ticket": tickets.with_dash(number)})

        report = Report(
            category=said.category,
            area=said.area,
            language=request.language,
            channel=request.inbound.channel,
            session=session_id_of(request.inbound.id),
            received_at=request.inbound.received_at,
            description=clean_description(_description(request)),
            recognised=request.meaning.is_recognised,
        )
        filed = await self._incidents.file(report, request.phone, confirmation, unsent=request.unsent)
        return SmsReply(Disposition.REPORT, ticket=filed.ticket, confirmed=not request.unsent)

    async def _status(self, request: SmsRequest) -> SmsReply:
        number = find_appeal_number(request.argument, request.menu.keywords)
        if number is not None and request.menu.templates:
            return await self._appeal(request, number)
        ticket, rest, refusal = await self._find_ticket(request)
        found = await self._reporter.find_status(ticket, request.phone) if ticket else None
        if ticket is None or found is None:
            return refusal or await self._ticket_not_found(request)
        shown = {"status": found.status.value, "date": request.menu.format_time(found.updated_at)}
        reply = request.reply(Disposition.STATUS, "status", ticket=ticket, **shown)
        keywords = request.menu.keywords
        if not tells_more(rest, keywords) or not await self._add_details(request, ticket, rest):
            return reply
        if mentions_leaving(list(words(rest)), keywords):  # `7340-2817 hapus nomor saya`
            return request.reply(Disposition.UNSORTED, "added_not_left", ticket=ticket)
        return replace(reply, disposition=Disposition.DETAILS)  # words beside a ticket are never lost

    async def _appeal(self, request: SmsRequest, number: int) -> SmsReply:
        """Tell what was sent under this number, or that nothing was."""
        found = await self._published.find_published(number)
        if found is None:
            return request.reply(Disposition.APPEAL, "appeal_unknown", appeal_no=str(number))
        return request.reply(
            Disposition.APPEAL,
            "appeal_found",
            date=request.menu.format_time(found.went_out_at),
            appeal_no=str(number),
            appeal_title=gsm.cost(found.purpose).text[:LONGEST_TITLE],
            appeal_text=_within_parts(found.text_in(request.language)),
        )

    async def _add_info(self, request: SmsRequest) -> SmsReply:
        ticket, text, refusal = await self._find_ticket(request)
        if ticket is None:
            return refusal or await self._ticket_not_found(request)
        if not clean_description(text):
            return request.reply(Disposition.UNSORTED, "no_details", ticket=ticket)
        if not await self._add_details(request, ticket, text):
            return await self._ticket_not_found(request)
        if is_refusal(list(words(text)), request.menu):  # `INFO 7340-2817 STOP`
            return request.reply(Disposition.UNSORTED, "added_not_left", ticket=ticket)
        return request.reply(Disposition.DETAILS, "added", ticket=ticket)

    async def _add_details(self, request: SmsRequest, ticket: str, text: str) -> bool:
        """Add the details to a report. Returns False if it is not this phone's."""
        session = session_id_of(request.inbound.id)
        details = clean_description(text)
        return await self._reporter.add_details(
            ticket, request.phone, details, channel=request.inbound.channel, session=session
        )

    async def _erase(self, request: SmsRequest) -> SmsReply:
        ticket, rest, refusal = await self._find_ticket(request)
        if ticket is None:
            return refusal or await self._ticket_not_found(request)
        if not is_plain_erasure(list(words(rest)), request.menu):
            return request.reply(Disposition.UNSORTED, "not_erased", ticket=ticket)
        erased = await self._reporter.erase_number_within(request.connection, ticket, request.phone)
        if not erased:
            return await self._ticket_not_found(request)
        return request.reply(Disposition.ERASED, "erased", ticket=ticket)

    async def _subscribe(self, request: SmsRequest) -> SmsReply:
        places = areas_only(request.argument, request.menu)
        polite = (request.menu.keywords.filler, request.menu.keywords.thanks)
        if not places.codes and without_phrases(list(words(request.argument)), *polite):
            return request.reply(Disposition.UNSORTED, "no_area")
        if places.codes and not places.area:
            return request.reply(Disposition.UNSORTED, "which_area", places=request.labels_of(places.codes))
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
        has_text = has_free_text(request.meaning.command, request.menu)
        if not in_force:  # they have subscribed since
            superseded = Disposition.UNSUBSCRIBED_WITH_TEXT if has_text else Disposition.SUPERSEDED
            return await self._wish_that_counts(request, superseded)
        return request.reply(Disposition.UNSUBSCRIBED_WITH_TEXT if has_text else Disposition.UNSUBSCRIBED, "unsub_ok")

    async def _no_stop(self, request: SmsRequest) -> SmsReply:
        return request.reply(Disposition.UNSORTED, "no_stop")

    async def _wish_that_counts(self, request: SmsRequest, disposition: Disposition) -> SmsReply:
        """Return the reply to a superseded wish: what has been wished since."""
        areas = await self._subscriptions.active_areas(request.phone)
        if not areas:
            return request.reply(disposition, "unsub_ok")
        return request.reply(disposition, "sub_ok", area=areas[-1] or request.menu.name)

    async def _help(self, request: SmsRequest) -> SmsReply:
        command, keywords = request.meaning.command, request.menu.keywords
        has_text = has_free_text(command, request.menu) or is_cry(request.text, keywords)
        if not has_text and has_meaning(command.argument, keywords):  # `TULUNG pak omahku`, but not `BANTUAN sms`
            has_text = phrase_size(list(words(request.text)), 0, keywords.cries) > 0
        return request.reply(Disposition.HELP_WITH_TEXT if has_text else Disposition.HELP, "help")

    async def _language(self, request: SmsRequest) -> SmsReply:
        if not named_language(request.argument, request.menu):  # nothing changes, and the reply says how it would
            return request.reply(Disposition.UNSORTED if request.argument else Disposition.HELP, "language")
        await self._subscriptions.set_language(request.connection, request.phone, request.language)
        return request.reply(Disposition.LANGUAGE, "language")

    async def _all_quiet(self, request: SmsRequest) -> SmsReply:
        """Record an all-quiet report as the report of the day of somebody with a duty. From others it is explained."""
        menu, sms = request.menu, request.inbound
        key = self._vault.lookup(request.phone)
        person = await find_on_duty(request.connection, key, duty_roles(menu.roles))
        if person is None:
            return request.reply(Disposition.UNSORTED, "not_on_duty")
        quiet = read_all_quiet(list(words(request.text)), menu)
        day = sms.received_at.astimezone(menu.timezone).date()
        area = quiet.area if quiet else ""
        await record_quiet(request.connection, person.id, area, day, sms.received_at, sms.channel)
        return request.reply(Disposition.QUIET, "quiet")

    async def _find_ticket(self, request: SmsRequest) -> tuple[str | None, str, SmsReply | None]:
        """Find the ticket in the argument. Returns it, the rest of the text, and no reply; or no ticket and a reply.

        The reply says that no ticket was found, or that this phone has named too many wrong ones.
        """
        argument = request.argument
        ticket, rest = find_ticket(argument)
        if not ticket:
            missing = "not_found" if has_ticket_like_number(argument) else f"no_ticket_{request.meaning.command.name}"
            return None, rest, request.reply(Disposition.UNSORTED, missing)
        if await self._ticket_attempts.count_wrong(request.phone) >= request.menu.rules.ticket_tries_per_hour:
            return None, rest, request.reply(Disposition.UNSORTED, "locked")
        return ticket, rest, None

    async def _ticket_not_found(self, request: SmsRequest) -> SmsReply:
        await self._ticket_attempts.add_wrong(request.phone, session_id_of(request.inbound.id))
        return request.reply(Disposition.UNSORTED, "not_found")


def _description(request: SmsRequest) -> str:
    """Return the description of a report: what was said of it, or the whole SMS if it was recognised in that one."""
    meaning = request.meaning
    is_whole = meaning.is_recognised and meaning.alone.is_complete
    return request.inbound.text if is_whole else meaning.report.description


def _within_parts(text: str) -> str:
    """Return the text of an appeal for a reply. A long one outside GSM-7 is cut."""
    return text if gsm.encoding(text) == "gsm7" else cut(text, _LONGEST_UCS2)
