"""Mark of reports that were recognised in an SMS: nobody had asked to file them.

Earlier reports were all asked for.

Revision ID: 0021
Revises: 0020
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("incidents", sa.Column("recognised", sa.Boolean, nullable=False, server_default=sa.false()))
