"""Second factor of accounts: the sealed secret and the newest step that was used.

Revision ID: 0016
Revises: 0015
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("accounts", sa.Column("totp_sealed", sa.LargeBinary))
    op.add_column("accounts", sa.Column("totp_step", sa.BigInteger))
