"""Long SMS that arrives as two: its second part becomes details of the report that its first part has filed.

Carriers that do not join the parts bring them one by one, in any order. A second part never subscribes anybody and
never opts anybody out, whatever word it begins with. One that may be a wish to leave is for the desk.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from gateway.incidents.report import clean_description
from gateway.incidents.reporter import Reporter
from gateway.menu.model import Menu
from gateway.sms.command_parser import named_language, parse_command
from gateway.sms.inbound_queue import TO_SORT, ClaimedSms, Disposition, RecentSms, SmsReply
from gateway.sms.refusals import mentions_leaving
from gateway.sms.request import SmsRequest, session_id_of
from gateway.sms.short_texts import is_part_of_several
from gateway.sms.tickets_in_text import has_ticket_like_number
from gateway.sms.typed_text import prepare
from gateway.text.words import words

_PARTS_WITHIN = timedelta(seconds=60)
_WITH_TICKET = frozenset({Disposition.REPORT, Disposition.DETAILS})


class LongSms:
    """Joiner of the parts of a long SMS. May raise `DatabaseUnavailable`."""

    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter

    async def add_second_part(self, request: SmsRequest, recent: Sequence[RecentSms]) -> SmsReply | None:
        """Add the text to the report of the SMS before it, if it continues that one. Returns None if not."""
        first = _newest(recent, request.inbound.received_at)
        if first is None or not first.ticket or first.disposition not in _WITH_TICKET:
            return None
        if not is_part_of_several(first.text, request.text) or _stands_alone(request):
            return None
        if not await self._add(request, first.ticket, request.inbound.text, request.inbound.id):
            return None
        if mentions_leaving(list(words(request.text)), request.menu.keywords):  # perhaps it is meant: say how
            return request.reply(Disposition.UNSORTED, "added_not_left", ticket=first.ticket)
        return request.reply(Disposition.DETAILS, "added", ticket=first.ticket)

    async def add_early_part(
        self, request: SmsRequest, recent: Sequence[RecentSms], ticket: str, claimed: ClaimedSms
    ) -> None:
        """Add the SMS before a filed report to it, if that was its second part and came first."""
        second = _newest(recent, request.inbound.received_at)
        if second is None or second.disposition not in TO_SORT or not request.meaning.alone.is_complete:
            return
        if not is_part_of_several(request.text, second.text) or _is_command(second.text, request.menu):
            return
        is_added = await self._add(request, ticket, second.text, second.id)
        if is_added and not mentions_leaving(list(words(second.text)), request.menu.keywords):
            await claimed.mark_as_details(second, ticket)

    async def _add(self, request: SmsRequest, ticket: str, text: str, sms_id: int) -> bool:
        details = clean_description(text)
        return bool(details) and await self._reporter.add_details(
            ticket, request.phone, details, channel=request.inbound.channel, session=session_id_of(sms_id)
        )


def _newest(recent: Sequence[RecentSms], before: datetime) -> RecentSms | None:
    """Return the SMS just before, if it came within a minute."""
    newest = next(iter(recent), None)
    return newest if newest and before - newest.received_at <= _PARTS_WITHIN else None


def _stands_alone(request: SmsRequest) -> bool:
    """Return True if the SMS is complete by itself, and no continuation of another."""
    meaning, command = request.meaning, request.meaning.command
    match command.name:
        case "report":
            return meaning.alone.is_complete and meaning.alone.is_command
        case "status" | "add_info" | "erase":
            return has_ticket_like_number(command.argument)
        case "help":
            return not command.argument
        case "language":
            return bool(named_language(command.argument, request.menu))
        case "thanks" | "all_quiet":
            return True
    return False


def _is_command(text: str, menu: Menu) -> bool:
    return parse_command(prepare(text, menu.keywords), menu).name not in ("", "help")
