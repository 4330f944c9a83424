"""Tables of incidents and their audit trail, the outbox and its delivery reports, and inbound SMS.

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    _incidents()
    _audit()
    _messages()
    _receipts()
    _inbound_messages()
    _opt_outs()
    _session_ends()


def _incidents() -> None:
    op.create_table(
        "incidents",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("ticket", sa.Text, nullable=False),
        sa.Column("category", sa.Text, nullable=False),
        sa.Column("area", sa.Text, nullable=False),
        sa.Column("when", sa.Text, nullable=False),
        sa.Column("when_date", sa.Date),
        sa.Column("danger", sa.Text, nullable=False),
        sa.Column("size", sa.Text, nullable=False),
        sa.Column("seen", sa.Text, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("contact", sa.Boolean),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("session", sa.Text, nullable=False),
        sa.Column("phone_sealed", sa.LargeBinary, nullable=False),
        sa.Column("phone_key", sa.LargeBinary, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("veracity", sa.Text, nullable=False),
        sa.Column("received_at", _TIME, nullable=False),
        sa.Column("updated_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_incidents"),
        sa.UniqueConstraint("ticket", name="uq_incidents_ticket"),
        sa.UniqueConstraint("channel", "session", name="uq_incidents_channel"),
    )
    op.create_index("ix_incidents_phone_key", "incidents", ["phone_key"])


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("detail", postgresql.JSONB, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
    )
    op.create_index("ix_audit_subject", "audit", ["subject"])
    op.execute(
        """
        CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'the table % takes new rows only: % is refused', TG_TABLE_NAME, TG_OP;
        END
        $$
        """
    )
    op.execute(
        """
        CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
        """
    )


def _messages() -> None:
    op.create_table(
        "messages",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("class", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("phone_sealed", sa.LargeBinary, nullable=False),
        sa.Column("phone_key", sa.LargeBinary, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("encoding", sa.Text, nullable=False),
        sa.Column("parts", sa.Integer, nullable=False),
        sa.Column("ticket", sa.Text),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("due_at", _TIME, nullable=False),
        sa.Column("expires_at", _TIME, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("unknowns", sa.Integer, nullable=False),
        sa.Column("carrier_message_id", sa.Text),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("claimed_at", _TIME),
        sa.Column("claimed_by", sa.Text),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("updated_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_messages"),
    )
    _index("ix_messages_due", ["channel", "priority", "due_at", "id"], "status = 'queued'")
    _index("ix_messages_claimed", ["claimed_at"], "status = 'sending'")
    _index("ix_messages_unknown", ["updated_at"], "status = 'unknown'")
    _index("ix_messages_ticket", ["ticket"], "ticket IS NOT NULL")
    _index("uq_messages_confirmation", ["ticket"], "class = 'confirmation'", unique=True)
    _index("ix_messages_carrier_message_id", ["channel", "carrier_message_id"], "carrier_message_id IS NOT NULL")


def _index(name: str, columns: list[str], where: str, *, unique: bool = False) -> None:
    op.create_index(name, "messages", columns, unique=unique, postgresql_where=sa.text(where))


def _receipts() -> None:
    op.create_table(
        "receipts",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("message_id", sa.Text, nullable=False),
        sa.Column("raw", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("received_at", _TIME, nullable=False),
        sa.Column("message", sa.BigInteger),
        sa.Column("applied", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_receipts"),
        sa.ForeignKeyConstraint(["message"], ["messages.id"], name="fk_receipts_message_messages"),
    )
    op.create_index("ix_receipts_message_id", "receipts", ["channel", "message_id"])
    op.create_index("ix_receipts_message", "receipts", ["message"])


def _inbound_messages() -> None:
    op.create_table(
        "inbound_messages",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("carrier_id", sa.Text, nullable=False),
        sa.Column("sender_sealed", sa.LargeBinary),
        sa.Column("sender_key", sa.LargeBinary),
        sa.Column("sender_name", sa.Text),
        sa.Column("recipient", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("network", sa.Text, nullable=False),
        sa.Column("sent_at", _TIME),
        sa.Column("received_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_inbound_messages"),
        sa.UniqueConstraint("channel", "carrier_id", name="uq_inbound_messages_channel"),
    )


def _opt_outs() -> None:
    op.create_table(
        "opt_outs",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("phone_key", sa.LargeBinary, nullable=False),
        sa.Column("sender", sa.Text, nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_opt_outs"),
        sa.UniqueConstraint("phone_key", "channel", "sender", name="uq_opt_outs_phone_key"),
    )


def _session_ends() -> None:
    op.create_table(
        "session_ends",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("session", sa.Text, nullable=False),
        sa.Column("ending", sa.Text, nullable=False),
        sa.Column("hops", sa.Integer),
        sa.Column("duration_ms", sa.Integer),
        sa.Column("network", sa.Text, nullable=False),
        sa.Column("cost", sa.Text, nullable=False),
        sa.Column("error", sa.Text, nullable=False),
        sa.Column("received_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_session_ends"),
        sa.UniqueConstraint("channel", "session", name="uq_session_ends_channel"),
    )
