"""Delivery reports, called receipts in the code: each is stored, and changes the status of its message at most once.

Reports come late, early, repeated and out of order (facts/protocols.md B.6). Storing one is idempotent, and none undoes
a final status.

A report may come before the record of its message: the carrier calls back while our send still waits for the answer
(facts/protocols.md B.6). It is parked, and applied when the carrier's id is recorded. Neither side may miss the other
when both commit at once. Therefore both take the advisory lock of that id (`lock_carrier_ids`), write, and then call
`apply_receipts`.

A report may also say that the subscriber has opted out at the carrier. That is stored as an opt-out in the same
transaction, in the record of the message if the report was parked. Lock order: carrier ids, people, subscriptions,
messages.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
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
from gateway.messages.suppression import add_opt_outs
from gateway.messages.tables import messages, receipts
from gateway.runtime.clock import Clock
from gateway.runtime.postgres import Database
from gateway.text.repair import storable

log = structlog.get_logger()

_MAX_TEXT_LENGTH = 200  # characters that are stored of a carrier's words


class ReceiptResult(StrEnum):
    APPLIED = "applied"  # the status of its message has changed
    KEPT = "kept"  # the status of its message has not changed
    PARKED = "parked"  # no such message yet, or never
    REPEATED = "repeated"


class Receipts:
    def __init__(self, database: Database, clock: Clock, deadline: float | None = None) -> None:
        """`deadline`: seconds that storing may take until PostgreSQL counts as unavailable."""
        self._database = database
        self._clock = clock
        self._deadline = deadline

    async def store(self, channel: str, receipt: Receipt) -> ReceiptResult:
        """Store the report, and apply it if its message is known.

        Raises `DatabaseUnavailable`: then the carrier must be told to repeat the report.
        """
        now = self._clock.now()
        carrier_id = storable(receipt.message_id)[:CARRIER_ID_LENGTH]
        row = {
            "channel": channel,
            "message_id": carrier_id,
            "raw": storable(receipt.raw)[:_MAX_TEXT_LENGTH],
            "status": receipt.status,
            "reason": storable(receipt.reason)[:_MAX_TEXT_LENGTH],
            "opted_out": receipt.opted_out,
        }
        same = select(receipts.c.id).where(*(receipts.c[name] == value for name, value in row.items())).limit(1)
        async with self._database.begin(deadline=self._deadline) as connection:
            await lock_carrier_ids(connection, channel, [carrier_id])
            if (await connection.execute(same)).first():
                return ReceiptResult.REPEATED
            if receipt.opted_out and (key := await _recipient_key(connection, channel, carrier_id)):
                await add_opt_outs(connection, channel, [key], "", now, now)
            insert_row = insert(receipts).values(**row, received_at=now, applied=False).returning(receipts.c.id)
            added = (await connection.execute(insert_row)).scalar_one()
            moved = await apply_receipts(connection, channel, [carrier_id], now)
            known = (await connection.execute(select(receipts.c.message).where(receipts.c.id == added))).scalar()
        if receipt.status is ReceiptStatus.NOT_UNDERSTOOD:
            log.warning("receipt.not_understood", channel=channel, message=known, raw=row["raw"])
        if moved:
            return ReceiptResult.APPLIED
        return ReceiptResult.PARKED if known is None else ReceiptResult.KEPT


async def lock_carrier_ids(connection: AsyncConnection, channel: str, carrier_ids: Iterable[str]) -> None:
    """Take the advisory locks of these ids of `channel` until the transaction ends.

    Locks are taken in sorted order, which prevents deadlock.
    """
    keys = sorted({_lock_key(channel, carrier_id) for carrier_id in carrier_ids})
    if keys:
        await connection.execute(select(func.pg_advisory_xact_lock(func.unnest(cast(keys, ARRAY(BigInteger))))))


async def parked_opt_outs(connection: AsyncConnection, channel: str, carrier_ids: Collection[str]) -> set[str]:
    """Return those of these ids with a parked report that says that the subscriber wants no messages."""
    early = select(receipts.c.message_id).where(
        receipts.c.channel == channel,
        receipts.c.message_id.in_(carrier_ids),
        receipts.c.message.is_(None),
        receipts.c.opted_out,
    )
    return set((await connection.execute(early)).scalars())


async def _recipient_key(connection: AsyncConnection, channel: str, carrier_id: str) -> bytes | None:
    """Return the key of the number that this message was sent to: None if it is unknown yet, or erased."""
    of_id = select(messages.c.phone_key).where(
        messages.c.channel == channel, messages.c.carrier_message_id == carrier_id, messages.c.phone_key.is_not(None)
    )
    return (await connection.execute(of_id.limit(1))).scalar()


async def apply_receipts(
    connection: AsyncConnection, channel: str, carrier_ids: Iterable[str], now: datetime
) -> set[int]:
    """Apply each parked report of these ids whose message is known. Returns the ids of messages that changed.

    The caller has called `lock_carrier_ids` with the same ids in this transaction.
    """
    parked = (
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
    current: dict[int, MessageStatus] = {}  # of messages that an earlier report of these has changed
    for receipt, reported, reason, message, status in (await connection.execute(parked)).all():
        to = STATUS_BY_RECEIPT.get(ReceiptStatus(reported))
        applied = to is not None and may_move(current.get(message, MessageStatus(status)), to)
        if to is not None and applied:
            current[message] = to
            await connection.execute(
                update(messages).where(messages.c.id == message).values(status=to, reason=reason, updated_at=now)
            )
        await connection.execute(
            update(receipts).where(receipts.c.id == receipt).values(message=message, applied=applied)
        )
    return set(current)


def _lock_key(channel: str, carrier_id: str) -> int:
    """Return one of 256 lock keys per channel.

    Ids share locks, so that the record of a large batch does not fill the lock table of the server.
    """
    of_channel = hashlib.blake2b(f"receipts of {channel}".encode(), digest_size=7).digest()
    of_id = hashlib.blake2b(carrier_id.encode(), digest_size=1).digest()
    return int.from_bytes(of_channel + of_id, signed=True)
