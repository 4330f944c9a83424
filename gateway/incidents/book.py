"""The book of incidents: filing, finding and moving them, and the audit trail of every change.

A report is filed together with its confirmation and its audit row, in one transaction, once per session: a ticket on a
screen is a committed row. The audit table takes rows and nothing else; a trigger refuses every change of what stands.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    Boolean,
    Column,
    Date,
    DateTime,
    Identity,
    Index,
    LargeBinary,
    RowMapping,
    Select,
    Table,
    Text,
    UniqueConstraint,
    bindparam,
    insert,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import insert as insert_or_ignore

from gateway.incidents import ticket as tickets
from gateway.incidents.incident import LIFECYCLE, Incident, Report, Status, Veracity, may_move
from gateway.messages.ledger import messages
from gateway.messages.message import MessageClass
from gateway.messages.outbox import NewMessage, queued
from gateway.people.vault import Vault
from gateway.runtime.clock import Clock
from gateway.runtime.postgres import Database, metadata
from gateway.runtime.postgres_once import Once
from gateway.text.phone import Phone, mask_in

_REPORT = tuple(field.name for field in fields(Report))
_TRIES = 20  # tickets drawn for one report; with a million filed, the chance that all are taken is 1 in 10^19

incidents = Table(
    "incidents",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("ticket", Text, nullable=False),
    Column("category", Text, nullable=False),
    Column("area", Text, nullable=False),
    Column("when", Text, nullable=False),
    Column("when_date", Date),
    Column("danger", Text, nullable=False),
    Column("size", Text, nullable=False),
    Column("seen", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("contact", Boolean),
    Column("language", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("session", Text, nullable=False),
    Column("phone_sealed", LargeBinary, nullable=False),
    Column("phone_key", LargeBinary, nullable=False),
    Column("status", Text, nullable=False),
    Column("veracity", Text, nullable=False),
    Column("received_at", DateTime(timezone=True), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    UniqueConstraint("ticket"),
    UniqueConstraint("channel", "session"),
    Index("ix_incidents_phone_key", "phone_key"),
)

audit = Table(
    "audit",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),  # the ticket, for an incident; no foreign key: the trail outlives it
    Column("detail", JSONB, nullable=False),
    Index("ix_audit_subject", "subject"),
)


_NOTE = insert(audit)


def _filing() -> Select[tuple[str]]:
    """The one statement that files a report: its incident and, if that is new, its message and its audit row.

    A single statement is a transaction. Made once, because building it costs more than running it; its parameters
    are the three rows, as `_named` calls them.
    """
    added = insert_or_ignore(incidents).values(_parameters(incidents)).on_conflict_do_nothing()
    filed = added.returning(incidents.c.ticket).cte("filed")
    along = []
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


_NULLABLE = ("when_date", "contact", "ticket")  # columns without NOT NULL that a new row has all the same
_FILING = Once(_filing())


class SessionOfAnotherPhone(Exception):
    """This session has filed a report already, from another phone."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


class NoSuchIncident(LookupError):
    """There is no incident with this ticket."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


class NotAllowed(ValueError):
    """The lifecycle does not lead there. The message names what is allowed."""

    def __init__(self, now: Status, to: Status) -> None:
        allowed = ", ".join(sorted(LIFECYCLE[now])) or "nothing, it is final"
        super().__init__(f"an incident that is {now} cannot become {to}; allowed: {allowed}")


@dataclass(frozen=True, slots=True)
class Filed:
    """The ticket of a filed report, and whether this call has filed it."""

    ticket: str
    new: bool


class Book:
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
    ) -> Filed:
        """File the report, and queue the SMS that `confirmation` makes of the ticket's 8 digits.

        The same session again gets its ticket again and changes nothing, so that a call may be repeated whose end is
        not known. Raises `SessionOfAnotherPhone`, and `DatabaseAway` after `deadline` seconds at the latest.
        """
        for _ in range(_TRIES):
            ticket = tickets.make(self._clock.number_below)
            rows = self._rows(ticket, report, phone, confirmation(ticket))
            if await self._database.run_once(_FILING, rows, deadline=deadline) is not None:
                return Filed(ticket, new=True)
            if earlier := await self._earlier(report, phone, deadline):
                return Filed(earlier, new=False)
        raise RuntimeError(f"no free ticket in {_TRIES} draws")

    def _rows(self, ticket: str, report: Report, phone: Phone, text: str) -> dict[str, Any]:
        """The parameters of `_FILING`."""
        now = self._clock.now()
        incident = {
            "ticket": ticket,
            **{name: getattr(report, name) for name in _REPORT},
            "phone_sealed": self._vault.seal(phone),
            "phone_key": self._vault.lookup(phone),
            "status": Status.RECEIVED,
            "veracity": Veracity.UNVERIFIED,
            "updated_at": now,
        }
        message = NewMessage(MessageClass.CONFIRMATION, report.channel, phone, text, report.language, ticket)
        note = _note(now, "resident", "incident.filed", ticket, {"channel": report.channel})
        return {
            **_named(incidents, incident),
            **_named(messages, queued(message, self._vault, now)),
            **_named(audit, {**note, "detail": json.dumps(note["detail"])}),
        }

    async def _earlier(self, report: Report, phone: Phone, deadline: float | None) -> str | None:
        """The ticket that this session has got before; None if it was the ticket that is taken."""
        filed = select(incidents.c.ticket, incidents.c.phone_key).where(
            incidents.c.channel == report.channel, incidents.c.session == report.session
        )
        async with self._database.begin(deadline=deadline) as connection:
            row = (await connection.execute(filed)).first()
        if row is None:
            return None
        if not hmac.compare_digest(row.phone_key, self._vault.lookup(phone)):
            raise SessionOfAnotherPhone
        ticket: str = row.ticket
        return ticket

    async def find(self, ticket: str) -> Incident | None:
        """The incident of this ticket (8 digits, no dash), if there is one."""
        async with self._database.begin() as connection:
            row = (await connection.execute(select(incidents).where(incidents.c.ticket == ticket))).mappings().first()
        return self._incident(row) if row else None

    async def list(self, limit: int = 1000) -> Sequence[dict[str, str | bool | None]]:
        """The newest incidents, newest first, for lists and JSON (design.md section 7). Numbers are masked."""
        newest = select(incidents).order_by(incidents.c.id.desc()).limit(limit)
        async with self._database.begin() as connection:
            rows = (await connection.execute(newest)).mappings().all()
        return [self._incident(row).for_json() for row in rows]

    async def move(self, ticket: str, to: Status, actor: str, reason: str) -> None:
        """Move an incident along its lifecycle. Raises `NoSuchIncident` and `NotAllowed`.

        `reason` goes into the audit trail, with phone numbers masked: what stands there can never be erased.
        """
        of_ticket = incidents.c.ticket == ticket
        async with self._database.begin() as connection:
            standing = select(incidents.c.status).where(of_ticket).with_for_update()
            status = (await connection.execute(standing)).scalar()
            if status is None:
                raise NoSuchIncident
            now = Status(status)
            if not may_move(now, to):
                raise NotAllowed(now, to)
            await connection.execute(update(incidents).where(of_ticket).values(status=to, updated_at=self._clock.now()))
            change = {"from": now.value, "to": to.value, "reason": mask_in(reason)}
            await connection.execute(_NOTE, _note(self._clock.now(), actor, "incident.moved", ticket, change))

    def _incident(self, row: RowMapping) -> Incident:
        return Incident(
            ticket=row["ticket"],
            report=Report(**{name: row[name] for name in _REPORT}),
            status=Status(row["status"]),
            veracity=Veracity(row["veracity"]),
            phone=self._vault.open(row["phone_sealed"]).masked,
            updated_at=row["updated_at"],
        )


def _note(at: datetime, actor: str, action: str, ticket: str, detail: Mapping[str, str]) -> dict[str, Any]:
    return {"at": at, "actor": actor, "action": action, "subject": ticket, "detail": dict(detail)}
