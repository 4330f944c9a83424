"""Store of incidents: file, find and list them.

A report is filed with its confirmation and its audit row in one transaction, once per session. So a ticket on a screen
is a committed row.
"""

from __future__ import annotations

import hmac
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import BigInteger, ColumnElement, RowMapping, any_, cast, exists, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.audit import INSERT_AUDIT, audit_row
from gateway.incidents.calling_off import NO_CALL, SendingCall, was_called_off
from gateway.incidents.draft import DraftStatus
from gateway.incidents.file_report_sql import COMPILED_FILE_REPORT, FILE_REPORT, file_report_parameters, for_driver
from gateway.incidents.filters import ANY, IncidentFilter, is_open
from gateway.incidents.incident import Detail, Incident, IncidentStatus, Veracity
from gateway.incidents.named_reporters import load_reporters
from gateway.incidents.new_answers import NewAnswers, new_answers
from gateway.incidents.repeated_reports import load_repeats
from gateway.incidents.report import Report
from gateway.incidents.tables import drafts, incident_details, incidents
from gateway.menu.definitions.report_form import ReportForm
from gateway.messages.message import MessageClass
from gateway.messages.outbox import NewMessage, queued_row
from gateway.runtime.clock import Clock
from gateway.runtime.postgres import Database
from gateway.text import ticket as tickets
from gateway.text.errors import ExplainedError
from gateway.text.phone import Phone
from gateway.vault.columns import ERASED_PHONE
from gateway.vault.vault import Vault

log = structlog.get_logger()

_REPORT_FIELDS = tuple(field.name for field in fields(Report))
_COMPARED = ("category", "area", "when", "danger", "description")
_MAX_TICKET_DRAWS = 20  # with a million tickets in use, the chance that all are taken is 1 in 10^19


class SessionOfAnotherPhone(ExplainedError):
    """Session that filed a report already, from another phone or from one whose number was erased."""


class CalledOff(ExplainedError):
    """Report that its resident called off, after the call that it was sent in."""


class NoFreeTicket(ExplainedError, RuntimeError):
    """No free ticket was found."""


class NoSuchIncident(ExplainedError, LookupError):
    """There is no incident with this ticket."""


@dataclass(frozen=True, slots=True)
class FiledReport:
    """Ticket of a filed report. `new` is false if an earlier call filed it.

    `by_duty`: its reporter has a role that reports without a limit. Only known of a new one.
    """

    ticket: str
    new: bool
    by_duty: bool = False


class IncidentStore:
    """Store of incidents. Every method is one transaction and may raise `DatabaseUnavailable`."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        clock: Clock,
        count_filed: Callable[[str], None] | None = None,
        duty_roles: Callable[[], Collection[str]] = tuple,
        *,
        is_restricted: Callable[[str], bool] = lambda _: True,
    ) -> None:
        """`count_filed` is called with the category of each report that is newly filed.

        `duty_roles` returns the roles of the pack whose people report by duty, and under their name. The log names
        category and place of a report only if its category is not restricted.
        """
        self._database = database
        self._vault = vault
        self._clock = clock
        self._count_filed = count_filed
        self._duty_roles = duty_roles
        self._is_restricted = is_restricted

    async def file(
        self,
        report: Report,
        phone: Phone,
        confirmation: Callable[[str], str],
        *,
        deadline: float | None = None,
        unsent: str = "",
        sent_in: SendingCall = NO_CALL,
    ) -> FiledReport:
        """File the report, and queue the SMS that `confirmation` makes of the ticket's 8 digits.

        With the reason `unsent` that SMS is stored as suppressed. `sent_in` is the call in which it was sent.

        Idempotent: the same session again gets its ticket again, so a call of unknown outcome may be repeated. It never
        rewrites the incident. Only one that was a draft, sent by SMS as it was, is completed by the dialogue's end,
        and any by what its dialogue says after it was filed (`complete`).
        Raises `SessionOfAnotherPhone`, `CalledOff`, and `DatabaseUnavailable` after `deadline` seconds at the latest.
        """
        started = self._clock.monotonic()
        remaining = deadline
        for ticket, parameters in self._candidate_tickets(report, phone, confirmation, {}, unsent, sent_in):
            arguments = for_driver(parameters)
            row = await self._database.execute_compiled(COMPILED_FILE_REPORT, arguments, deadline=remaining)
            if row is not None:
                filed = FiledReport(ticket, new=True, by_duty=row["by_duty"])
                self.announce(report, filed)
                return filed
            remaining = self._remaining(deadline, started)
            async with self._database.begin(deadline=remaining) as connection:
                earlier = await self._filed_ticket(connection, report, phone)
                if not earlier and await was_called_off(connection, self._vault.lookup(phone), sent_in):
                    raise CalledOff
            if earlier:
                return FiledReport(earlier, new=False)
            remaining = self._remaining(deadline, started)
        raise NoFreeTicket

    async def find_filed(
        self, channel: str, session: str, phone: Phone, *, saying: Report | None = None, deadline: float | None = None
    ) -> str | None:
        """Return the ticket (8 digits, no dash) of the report that this phone has filed in this session, or None.

        With `saying`, it must say the same, apart from answers of the pack's own.
        """
        filed = select(incidents.c.ticket).where(
            incidents.c.channel == channel,
            incidents.c.session == session,
            incidents.c.phone_key == self._vault.lookup(phone),
            *(incidents.c[name] == getattr(saying, name) for name in _COMPARED if saying),
        )
        async with self._database.begin(deadline=deadline) as connection:
            ticket: str | None = (await connection.execute(filed)).scalar()
        return ticket

    def _remaining(self, deadline: float | None, started: float) -> float | None:
        """Return the seconds that are left of `deadline`, at least a hundredth, or None without a deadline."""
        return None if deadline is None else max(0.01, deadline - (self._clock.monotonic() - started))

    async def file_within(
        self,
        connection: AsyncConnection,
        report: Report,
        phone: Phone,
        confirmation: Callable[[str], str],
        detail: Mapping[str, str],
        unsent: str = "",
    ) -> FiledReport:
        """Do the same as `file` within the caller's transaction. `detail` goes into the audit trail.

        Call `announce` once the transaction is committed.
        """
        for ticket, parameters in self._candidate_tickets(report, phone, confirmation, detail, unsent):
            if (row := (await connection.execute(FILE_REPORT, parameters)).first()) is not None:
                return FiledReport(ticket, new=True, by_duty=row.by_duty)
            if earlier := await self._filed_ticket(connection, report, phone):
                return FiledReport(earlier, new=False)
        raise NoFreeTicket

    async def file_of_nobody(
        self, connection: AsyncConnection, report: Report, detail: Mapping[str, str]
    ) -> FiledReport:
        """File a report of which nobody knows who sent it, within the caller's transaction. Nobody gets an SMS.

        Idempotent as `file` is. Call `announce` once the transaction is committed.
        """
        for _ in range(_MAX_TICKET_DRAWS):
            ticket = tickets.generate(self._clock.number_below)
            now = self._clock.now()
            adding = postgresql_insert(incidents).values({**self._row(ticket, report, now), **ERASED_PHONE})
            if (await connection.execute(adding.on_conflict_do_nothing())).rowcount:
                await connection.execute(INSERT_AUDIT, _filed_audit_row(now, ticket, report, detail))
                return FiledReport(ticket, new=True)
            of_session = incidents.c.channel == report.channel, incidents.c.session == report.session
            earlier = (await connection.execute(select(incidents.c.ticket).where(*of_session))).scalar()
            if earlier:
                return FiledReport(earlier, new=False)
        raise NoFreeTicket

    def announce(self, report: Report, filed: FiledReport) -> None:
        """Log and count a committed report, unless it was filed before. The log gets none of its words."""
        if not filed.new:
            return
        named = {} if self._is_restricted(report.category) else {"category": report.category, "area": report.area}
        log.info("incident.filed", ticket=filed.ticket, **named, channel=report.channel)
        if self._count_filed:
            self._count_filed(report.category)

    def _candidate_tickets(
        self,
        report: Report,
        phone: Phone,
        confirmation: Callable[[str], str],
        detail: Mapping[str, str],
        unsent: str,
        sent_in: SendingCall = NO_CALL,
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield random tickets to try one after the other, each with the parameters of `FILE_REPORT`."""
        for _ in range(_MAX_TICKET_DRAWS):
            ticket = tickets.generate(self._clock.number_below)
            message = NewMessage(
                MessageClass.CONFIRMATION,
                report.channel,
                phone,
                confirmation(ticket),
                report.language,
                ticket,
                unsent=unsent,
            )
            yield ticket, self._parameters(ticket, report, message, detail, sent_in)

    def _parameters(
        self, ticket: str, report: Report, message: NewMessage, detail: Mapping[str, str], sent_in: SendingCall
    ) -> dict[str, Any]:
        now = self._clock.now()
        number = {"phone_sealed": self._vault.seal(message.phone), "phone_key": self._vault.lookup(message.phone)}
        incident = {**self._row(ticket, report, now), **number}
        audit_entry = _filed_audit_row(now, ticket, report, detail)
        message_row = queued_row(message, self._vault, now)
        return file_report_parameters(incident, message_row, audit_entry, sent_in, sorted(self._duty_roles()))

    def _row(self, ticket: str, report: Report, now: datetime) -> dict[str, Any]:
        """Return the row of a new incident, without its number."""
        return {
            "ticket": ticket,
            **{name: getattr(report, name) for name in _REPORT_FIELDS},
            "status": IncidentStatus.RECEIVED,
            "veracity": Veracity.UNVERIFIED,
            "updated_at": now,
        }

    async def _filed_ticket(self, connection: AsyncConnection, report: Report, phone: Phone) -> str | None:
        """Return the ticket that this session got before, after completing its incident.

        None means that the session has filed nothing, so that the drawn ticket was the conflict.
        """
        filed = select(incidents).where(incidents.c.channel == report.channel, incidents.c.session == report.session)
        row = (await connection.execute(filed)).mappings().first()
        if row is None:
            return None
        if row["phone_key"] is None or not hmac.compare_digest(row["phone_key"], self._vault.lookup(phone)):
            raise SessionOfAnotherPhone
        await self._complete_draft(connection, row, report)
        ticket: str = row["ticket"]
        return ticket

    async def complete(
        self,
        channel: str,
        session: str,
        phone: Phone,
        answers: Mapping[str, str],
        form: ReportForm,
        *,
        replace: bool = False,
        deadline: float | None = None,
    ) -> str | None:
        """Add answers that were given after this session filed its report. Returns the ticket, or None.

        Answers that it has stay, unless they are to be `replace`d: only the end of the dialogue itself may do that.
        Idempotent: answers that the incident has change nothing. None means that this phone has filed nothing in this
        session, or that the incident is no longer open. Raises `ValueError`, which quotes no answer.
        """
        own = select(incidents).where(
            incidents.c.channel == channel,
            incidents.c.session == session,
            incidents.c.phone_key == self._vault.lookup(phone),
        )
        async with self._database.begin(deadline=deadline) as connection:
            row = (await connection.execute(own.with_for_update())).mappings().first()
            if row is None:
                return None
            known = report_from(row)
            report = Report.from_answers(
                {"category": known.category, "area": known.area, **answers},
                form,
                earlier=True,
                language=known.language,
                channel=channel,
                session=session,
                received_at=known.received_at,
            )
            is_complete = await self._add_answers(connection, row, new_answers(report, row, replace=replace))
        ticket: str = row["ticket"]
        return ticket if is_complete else None

    async def _complete_draft(self, connection: AsyncConnection, row: RowMapping, report: Report) -> None:
        """Add the answers that the dialogue of a draft gave after the draft was filed, if the incident is open."""
        if report.received_at <= row["received_at"]:
            return
        of_draft = exists().where(
            drafts.c.channel == row["channel"],
            drafts.c.session == row["session"],
            drafts.c.status == DraftStatus.FILED,
        )
        await self._add_answers(connection, row, new_answers(report, row), of_draft)

    async def _add_answers(
        self,
        connection: AsyncConnection,
        row: RowMapping,
        new: NewAnswers,
        condition: ColumnElement[bool] | None = None,
    ) -> bool:
        """Add answers to an open incident. Returns False if it is not open, and True if it has them all."""
        if not new.columns:
            return True
        now = self._clock.now()
        completing = update(incidents).where(incidents.c.id == row["id"], is_open())
        completing = completing if condition is None else completing.where(condition)
        completing = completing.values(**new.columns, updated_at=now, new_details_at=now)
        if not (await connection.execute(completing)).rowcount:
            return False
        detail = {"channel": row["channel"], "answers": ", ".join(new.names)}
        await connection.execute(INSERT_AUDIT, audit_row(now, "resident", "incident.completed", row["ticket"], detail))
        return True

    async def find(self, ticket: str) -> Incident | None:
        """Return the incident with this ticket (8 digits, no dash), or None."""
        async with self._database.begin() as connection:
            rows = (await connection.execute(select(incidents).where(incidents.c.ticket == ticket))).mappings().all()
            return next(iter(await self._incidents(connection, rows)), None)

    async def list_incidents(self, limit: int = 1000, wanted: IncidentFilter = ANY) -> Sequence[Incident]:
        """Return the newest incidents that pass the filter, in its order. Numbers are masked."""
        newest = select(incidents).where(*wanted.conditions()).order_by(*wanted.order()).limit(limit)
        async with self._database.begin() as connection:
            return await self._incidents(connection, (await connection.execute(newest)).mappings().all())

    async def _incidents(self, connection: AsyncConnection, rows: Sequence[RowMapping]) -> list[Incident]:
        details = await _load_details(connection, rows)
        reporters = await load_reporters(connection, rows, self._duty_roles())
        repeats = await load_repeats(connection, rows)
        return [
            Incident(
                ticket=row["ticket"],
                report=report_from(row),
                status=IncidentStatus(row["status"]),
                veracity=Veracity(row["veracity"]),
                phone=self._vault.masked(row["phone_sealed"], row["phone_key"]),
                updated_at=row["updated_at"],
                details=tuple(details[row["id"]]),
                taken_by=row["taken_by"] or "",
                new_details_at=row["new_details_at"],
                reporter=(reporter := reporters.get(row["phone_key"])),
                repeated=0 if reporter else repeats.get(row["id"], 0),
            )
            for row in rows
        ]


def _filed_audit_row(now: datetime, ticket: str, report: Report, detail: Mapping[str, str]) -> dict[str, Any]:
    return audit_row(now, "resident", "incident.filed", ticket, {"channel": report.channel, **detail})


def report_from(row: RowMapping) -> Report:
    """Return the report of a row of `incidents`."""
    return Report(**{name: row[name] for name in _REPORT_FIELDS})


async def _load_details(connection: AsyncConnection, rows: Sequence[RowMapping]) -> defaultdict[int, list[Detail]]:
    """Return the details that reporters added later, by incident id, oldest first."""
    details: defaultdict[int, list[Detail]] = defaultdict(list)
    if not rows:
        return details
    table = incident_details.c
    ids = cast([row["id"] for row in rows], ARRAY(BigInteger))
    added = select(table.incident, table.text, table.at, table.channel)
    added = added.where(table.incident == any_(ids)).order_by(table.id)
    for incident, *detail in (await connection.execute(added)).all():
        details[incident].append(Detail(*detail))
    return details
