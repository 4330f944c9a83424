"""Delivery reports that say that the subscriber wants no messages.

Revision ID: 0013
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("receipts", sa.Column("opted_out", sa.Boolean, nullable=False, server_default=sa.false()))
    op.alter_column("receipts", "opted_out", server_default=None)
