"""The tables of the appeals. What goes to each person stands among the messages, once per appeal and person.

A frozen audience is the ids of its people, in chunks. Each chunk is expanded by one transaction, which also marks it:
so there is neither a gap nor a double, wherever a worker is killed.
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
    Column("template", Text, nullable=False),  # of the pack; empty: written
    Column("texts", JSONB, nullable=False),  # by language, as they were approved
    # By language, what the author wrote instead: the character, what goes out, and where it stood.
    Column("changes", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    Column("ticket", Text, nullable=False),  # of the incident that it speaks of
    Column("channel", Text, nullable=False),
    Column("audience", JSONB, nullable=False),
    Column("starts_at", DateTime(timezone=True)),
    Column("authors", ARRAY(Text), nullable=False),  # whoever has written in it, the first first
    Column("reason", Text, nullable=False),
    Column("frozen_at", DateTime(timezone=True)),
    Column("bound", BigInteger),  # nobody with a higher id was there when it was approved
    Column("frozen", BigInteger, nullable=False),  # people in the audience
    Column("expanded", BigInteger, nullable=False),  # of them, how many have a message, sent or suppressed
    Column("judged_from", DateTime(timezone=True)),
    Column("went_out_at", DateTime(timezone=True)),  # when the first SMS of it left
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    Index("ix_appeals_status", "status"),
)

appeal_approvals = Table(
    "appeal_approvals",
    metadata,
    Column("appeal", BigInteger, ForeignKey("appeals.id"), nullable=False),
    Column("version", Integer, nullable=False),  # an edit makes a new one, which nobody has approved
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
    # Set when it is expanded: whom a message was queued for, as a crowd (appeals/bitmap.py), and when those were due.
    Column("first", BigInteger),
    Column("queued_for", LargeBinary),
    Column("due_at", DateTime(timezone=True)),
    PrimaryKeyConstraint("appeal", "number"),
    Index("ix_appeal_chunks_left", "appeal", "number", postgresql_where=text("expanded_at IS NULL")),
)

# What people answered, each kind once; `at` is the last time.
appeal_answers = Table(
    "appeal_answers",
    metadata,
    Column("appeal", BigInteger, ForeignKey("appeals.id"), nullable=False),
    Column("person", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("appeal", "person", "kind"),
)
