"""Acts of operators on incidents: move, reopen, take, release, set answers. Every act has an audit row.

Each act takes a row lock on its incident, and clears the mark of new details, since its operator has looked at them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import RowMapping, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.audit import INSERT_AUDIT, audit_row
from gateway.incidents.incident import (
    OPEN_STATUSES,
    REOPENED,
    IncidentStatus,
    TransitionNotAllowed,
    Veracity,
    check_veracity,
    may_move,
)
from gateway.incidents.report import Report
from gateway.incidents.store import NoSuchIncident, report_from
from gateway.incidents.tables import incidents
from gateway.menu.definitions.report_form import ReportForm
from gateway.messages.message import MessageClass
from gateway.messages.outbox import NewMessage, enqueue
from gateway.runtime.clock import Clock
from gateway.runtime.postgres import Database
from gateway.text.errors import UserError
from gateway.text.phone import mask_in
from gateway.vault.vault import Vault

SETTABLE_DAYS = ("when_date", "known_date")
"""Built-in answers that the desk may set: the day of the event, and since when its reporter knows."""


class ActRefused(UserError, ValueError):
    """Act that the incident does not allow. The message has the reason."""


class Asked(StrEnum):
    """Result of a question to the reporter."""

    QUEUED = "asked"
    ERASED = "number_erased"
    DECLINED = "contact_declined"  # they answered that nobody may contact them to ask


Question = Callable[[str, Report], str]
"""Function that words the SMS with a question about the report of a ticket."""


class IncidentActions:
    """Acts of operators. Every method is one transaction, and may raise `DatabaseUnavailable` and `NoSuchIncident`.

    The audit trail keeps reasons and names with phone numbers masked, because nothing can ever be erased there.
    """

    def __init__(self, database: Database, vault: Vault, clock: Clock) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock

    async def move(
        self,
        ticket: str,
        to: IncidentStatus,
        actor: str,
        reason: str,
        found: Veracity | None = None,
        question: Question | None = None,
    ) -> Asked | None:
        """Move an incident along its lifecycle.

        `found` is the veracity of an incident that is closed. Without it the incident keeps its own, which is
        unverified. With `question` the reporter is asked by SMS in the same transaction, unless their number was erased
        or they declined to be contacted. Returns the result of the question, None without one. Raises
        `TransitionNotAllowed`, `TooManyParts`, and `ValueError` from `check_veracity`.
        """
        check_veracity(to, found)
        async with self._locked(ticket) as (connection, row):
            current = IncidentStatus(row["status"])
            if not may_move(current, to):
                raise TransitionNotAllowed(current, to)
            asked = await self._ask(connection, row, question) if question else None
            result = {"veracity": found} if found else {}
            change = {"from": current.value, "to": to.value, "reason": reason, **result}
            if asked:
                change["reporter"] = asked.value
            now = self._clock.now()
            await self._write(connection, row, actor, "moved", change, status=to, updated_at=now, **result)
        return asked

    async def reopen(self, ticket: str, actor: str, reason: str) -> None:
        """Reopen an incident that was closed or merged by a slip. Its finding is withdrawn.

        The reporter is not told: nobody told them that it was closed, and their next question has the new status.
        Raises `ActRefused` if it is open.
        """
        async with self._locked(ticket) as (connection, row):
            current = IncidentStatus(row["status"])
            if current not in REOPENED:
                raise ActRefused(f'an incident with status "{current}" is open already')
            to = REOPENED[current]
            change = {"from": current.value, "to": to.value, "found": row["veracity"], "reason": reason}
            values = {"status": to, "veracity": Veracity.UNVERIFIED, "updated_at": self._clock.now()}
            await self._write(connection, row, actor, "reopened", change, **values)

    async def take(self, ticket: str, actor: str, taken_from: str = "") -> None:
        """Make `actor` the operator who works on an open incident. To take it again clears the mark of new details.

        An incident of somebody else is taken over only if `taken_from` names them, so that of two operators who take
        one at once the second is refused. Raises `ActRefused`.
        """
        async with self._locked(ticket) as (connection, row):
            status, owner = IncidentStatus(row["status"]), row["taken_by"] or ""
            if status not in OPEN_STATUSES:
                raise ActRefused(f'an incident with status "{status}" cannot be taken; reopen it first')
            if owner not in (actor, taken_from, ""):
                raise ActRefused(f"{owner} has taken this incident already; to take it over, say that it is from them")
            await self._write(connection, row, actor, "taken", {"from": owner}, taken_by=mask_in(actor))

    async def set_answers(self, ticket: str, answers: Mapping[str, str], actor: str, form: ReportForm) -> None:
        """Set answers that the desk knows: declared ones, and the days in `SETTABLE_DAYS`. An empty one is removed.

        The audit trail only names the personal ones. Raises `UnfitAnswer`, and `ActRefused` for a personal answer of an
        erased reporter: nothing would ever erase it.
        """
        read = form.read({name: answer for name, answer in answers.items() if name not in SETTABLE_DAYS})
        async with self._locked(ticket) as (connection, row):
            if read.personal and row["phone_sealed"] is None:
                names = ", ".join(read.personal)
                raise ActRefused(f"the reporter's number was erased, and with it their personal answers: {names}")
            values: dict[str, Any] = {
                name: date.fromisoformat(answer) if answer else None
                for name, answer in answers.items()
                if name in SETTABLE_DAYS
            }
            for column, given in (("answers", read.plain), ("personal_answers", read.personal)):
                kept = {name: answer for name, answer in row[column].items() if name not in answers}
                values[column] = {**kept, **given}
            change = {name: "set" if name in read.personal else mask_in(answer) for name, answer in answers.items()}
            await self._write(connection, row, actor, "answered", change, **values, updated_at=self._clock.now())

    async def release(self, ticket: str, actor: str, taken_from: str = "") -> None:
        """Give an incident back, so that nobody has it. Somebody else's needs `taken_from`. Raises `ActRefused`."""
        async with self._locked(ticket) as (connection, row):
            owner = row["taken_by"] or ""
            if not owner:
                raise ActRefused("nobody has taken this incident")
            if owner not in (actor, taken_from):
                raise ActRefused(f"{owner} has taken this incident; to release it for them, say that it is from them")
            await self._write(connection, row, actor, "released", {"from": owner}, taken_by=None)

    @asynccontextmanager
    async def _locked(self, ticket: str) -> AsyncIterator[tuple[AsyncConnection, RowMapping]]:
        locked = select(incidents).where(incidents.c.ticket == ticket).with_for_update()
        async with self._database.begin() as connection:
            row = (await connection.execute(locked)).mappings().first()
            if row is None:
                raise NoSuchIncident
            yield connection, row

    async def _write(
        self, connection: AsyncConnection, row: RowMapping, actor: str, act: str, change: dict[str, str], **values: Any
    ) -> None:
        """Change the row, clear the mark of new details, and write the audit row."""
        changing = update(incidents).where(incidents.c.id == row["id"]).values(new_details_at=None, **values)
        await connection.execute(changing)
        noted = audit_row(self._clock.now(), actor, f"incident.{act}", row["ticket"], change)
        await connection.execute(INSERT_AUDIT, noted)

    async def _ask(self, connection: AsyncConnection, row: RowMapping, question: Question) -> Asked:
        if row["phone_sealed"] is None:
            return Asked.ERASED
        if row["contact"] is False:
            return Asked.DECLINED
        report = report_from(row)
        text, phone = question(row["ticket"], report), self._vault.open(row["phone_sealed"], row["phone_key"])
        message = NewMessage(MessageClass.STATUS, report.channel, phone, text, report.language, row["ticket"])
        await enqueue(connection, message, self._vault, self._clock.now())
        return Asked.QUEUED
