"""The audit trail: who changed what, and when, in every room of the house.

The table takes rows and nothing else; a trigger refuses every change of what stands. What can ever have to be erased
has no place in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, DateTime, Identity, Index, Table, Text, insert
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
    Column("subject", Text, nullable=False),  # such as a ticket; no foreign key: the trail outlives what it tells of
    Column("detail", JSONB, nullable=False),
    Index("ix_audit_subject", "subject"),
)

INSERT_AUDIT = insert(audit)


def audit_row(at: datetime, actor: str, action: str, subject: str, detail: Mapping[str, str | int]) -> dict[str, Any]:
    """The audit row of a change of `subject`: a ticket, `message 17`, `channel at`. For `NOTE`."""
    return {"at": at, "actor": actor, "action": action, "subject": subject, "detail": dict(detail)}


class AuditTrail:
    """Writes rows into the audit trail. May raise `DatabaseAway`."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def add(self, actor: str, action: str, detail: Mapping[str, str | int], subject: str = "") -> None:
        """Note what `actor` does. Texts are kept with phone numbers masked."""
        masked = {name: mask_in(said) if isinstance(said, str) else said for name, said in detail.items()}
        async with self._database.begin() as connection:
            await connection.execute(
                INSERT_AUDIT, audit_row(self._clock.now(), mask_in(actor), action, subject, masked)
            )
