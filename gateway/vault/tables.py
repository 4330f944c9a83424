"""Schema of the fingerprints of vault keys, which `key_check` compares at every start."""

from __future__ import annotations

from sqlalchemy import Column, DateTime, LargeBinary, SmallInteger, Table

from gateway.runtime.postgres import metadata

vault_keys = Table(
    "vault_keys",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),  # as in the first byte of a sealed number
    Column("fingerprint", LargeBinary, nullable=False),
    Column("noted_at", DateTime(timezone=True), nullable=False),
)
