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

import asyncio
import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

import structlog
from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Text,
    any_,
    bindparam,
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
from gateway.runtime.postgres import Database, DatabaseUnavailable
from gateway.text.repair import storable

log = structlog.get_logger()

MOST_WAITING = 5_000
"""Delivery reports that wait in a process. The carrier of one more is told to repeat it."""
LARGEST_BATCH = 500
"""Delivery reports of one transaction, which takes some 50 ms."""
_MAX_TEXT_LENGTH = 200  # characters that are stored of a carrier's words


class ReceiptResult(StrEnum):
    APPLIED = "applied"  # the status of its message has changed
    KEPT = "kept"  # the status of its message has not changed
    PARKED = "parked"  # no such message yet, or never
    REPEATED = "repeated"


class Receipts:
    """Store of delivery reports. Those that come at the same time share a transaction.

    A large appeal brings thousands within seconds. While one batch is written, the next one gathers: so a process uses
    one connection for them, whatever their number.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        deadline: float | None = None,
        *,
        most_waiting: int = MOST_WAITING,
        largest_batch: int = LARGEST_BATCH,
    ) -> None:
        """`deadline`: seconds that storing may take until PostgreSQL counts as unavailable."""
        self._database = database
        self._clock = clock
        self._deadline = deadline
        self._most_waiting = most_waiting
        self._largest_batch = largest_batch
        self._waiting: list[_Waiting] = []
        self._writer: asyncio.Task[None] | None = None

    async def store(self, channel: str, receipt: Receipt) -> ReceiptResult:
        """Store the report, and apply it if its message is known. Returns when it is committed.

        Raises `DatabaseUnavailable`, also if too many reports wait: then the carrier must be told to repeat it.
        """
        if len(self._waiting) >= self._most_waiting:
            raise DatabaseUnavailable("too many delivery reports wait")
        stored: asyncio.Future[ReceiptResult] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(_row(channel, receipt, self._clock.now()), stored))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write_all())
        try:
            async with asyncio.timeout(self._deadline):
                return await stored
        except TimeoutError:
            raise DatabaseUnavailable("a delivery report was not stored in time") from None

    async def _write_all(self) -> None:
        while self._waiting:
            batch = self._take_batch()
            try:
                await self._write(batch)
            except DatabaseUnavailable as error:
                for one in batch:
                    one.fail(DatabaseUnavailable(str(error)))
            except Exception:  # noqa: BLE001 - whichever report is at fault, the others must not be lost for it
                for one in batch:
                    await self._write_alone(one)

    def _take_batch(self) -> list[_Waiting]:
        """Take the oldest reports of one channel, without those that nobody waits for any more."""
        waiting = [one for one in self._waiting if not one.stored.done()]
        channel = waiting[0].row["channel"] if waiting else ""
        batch = [one for one in waiting if one.row["channel"] == channel][: self._largest_batch]
        taken = set(map(id, batch))
        self._waiting = [one for one in waiting if id(one) not in taken]
        return batch

    async def _write_alone(self, one: _Waiting) -> None:
        try:
            await self._write([one])
        except Exception as error:  # noqa: BLE001 - it is raised where the report is stored
            one.fail(error)

    async def _write(self, batch: Sequence[_Waiting]) -> None:
        """Write reports of one channel in one transaction, and tell each its result."""
        if not batch:
            return
        channel, now = batch[0].row["channel"], self._clock.now()
        carrier_ids = {one.row["message_id"] for one in batch}
        async with self._database.begin(deadline=self._deadline) as connection:
            await lock_carrier_ids(connection, channel, carrier_ids)
            known = await _stored_keys(connection, channel, carrier_ids)
            new: dict[tuple[Any, ...], _Waiting] = {}
            for one in batch:
                if one.key not in known:
                    new.setdefault(one.key, one)
            fates = await _insert(connection, channel, [one.row for one in new.values()], now) if new else []
        fate_of = {id(one): fate for one, fate in zip(new.values(), fates, strict=True)}
        for one in batch:
            one.succeed(fate_of.get(id(one)))


@dataclass(frozen=True, slots=True)
class _Waiting:
    """Delivery report that waits to be stored, and the future of its result."""

    row: Mapping[str, Any]
    stored: asyncio.Future[ReceiptResult]

    @property
    def key(self) -> tuple[Any, ...]:
        """Columns by which a report is known to be the same."""
        return tuple(self.row[name] for name in _SAME)

    def succeed(self, fate: _Fate | None) -> None:
        """Set the result by the fate of the row. Without one, the report was stored before."""
        if fate and self.row["status"] is ReceiptStatus.NOT_UNDERSTOOD:
            log.warning(
                "receipt.not_understood", channel=self.row["channel"], message=fate.message, raw=self.row["raw"]
            )
        if not self.stored.done():
            self.stored.set_result(fate.result if fate else ReceiptResult.REPEATED)

    def fail(self, error: Exception) -> None:
        if not self.stored.done():
            self.stored.set_exception(error)


class _Fate(NamedTuple):
    """Message of a report, if it is known, and whether its status has changed."""

    message: int | None = None
    applied: bool = False

    @property
    def result(self) -> ReceiptResult:
        if self.applied:
            return ReceiptResult.APPLIED
        return ReceiptResult.PARKED if self.message is None else ReceiptResult.KEPT


_SAME = ("message_id", "raw", "status", "reason", "opted_out")


def _row(channel: str, receipt: Receipt, now: datetime) -> Mapping[str, Any]:
    return {
        "channel": channel,
        "message_id": storable(receipt.message_id)[:CARRIER_ID_LENGTH],
        "raw": storable(receipt.raw)[:_MAX_TEXT_LENGTH],
        "status": receipt.status,
        "reason": storable(receipt.reason)[:_MAX_TEXT_LENGTH],
        "opted_out": receipt.opted_out,
        "received_at": now,
        "applied": False,
    }


async def _stored_keys(connection: AsyncConnection, channel: str, carrier_ids: Collection[str]) -> set[tuple[Any, ...]]:
    """Return the keys of the stored reports of these ids."""
    columns = [receipts.c[name] for name in _SAME]
    stored = select(*columns).where(receipts.c.channel == channel, _is_one_of(receipts.c.message_id, carrier_ids))
    return {tuple(row) for row in (await connection.execute(stored)).all()}


async def _insert(
    connection: AsyncConnection, channel: str, rows: Sequence[Mapping[str, Any]], now: datetime
) -> list[_Fate]:
    """Insert new reports of one channel and apply them. Returns the fate of each, in this order."""
    opted_out = {row["message_id"] for row in rows if row["opted_out"]}
    if opted_out and (keys := await _recipient_keys(connection, channel, opted_out)):
        at = max(row["received_at"] for row in rows)
        await add_opt_outs(connection, channel, keys, "", at, now)
    insert_rows = insert(receipts).returning(receipts.c.id, sort_by_parameter_order=True)
    ids = (await connection.execute(insert_rows, rows)).scalars().all()
    fates = await _apply(connection, channel, {row["message_id"] for row in rows}, now)
    return [fates.get(id, _Fate()) for id in ids]


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


async def _recipient_keys(connection: AsyncConnection, channel: str, carrier_ids: Collection[str]) -> Sequence[bytes]:
    """Return the keys of the numbers that these messages were sent to, without unknown and erased ones."""
    of_ids = select(messages.c.phone_key).where(
        messages.c.channel == channel,
        _is_one_of(messages.c.carrier_message_id, carrier_ids),
        messages.c.phone_key.is_not(None),
    )
    return (await connection.execute(of_ids.distinct())).scalars().all()


async def apply_receipts(
    connection: AsyncConnection, channel: str, carrier_ids: Collection[str], now: datetime
) -> set[int]:
    """Apply each parked report of these ids whose message is known. Returns the ids of messages that changed.

    The caller has called `lock_carrier_ids` with the same ids in this transaction.
    """
    fates = await _apply(connection, channel, carrier_ids, now)
    return {fate.message for fate in fates.values() if fate.applied and fate.message is not None}


async def _apply(
    connection: AsyncConnection, channel: str, carrier_ids: Collection[str], now: datetime
) -> dict[int, _Fate]:
    """Apply parked reports as `apply_receipts` does. Returns the fates of the reports, by their ids."""
    parked = (
        select(receipts.c.id, receipts.c.status, receipts.c.reason, messages.c.id, messages.c.status)
        .join(
            messages,
            (messages.c.channel == receipts.c.channel) & (messages.c.carrier_message_id == receipts.c.message_id),
        )
        .where(
            receipts.c.channel == channel,
            _is_one_of(receipts.c.message_id, carrier_ids),
            receipts.c.message.is_(None),
        )
        .order_by(messages.c.id, receipts.c.id)  # rows are locked in this order, which prevents deadlock
        .with_for_update(of=messages)
    )
    current: dict[int, MessageStatus] = {}  # of messages that an earlier report of these has changed
    changes: dict[int, dict[str, Any]] = {}  # by message
    fates: dict[int, _Fate] = {}
    for receipt, reported, reason, message, status in (await connection.execute(parked)).all():
        to = STATUS_BY_RECEIPT.get(ReceiptStatus(reported))
        applied = to is not None and may_move(current.get(message, MessageStatus(status)), to)
        if to is not None and applied:
            current[message] = to
            changes[message] = {"of": message, "to": to, "why": reason}
        fates[receipt] = _Fate(message, applied)
    if changes:
        await connection.execute(_CHANGE_MESSAGE, [{**change, "now": now} for change in changes.values()])
    if fates:
        rows = [{"of": receipt, "to": fate.message, "done": fate.applied} for receipt, fate in fates.items()]
        await connection.execute(_CHANGE_RECEIPT, rows)
    return fates


# Executed for many rows at once: the driver sends them all before it waits.
_CHANGE_MESSAGE = (
    update(messages)
    .where(messages.c.id == bindparam("of"))
    .values(status=bindparam("to"), reason=bindparam("why"), updated_at=bindparam("now"))
)
_CHANGE_RECEIPT = (
    update(receipts).where(receipts.c.id == bindparam("of")).values(message=bindparam("to"), applied=bindparam("done"))
)


def _is_one_of(column: Column[Any], values: Collection[str]) -> ColumnElement[bool]:
    """Build the condition that a text is one of these. One parameter, so that the statement is always the same."""
    return column == any_(cast(sorted(values), ARRAY(Text)))


def _lock_key(channel: str, carrier_id: str) -> int:
    """Return one of 256 lock keys per channel.

    Ids share locks, so that the record of a large batch does not fill the lock table of the server.
    """
    of_channel = hashlib.blake2b(f"receipts of {channel}".encode(), digest_size=7).digest()
    of_id = hashlib.blake2b(carrier_id.encode(), digest_size=1).digest()
    return int.from_bytes(of_channel + of_id, signed=True)
