"""The book of incidents: filing, finding and moving them, and the audit trail of every change.

A report is filed together with its confirmation and its audit row, in one transaction, once per session: a ticket on a
screen is a committed row.
"""

from __future__ import annotations

import hmac
import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    BindParameter,
    RowMapping,
    Select,
    Table,
    any_,
    bindparam,
    cast,
    exists,
    insert,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as insert_or_ignore
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.audit import INSERT_AUDIT, audit, audit_row
from gateway.incidents.incident import (
    LIFECYCLE,
    REPORT_ANSWERS,
    Incident,
    IncidentStatus,
    Report,
    Veracity,
    check_veracity,
    may_move,
)
from gateway.incidents.tables import incident_details, incidents
from gateway.messages.erasure import cancel_reminders_statement
from gateway.messages.message import MessageClass
from gateway.messages.outbox import NewMessage, queued_row
from gateway.messages.tables import messages
from gateway.runtime.clock import Clock
from gateway.runtime.fast_statement import CompiledStatement
from gateway.runtime.postgres import Database
from gateway.text import ticket as tickets
from gateway.text.phone import Phone, mask_in
from gateway.vault.vault import Vault

_REPORT = tuple(field.name for field in fields(Report))
_SAID = tuple(name for name in _REPORT if name in REPORT_ANSWERS)
_OPEN = [status.value for status, further in LIFECYCLE.items() if further]
_TRIES = 20  # tickets drawn for one report; with a million filed, the chance that all are taken is 1 in 10^19


def _filing() -> Select[tuple[str]]:
    """The one statement that files a report: its incident and, if that is new, its message and its audit row.

    With the same stroke the SMS is called off that would remind this phone of a report not sent yet. A single
    statement is a transaction. Made once, because building it costs more than running it; its parameters are the
    three rows, as `_named` calls them.
    """
    incident = _parameters(incidents)
    added = insert_or_ignore(incidents).values(incident).on_conflict_do_nothing()
    filed = added.returning(incidents.c.ticket).cte("filed")
    calling_off = cancel_reminders_statement(incident["phone_key"], incident["updated_at"])
    along: list[CTE] = [calling_off.where(exists(select(filed.c.ticket))).cte("called_off")]
    for table in (messages, audit):
        row = _parameters(table)
        along.append(insert(table).from_select(list(row), select(*row.values()).select_from(filed)).cte(table.name))
    return select(filed.c.ticket).add_cte(*along)


def _parameters(table: Table) -> dict[str, BindParameter[Any]]:
    columns = [column for column in table.columns if not (column.primary_key or column.nullable)]
    columns += [table.c[name] for name in _NULLABLE if name in table.c]
    return {column.name: bindparam(f"{table.name}_{column.name}", type_=column.type) for column in columns}


def _named(table: Table, row: Mapping[str, Any]) -> dict[str, Any]:
    return {f"{table.name}_{name}": value for name, value in row.items()}


# Columns without NOT NULL that a new row has all the same.
_NULLABLE = ("when_date", "contact", "ticket", "phone_sealed", "phone_key")
_FILING = _filing()
_FILING_ONCE = CompiledStatement(_FILING)


class SessionOfAnotherPhone(Exception):
    """This session has filed a report already, from another phone or from one whose number was erased."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


class NoFreeTicket(RuntimeError):
    """There was no free ticket, however often one was drawn."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


class NoSuchIncident(LookupError):
    """There is no incident with this ticket."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


class TransitionNotAllowed(ValueError):
    """The lifecycle does not lead there. The message names what is allowed."""

    def __init__(self, now: IncidentStatus, to: IncidentStatus) -> None:
        allowed = ", ".join(sorted(LIFECYCLE[now])) or "nothing, it is final"
        super().__init__(f"an incident that is {now} cannot become {to}; allowed: {allowed}")


@dataclass(frozen=True, slots=True)
class FiledReport:
    """The ticket of a filed report, and whether this call has filed it."""

    ticket: str
    new: bool


class IncidentStore:
    """Files, finds, lists and moves incidents. Every method is one transaction and may raise `DatabaseAway`."""

    def __init__(self, database: Database, vault: Vault, clock: Clock) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock

    async def file(
        self,
        report: Report,
        phone: Phone,
        confirmation: Callable[[str], str],
        *,
        deadline: float | None = None,
    ) -> FiledReport:
        """File the report, and queue the SMS that `confirmation` makes of the ticket's 8 digits.

        The same session again gets its ticket again and changes nothing, so that a call may be repeated whose end is
        not known. Where it says more than before, because its report was sent by SMS while the dialogue went on, that
        completes the record, unless the desk is done with it. Raises `SessionOfAnotherPhone`, and `DatabaseAway` after
        `deadline` seconds at the latest.
        """
        started = self._clock.monotonic()
        left = deadline
        for ticket, rows in self._candidate_tickets(report, phone, confirmation, {}):
            for_driver = {**rows, "audit_detail": json.dumps(rows["audit_detail"])}
            if await self._database.execute_compiled(_FILING_ONCE, for_driver, deadline=left) is not None:
                return FiledReport(ticket, new=True)
            left = self._left(deadline, started)
            async with self._database.begin(deadline=left) as connection:
                earlier = await self._earlier(connection, report, phone)
            if earlier:
                return FiledReport(earlier, new=False)
            left = self._left(deadline, started)
        raise NoFreeTicket

    def _left(self, deadline: float | None, started: float) -> float | None:
        """What is left of `deadline`, but a moment: so that nothing waits for ever."""
        return None if deadline is None else max(0.01, deadline - (self._clock.monotonic() - started))

    async def file_within(
        self,
        connection: AsyncConnection,
        report: Report,
        phone: Phone,
        confirmation: Callable[[str], str],
        detail: Mapping[str, str],
    ) -> FiledReport:
        """`file` in the transaction of `connection`; `detail` goes into the audit trail."""
        for ticket, rows in self._candidate_tickets(report, phone, confirmation, detail):
            if (await connection.execute(_FILING, rows)).first() is not None:
                return FiledReport(ticket, new=True)
            if earlier := await self._earlier(connection, report, phone):
                return FiledReport(earlier, new=False)
        raise NoFreeTicket

    def _candidate_tickets(
        self, report: Report, phone: Phone, confirmation: Callable[[str], str], detail: Mapping[str, str]
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        """Tickets to try one after the other, each with the parameters of `_FILING`."""
        for _ in range(_TRIES):
            ticket = tickets.generate(self._clock.number_below)
            yield ticket, self._rows(ticket, report, phone, confirmation(ticket), detail)

    def _rows(self, ticket: str, report: Report, phone: Phone, text: str, detail: Mapping[str, str]) -> dict[str, Any]:
        now = self._clock.now()
        incident = {
            "ticket": ticket,
            **{name: getattr(report, name) for name in _REPORT},
            "phone_sealed": self._vault.seal(phone),
            "phone_key": self._vault.lookup(phone),
            "status": IncidentStatus.RECEIVED,
            "veracity": Veracity.UNVERIFIED,
            "updated_at": now,
        }
        message = NewMessage(MessageClass.CONFIRMATION, report.channel, phone, text, report.language, ticket)
        noted = audit_row(now, "resident", "incident.filed", ticket, {"channel": report.channel, **detail})
        return {
            **_named(incidents, incident),
            **_named(messages, queued_row(message, self._vault, now)),
            **_named(audit, noted),
        }

    async def _earlier(self, connection: AsyncConnection, report: Report, phone: Phone) -> str | None:
        """The ticket that this session has got before, its record completed; None if the ticket was taken."""
        filed = select(incidents).where(incidents.c.channel == report.channel, incidents.c.session == report.session)
        row = (await connection.execute(filed)).mappings().first()
        if row is None:
            return None
        if row["phone_key"] is None or not hmac.compare_digest(row["phone_key"], self._vault.lookup(phone)):
            raise SessionOfAnotherPhone
        await self._complete(connection, row, report)
        ticket: str = row["ticket"]
        return ticket

    async def _complete(self, connection: AsyncConnection, row: RowMapping, report: Report) -> None:
        said = {name: getattr(report, name) for name in _SAID}
        new = {name: answer for name, answer in said.items() if answer not in ("", None) and answer != row[name]}
        if not new or report.received_at <= row["received_at"]:
            return
        now = self._clock.now()
        open_one = incidents.c.id == row["id"], incidents.c.status.in_(_OPEN)
        completing = update(incidents).where(*open_one).values(**new, updated_at=now)
        if not (await connection.execute(completing)).rowcount:
            return
        detail = {"channel": report.channel, "answers": ", ".join(sorted(new))}
        await connection.execute(INSERT_AUDIT, audit_row(now, "resident", "incident.completed", row["ticket"], detail))

    async def find(self, ticket: str) -> Incident | None:
        """The incident of this ticket (8 digits, no dash), if there is one."""
        async with self._database.begin() as connection:
            row = (await connection.execute(select(incidents).where(incidents.c.ticket == ticket))).mappings().first()
            details = await _details(connection, [row] if row else [])
        return self._incident(row, details[row["id"]]) if row else None

    async def list_incidents(self, limit: int = 1000) -> Sequence[Incident]:
        """Return the newest incidents, newest first. Numbers are masked."""
        newest = select(incidents).order_by(incidents.c.id.desc()).limit(limit)
        async with self._database.begin() as connection:
            rows = (await connection.execute(newest)).mappings().all()
            details = await _details(connection, rows)
        return [self._incident(row, details[row["id"]]) for row in rows]

    async def move(
        self, ticket: str, to: IncidentStatus, actor: str, reason: str, found: Veracity | None = None
    ) -> None:
        """Move an incident along its lifecycle. Raises `NoSuchIncident`, `NotAllowed`, and `ValueError`.

        `found` is the result of checking, for an incident that is closed; without one it stays what it was, which is
        unverified. `reason` goes into the audit trail, with phone numbers masked: what stands there can never be
        erased.
        """
        check_veracity(to, found)
        of_ticket = incidents.c.ticket == ticket
        async with self._database.begin() as connection:
            standing = select(incidents.c.status).where(of_ticket).with_for_update()
            status = (await connection.execute(standing)).scalar()
            if status is None:
                raise NoSuchIncident
            now = IncidentStatus(status)
            if not may_move(now, to):
                raise TransitionNotAllowed(now, to)
            result = {"veracity": found} if found else {}
            moving = update(incidents).where(of_ticket).values(status=to, updated_at=self._clock.now(), **result)
            await connection.execute(moving)
            change = {"from": now.value, "to": to.value, "reason": mask_in(reason), **result}
            await connection.execute(
                INSERT_AUDIT, audit_row(self._clock.now(), actor, "incident.moved", ticket, change)
            )

    def _incident(self, row: RowMapping, details: Sequence[str]) -> Incident:
        return Incident(
            ticket=row["ticket"],
            report=Report(**{name: row[name] for name in _REPORT}),
            status=IncidentStatus(row["status"]),
            veracity=Veracity(row["veracity"]),
            phone=self._vault.masked(row["phone_sealed"]),
            updated_at=row["updated_at"],
            details=tuple(details),
        )


async def _details(connection: AsyncConnection, rows: Sequence[RowMapping]) -> defaultdict[int, list[str]]:
    """What the reporters of these incidents told later, by the incident's id, the oldest first."""
    table = incident_details.c
    listed = any_(cast([row["id"] for row in rows], ARRAY(BigInteger)))
    told = select(table.incident, table.text).where(table.incident == listed).order_by(table.id)
    details: defaultdict[int, list[str]] = defaultdict(list)
    for incident, text in (await connection.execute(told)).all() if rows else ():
        details[incident].append(text)
    return details
