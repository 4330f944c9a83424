"""Time of the first SMS of an appeal.

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("appeals", sa.Column("went_out_at", sa.DateTime(timezone=True)))
    op.execute(
        "UPDATE appeals SET went_out_at = (SELECT min(updated_at) FROM messages WHERE appeal = appeals.id"
        " AND status IN ('accepted', 'delivered', 'undelivered', 'unknown'))"
    )
