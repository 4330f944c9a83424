"""Acts of operators on inbound SMS: mark one as done, make a report of it, answer it.

Each takes the SMS off the list of those to sort, with an audit row, in one transaction.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.audit import INSERT_AUDIT, audit, audit_row
from gateway.incidents.report import Report, clean_description
from gateway.incidents.store import FiledReport, IncidentStore, SessionOfAnotherPhone
from gateway.incidents.tables import incidents
from gateway.menu.model import Menu
from gateway.messages.message import CLASSES, MessageClass
from gateway.messages.outbox import NewMessage, enqueue
from gateway.messages.tables import inbound_messages
from gateway.runtime.clock import Clock
from gateway.runtime.postgres import Database
from gateway.sms.command_parser import parse_command
from gateway.sms.inbound_queue import TO_SORT, Disposition
from gateway.sms.report_text import parse_report
from gateway.sms.request import session_id_of
from gateway.sms.typed_text import prepare
from gateway.text import gsm
from gateway.text import ticket as tickets
from gateway.text.errors import ExplainedError, UserError
from gateway.text.phone import Phone, mask_in
from gateway.text.times import format_local
from gateway.vault.vault import Vault

REASONS: Mapping[Disposition | None, str] = {
    None: "waits to be handled",
    Disposition.REPORT: "a report",
    Disposition.DRAFT: "sent an unfinished report",
    Disposition.STATUS: "asked for the status of a report",
    Disposition.APPEAL: "asked if an appeal is official",
    Disposition.DETAILS: "added details to a report",
    Disposition.ERASED: "erased the number of a report",
    Disposition.SUBSCRIBED: "wants appeals",
    Disposition.UNSUBSCRIBED: "wants no appeals",
    Disposition.UNSUBSCRIBED_WITH_TEXT: "wants no appeals, and wrote more",
    Disposition.SUPERSEDED: "a wish about appeals that is older than another one",
    Disposition.HELP: "asked how it works",
    Disposition.HELP_WITH_TEXT: "a call for help",
    Disposition.LANGUAGE: "chose a language",
    Disposition.QUIET: "all is quiet, says somebody whose duty it is",
    Disposition.ANSWER: "an answer to a question of the desk",
    Disposition.OFFICER: "an officer's answer to an alert",
    Disposition.UNSORTED: "a command of which something is missing",
    Disposition.REPORT_NOT_UNDERSTOOD: "a report without a clear kind and place",
    Disposition.THANKS: "thanks",
    Disposition.OTHER: "not understood",
    Disposition.REPEATED: "the same text as a moment before",
    Disposition.MACHINE: "from a machine",
    Disposition.FAILED: "not handled, by a fault of the gateway",
}
"""Result of an inbound SMS in words, for operators. None is one that was not handled yet."""


_ACTS = {"inbound.done": "marked as done", "inbound.reported": "made a report", "inbound.answered": "answered"}
"""Acts of operators in the audit trail, in words that follow *SMS 17 was*."""
_REPORTS = (Disposition.REPORT, Disposition.DRAFT)


class NoSuchInboundSms(ExplainedError, LookupError):
    """There is no inbound SMS with this number. `waspada messages inbox` shows them."""


class CannotSort(UserError, ValueError):
    """Act that an inbound SMS does not allow. The message has the reason, and what to do."""


@dataclass(frozen=True, slots=True)
class SentAnswer:
    """Answer that was queued: the id of its message, its text as it goes out, and its number of parts."""

    message: int
    text: str
    parts: int


class DeskInbox:
    """Acts of operators on inbound SMS. Every method is one transaction, and may raise `DatabaseUnavailable`.

    All raise `NoSuchInboundSms`, and `CannotSort` while a worker has not handled the SMS yet.
    """

    def __init__(
        self,
        database: Database,
        vault: Vault,
        clock: Clock,
        incidents: IncidentStore,
        menu: Callable[[], Menu],
        service_codes: Mapping[str, str],
    ) -> None:
        """`menu` returns the pack in force. `service_codes` has the code that is dialled on each channel."""
        self._database = database
        self._vault = vault
        self._clock = clock
        self._incidents = incidents
        self._menu = menu
        self._service_codes = service_codes

    async def mark_done(self, sms: int, actor: str) -> None:
        """Take an SMS off the list of those to sort. Raises `CannotSort` if it is not on it."""
        async with self._locked(sms) as (connection, row):
            if row["sorted_at"] is not None:
                raise CannotSort(f"SMS {sms} is sorted already, by {row['sorted_by']}")
            if row["made"] not in TO_SORT:
                raise CannotSort(f"SMS {sms} is not to sort: {REASONS[Disposition(row['made'])]}")
            await self._write(connection, row, actor, "done", {})

    async def make_report(self, sms: int, actor: str, category: str = "", area: str = "") -> FiledReport:
        """Make a report of an SMS, and confirm it to its sender. Its description is the whole text.

        One whose sender is not known is confirmed to nobody.

        Category and area are keys of the pack. Where one is empty, it is what was understood of the text. Idempotent:
        an SMS that belongs to a report already returns the ticket of that. Raises `CannotSort` if kind or place is
        still open, or differs from that report's, or if a machine sent it.
        """
        menu = self._menu()
        async with self._locked(sms) as (connection, row):
            if row["ticket"] is not None:
                await _refuse_changes(connection, row, menu, category, area)
                return FiledReport(row["ticket"], new=False)
            phone = self._phone_of(row) if row["sender_name"] or row["sender_sealed"] else None
            report = _report_from(row, menu, category, area)

            def confirmation(number: str) -> str:
                answers = {"category": report.category, "area": report.area, "ticket": tickets.with_dash(number)}
                given = {"ussd": self._service_codes.get(report.channel, "")}
                return menu.confirmation(report.language, answers, given)

            detail = {"by": "desk", "operator": actor}
            try:
                if phone is None:
                    filed = await self._incidents.file_of_nobody(connection, report, detail)
                else:
                    filed = await self._incidents.file_within(connection, report, phone, confirmation, detail)
            except SessionOfAnotherPhone:
                raise CannotSort(f"SMS {sms} was made a report whose number is erased") from None
            await self._write(connection, row, actor, "reported", {"ticket": filed.ticket}, ticket=filed.ticket)
        self._incidents.announce(report, filed)
        return filed

    async def answer(self, sms: int, actor: str, text: str, *, again: bool = False) -> SentAnswer:
        """Send `text` to the sender of an SMS, in GSM-7 where that reads the same.

        No reply limit and no opt-out holds it back: the person has written to us. Raises `CannotSort` for an empty text
        or one with too many parts, or if the number of the sender is not known. It also does, unless `again` is set, if
        the SMS is answered, done or a report already: of two operators at once, one answers.
        """
        words = gsm.transliterate(text.strip()).text
        count, most = len(gsm.parts(words)), CLASSES[MessageClass.REPLY].max_parts
        if not words:
            raise CannotSort("the answer is empty; write its text")
        if count > most:
            raise CannotSort(f"the answer takes {count} SMS parts; shorten it to at most {most}")
        async with self._locked(sms) as (connection, row):
            if not again:
                await _refuse_second_act(connection, row, self._menu())
            language = _language_of(row["text"], self._menu())
            message = NewMessage(
                MessageClass.REPLY, row["channel"], self._phone_of(row), words, language, row["ticket"]
            )
            queued = await enqueue(connection, message, self._vault, self._clock.now())
            await self._write(connection, row, actor, "answered", {"message": queued, "parts": count})
        return SentAnswer(queued, words, count)

    @asynccontextmanager
    async def _locked(self, sms: int) -> AsyncIterator[tuple[AsyncConnection, RowMapping]]:
        locked = select(inbound_messages).where(inbound_messages.c.id == sms).with_for_update()
        async with self._database.begin() as connection:
            row = (await connection.execute(locked)).mappings().first()
            if row is None:
                raise NoSuchInboundSms
            if row["handled_at"] is None:
                raise CannotSort(f"SMS {sms} is not handled yet; is a worker running?")
            yield connection, row

    def _phone_of(self, row: RowMapping) -> Phone:
        """Return the number of the sender. Raises `CannotSort` for a machine, and for a number that was erased."""
        if row["sender_sealed"] is None:
            raise CannotSort(f"SMS {row['id']} has no number that can be answered")
        return self._vault.open(row["sender_sealed"], row["sender_key"])

    async def _write(
        self,
        connection: AsyncConnection,
        row: RowMapping,
        actor: str,
        act: str,
        detail: Mapping[str, str | int],
        **values: Any,
    ) -> None:
        """Take the SMS off the list, and write the audit row."""
        now: datetime = self._clock.now()
        sorting = update(inbound_messages).where(inbound_messages.c.id == row["id"])
        await connection.execute(sorting.values(sorted_at=now, sorted_by=mask_in(actor), **values))
        noted = audit_row(now, actor, f"inbound.{act}", f"inbound {row['id']}", detail)
        await connection.execute(INSERT_AUDIT, noted)


async def _refuse_second_act(connection: AsyncConnection, row: RowMapping, menu: Menu) -> None:
    """Raise `CannotSort` if the SMS is sorted or a report. The message says who did what, and when."""
    sms, advice = row["id"], "give --again to answer it all the same"
    if row["sorted_at"] is not None:
        of_sms = select(audit.c.action).where(audit.c.subject == f"inbound {sms}", audit.c.action.in_(_ACTS))
        act = (await connection.execute(of_sms.order_by(audit.c.id.desc()).limit(1))).scalar()
        done = _ACTS.get(act or "", "sorted")
        at = format_local(row["sorted_at"], menu.timezone)
        raise CannotSort(f"SMS {sms} was {done} already, by {row['sorted_by']} on {at}; {advice}")
    if row["made"] in _REPORTS:
        at = format_local(row["handled_at"], menu.timezone)
        ticket = f" {tickets.with_dash(row['ticket'])}" if row["ticket"] else ""
        raise CannotSort(f"SMS {sms} was made the report{ticket} already, by the gateway on {at}; {advice}")


async def _refuse_changes(connection: AsyncConnection, row: RowMapping, menu: Menu, category: str, area: str) -> None:
    """Raise `CannotSort` if a kind or place is given that the report of the SMS does not have."""
    filed = select(incidents.c.category, incidents.c.area).where(incidents.c.ticket == row["ticket"])
    report = (await connection.execute(filed)).first()
    if report and (category not in ("", report.category) or area not in ("", report.area)):
        kind, place = (
            menu.full_label(slot, code, menu.language)
            for slot, code in (("category", report.category), ("area", report.area))
        )
        raise CannotSort(
            f"SMS {row['id']} belongs to report {tickets.with_dash(row['ticket'])} already, of the kind {kind}"
            f" in {place}, which stays so; leave out --kind and --area"
        )


def _report_from(row: RowMapping, menu: Menu, category: str, area: str) -> Report:
    """Return the report that an SMS is, with what was understood of it. Raises `CannotSort`."""
    text = prepare(row["text"], menu.keywords)
    command = parse_command(text, menu)
    understood = parse_report(command.argument if command.name == "report" else text, menu)
    category, area = category or understood.category, area or understood.area
    if not category or not area:
        missing = [name for name, value in (("kind", category), ("place", area)) if not value]
        places = [menu.full_label("area", code, menu.language) for code in understood.places]
        meant = f"; the text may mean {', '.join(places)}" if places and not area else ""
        raise CannotSort(f"the {' and '.join(missing)} of SMS {row['id']} must be named{meant}")
    return Report(
        category=category,
        area=area,
        language=_language_of(row["text"], menu),
        channel=row["channel"],
        session=session_id_of(row["id"]),
        received_at=row["received_at"],
        description=clean_description(row["text"]),
    )


def _language_of(text: str, menu: Menu) -> str:
    """Return the language of the keyword that an SMS begins with, or the first of the pack."""
    return parse_command(prepare(text, menu.keywords), menu).language or menu.language
