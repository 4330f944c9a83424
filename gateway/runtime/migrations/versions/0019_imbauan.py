"""Appeals: filled slots, a running number for the public, and quiet hours of a kind of appeal on its messages.

Appeals that have gone out get their numbers in the order of their first SMS.

Revision ID: 0019
Revises: 0018
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_NUMBER = sa.text(
    "UPDATE appeals SET public_number = numbered.number FROM ("
    " SELECT id, row_number() OVER (ORDER BY coalesce(went_out_at, judged_from, updated_at), id) AS number FROM appeals"
    " WHERE went_out_at IS NOT NULL OR status IN ('running', 'paused', 'done')"
    ") AS numbered WHERE appeals.id = numbered.id"
)


def upgrade() -> None:
    op.add_column("appeals", sa.Column("slots", JSONB, nullable=False, server_default=sa.text("'{}'::jsonb")))
    op.add_column("appeals", sa.Column("public_number", sa.BigInteger))
    op.execute(_NUMBER)
    op.create_index("uq_appeals_public_number", "appeals", ["public_number"], unique=True)
    op.add_column("messages", sa.Column("quiet_from", sa.Time))
    op.add_column("messages", sa.Column("quiet_to", sa.Time))
