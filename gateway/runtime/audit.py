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

from gateway.runtime.postgres import metadata

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

NOTE = insert(audit)


def note(at: datetime, actor: str, action: str, subject: str, detail: Mapping[str, str | int]) -> dict[str, Any]:
    """The audit row of a change of `subject`: a ticket, `message 17`, `channel at`. For `NOTE`."""
    return {"at": at, "actor": actor, "action": action, "subject": subject, "detail": dict(detail)}
