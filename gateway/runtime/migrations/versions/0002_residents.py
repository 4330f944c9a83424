"""Details added to a report, erased numbers, drafts, and subscriptions.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)
_WHOLE = "(phone_sealed IS NULL) = (phone_key IS NULL)"


def upgrade() -> None:
    for table in ("incidents", "messages"):
        _let_numbers_be_erased(table)
    op.create_index("ix_messages_resume", "messages", ["phone_key"], postgresql_where=sa.text("class = 'resume'"))
    _incident_details()
    _drafts()
    _subscriptions()


def _let_numbers_be_erased(table: str) -> None:
    op.alter_column(table, "phone_sealed", nullable=True)
    op.alter_column(table, "phone_key", nullable=True)
    op.create_check_constraint("phone", table, _WHOLE)


def _incident_details() -> None:
    op.create_table(
        "incident_details",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("incident", sa.BigInteger, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("session", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_incident_details"),
        sa.ForeignKeyConstraint(["incident"], ["incidents.id"], name="fk_incident_details_incident_incidents"),
        sa.UniqueConstraint("incident", "channel", "session", "digest", name="uq_incident_details_incident"),
    )


def _drafts() -> None:
    op.create_table(
        "drafts",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("session", sa.Text, nullable=False),
        sa.Column("phone_sealed", sa.LargeBinary),
        sa.Column("phone_key", sa.LargeBinary),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("answers", postgresql.JSONB, nullable=False),
        sa.Column("category", sa.Text, nullable=False),
        sa.Column("area", sa.Text, nullable=False),
        sa.Column("danger", sa.Text, nullable=False),
        sa.Column("left_at", _TIME, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("updated_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_drafts"),
        sa.UniqueConstraint("channel", "session", name="uq_drafts_channel"),
    )
    op.create_check_constraint("phone", "drafts", _WHOLE)
    _index("uq_drafts_open", "drafts", ["phone_key"], "status = 'open'")


def _subscriptions() -> None:
    op.create_table(
        "subscriptions",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("phone_sealed", sa.LargeBinary, nullable=False),
        sa.Column("phone_key", sa.LargeBinary, nullable=False),
        sa.Column("area", sa.Text, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("wording", sa.Text, nullable=False),
        sa.Column("consented_at", _TIME, nullable=False),
        sa.Column("withdrawn_at", _TIME),
        sa.PrimaryKeyConstraint("id", name="pk_subscriptions"),
    )
    _index("uq_subscriptions_standing", "subscriptions", ["phone_key", "area"], "withdrawn_at IS NULL")


def _index(name: str, table: str, columns: list[str], where: str) -> None:
    op.create_index(name, table, columns, unique=True, postgresql_where=sa.text(where))
