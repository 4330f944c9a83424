"""Tables of appeals. The message to each person is a row of `messages`, one per appeal and person.

A frozen audience is the ids of its people, in chunks. One transaction expands a chunk into messages and marks it as
expanded, so that nobody is missed or written to twice, wherever a worker is killed.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from gateway.runtime.postgres import metadata

appeals = Table(
    "appeals",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("status", Text, nullable=False),
    Column("version", Integer, nullable=False),  # counts the edits
    Column("purpose", Text, nullable=False),
    Column("template", Text, nullable=False),  # of the pack; empty for texts of the author
    Column("texts", JSONB, nullable=False),  # by language, as they were approved
    # Characters of the author that were replaced, by language: the original, its substitute and its position.
    Column("changes", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    Column(
        "slots", JSONB, nullable=False, server_default=text("'{}'::jsonb")
    ),  # values of the template's slots, by name
    Column("ticket", Text, nullable=False),  # of the incident that it is about
    Column("channel", Text, nullable=False),
    Column("audience", JSONB, nullable=False),
    Column("starts_at", DateTime(timezone=True)),
    Column("authors", ARRAY(Text), nullable=False),  # everybody who edited it, the first author first
    Column("reason", Text, nullable=False),
    Column("frozen_at", DateTime(timezone=True)),
    Column("bound", BigInteger),  # highest id among all people at the time of approval
    Column("frozen", BigInteger, nullable=False),  # number of people in the frozen audience
    Column("expanded", BigInteger, nullable=False),  # number of them who have a message, queued or suppressed
    Column("judged_from", DateTime(timezone=True)),  # earlier failures do not pause it
    Column("went_out_at", DateTime(timezone=True)),  # time of the first SMS sent
    Column("public_number", BigInteger),  # running number for the public, given when it begins
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    Index("ix_appeals_status", "status"),
    Index("uq_appeals_public_number", "public_number", unique=True),
)

appeal_approvals = Table(
    "appeal_approvals",
    metadata,
    Column("appeal", BigInteger, ForeignKey("appeals.id"), nullable=False),
    Column("version", Integer, nullable=False),  # an edit begins a new version without approvals
    Column("approver", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("appeal", "version", "approver"),
)

appeal_chunks = Table(
    "appeal_chunks",
    metadata,
    Column("appeal", BigInteger, ForeignKey("appeals.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("people", ARRAY(BigInteger), nullable=False),
    Column("expanded_at", DateTime(timezone=True)),
    # Set by the expansion: bitmap of the people a message was queued for (appeals/bitmap.py), and its due time.
    Column("first", BigInteger),
    Column("queued_for", LargeBinary),
    Column("due_at", DateTime(timezone=True)),
    PrimaryKeyConstraint("appeal", "number"),
    Index("ix_appeal_chunks_left", "appeal", "number", postgresql_where=text("expanded_at IS NULL")),
)

# Responses of people, each kind once per person. `at` is the time of the last one.
appeal_answers = Table(
    "appeal_answers",
    metadata,
    Column("appeal", BigInteger, ForeignKey("appeals.id"), nullable=False),
    Column("person", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("appeal", "person", "kind"),
)
