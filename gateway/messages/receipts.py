"""Delivery reports: each is kept, and moves its message along the status table at most once.

Reports come late, early, repeated and out of order (facts/protocols.md B.6). Whatever comes, the carrier gets its 200:
nothing here depends on a report, and no report undoes a final status.
"""

from __future__ import annotations

from enum import StrEnum

import structlog
from sqlalchemy import insert, select

from gateway.carriers.carrier import Receipt, ReceiptStatus
from gateway.messages.ledger import lock_ids, receipts, settle
from gateway.messages.message import CARRIER_ID_LENGTH
from gateway.runtime.clock import Clock
from gateway.runtime.postgres import Database

log = structlog.get_logger()

_LONGEST = 200  # characters of the carrier's own words that are kept


class Taken(StrEnum):
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

    async def take(self, channel: str, receipt: Receipt) -> Taken:
        """Keep the report, and apply it if its message is known."""
        now = self._clock.now()
        carrier_id = receipt.message_id[:CARRIER_ID_LENGTH]
        row = {
            "channel": channel,
            "message_id": carrier_id,
            "raw": receipt.raw[:_LONGEST],
            "status": receipt.status,
            "reason": receipt.reason[:_LONGEST],
        }
        same = select(receipts.c.id).where(*(receipts.c[name] == value for name, value in row.items())).limit(1)
        async with self._database.begin(deadline=self._deadline) as connection:
            await lock_ids(connection, channel, [carrier_id])
            if (await connection.execute(same)).first():
                return Taken.REPEATED
            adding = insert(receipts).values(**row, received_at=now, applied=False).returning(receipts.c.id)
            added = (await connection.execute(adding)).scalar_one()
            moved = await settle(connection, channel, [carrier_id], now)
            known = (await connection.execute(select(receipts.c.message).where(receipts.c.id == added))).scalar()
        if receipt.status is ReceiptStatus.NOT_UNDERSTOOD:
            log.warning("receipt.not_understood", channel=channel, message=known, raw=row["raw"])
        if moved:
            return Taken.APPLIED
        return Taken.PARKED if known is None else Taken.KEPT
