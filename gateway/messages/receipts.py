"""Delivery reports: each is kept, and moves its message along the status table at most once.

Reports come late, early, repeated and out of order (facts/protocols.md B.6). Whatever comes, the carrier gets its 200:
nothing here depends on a report, and no report undoes a final status.

A report may come before the message's own record: the carrier calls back while our send still waits for its answer
(facts/protocols.md B.6). It is parked, and applied when the carrier's id is recorded. Neither side may miss the other
when both commit at once, therefore both take the lock of that id first (`lock_ids`), then write, then `settle`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

import structlog
from sqlalchemy import (
    BigInteger,
    cast,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.carriers.carrier import Receipt, ReceiptStatus
from gateway.messages.message import CARRIER_ID_LENGTH, STATUS_BY_RECEIPT, MessageStatus, may_move
from gateway.messages.tables import messages, receipts
from gateway.runtime.clock import Clock
from gateway.runtime.postgres import Database

log = structlog.get_logger()

_MAX_TEXT_LENGTH = 200  # characters of the carrier's own words that are kept


class ReceiptResult(StrEnum):
    """What a report did."""

    APPLIED = "applied"  # its message moved
    KEPT = "kept"  # its message is known and stands where it stood
    PARKED = "parked"  # no such message yet, or never
    REPEATED = "repeated"


class Receipts:
    """Takes delivery reports. May raise `DatabaseAway`; then the carrier must be told to come again."""

    def __init__(self, database: Database, clock: Clock, deadline: float | None = None) -> None:
        """`deadline` in seconds is how long storing may take until PostgreSQL counts as away."""
        self._database = database
        self._clock = clock
        self._deadline = deadline

    async def store(self, channel: str, receipt: Receipt) -> ReceiptResult:
        """Keep the report, and apply it if its message is known."""
        now = self._clock.now()
        carrier_id = receipt.message_id[:CARRIER_ID_LENGTH]
        row = {
            "channel": channel,
            "message_id": carrier_id,
            "raw": receipt.raw[:_MAX_TEXT_LENGTH],
            "status": receipt.status,
            "reason": receipt.reason[:_MAX_TEXT_LENGTH],
        }
        same = select(receipts.c.id).where(*(receipts.c[name] == value for name, value in row.items())).limit(1)
        async with self._database.begin(deadline=self._deadline) as connection:
            await lock_carrier_ids(connection, channel, [carrier_id])
            if (await connection.execute(same)).first():
                return ReceiptResult.REPEATED
            adding = insert(receipts).values(**row, received_at=now, applied=False).returning(receipts.c.id)
            added = (await connection.execute(adding)).scalar_one()
            moved = await apply_receipts(connection, channel, [carrier_id], now)
            known = (await connection.execute(select(receipts.c.message).where(receipts.c.id == added))).scalar()
        if receipt.status is ReceiptStatus.NOT_UNDERSTOOD:
            log.warning("receipt.not_understood", channel=channel, message=known, raw=row["raw"])
        if moved:
            return ReceiptResult.APPLIED
        return ReceiptResult.PARKED if known is None else ReceiptResult.KEPT


async def lock_carrier_ids(connection: AsyncConnection, channel: str, carrier_ids: Iterable[str]) -> None:
    """Hold these ids of `channel` until the transaction ends. Always in the same order, so nobody waits in a ring."""
    keys = sorted({_lock_key(channel, carrier_id) for carrier_id in carrier_ids})
    if keys:
        await connection.execute(select(func.pg_advisory_xact_lock(func.unnest(cast(keys, ARRAY(BigInteger))))))


async def apply_receipts(
    connection: AsyncConnection, channel: str, carrier_ids: Iterable[str], now: datetime
) -> set[int]:
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
    stands: dict[int, MessageStatus] = {}
    moved: set[int] = set()
    for receipt, word, reason, message, status in (await connection.execute(waiting)).all():
        to = STATUS_BY_RECEIPT.get(ReceiptStatus(word))
        applied = to is not None and may_move(stands.get(message, MessageStatus(status)), to)
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
