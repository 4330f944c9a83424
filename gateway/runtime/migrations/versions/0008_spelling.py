"""What was replaced in the texts of an appeal; the index of the appeals that wait for a number.

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
