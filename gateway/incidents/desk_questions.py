"""Questions of the desk about an incident to people with a duty in its area, and their answers.

A person answers the newest of their open questions. An answer is recorded once, in the transaction that handles its
SMS. Erasing a person leaves the answers, which then belong to nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.audit import INSERT_AUDIT, audit_row
from gateway.incidents.draft import DraftStatus
from gateway.incidents.incident import OPEN_STATUSES, IncidentStatus
from gateway.incidents.operator_actions import ActRefused
from gateway.incidents.report import Report, clean_description
from gateway.incidents.store import NoSuchIncident, report_from
from gateway.incidents.tables import drafts, incident_questions, incidents
from gateway.menu.model import Menu
from gateway.messages.message import MessageClass
from gateway.messages.outbox import NewMessage, enqueue
from gateway.people.filters import has_role
from gateway.people.tables import people
from gateway.runtime.clock import Clock
from gateway.runtime.postgres import Database
from gateway.text.phone import Phone
from gateway.vault.vault import Vault

OPEN_FOR = timedelta(hours=24)
"""Time in which an answer counts."""
MOST_ASKED = 50
"""People who may be asked at once: more are an appeal."""


class Answer(StrEnum):
    """Answer to the question whether a report is true."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class AnsweredQuestion:
    """Question that was answered just now: its ticket, and the language of its person."""

    ticket: str
    language: str


@dataclass(frozen=True, slots=True)
class DeskQuestion:
    """Question to one person. `name` is empty once they are erased, the answer unset while there is none."""

    asked_at: datetime
    asked_by: str
    name: str = field(repr=False)
    question: str
    answer: Answer | None
    said: str
    answered_at: datetime | None


QuestionText = Callable[[str, Report, str], str]
"""Function that words the question about the report of a ticket in a language."""


class DeskQuestions:
    """Store of questions. Every method may raise `DatabaseUnavailable`."""

    def __init__(self, database: Database, vault: Vault, clock: Clock) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock

    async def ask(
        self,
        ticket: str,
        actor: str,
        roles: Collection[str],
        words: QuestionText,
        menu: Menu,
        *,
        person: Phone | None = None,
    ) -> int:
        """Ask the people with one of `roles` in the area of an open incident, or only `person`.

        Returns their number. `person` must have one of the roles too. The reporter is never asked, and
        nobody about a restricted kind. Raises `NoSuchIncident`, `ActRefused`, `QuestionTooLong` and `CannotOpen`.
        """
        now = self._clock.now()
        async with self._database.begin() as connection:
            locked = select(incidents).where(incidents.c.ticket == ticket).with_for_update()
            row = (await connection.execute(locked)).mappings().first()
            if row is None:
                raise NoSuchIncident
            report, status = report_from(row), IncidentStatus(row["status"])
            if menu.category(report.category).is_restricted:
                raise ActRefused("this report is of a restricted kind: nobody may be asked about it")
            if status not in OPEN_STATUSES:
                raise ActRefused(f'nobody is asked about an incident with status "{status}"; reopen it first')
            wanted = self._asked_people(row["phone_key"], (report.area, *menu.areas.around(report.area)), roles, person)
            found = (await connection.execute(wanted)).all()
            if not found:
                raise ActRefused(_nobody(roles, person))
            if len(found) > MOST_ASKED:
                raise ActRefused(f"more than {MOST_ASKED} people would be asked; name one --role, or a --person")
            for one in found:
                text = words(ticket, report, one.language)
                phone = self._vault.open(one.phone_sealed, one.phone_key)
                asking = {"incident": row["id"], "person": one.id, "question": text, "asked_by": actor, "asked_at": now}
                await connection.execute(insert(incident_questions).values(asking))
                message = NewMessage(MessageClass.STATUS, report.channel, phone, text, one.language, ticket)
                await enqueue(connection, message, self._vault, now)
            detail: dict[str, str | int] = {"people": len(found), "roles": ", ".join(roles)}
            await connection.execute(INSERT_AUDIT, audit_row(now, actor, "incident.asked", ticket, detail))
        return len(found)

    def _asked_people(
        self, reporter: bytes | None, areas: Collection[str], roles: Collection[str], person: Phone | None
    ) -> Any:
        wanted: list[ColumnElement[bool]] = [people.c.phone_key.is_not(None)]
        if reporter:
            wanted.append(people.c.phone_key != reporter)
        if person:
            wanted += [people.c.phone_key == self._vault.lookup(person), has_role(roles, ())]
        else:
            wanted.append(has_role(roles, areas))
        return select(people).where(*wanted).order_by(people.c.id).limit(MOST_ASKED + 1)

    async def answer(
        self, connection: AsyncConnection, phone: Phone, answer: Answer, text: str, *, unless_draft: bool = False
    ) -> AnsweredQuestion | None:
        """Record the answer of this phone to its newest open question, in the caller's transaction.

        Returns None if it has none. `unless_draft`: also if it has left an unfinished report since, which the same text
        would file.
        """
        now, key, table = self._clock.now(), self._vault.lookup(phone), incident_questions.c
        joined = incident_questions.join(people, people.c.id == table.person)
        joined = joined.join(incidents, incidents.c.id == table.incident)
        newest = select(table.id, table.incident, table.asked_at, incidents.c.ticket, people.c.language)
        newest = newest.select_from(joined).where(
            people.c.phone_key == key, table.answered_at.is_(None), table.asked_at > now - OPEN_FOR
        )
        if unless_draft:
            newest = newest.where(~exists().where(_left_since(key, table.asked_at)))
        newest = newest.order_by(table.asked_at.desc(), table.id.desc()).limit(1)
        row = (await connection.execute(newest.with_for_update(of=incident_questions))).first()
        if row is None:
            return None
        values = {"answer": answer.value, "said": clean_description(text), "answered_at": now}
        await connection.execute(update(incident_questions).where(table.id == row.id).values(values))
        marking = update(incidents).where(incidents.c.id == row.incident).values(new_details_at=now)
        await connection.execute(marking)
        noted = audit_row(now, "duty", "incident.answered", row.ticket, {"answer": answer.value})
        await connection.execute(INSERT_AUDIT, noted)
        return AnsweredQuestion(row.ticket, row.language)

    async def list_questions(self, ticket: str) -> Sequence[DeskQuestion]:
        """Return the questions about the incident of this ticket, oldest first."""
        table = incident_questions.c
        joined = incident_questions.join(people, people.c.id == table.person)
        joined = joined.join(incidents, incidents.c.id == table.incident)
        asked = select(incident_questions, people.c.name).select_from(joined).where(incidents.c.ticket == ticket)
        async with self._database.begin() as connection:
            rows = (await connection.execute(asked.order_by(table.id))).all()
        return [
            DeskQuestion(
                row.asked_at,
                row.asked_by,
                row.name,
                row.question,
                Answer(row.answer) if row.answer else None,
                row.said or "",
                row.answered_at,
            )
            for row in rows
        ]


def _left_since(phone_key: bytes, asked_at: ColumnElement[datetime]) -> ColumnElement[bool]:
    """Build the condition that this phone has an unfinished report that was left after the question."""
    is_open = drafts.c.status == DraftStatus.OPEN
    return and_(drafts.c.phone_key == phone_key, is_open, drafts.c.left_at > asked_at)


def _nobody(roles: Collection[str], person: Phone | None) -> str:
    if person:
        return f"{person} has none of the roles {', '.join(roles)} in the directory, or filed this report"
    return f"nobody of this area has the role {' or '.join(roles)}; see waspada people list --role"
