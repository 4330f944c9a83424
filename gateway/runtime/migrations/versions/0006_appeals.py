"""Appeals with their texts, approvals and frozen audience, and the messages that belong to them.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    _appeals()
    _approvals()
    _chunks()
    _answers()
    op.create_table(
        "holds",
        sa.Column("appeal", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("becomes", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("since", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("appeal", name="pk_holds"),
    )
    _messages()


def _appeals() -> None:
    op.create_table(
        "appeals",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("template", sa.Text, nullable=False),
        sa.Column("texts", JSONB, nullable=False),
        sa.Column("ticket", sa.Text, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("audience", JSONB, nullable=False),
        sa.Column("starts_at", _TIME),
        sa.Column("authors", ARRAY(sa.Text), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("frozen_at", _TIME),
        sa.Column("bound", sa.BigInteger),
        sa.Column("frozen", sa.BigInteger, nullable=False),
        sa.Column("expanded", sa.BigInteger, nullable=False),
        sa.Column("judged_from", _TIME),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("updated_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_appeals"),
    )
    op.create_index("ix_appeals_status", "appeals", ["status"])


def _approvals() -> None:
    op.create_table(
        "appeal_approvals",
        sa.Column("appeal", sa.BigInteger, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("approver", sa.Text, nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("appeal", "version", "approver", name="pk_appeal_approvals"),
        sa.ForeignKeyConstraint(["appeal"], ["appeals.id"], name="fk_appeal_approvals_appeal_appeals"),
    )


def _chunks() -> None:
    op.create_table(
        "appeal_chunks",
        sa.Column("appeal", sa.BigInteger, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("people", ARRAY(sa.BigInteger), nullable=False),
        sa.Column("expanded_at", _TIME),
        sa.PrimaryKeyConstraint("appeal", "number", name="pk_appeal_chunks"),
        sa.ForeignKeyConstraint(["appeal"], ["appeals.id"], name="fk_appeal_chunks_appeal_appeals"),
    )
    op.create_index(
        "ix_appeal_chunks_left",
        "appeal_chunks",
        ["appeal", "number"],
        postgresql_where=sa.text("expanded_at IS NULL"),
    )


def _answers() -> None:
    op.create_table(
        "appeal_answers",
        sa.Column("appeal", sa.BigInteger, nullable=False),
        sa.Column("person", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("appeal", "person", "kind", name="pk_appeal_answers"),
        sa.ForeignKeyConstraint(["appeal"], ["appeals.id"], name="fk_appeal_answers_appeal_appeals"),
    )
    op.create_index("ix_appeal_answers_kind", "appeal_answers", ["kind"])


def _messages() -> None:
    op.add_column("messages", sa.Column("appeal", sa.BigInteger))
    op.add_column("messages", sa.Column("person", sa.BigInteger))
    op.add_column("messages", sa.Column("area", sa.Text))
    indexes = {
        "uq_messages_appeal": (["appeal", "person"], "appeal IS NOT NULL"),
        "ix_messages_appeal_queued": (["appeal"], "appeal IS NOT NULL AND status = 'queued'"),
        "ix_messages_appeal_held": (["appeal"], "status = 'held'"),
        "ix_messages_appeal_latest": (["appeal", "updated_at"], "appeal IS NOT NULL AND status <> 'queued'"),
    }
    for name, (columns, where) in indexes.items():
        unique = name.startswith("uq_")
        op.create_index(name, "messages", columns, unique=unique, postgresql_where=sa.text(where))
