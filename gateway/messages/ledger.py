"""The tables of what we sent and what carriers reported of it, and the one way a report moves a message.

A report may come before the message's own record: the carrier calls back while our send still waits for its answer
(facts/protocols.md B.6). It is parked, and applied when the carrier's id is recorded. Neither side may miss the other
when both commit at once, therefore both take the lock of that id first (`lock_ids`), then write, then `settle`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    cast,
    func,
    literal_column,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.carriers.carrier import ReceiptStatus
from gateway.messages.message import OPTED_OUT, REPORTED, Status, may_move
from gateway.runtime.postgres import metadata

# Of an appeal, what was queued and then did not go out after all; an index of its own finds these few.
CAME_TO_NOTHING = literal_column(
    f"appeal IS NOT NULL AND (status IN ('{Status.REFUSED}', '{Status.CANCELLED}')"
    f" OR status = '{Status.SUPPRESSED}' AND reason = '{OPTED_OUT}')",
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
    Column("attempts", Integer, nullable=False),
    Column("unknowns", Integer, nullable=False),  # how often it became unknown
    Column("carrier_message_id", Text),
    Column("reason", Text, nullable=False),
    Column("claimed_at", DateTime(timezone=True)),
    Column("resend_of", BigInteger, ForeignKey("messages.id")),  # this is one of those sent once more by the desk
    # Of which appeal this is, to which of the people, and as living where. No foreign keys: the account of an appeal
    # outlives a person, and this room knows nothing of that one.
    Column("appeal", BigInteger),
    Column("person", BigInteger),
    Column("area", Text),
    # When the last try ended that reached the carrier, or may have; no report, erasure or change by hand moves it.
    Column("sent_at", DateTime(timezone=True)),
    Column("claimed_by", Text),  # stays when a claim was lost, so that its late record is known
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("(phone_sealed IS NULL) = (phone_key IS NULL)", name="phone"),
    Index("ix_messages_due", "channel", "priority", "due_at", "id", postgresql_where=text("status = 'queued'")),
    Index("ix_messages_claimed", "claimed_at", postgresql_where=text("status = 'sending'")),
    Index("ix_messages_unknown", "updated_at", postgresql_where=text("status = 'unknown'")),
    Index("ix_messages_ticket", "ticket", postgresql_where=text("ticket IS NOT NULL")),
    Index("ix_messages_phone_key", "phone_key", postgresql_using="hash"),
    Index("ix_messages_resume", "phone_key", postgresql_where=text("class = 'resume'")),
    Index("ix_messages_came_to_nothing", "appeal", "person", postgresql_where=CAME_TO_NOTHING),
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

# How each try ended, for whoever asks after a message; what it has come to stands in its own row.
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
    Column("message_id", Text, nullable=False),  # as the carrier calls the message
    Column("raw", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("received_at", DateTime(timezone=True), nullable=False),
    Column("message", BigInteger, ForeignKey("messages.id")),  # unset: early, or a stranger
    Column("applied", Boolean, nullable=False),
    Index("ix_receipts_message_id", "channel", "message_id"),
    Index("ix_receipts_message", "message"),
)


async def lock_ids(connection: AsyncConnection, channel: str, carrier_ids: Iterable[str]) -> None:
    """Hold these ids of `channel` until the transaction ends. Always in the same order, so nobody waits in a ring."""
    keys = sorted({_lock_key(channel, carrier_id) for carrier_id in carrier_ids})
    if keys:
        await connection.execute(select(func.pg_advisory_xact_lock(func.unnest(cast(keys, ARRAY(BigInteger))))))


async def settle(connection: AsyncConnection, channel: str, carrier_ids: Iterable[str], now: datetime) -> set[int]:
    """Apply every report of these ids that waits for its message; the ids of the messages that moved.

    The caller holds `lock_ids` of the same ids.
    """
    waiting = (
        select(receipts.c.id, receipts.c.status, receipts.c.reason, messages.c.id, messages.c.status)
        .join(
            messages,
            (messages.c.channel == receipts.c.channel) & (messages.c.carrier_message_id == receipts.c.message_id),
        )
        .where(
            receipts.c.channel == channel,
            receipts.c.message_id.in_(list(carrier_ids)),
            receipts.c.message.is_(None),
        )
        .order_by(receipts.c.id)
        .with_for_update(of=messages)
    )
    stands: dict[int, Status] = {}
    moved: set[int] = set()
    for receipt, word, reason, message, status in (await connection.execute(waiting)).all():
        to = REPORTED.get(ReceiptStatus(word))
        applied = to is not None and may_move(stands.get(message, Status(status)), to)
        if to is not None and applied:
            stands[message] = to
            moved.add(message)
            await connection.execute(
                update(messages).where(messages.c.id == message).values(status=to, reason=reason, updated_at=now)
            )
        await connection.execute(
            update(receipts).where(receipts.c.id == receipt).values(message=message, applied=applied)
        )
    return moved


def _lock_key(channel: str, carrier_id: str) -> int:
    """One of 256 keys per channel: ids share locks, so that a large batch does not fill the server's lock table."""
    of_channel = hashlib.blake2b(f"receipts of {channel}".encode(), digest_size=7).digest()
    of_id = hashlib.blake2b(carrier_id.encode(), digest_size=1).digest()
    return int.from_bytes(of_channel + of_id, signed=True)
