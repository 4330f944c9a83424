"""Outbox: store and queue of messages, in the same database as the facts that they report. The table is the queue.

A message is claimed, sent and recorded. If its worker dies between claim and record, it stays `sending`. Five minutes
later a sweep makes it `unknown`, and the rules of its class decide whether it is sent again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
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
from gateway.messages.quiet_now import NOT_QUIET, QuietNow
from gateway.messages.receipts import apply_receipts, lock_carrier_ids, parked_opt_outs
from gateway.messages.suppression import add_opt_outs
from gateway.messages.tables import QUEUED, SENDING, UNKNOWN, messages
from gateway.runtime.clock import Clock
from gateway.runtime.postgres import Database
from gateway.text.errors import ExplainedError
from gateway.text.gsm import encoding, parts
from gateway.text.phone import Phone
from gateway.text.quiet_hours import QuietHours
from gateway.vault.vault import CannotOpen, Vault

log = structlog.get_logger()

_APPEAL = MessageClass.APPEAL
_UNDECRYPTABLE_DELAY = timedelta(minutes=10)  # until the next attempt at a message whose number cannot be decrypted

# Built once: building a statement costs more than executing it.
_INSERT = insert(messages).returning(messages.c.id)


class TooManyParts(ExplainedError, ValueError):
    """Text has more parts than a message of its class may have."""


@dataclass(frozen=True, slots=True)
class NewMessage:
    """Message to be sent at `due_at`, or as soon as possible."""

    kind: MessageClass
    channel: str
    phone: Phone
    text: str
    language: str
    ticket: str | None = None
    due_at: datetime | None = None
    unsent: str = ""  # reason to store it as suppressed


async def enqueue(connection: AsyncConnection, message: NewMessage, vault: Vault, now: datetime) -> int:
    """Queue a message within the transaction of the fact that it reports. Returns its id. Raises `TooManyParts`."""
    added: int = (await connection.execute(_INSERT, queued_row(message, vault, now))).scalar_one()
    return added


def queued_row(message: NewMessage, vault: Vault, now: datetime) -> dict[str, Any]:
    """Return the row of a queued message, for a statement that inserts it together with its fact.

    Raises `TooManyParts`.
    """
    rules = CLASSES[message.kind]
    part_count = len(parts(message.text))
    if part_count > rules.max_parts:
        raise TooManyParts
    due_at = message.due_at or now
    return {
        # Encoding and parts are stored: rates and costs are counted in parts, and a claim does no work that was done.
        "class": message.kind,
        "status": MessageStatus.SUPPRESSED if message.unsent else MessageStatus.QUEUED,
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
        "reason": message.unsent,
        "created_at": now,
        "updated_at": now,
    }


@dataclass(frozen=True, slots=True)
class MessageSummary:
    """Message in a list. The number is masked."""

    id: int
    class_: MessageClass
    status: MessageStatus
    ticket: str | None
    text: str
    encoding: str
    parts: int
    attempts: int
    channel: str
    reason: str
    to: str
    created_at: datetime


class Outbox:
    """Store of messages. Every method is one transaction and may raise `DatabaseUnavailable`."""

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
        quiet: QuietNow = NOT_QUIET,
    ) -> Sequence[Claim]:
        """Claim up to `limit` due messages of `channel`, or of one lane of it, by priority.

        Two workers never get the same message: a claim is one UPDATE. Messages that must not be sent get the status
        that `claim_statement` describes. In quiet hours those that observe them are put off to their end. Returns
        nothing if nothing is due.
        """
        while True:
            now = self._clock.now()
            statement = claim_statement(limit, worker, channel, now, lane=lane, quiet=quiet)
            async with self.database.begin() as connection:
                rows = (await connection.execute(statement)).mappings().all()
                if not rows:
                    return []
                claimed = [row for row in rows if row["status"] == MessageStatus.SENDING]
                # RETURNING has no order, and the most urgent are to be sent first.
                claims = await self._claims_from(connection, sorted(claimed, key=_urgency), now)
            # Rows, but no claim: all of them were cancelled, suppressed or put off. Others may be due behind them.
            if claims:
                return claims

    async def claim_probe(self, worker: str, channel: str, *, quiet: QuietNow = NOT_QUIET) -> Sequence[Claim]:
        """Claim one message to probe a paused channel, if a probe is due and no other worker makes it."""
        now = self._clock.now()
        async with self.database.begin() as connection:
            if not await acquire_probe(connection, channel, now):
                return []
            statement = claim_statement(1, worker, channel, now, ignore_pause=True, quiet=quiet)
            rows = (await connection.execute(statement)).mappings().all()
            claimed = [row for row in rows if row["status"] == MessageStatus.SENDING]
            claims = await self._claims_from(connection, claimed, now)
            if not claims:  # no message to probe with: the next attempt may find one
                await release_probe(connection, channel, now)
            return claims

    async def _claims_from(self, connection: AsyncConnection, rows: Sequence[RowMapping], now: datetime) -> list[Claim]:
        """Return the rows as claims. Those whose number the key does not decrypt go back into the queue."""
        claims, undecryptable = [], []
        for row in rows:
            try:
                claims.append(self._claim_from(row))
            except CannotOpen:
                undecryptable.append(row["id"])
        if undecryptable:
            # The attempt is given back: with the right key in place they can be sent.
            log.error("message.number_cannot_be_opened", messages=undecryptable)
            await connection.execute(
                update(messages)
                .where(messages.c.id.in_(undecryptable))
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
            phone=self._vault.open(row["phone_sealed"], row["phone_key"]),
            text=row["text"],
            ticket=row["ticket"],
            attempts=row["attempts"],
            worker=row["claimed_by"],
            parts=row["parts"],
            own_hours=QuietHours(row["quiet_from"], row["quiet_to"]) if row["quiet_from"] is not None else None,
        )

    async def find_withdrawn(self, claims: Sequence[Claim]) -> set[int]:
        """Return the ids of the claims that must not be sent any more."""
        async with self.database.begin() as connection:
            sendable = (await connection.execute(still_sendable(claims))).scalars().all()
        return {claim.id for claim in claims}.difference(sendable)

    async def record(
        self, channel: str, outcomes: Sequence[tuple[Claim, Outcome]], ended_at: datetime | None = None
    ) -> set[int]:
        """Record the outcomes of calls of `channel` that ended at `ended_at`, or now. Returns the ids recorded.

        Idempotent, and without effect on a message that another worker has claimed by now. Delivery reports that came
        before are applied in the same transaction.
        """
        now = self._clock.now()
        opted_out = {claim.id for claim, outcome in outcomes if isinstance(outcome, Refused) and outcome.opted_out}
        # Computed before the transaction, which only writes: it holds locks.
        rows = [after_outcome(*sent, now, self._clock.jitter()) for sent in outcomes]
        return await self._write(channel, rows, now, ended_at or now, opted_out)

    async def release(self, channel: str, claims: Sequence[Claim]) -> set[int]:
        """Return unsent claims to the queue. Returns the ids of those that were still valid.

        An appeal that was held meanwhile, or whose recipient has opted out, gets the status of that at once.
        """
        now = self._clock.now()
        return await self._write(channel, [after_release(claim, now) for claim in claims], now, now)

    async def _write(
        self,
        channel: str,
        rows: Sequence[Transition],
        now: datetime,
        ended_at: datetime,
        refused: Collection[int] = (),  # ids of messages that were refused for an opt-out
    ) -> set[int]:
        # Lock order: carrier ids, people and subscriptions (in `add_opt_outs`), messages.
        carrier_ids = [row.carrier_id for row in rows if row.carrier_id is not None]
        written: set[int] = set()
        async with self.database.begin() as connection:
            await lock_carrier_ids(connection, channel, carrier_ids)
            reported = await parked_opt_outs(connection, channel, carrier_ids) if carrier_ids else ()
            opted_out = [row.claim.phone for row in rows if row.claim.id in refused or row.carrier_id in reported]
            if opted_out:  # the carrier does not tell from which sender
                keys = [self._vault.lookup(phone) for phone in opted_out]
                await add_opt_outs(connection, channel, keys, "", ended_at, now)
            # One statement for each status, whatever the number of messages.
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
        """Make messages `unknown` whose claim is older than `older_than` and was never recorded. Returns their number.

        If such a message was sent at all, then at about the time of its claim, which becomes its `sent_at`.
        """
        now = self._clock.now()
        table = messages.c
        # `claimed_by` stays: a late record of this claim is still accepted.
        lost = (
            select(table.id)
            .where(table.status == SENDING, table.claimed_at <= now - older_than)
            .with_for_update(skip_locked=True)
        )
        sweep = (
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
        statement = log_attempts(
            sweep.returning(table.id, table.attempts, table.reason).cte("written"), MessageStatus.UNKNOWN, now
        )
        async with self.database.begin() as connection:
            return len((await connection.execute(statement)).all())

    async def requeue_unknown(self, after: timedelta) -> int:
        """Queue messages again that are `unknown` for as long as `after`, if their class allows. Returns their number.

        One whose number was erased cannot be sent again, and is cancelled if its class allows.
        """
        now = self._clock.now()
        table = messages.c
        # `unknowns` counts how often a message became unknown, and its class allows so many resends.
        resendable = [
            and_(table["class"] == kind, table.unknowns <= rules.resend_unknown)
            for kind, rules in CLASSES.items()
            if rules.resend_unknown
        ]
        old = update(messages).where(table.status == UNKNOWN, table.updated_at <= now - after)
        cancellable = table["class"].in_([kind for kind in CLASSES if may_cancel(kind, MessageStatus.UNKNOWN)])
        cancel = old.where(table.phone_sealed.is_(None), cancellable).values(
            status=MessageStatus.CANCELLED, reason=ERASED, updated_at=now
        )
        requeue = old.where(or_(*resendable)).values(status=MessageStatus.QUEUED, due_at=now, updated_at=now)
        async with self.database.begin() as connection:
            # Erased ones first: the second statement would queue them.
            await connection.execute(cancel)
            return (await connection.execute(requeue)).rowcount

    async def count_queued(self, *, deadline: float | None = None) -> int:
        async with self.database.begin(deadline=deadline) as connection:
            counted = await connection.execute(select(func.count()).where(messages.c.status == QUEUED))
            return int(counted.scalar_one())

    async def oldest_due(self, *, deadline: float | None = None) -> Mapping[MessageClass, datetime]:
        """Return when the oldest queued message of each class was due. A class without a due one is left out."""
        table = messages.c
        due = select(table["class"], func.min(table.due_at)).where(table.status == QUEUED)
        due = due.where(table.due_at <= self._clock.now()).group_by(table["class"])
        async with self.database.begin(deadline=deadline) as connection:
            return {MessageClass(kind): oldest for kind, oldest in (await connection.execute(due)).all()}

    async def list_messages(
        self,
        limit: int = 1000,
        *,
        kind: MessageClass | None = None,
        status: MessageStatus | None = None,
        ticket: str = "",
    ) -> Sequence[MessageSummary]:
        """Return the newest messages, newest first, filtered by class, status and ticket."""
        filters = {"class": kind, "status": status, "ticket": ticket}
        wanted = [messages.c[column] == value for column, value in filters.items() if value]
        newest = select(messages).where(*wanted).order_by(messages.c.id.desc()).limit(limit)
        async with self.database.begin() as connection:
            rows = (await connection.execute(newest)).mappings().all()
        return [self._summary_from(row) for row in rows]

    def _summary_from(self, row: RowMapping) -> MessageSummary:
        return MessageSummary(
            id=row["id"],
            class_=MessageClass(row["class"]),
            status=MessageStatus(row["status"]),
            ticket=row["ticket"],
            text=row["text"],
            encoding=row["encoding"],
            parts=row["parts"],
            attempts=row["attempts"],
            channel=row["channel"],
            reason=row["reason"],
            to=self._vault.masked(row["phone_sealed"], row["phone_key"]),
            created_at=row["created_at"],
        )


def _urgency(row: RowMapping) -> tuple[int, datetime, int]:
    return row["priority"], row["due_at"], row["id"]
