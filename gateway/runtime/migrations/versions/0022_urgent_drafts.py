"""Drafts of danger: their mark, and the time when one was reminded of.

Revision ID: 0022
Revises: 0021
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("drafts", sa.Column("urgent", sa.Boolean, nullable=False, server_default=sa.text("false")))
    op.add_column("drafts", sa.Column("reminded_at", sa.DateTime(timezone=True)))
    # The reminder of an open draft was queued together with it.
    op.execute("UPDATE drafts SET urgent = danger = 'yes', reminded_at = updated_at WHERE status = 'open'")
