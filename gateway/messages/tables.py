"""Tables of the outbox, its history, delivery reports, inbound SMS, session ends, channel states and appeal holds."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    Time,
    UniqueConstraint,
    false,
    literal,
    literal_column,
    text,
)

from gateway.messages.message import OPTED_OUT, MessageStatus
from gateway.runtime.postgres import metadata
from gateway.vault.columns import phone_constraint

# Written into the statement, not bound: PostgreSQL must see the word to use the partial index made for it.
QUEUED = literal(MessageStatus.QUEUED.value, literal_execute=True)
SENDING = literal(MessageStatus.SENDING.value, literal_execute=True)
UNKNOWN = literal(MessageStatus.UNKNOWN.value, literal_execute=True)
HELD = literal(MessageStatus.HELD.value, literal_execute=True)

# Messages of appeals that were queued and then not sent. An index of its own finds these few.
NOT_SENT = literal_column(
    f"appeal IS NOT NULL AND (status IN ('{MessageStatus.REFUSED}', '{MessageStatus.CANCELLED}')"
    f" OR status = '{MessageStatus.SUPPRESSED}' AND reason = '{OPTED_OUT}')",
    Boolean,
)

messages = Table(
    "messages",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("class", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("phone_sealed", LargeBinary),  # unset: erased; such a message is never sent
    Column("phone_key", LargeBinary),
    Column("text", Text, nullable=False),
    Column("encoding", Text, nullable=False),
    Column("parts", Integer, nullable=False),
    Column("ticket", Text),
    Column("language", Text, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("due_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    # Quiet hours of its kind of appeal, in local time; none if both are equal. Unset: those of the pack, by its class.
    Column("quiet_from", Time),
    Column("quiet_to", Time),
    Column("attempts", Integer, nullable=False),
    Column("unknowns", Integer, nullable=False),  # how often it became unknown
    Column("carrier_message_id", Text),
    Column("reason", Text, nullable=False),
    Column("claimed_at", DateTime(timezone=True)),
    Column("resend_of", BigInteger, ForeignKey("messages.id")),  # the message that an operator has resent as this one
    # Appeal, recipient, and the area by which the recipient belongs to its audience. No foreign keys: the results of an
    # appeal outlive a person, and this room does not know the tables of appeals.
    Column("appeal", BigInteger),
    Column("person", BigInteger),
    Column("area", Text),
    # End of the last attempt that has, or may have, reached the carrier. No report, erasure or operator changes it.
    Column("sent_at", DateTime(timezone=True)),
    Column("claimed_by", Text),  # kept when a claim is lost, so that a late record still proves its claim
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    phone_constraint(),
    Index("ix_messages_due", "channel", "priority", "due_at", "id", postgresql_where=text("status = 'queued'")),
    Index("ix_messages_claimed", "claimed_at", postgresql_where=text("status = 'sending'")),
    Index("ix_messages_unknown", "updated_at", postgresql_where=text("status = 'unknown'")),
    Index("ix_messages_ticket", "ticket", postgresql_where=text("ticket IS NOT NULL")),
    Index("ix_messages_phone_key", "phone_key", postgresql_using="hash"),
    Index("ix_messages_resume", "phone_key", postgresql_where=text("class = 'resume'")),
    Index("ix_messages_came_to_nothing", "appeal", "person", postgresql_where=NOT_SENT),
    Index("uq_messages_appeal", "appeal", "person", unique=True, postgresql_where=text("appeal IS NOT NULL")),
    Index("ix_messages_appeal_queued", "appeal", postgresql_where=text("appeal IS NOT NULL AND status = 'queued'")),
    Index("ix_messages_appeal_held", "appeal", postgresql_where=text("status = 'held'")),
    Index(
        "ix_messages_appeal_sent",
        "appeal",
        "sent_at",
        postgresql_where=text("appeal IS NOT NULL AND sent_at IS NOT NULL"),
    ),
    Index("uq_messages_resend_of", "resend_of", unique=True, postgresql_where=text("resend_of IS NOT NULL")),
    Index(
        "uq_messages_confirmation",
        "ticket",
        unique=True,
        postgresql_where=text("class = 'confirmation' AND resend_of IS NULL"),
    ),
    Index(
        "ix_messages_carrier_message_id",
        "channel",
        "carrier_message_id",
        postgresql_where=text("carrier_message_id IS NOT NULL"),
    ),
)

# History of a message: the outcome of each attempt. The row of the message has its latest status only.
message_attempts = Table(
    "message_attempts",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("message", BigInteger, ForeignKey("messages.id", ondelete="CASCADE"), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("became", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Index("ix_message_attempts_message", "message"),
)

receipts = Table(
    "receipts",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("channel", Text, nullable=False),
    Column("message_id", Text, nullable=False),  # of the carrier
    Column("raw", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("received_at", DateTime(timezone=True), nullable=False),
    Column("message", BigInteger, ForeignKey("messages.id")),  # unset: the report came early, or its message is unknown
    Column("applied", Boolean, nullable=False),
    Column("opted_out", Boolean, nullable=False),  # the subscriber wants no messages
    Index("ix_receipts_message_id", "channel", "message_id"),
    Index("ix_receipts_message", "message"),
)

inbound_messages = Table(
    "inbound_messages",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("channel", Text, nullable=False),
    Column("carrier_id", Text, nullable=False),
    Column("sender_sealed", LargeBinary),
    Column("sender_key", LargeBinary),
    Column("sender_name", Text),  # a short code or a name, instead of a number. Neither: erased
    Column("recipient", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("network", Text, nullable=False),
    Column("sent_at", DateTime(timezone=True)),
    Column("received_at", DateTime(timezone=True), nullable=False),
    Column("handled_at", DateTime(timezone=True)),  # unset: waits in the inbound queue
    Column("made", Text, nullable=False, server_default=""),  # a `sms.inbound_queue.Disposition`
    Column("answered", Boolean, nullable=False, server_default=false()),
    Column("ticket", Text),
    Column("sorted_at", DateTime(timezone=True)),  # when an operator took it off the list of SMS to sort
    Column("sorted_by", Text),
    UniqueConstraint("channel", "carrier_id"),
    Index("ix_inbound_messages_waiting", "id", postgresql_where=text("handled_at IS NULL")),
    Index("ix_inbound_messages_ticket", "ticket", postgresql_where=text("ticket IS NOT NULL")),
    Index("ix_inbound_messages_unsorted", "made", postgresql_where=text("sorted_at IS NULL")),
    Index("ix_inbound_messages_sender_key", "sender_key", "received_at"),
)

# The input and the last screen are not stored: they may contain personal data (facts/protocols.md A.7).
session_ends = Table(
    "session_ends",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("channel", Text, nullable=False),
    Column("session", Text, nullable=False),
    Column("ending", Text, nullable=False),
    Column("hops", Integer),
    Column("duration_ms", Integer),
    Column("network", Text, nullable=False),
    Column("cost", Text, nullable=False),  # in the carrier's words: its format is not known
    Column("error", Text, nullable=False),
    Column("received_at", DateTime(timezone=True), nullable=False),
    UniqueConstraint("channel", "session"),
)

channel_states = Table(
    "channel_states",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("since", DateTime(timezone=True), nullable=False),
    Column("until", DateTime(timezone=True)),  # time of the next probe; unset while it runs, and in a pause by hand
    Column("by", Text, nullable=False),
    Column("faults", Integer, nullable=False),  # consecutive
    Column("last_error", Text, nullable=False),
    Column("last_error_at", DateTime(timezone=True)),
)

holds = Table(
    "holds",
    metadata,
    Column("appeal", BigInteger, primary_key=True, autoincrement=False),
    Column("becomes", Text, nullable=False),  # held, or cancelled
    Column("reason", Text, nullable=False),
    Column("since", DateTime(timezone=True), nullable=False),
)
