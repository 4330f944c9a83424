"""Calls whose report was called off, so that a Send of them that arrives late files nothing.

Revision ID: 0017
Revises: 0016
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "called_off",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("phone_key", sa.LargeBinary, nullable=False),
        sa.Column("calls", ARRAY(sa.BigInteger), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_called_off_phone_key", "called_off", ["phone_key"])
