"""Schema of people, their roles, their subscriptions and opt-outs.

A person has one row. The role of a subscriber is not stored: it follows from the active subscriptions, so an opt-out
ends it and the two cannot disagree. An erased person stays as an empty row, so that earlier counts still add up.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from gateway.runtime.postgres import metadata
from gateway.vault.columns import phone_constraint

people = Table(
    "people",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("phone_sealed", LargeBinary),  # unset: erased
    Column("phone_key", LargeBinary),
    Column("name", Text, nullable=False),  # of an office contact: not encrypted, and never in the log
    Column("language", Text, nullable=False),
    Column("source", Text, nullable=False),  # the channel or the list that first added the person
    Column("added_at", DateTime(timezone=True), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    Column("erased_at", DateTime(timezone=True)),
    Column("opted_out_at", DateTime(timezone=True)),  # the newest opt-out that a later consent has lifted
    UniqueConstraint("phone_key"),
    phone_constraint(),
)

person_roles = Table(
    "person_roles",
    metadata,
    Column("person", BigInteger, ForeignKey("people.id"), nullable=False),
    Column("role", Text, nullable=False),
    Column("areas", ARRAY(Text), nullable=False),  # codes of any level
    Column("basis", Text, nullable=False),  # the consent, in words
    Column("agreed_at", DateTime(timezone=True)),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("person", "role"),
    Index("ix_person_roles_role", "role"),
    Index("ix_person_roles_areas", "areas", postgresql_using="gin"),
)

NOT_WITHDRAWN = text("withdrawn_at IS NULL")

subscriptions = Table(
    "subscriptions",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("phone_sealed", LargeBinary),  # unset: erased, and withdrawn
    Column("phone_key", LargeBinary),
    Column("area", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("wording", Text, nullable=False),  # the version of the words agreed to
    Column("consented_at", DateTime(timezone=True), nullable=False),
    Column("withdrawn_at", DateTime(timezone=True)),
    # Of the newest consent, if it was repeated. Unset: without a date in a list, and any opt-out outweighs it.
    Column("agreed_at", DateTime(timezone=True)),
    Index("uq_subscriptions_standing", "phone_key", "area", unique=True, postgresql_where=NOT_WITHDRAWN),
    Index("ix_subscriptions_area", "area", postgresql_where=NOT_WITHDRAWN),
    Index("ix_subscriptions_phone_key", "phone_key"),
    phone_constraint(),
)

# All-quiet reports of people with a duty. Erased with their person, and purged at the end of the retention.
quiet_reports = Table(
    "quiet_reports",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("person", BigInteger, ForeignKey("people.id"), nullable=False),
    Column("day", Date, nullable=False),  # in the time zone of the pack
    Column("area", Text, nullable=False),  # empty: of all areas of the person
    Column("channel", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    UniqueConstraint("person", "day", "area"),
)

opt_outs = Table(
    "opt_outs",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("channel", Text, nullable=False),
    Column("phone_key", LargeBinary, nullable=False),
    Column("sender", Text, nullable=False),  # empty: the carrier did not report it
    Column("at", DateTime(timezone=True), nullable=False),  # of the last time
    UniqueConstraint("phone_key", "channel", "sender"),
)
