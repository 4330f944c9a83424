"""Acts of the desk: who has taken an incident, which details are new, and which inbound SMS are sorted.

Details that were added before count as seen. SMS that wait to be sorted still wait.

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("incidents", sa.Column("taken_by", sa.Text))
    op.add_column("incidents", sa.Column("new_details_at", sa.DateTime(timezone=True)))
    op.add_column("inbound_messages", sa.Column("sorted_at", sa.DateTime(timezone=True)))
    op.add_column("inbound_messages", sa.Column("sorted_by", sa.Text))
    of_reports, unsorted = sa.text("ticket IS NOT NULL"), sa.text("sorted_at IS NULL")
    op.create_index("ix_inbound_messages_ticket", "inbound_messages", ["ticket"], postgresql_where=of_reports)
    op.create_index("ix_inbound_messages_unsorted", "inbound_messages", ["made"], postgresql_where=unsorted)
