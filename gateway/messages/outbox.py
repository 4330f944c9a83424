"""The outbox: what is to be sent, in the same database as the facts that it tells of. The table is the queue.

A message is claimed, sent and recorded. A worker that dies between claim and record leaves it `sending`; five minutes
later the sweep calls it `unknown`, and its class says whether it is sent once more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import RowMapping, and_, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.carriers.carrier import Outcome, Refused
from gateway.messages.channel_state import acquire_probe, release_probe
from gateway.messages.claims import (
    Claim,
    Lane,
    Transition,
    after_outcome,
    after_release,
    apply_holds,
    claim_statement,
    log_attempts,
    record_statement,
    still_sendable,
)
from gateway.messages.message import CLASSES, ERASED, MessageClass, MessageStatus, may_cancel
from gateway.messages.receipts import apply_receipts, lock_carrier_ids
from gateway.messages.suppression import add_opt_outs
from gateway.messages.tables import QUEUED, SENDING, UNKNOWN, messages
from gateway.runtime.clock import Clock
from gateway.runtime.postgres import Database
from gateway.text.gsm import encoding, parts
from gateway.text.phone import Phone
from gateway.vault.vault import CannotOpen, Vault

log = structlog.get_logger()

_APPEAL = MessageClass.APPEAL
_UNDECRYPTABLE_DELAY = timedelta(minutes=10)  # until a message is tried again whose number cannot be opened
_SHOWN = ("id", "class", "status", "ticket", "text", "encoding", "parts", "attempts", "channel", "reason")


_INSERT = insert(messages).returning(messages.c.id)  # made once: building a statement costs more than running it


class TooManyParts(ValueError):
    """This text takes more parts than a message of its class may have."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message to be sent: as soon as it can be, unless `due_at` says when."""

    kind: MessageClass
    channel: str
    phone: Phone
    text: str
    language: str
    ticket: str | None = None
    due_at: datetime | None = None


async def enqueue(connection: AsyncConnection, message: NewMessage, vault: Vault, now: datetime) -> int:
    """Put a message into the outbox, in the transaction of the fact that it tells of; its id.

    Raises `TooManyParts`.
    """
    added: int = (await connection.execute(_INSERT, queued_row(message, vault, now))).scalar_one()
    return added


def queued_row(message: NewMessage, vault: Vault, now: datetime) -> dict[str, Any]:
    """The row of a message that waits to be sent, for whoever inserts it together with its fact.

    Raises `TooManyParts`.
    """
    rules = CLASSES[message.kind]
    part_count = len(parts(message.text))
    if part_count > rules.max_parts:
        raise TooManyParts
    due_at = message.due_at or now
    return {
        "class": message.kind,
        "status": MessageStatus.QUEUED,
        "channel": message.channel,
        "phone_sealed": vault.seal(message.phone),
        "phone_key": vault.lookup(message.phone),
        "text": message.text,
        "encoding": encoding(message.text),
        "parts": part_count,
        "ticket": message.ticket,
        "language": message.language,
        "priority": rules.priority,
        "due_at": due_at,
        "expires_at": due_at + rules.expiry,
        "attempts": 0,
        "unknowns": 0,
        "reason": "",
        "created_at": now,
        "updated_at": now,
    }


class Outbox:
    """Claims, records and lists messages. Every method is one transaction and may raise `DatabaseAway`."""

    def __init__(self, database: Database, vault: Vault, clock: Clock) -> None:
        self.database = database
        self._vault = vault
        self._clock = clock

    async def claim(
        self,
        limit: int,
        worker: str,
        channel: str,
        *,
        lane: Lane | None = None,
        quiet_until: datetime | None = None,
    ) -> Sequence[Claim]:
        """Take up to `limit` due messages of `channel`, or of one lane of it, and mark them ours, the pressing first.

        Two workers never get the same row: the claim is one UPDATE. What expired while it waited, or lost its
        number, is cancelled on the way, and what keeps quiet hours is put off to `quiet_until`. An empty answer means
        that nothing is due.
        """
        while True:
            now = self._clock.now()
            taking = claim_statement(limit, worker, channel, now, lane=lane, quiet_until=quiet_until)
            async with self.database.begin() as connection:
                rows = (await connection.execute(taking)).mappings().all()
                if not rows:
                    return []
                taken = [row for row in rows if row["status"] == MessageStatus.SENDING]
                claims = await self._claims_from(connection, sorted(taken, key=_urgency), now)
            if claims:
                return claims

    async def claim_probe(self, worker: str, channel: str, *, quiet_until: datetime | None = None) -> Sequence[Claim]:
        """One message to try a paused channel with, if its rest is over and no other worker tries it already."""
        now = self._clock.now()
        async with self.database.begin() as connection:
            if not await acquire_probe(connection, channel, now):
                return []
            taking = claim_statement(1, worker, channel, now, ignore_pause=True, quiet_until=quiet_until)
            rows = (await connection.execute(taking)).mappings().all()
            taken = [row for row in rows if row["status"] == MessageStatus.SENDING]
            claims = await self._claims_from(connection, taken, now)
            if not claims:  # nothing to try it with: the next look may find something
                await release_probe(connection, channel, now)
            return claims

    async def _claims_from(self, connection: AsyncConnection, rows: Sequence[RowMapping], now: datetime) -> list[Claim]:
        """The rows as claims. One whose number the key does not open goes back and holds nothing up."""
        claims, shut = [], []
        for row in rows:
            try:
                claims.append(self._claim_from(row))
            except CannotOpen:
                shut.append(row["id"])
        if shut:
            log.error("message.number_cannot_be_opened", messages=shut)
            await connection.execute(
                update(messages)
                .where(messages.c.id.in_(shut))
                .values(
                    status=MessageStatus.QUEUED, due_at=now + _UNDECRYPTABLE_DELAY, attempts=messages.c.attempts - 1
                )
            )
        return claims

    def _claim_from(self, row: RowMapping) -> Claim:
        return Claim(
            id=row["id"],
            kind=MessageClass(row["class"]),
            channel=row["channel"],
            phone=self._vault.open(row["phone_sealed"]),
            text=row["text"],
            ticket=row["ticket"],
            attempts=row["attempts"],
            worker=row["claimed_by"],
            parts=row["parts"],
        )

    async def find_withdrawn(self, claims: Sequence[Claim]) -> set[int]:
        """The ids of those that must not leave any more, whatever has become of them since they were claimed."""
        async with self.database.begin() as connection:
            may_leave = (await connection.execute(still_sendable(claims))).scalars().all()
        return {claim.id for claim in claims}.difference(may_leave)

    async def record(
        self, channel: str, outcomes: Sequence[tuple[Claim, Outcome]], ended_at: datetime | None = None
    ) -> set[int]:
        """Write down how these sends of `channel` ended; the ids of the messages that it was written for.

        That was at `ended_at`, or just now.

        A claim that another worker holds by now changes nothing. Delivery reports that came before are applied in the
        same transaction.
        """
        now = self._clock.now()
        opted_out = [claim.phone for claim, outcome in outcomes if isinstance(outcome, Refused) and outcome.opted_out]
        rows = [after_outcome(*sent, now, self._clock.jitter()) for sent in outcomes]
        return await self._write(channel, rows, now, ended_at or now, opted_out)

    async def release(self, channel: str, claims: Sequence[Claim]) -> set[int]:
        """Give back claims that were never handed to the carrier; the ids of those that were still ours.

        An appeal that was held or is unwanted by now is so at once.
        """
        now = self._clock.now()
        return await self._write(channel, [after_release(claim, now) for claim in claims], now, now)

    async def _write(
        self,
        channel: str,
        rows: Sequence[Transition],
        now: datetime,
        ended_at: datetime,
        opted_out: Sequence[Phone] = (),
    ) -> set[int]:
        carrier_ids = [row.carrier_id for row in rows if row.carrier_id is not None]
        written: set[int] = set()
        async with self.database.begin() as connection:
            if opted_out:  # the carrier does not say of which sender
                await add_opt_outs(connection, channel, [self._vault.lookup(phone) for phone in opted_out], "", now)
            await lock_carrier_ids(connection, channel, carrier_ids)
            for to in {row.to for row in rows}:
                alike = [row for row in rows if row.to is to]
                written.update(row.id for row in await connection.execute(record_statement(to, alike, now, ended_at)))
            if appeals := [
                row.claim.id for row in rows if row.to is MessageStatus.QUEUED and row.claim.kind is _APPEAL
            ]:
                await connection.execute(apply_holds(appeals, now))
            if carrier_ids:
                await apply_receipts(connection, channel, carrier_ids, now)
        return written

    async def sweep_lost_claims(self, older_than: timedelta) -> int:
        """Call `unknown` what was claimed that long ago and never recorded; how many there were.

        If it was sent, then about when it was claimed.
        """
        now = self._clock.now()
        table = messages.c
        lost = (
            select(table.id)
            .where(table.status == SENDING, table.claimed_at <= now - older_than)
            .with_for_update(skip_locked=True)
        )
        sweeping = (
            update(messages)
            .where(table.id.in_(lost))
            .values(
                status=MessageStatus.UNKNOWN,
                unknowns=table.unknowns + 1,
                reason="claimed by a worker that was lost",
                updated_at=now,
                sent_at=table.claimed_at,
            )
        )
        noting = log_attempts(
            sweeping.returning(table.id, table.attempts, table.reason).cte("written"), MessageStatus.UNKNOWN, now
        )
        async with self.database.begin() as connection:
            return len((await connection.execute(noting)).all())

    async def requeue_unknown(self, after: timedelta) -> int:
        """Queue again what has been unknown that long and may be resent by its class; how many there were.

        What has lost its number meanwhile cannot be sent again, and is cancelled if it may be.
        """
        now = self._clock.now()
        table = messages.c
        resent = [
            and_(table["class"] == kind, table.unknowns <= rules.resend_unknown)
            for kind, rules in CLASSES.items()
            if rules.resend_unknown
        ]
        old = update(messages).where(table.status == UNKNOWN, table.updated_at <= now - after)
        over = table["class"].in_([kind for kind in CLASSES if may_cancel(kind, MessageStatus.UNKNOWN)])
        cancelling = old.where(table.phone_sealed.is_(None), over).values(
            status=MessageStatus.CANCELLED, reason=ERASED, updated_at=now
        )
        queueing = old.where(or_(*resent)).values(status=MessageStatus.QUEUED, due_at=now, updated_at=now)
        async with self.database.begin() as connection:
            await connection.execute(cancelling)
            return (await connection.execute(queueing)).rowcount

    async def count_queued(self) -> int:
        """How many messages wait to be sent, over all channels."""
        async with self.database.begin() as connection:
            counted = await connection.execute(select(func.count()).where(messages.c.status == QUEUED))
            return int(counted.scalar_one())

    async def list_messages(
        self,
        limit: int = 1000,
        *,
        kind: MessageClass | None = None,
        status: MessageStatus | None = None,
        ticket: str = "",
    ) -> Sequence[dict[str, Any]]:
        """The newest messages, newest first, for lists and JSON (design.md section 7). Numbers are masked.

        Of this class, in this status, about this ticket, where these are given.
        """
        given = {"class": kind, "status": status, "ticket": ticket}
        asked = [messages.c[column] == value for column, value in given.items() if value]
        newest = select(messages).where(*asked).order_by(messages.c.id.desc()).limit(limit)
        async with self.database.begin() as connection:
            rows = (await connection.execute(newest)).mappings().all()
        return [self._shown(row) for row in rows]

    def _shown(self, row: RowMapping) -> dict[str, Any]:
        to = self._vault.masked(row["phone_sealed"])
        return {name: row[name] for name in _SHOWN} | {"to": to, "created_at": row["created_at"].isoformat()}


def _urgency(row: RowMapping) -> tuple[int, datetime, int]:
    return row["priority"], row["due_at"], row["id"]
