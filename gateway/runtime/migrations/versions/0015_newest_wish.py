"""Time of the newest consent and of the newest lifted opt-out, so that the newest wish counts, not the last handled.

Revision ID: 0015
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("subscriptions", sa.Column("agreed_at", _TIME))
    op.execute("UPDATE subscriptions SET agreed_at = consented_at")
    op.add_column("people", sa.Column("opted_out_at", _TIME))
    op.execute(
        "UPDATE people SET opted_out_at = withdrawn.at FROM"
        " (SELECT phone_key, max(withdrawn_at) AS at FROM subscriptions WHERE phone_key IS NOT NULL"
        " GROUP BY phone_key) AS withdrawn WHERE withdrawn.phone_key = people.phone_key AND withdrawn.at IS NOT NULL"
    )
