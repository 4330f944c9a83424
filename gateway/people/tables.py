"""The tables of the people: everybody the gateway may write to, once, and the roles that a list has given them.

A subscriber's role is not stored here: it is his standing subscriptions, so that STOP ends it and nothing can
disagree. An erased person stays as an empty row, so that what was counted still adds up.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import ARRAY

from gateway.runtime.postgres import metadata

people = Table(
    "people",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("phone_sealed", LargeBinary),  # unset: erased
    Column("phone_key", LargeBinary),
    Column("name", Text, nullable=False),  # of an office contact: readable, and never in the log
    Column("language", Text, nullable=False),
    Column("source", Text, nullable=False),  # the channel or the list that the person first came by
    Column("added_at", DateTime(timezone=True), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    Column("erased_at", DateTime(timezone=True)),
    UniqueConstraint("phone_key"),
    CheckConstraint("(phone_sealed IS NULL) = (phone_key IS NULL)", name="phone"),
)

person_roles = Table(
    "person_roles",
    metadata,
    Column("person", BigInteger, ForeignKey("people.id"), nullable=False),
    Column("role", Text, nullable=False),
    Column("areas", ARRAY(Text), nullable=False),  # codes of kelurahan or of whole kecamatan
    Column("basis", Text, nullable=False),  # what was agreed to, in words
    Column("agreed_at", DateTime(timezone=True)),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("person", "role"),
    Index("ix_person_roles_role", "role"),
    Index("ix_person_roles_areas", "areas", postgresql_using="gin"),
)
