"""Characters that were replaced in the texts of an appeal. Held appeals in the index of messages by number.

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("appeals", sa.Column("changes", JSONB, nullable=False, server_default=sa.text("'{}'::jsonb")))
    op.drop_index("ix_messages_appeal", "messages")
    waiting = sa.text("status = ANY (ARRAY['queued', 'held']) AND class = 'appeal'")
    op.create_index("ix_messages_appeal", "messages", ["phone_key"], postgresql_where=waiting)
    op.drop_index("ix_appeal_answers_kind", "appeal_answers")
