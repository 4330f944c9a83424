"""Audit trail: the author, time and detail of every manual change.

The table is append-only: a trigger refuses to change or delete a row. So it must have nothing that may have to be
erased later, such as a phone number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, DateTime, Identity, Index, Table, Text, insert, select
from sqlalchemy.dialects.postgresql import JSONB

from gateway.runtime.clock import Clock
from gateway.runtime.postgres import Database, metadata
from gateway.text.phone import mask_in

audit = Table(
    "audit",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),  # such as a ticket. No foreign key: the trail outlives its subjects
    Column("detail", JSONB, nullable=False),
    Index("ix_audit_subject", "subject"),
)

INSERT_AUDIT = insert(audit)


@dataclass(frozen=True, slots=True)
class AuditEntry:
    at: datetime
    actor: str
    action: str
    detail: Mapping[str, str | int]


def audit_row(at: datetime, actor: str, action: str, subject: str, detail: Mapping[str, str | int]) -> dict[str, Any]:
    """Build the row of a change of `subject` (a ticket, `message 17`, `channel at`), for `INSERT_AUDIT`.

    Phone numbers in the texts of people are masked: nothing can be erased from the trail.
    """
    masked = {name: mask_in(value) if isinstance(value, str) else value for name, value in detail.items()}
    return {"at": at, "actor": mask_in(actor), "action": action, "subject": subject, "detail": masked}


class AuditTrail:
    """Reader and writer of the audit trail, in transactions of its own. May raise `DatabaseUnavailable`."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def add(self, actor: str, action: str, detail: Mapping[str, str | int], subject: str = "") -> None:
        """Record an action of `actor`."""
        async with self._database.begin() as connection:
            await connection.execute(INSERT_AUDIT, audit_row(self._clock.now(), actor, action, subject, detail))

    async def history(self, subject: str, limit: int = 1000) -> Sequence[AuditEntry]:
        """Return the last changes of `subject`, the oldest first."""
        table = audit.c
        newest = select(table.at, table.actor, table.action, table.detail).where(table.subject == subject)
        async with self._database.begin() as connection:
            rows = (await connection.execute(newest.order_by(table.id.desc()).limit(limit))).all()
        return [AuditEntry(*row) for row in reversed(rows)]
