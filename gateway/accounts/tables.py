"""Schema of accounts and tokens: a hash of each password and token, and the sealed secret of each second factor."""

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
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from gateway.runtime.postgres import metadata

accounts = Table(
    "accounts",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("name", Text, nullable=False),  # the login name, in lower case
    Column("display", Text, nullable=False),
    Column("roles", ARRAY(Text), nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("password_set_at", DateTime(timezone=True), nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("disabled_at", DateTime(timezone=True)),
    Column("failed_tries", Integer, nullable=False),  # since the last right password or the last lock
    Column("locked_until", DateTime(timezone=True)),
    Column("last_used_at", DateTime(timezone=True)),
    Column("totp_sealed", LargeBinary),  # secret of the second factor, NULL without one
    Column("totp_step", BigInteger),  # the newest step whose code was used
    UniqueConstraint("name"),
)

account_tokens = Table(
    "account_tokens",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("account", BigInteger, ForeignKey("accounts.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False),  # SHA-256: of 256 random bits, nothing slower is needed
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("revoked_at", DateTime(timezone=True)),
    Column("last_used_at", DateTime(timezone=True)),
    UniqueConstraint("digest"),
    Index("uq_account_tokens_standing", "account", "name", unique=True, postgresql_where=text("revoked_at IS NULL")),
)
