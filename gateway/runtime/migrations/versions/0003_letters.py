"""Disposition of an inbound SMS, and its answer.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_TABLE = "inbound_messages"


def upgrade() -> None:
    op.add_column(_TABLE, sa.Column("handled_at", sa.DateTime(timezone=True)))
    op.add_column(_TABLE, sa.Column("made", sa.Text, nullable=False, server_default=""))
    op.add_column(_TABLE, sa.Column("answered", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column(_TABLE, sa.Column("ticket", sa.Text))
    # What came in before anybody could answer is left to the desk: a reply months later would help nobody.
    op.execute("UPDATE inbound_messages SET handled_at = received_at, made = 'other'")
    op.create_index("ix_inbound_messages_waiting", _TABLE, ["id"], postgresql_where=sa.text("handled_at IS NULL"))
    op.create_index("ix_inbound_messages_sender_key", _TABLE, ["sender_key", "received_at"])
