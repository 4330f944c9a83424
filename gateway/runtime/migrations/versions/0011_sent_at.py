"""Time when each message was sent. Results and automatic pause of appeals use it, not the last change.

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("messages", sa.Column("sent_at", sa.DateTime(timezone=True)))
    op.execute(
        "UPDATE messages SET sent_at = coalesce((SELECT max(at) FROM message_attempts WHERE message = messages.id"
        " AND became IN ('accepted', 'refused', 'unknown')), updated_at)"
        " WHERE status IN ('accepted', 'delivered', 'undelivered', 'refused', 'unknown')"
    )
    op.drop_index("ix_messages_appeal_latest", "messages")
    sent = sa.text("appeal IS NOT NULL AND sent_at IS NOT NULL")
    op.create_index("ix_messages_appeal_sent", "messages", ["appeal", "sent_at"], postgresql_where=sent)
