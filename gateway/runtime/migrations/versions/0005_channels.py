"""Paused channels, outcome of each attempt, and messages that are sent again as new ones.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    _channel_states()
    _message_attempts()
    _resent_messages()
    op.create_index(
        "ix_messages_appeal",
        "messages",
        ["phone_key"],
        postgresql_where=sa.text("class = 'appeal' AND status = 'queued'"),
    )


def _message_attempts() -> None:
    op.create_table(
        "message_attempts",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("message", sa.BigInteger, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("became", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_message_attempts"),
        sa.ForeignKeyConstraint(
            ["message"], ["messages.id"], name="fk_message_attempts_message_messages", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_message_attempts_message", "message_attempts", ["message"])


def _channel_states() -> None:
    op.create_table(
        "channel_states",
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("since", _TIME, nullable=False),
        sa.Column("until", _TIME),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("faults", sa.Integer, nullable=False),
        sa.Column("last_error", sa.Text, nullable=False),
        sa.Column("last_error_at", _TIME),
        sa.PrimaryKeyConstraint("channel", name="pk_channel_states"),
    )


def _resent_messages() -> None:
    op.add_column("messages", sa.Column("resend_of", sa.BigInteger))
    op.create_foreign_key("fk_messages_resend_of_messages", "messages", "messages", ["resend_of"], ["id"])
    op.create_index(
        "uq_messages_resend_of",
        "messages",
        ["resend_of"],
        unique=True,
        postgresql_where=sa.text("resend_of IS NOT NULL"),
    )
    op.drop_index("uq_messages_confirmation", "messages")
    op.create_index(
        "uq_messages_confirmation",
        "messages",
        ["ticket"],
        unique=True,
        postgresql_where=sa.text("class = 'confirmation' AND resend_of IS NULL"),
    )
