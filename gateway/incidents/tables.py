"""Tables of incidents, of the details that reporters add, of drafts, and of reports that were called off."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from gateway.runtime.postgres import metadata
from gateway.vault.columns import ERASED_PHONE, phone_constraint

ERASED_REPORTER: Mapping[str, Any] = {**ERASED_PHONE, "personal_answers": {}}
"""Column values of an incident whose reporter was erased."""

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
    Column("size", Text),  # of the release before, which knew no answers of the pack: a trigger copies both
    Column("seen", Text),
    Column("description", Text, nullable=False),
    Column("contact", Boolean),
    Column("language", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("session", Text, nullable=False),
    Column("phone_sealed", LargeBinary),  # NULL: erased
    Column("phone_key", LargeBinary),
    Column("status", Text, nullable=False),
    Column("veracity", Text, nullable=False),
    Column("received_at", DateTime(timezone=True), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    Column("taken_by", Text),
    Column("recognised", Boolean, nullable=False, server_default=false()),  # in an SMS that did not ask to report
    Column("new_details_at", DateTime(timezone=True)),  # unset: an operator has acted since, or there are none
    Column("known_date", Date),
    Column("answers", JSONB, nullable=False, server_default=text("'{}'")),  # those that the pack declares
    Column("personal_answers", JSONB, nullable=False, server_default=text("'{}'")),  # erased with the number
    UniqueConstraint("ticket"),
    UniqueConstraint("channel", "session"),
    phone_constraint(),
    Index("ix_incidents_phone_key", "phone_key"),
)

# Unique by the digest: PostgreSQL cannot index a text of a thousand characters.
incident_details = Table(
    "incident_details",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("incident", BigInteger, ForeignKey("incidents.id"), nullable=False),
    Column("channel", Text, nullable=False),
    Column("session", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    UniqueConstraint("incident", "channel", "session", "digest"),
)

# Of the desk to people with a duty, with their answers: one row for each person who was asked.
incident_questions = Table(
    "incident_questions",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("incident", BigInteger, ForeignKey("incidents.id"), nullable=False),
    Column("person", BigInteger, ForeignKey("people.id"), nullable=False),
    Column("question", Text, nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("asked_at", DateTime(timezone=True), nullable=False),
    Column("answer", Text),  # yes, no or unknown
    Column("said", Text),  # the SMS
    Column("answered_at", DateTime(timezone=True)),
    Index("ix_incident_questions_incident", "incident"),
    Index("ix_incident_questions_person", "person"),
)

drafts = Table(
    "drafts",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("channel", Text, nullable=False),
    Column("session", Text, nullable=False),
    Column("phone_sealed", LargeBinary),  # NULL, with empty answers: no longer open
    Column("phone_key", LargeBinary),
    Column("language", Text, nullable=False),
    Column("answers", JSONB, nullable=False),
    Column("category", Text, nullable=False),
    Column("area", Text, nullable=False),
    Column("danger", Text, nullable=False),
    Column("left_at", DateTime(timezone=True), nullable=False),
    Column("status", Text, nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    Column("urgent", Boolean, nullable=False, server_default=text("false")),
    Column("reminded_at", DateTime(timezone=True)),
    UniqueConstraint("channel", "session"),
    phone_constraint(),
    Index("uq_drafts_open", "phone_key", unique=True, postgresql_where=text("status = 'open'")),
)

# Calls of a phone whose report was called off afterwards. A Send of one of them that arrives late files nothing.
called_off = Table(
    "called_off",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("phone_key", LargeBinary, nullable=False),
    Column("calls", ARRAY(BigInteger), nullable=False),  # hashes of channel and session
    Column("at", DateTime(timezone=True), nullable=False),
    Index("ix_called_off_phone_key", "phone_key"),
)
