"""Claims: how a message becomes a worker's, and how its record is written back. Each is one UPDATE.

A record is written only while the claim still holds: same worker, same attempt. A claim that the sweep gave up holds
until another worker takes the message, so that the first one, cut off for a while, can still say how the send ended.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    DateTime,
    Integer,
    Select,
    Text,
    and_,
    case,
    cast,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql.dml import ReturningUpdate

from gateway.carriers.carrier import Accepted, Deferred, Outcome, Refused, Unknown
from gateway.messages.channels import is_paused
from gateway.messages.ledger import message_attempts, messages
from gateway.messages.message import CARRIER_ID_LENGTH, MessageClass, Status, backoff, sources
from gateway.messages.optouts import OPTED_OUT, is_unwanted
from gateway.text.phone import Phone

# Written into the statement, not bound: PostgreSQL must see the word to use the partial index made for it.
QUEUED = literal(Status.QUEUED.value, literal_execute=True)
SENDING = literal(Status.SENDING.value, literal_execute=True)
UNKNOWN = literal(Status.UNKNOWN.value, literal_execute=True)

ERASED = "its number was erased"  # the reason of what is cancelled for it
EXPIRED = "expired before it could be sent"


@dataclass(frozen=True, slots=True)
class Claim:
    """A message that is ours to send. `attempts` counts this try; with `worker` it proves whose claim it is."""

    id: int
    kind: MessageClass
    channel: str
    phone: Phone
    text: str
    ticket: str | None
    attempts: int
    worker: str
    parts: int = 1


@dataclass(frozen=True, slots=True)
class Ended:
    """What a claim's message becomes."""

    claim: Claim
    to: Status
    reason: str
    carrier_id: str | None = None
    due_at: datetime | None = None
    attempts_back: int = 0


def claiming(
    limit: int, worker: str, channel: str, now: datetime, *, though_paused: bool = False
) -> ReturningUpdate[Any]:
    """Take the most pressing due messages of `channel`, unless it is paused.

    Those that expired or whose number was erased are cancelled; appeals to who has opted out are suppressed.
    """
    table = messages.c
    due = [table.channel == channel, table.status == QUEUED, table.due_at <= now]
    picked = (
        select(table.id)
        .where(*due, *([] if though_paused else [~is_paused(channel)]))
        .order_by(table.priority, table.due_at, table.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("picked")
    )
    known = table.phone_sealed.is_not(None)
    unwanted = is_unwanted()
    alive = and_(table.expires_at > now, known, ~unwanted)
    return (
        update(messages)
        .where(table.id == picked.c.id)
        .values(
            status=case(
                (alive, Status.SENDING.value), (unwanted, Status.SUPPRESSED.value), else_=Status.CANCELLED.value
            ),
            reason=case((alive, table.reason), (unwanted, OPTED_OUT), (known, EXPIRED), else_=ERASED),
            attempts=table.attempts + case((alive, 1), else_=0),
            claimed_at=case((alive, now), else_=None),
            claimed_by=case((alive, worker), else_=None),
            updated_at=now,
        )
        .returning(messages)
    )


def ended(claim: Claim, outcome: Outcome, now: datetime, jitter: float) -> Ended:
    """What `outcome` makes of the claim's message."""
    match outcome:
        case Accepted(carrier_id):
            return Ended(claim, Status.ACCEPTED, "", carrier_id=carrier_id[:CARRIER_ID_LENGTH])
        case Refused(reason):
            return Ended(claim, Status.REFUSED, reason)
        case Unknown(reason):
            return Ended(claim, Status.UNKNOWN, reason)
        case Deferred(reason, whole_channel=True):
            # The fault is the account's: the message has used up none of its tries, and waits for the channel alone.
            return Ended(claim, Status.QUEUED, reason, due_at=now, attempts_back=1)
        case Deferred(reason, after):
            wait = max(after or timedelta(), backoff(claim.attempts, jitter))
            return Ended(claim, Status.QUEUED, reason, due_at=now + wait)


def released(claim: Claim, now: datetime) -> Ended:
    """What becomes of a claim that was never handed to the carrier: it costs no attempt."""
    return Ended(claim, Status.QUEUED, "", due_at=now, attempts_back=1)


def recording(to: Status, rows: Sequence[Ended], now: datetime) -> Select[tuple[int]]:
    """Write all that become `to`, and each try: only along the status table, and only what the claim still holds.

    Answers with the ids of the messages that it was written for. What was never tried has no `reason` and is noted
    nowhere.
    """
    # Arrays, not VALUES: the statement is the same for any number of rows, and is compiled and planned once.
    known = (
        func.unnest(
            cast([row.claim.id for row in rows], ARRAY(BigInteger)),
            cast([row.claim.worker for row in rows], ARRAY(Text)),
            cast([row.claim.attempts for row in rows], ARRAY(Integer)),
            cast([row.reason for row in rows], ARRAY(Text)),
            cast([row.carrier_id for row in rows], ARRAY(Text)),
            cast([row.due_at or now for row in rows], ARRAY(DateTime(timezone=True))),
            cast([row.attempts_back for row in rows], ARRAY(Integer)),
        )
        .table_valued("id", "worker", "attempts", "reason", "carrier_id", "due_at", "attempts_back")
        .render_derived("known")
    )
    table = messages.c
    written = (
        update(messages)
        .where(
            table.id == known.c.id,
            table.claimed_by == known.c.worker,
            table.attempts == known.c.attempts,
            table.status.in_(sources(to)),
        )
        .values(
            status=to,
            reason=known.c.reason,
            carrier_message_id=known.c.carrier_id,
            due_at=known.c.due_at,
            attempts=table.attempts - known.c.attempts_back,
            unknowns=table.unknowns + (1 if to is Status.UNKNOWN else 0),
            claimed_at=None,
            claimed_by=None,
            updated_at=now,
        )
        .returning(table.id, known.c.attempts, known.c.reason)
        .cte("written")
    )
    if to is Status.QUEUED and not any(row.reason for row in rows):
        return select(written.c.id)
    return tried(written, to, now)


def tried(written: CTE, to: Status, now: datetime) -> Select[tuple[int]]:
    """Note in the history of the messages that `written` has changed what came of their try; answers their ids.

    `written` is of id, attempts and reason.
    """
    rows = select(written.c.id, written.c.attempts, literal(now), literal(to.value), written.c.reason)
    noting = insert(message_attempts).from_select(["message", "attempt", "at", "became", "reason"], rows)
    return select(written.c.id).add_cte(noting.cte("noted"))
