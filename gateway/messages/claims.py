"""Claims: how a message becomes a worker's, and how its record is written back. Each is one UPDATE.

A record is written only while the claim still holds: same worker, same attempt. A claim that the sweep gave up holds
until another worker takes the message, so that the first one, cut off for a while, can still say how the send ended.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    DateTime,
    Integer,
    Select,
    TableValuedAlias,
    Text,
    Update,
    and_,
    any_,
    case,
    cast,
    false,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql.dml import ReturningUpdate

from gateway.carriers.carrier import Accepted, Deferred, Outcome, Refused, Unknown
from gateway.messages.channel_state import is_paused
from gateway.messages.holds import hold_reason, hold_status
from gateway.messages.message import (
    CARRIER_ID_LENGTH,
    CLASSES,
    ERASED,
    EXPIRED,
    OPTED_OUT,
    MessageClass,
    MessageStatus,
    backoff,
    sources,
)
from gateway.messages.suppression import recipient_opted_out
from gateway.messages.tables import QUEUED, SENDING, message_attempts, messages
from gateway.text.phone import Phone

_APPEAL_PRIORITY = CLASSES[MessageClass.APPEAL].priority
_QUIET_CLASSES = [kind.value for kind, rules in CLASSES.items() if rules.quiet_hours]


class Lane(StrEnum):
    """What is claimed together: appeals, of which there may be a million, or all that presses more."""

    PRIORITY = "pressing"
    APPEALS = "appeals"


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
class Transition:
    """What a claim's message becomes."""

    claim: Claim
    to: MessageStatus
    reason: str
    carrier_id: str | None = None
    due_at: datetime | None = None
    attempts_back: int = 0


def claim_statement(
    limit: int,
    worker: str,
    channel: str,
    now: datetime,
    *,
    lane: Lane | None = None,
    ignore_pause: bool = False,
    quiet_until: datetime | None = None,
) -> ReturningUpdate[Any]:
    """Take the most pressing due messages of `channel`, unless it is paused; of one `lane` if it is given.

    Those that expired or whose number was erased are cancelled; appeals to who has opted out are suppressed, those of
    an appeal that is paused or cancelled become what it says. In quiet hours, what keeps them stays queued until then.
    """
    table = messages.c
    due = [table.channel == channel, table.status == QUEUED, table.due_at <= now]
    if lane is not None:
        appeals = table.priority >= _APPEAL_PRIORITY
        due.append(appeals if lane is Lane.APPEALS else ~appeals)
    picked = (
        select(table.id)
        .where(*due, *([] if ignore_pause else [~is_paused(channel)]))
        .order_by(table.priority, table.due_at, table.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("picked")
    )
    return (
        update(messages)
        .where(table.id == picked.c.id)
        .values(claim_values(worker, now, quiet_until))
        .returning(messages)
    )


def claim_values(worker: str, now: datetime, quiet_until: datetime | None) -> dict[str, Any]:
    """What becomes of a row that is picked. What comes first of these is what counts."""
    table = messages.c
    known = table.phone_sealed.is_not(None)
    unwanted = recipient_opted_out()
    held = hold_status()
    quiet = table["class"].in_(_QUIET_CLASSES) if quiet_until else false()
    alive = and_(~unwanted, held.is_(None), known, table.expires_at > now)
    ours = and_(alive, ~quiet)
    values: dict[str, Any] = {
        "status": case(
            (ours, MessageStatus.SENDING.value),
            (alive, MessageStatus.QUEUED.value),
            (unwanted, MessageStatus.SUPPRESSED.value),
            else_=func.coalesce(held, MessageStatus.CANCELLED.value),
        ),
        "reason": case(
            (alive, table.reason),
            (unwanted, OPTED_OUT),
            (held.is_not(None), hold_reason()),
            (known, EXPIRED),
            else_=ERASED,
        ),
        "attempts": table.attempts + case((ours, 1), else_=0),
        "claimed_at": case((ours, now), else_=None),
        "claimed_by": case((ours, worker), else_=None),
        "updated_at": now,
    }
    if quiet_until:
        put_off = and_(alive, quiet)
        until = literal(quiet_until, DateTime(timezone=True))
        values["due_at"] = case((put_off, until), else_=table.due_at)
        values["expires_at"] = case((put_off, until + (table.expires_at - table.due_at)), else_=table.expires_at)
    return values


def still_sendable(claims: Sequence[Claim]) -> Select[tuple[int]]:
    """The ids of those that may still leave: ours, and nobody has held, opted out of, or erased them since."""
    table = messages.c
    ids = cast([claim.id for claim in claims], ARRAY(BigInteger))
    workers = cast(sorted({claim.worker for claim in claims}), ARRAY(Text))
    ours = [table.id == any_(ids), table.status == SENDING, table.claimed_by == any_(workers)]
    return select(table.id).where(
        *ours, table.phone_sealed.is_not(None), hold_status().is_(None), ~recipient_opted_out()
    )


def apply_holds(ids: Sequence[int], now: datetime) -> Update:
    """Make those of these messages that wait again what an opt-out or a hold makes of them, as a claim would."""
    table = messages.c
    unwanted, held = recipient_opted_out(), hold_status()
    settled = [table.id == any_(cast(ids, ARRAY(BigInteger))), table.status == QUEUED, unwanted | held.is_not(None)]
    return (
        update(messages)
        .where(*settled)
        .values(
            status=case((unwanted, MessageStatus.SUPPRESSED.value), else_=held),
            reason=case((unwanted, OPTED_OUT), else_=hold_reason()),
            updated_at=now,
        )
    )


def after_outcome(claim: Claim, outcome: Outcome, now: datetime, jitter: float) -> Transition:
    """What `outcome` makes of the claim's message."""
    match outcome:
        case Accepted(carrier_id):
            return Transition(claim, MessageStatus.ACCEPTED, "", carrier_id=carrier_id[:CARRIER_ID_LENGTH])
        case Refused(reason):
            return Transition(claim, MessageStatus.REFUSED, reason)
        case Unknown(reason):
            return Transition(claim, MessageStatus.UNKNOWN, reason)
        case Deferred(reason, whole_channel=True):
            # The fault is the account's: the message has used up none of its tries, and waits for the channel alone.
            return Transition(claim, MessageStatus.QUEUED, reason, due_at=now, attempts_back=1)
        case Deferred(reason, after):
            wait = max(after or timedelta(), backoff(claim.attempts, jitter))
            return Transition(claim, MessageStatus.QUEUED, reason, due_at=now + wait)


def after_release(claim: Claim, now: datetime) -> Transition:
    """What becomes of a claim that was never handed to the carrier: it costs no attempt."""
    return Transition(claim, MessageStatus.QUEUED, "", due_at=now, attempts_back=1)


def record_statement(
    to: MessageStatus, rows: Sequence[Transition], now: datetime, ended_at: datetime
) -> Select[tuple[int]]:
    """Write all that become `to`, and each try: only along the status table, and only what the claim still holds.

    The tries ended at `ended_at`, which is when they were sent unless they are to be made again.

    Answers with the ids of the messages that it was written for. What was never tried has no `reason` and is noted
    nowhere.
    """
    known = _transition_rows(rows, now)
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
            unknowns=table.unknowns + (1 if to is MessageStatus.UNKNOWN else 0),
            claimed_at=None,
            claimed_by=None,
            updated_at=now,
            sent_at=table.sent_at if to is MessageStatus.QUEUED else ended_at,
        )
        .returning(table.id, known.c.attempts, known.c.reason)
        .cte("written")
    )
    if to is MessageStatus.QUEUED and not any(row.reason for row in rows):
        return select(written.c.id)
    return log_attempts(written, to, now)


def _transition_rows(rows: Sequence[Transition], now: datetime) -> TableValuedAlias:
    """Return the transitions as rows that a statement can join."""
    # Arrays, not VALUES: the statement is the same for any number of rows, and is compiled and planned once.
    return (
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


def log_attempts(written: CTE, to: MessageStatus, now: datetime) -> Select[tuple[int]]:
    """Note in the history of the messages that `written` has changed what came of their try; answers their ids.

    `written` is of id, attempts and reason.
    """
    rows = select(written.c.id, written.c.attempts, literal(now), literal(to.value), written.c.reason)
    noting = insert(message_attempts).from_select(["message", "attempt", "at", "became", "reason"], rows)
    return select(written.c.id).add_cte(noting.cte("noted"))
