"""SQL statements that claim messages, and that record outcomes and releases. Each is a single statement.

A record changes a message only while the claim is valid: same worker, same attempt. So a record is idempotent, and one
that comes too late changes nothing. A claim that a sweep has given up stays valid until another worker claims the
message, so that its worker, cut off from the database for a while, can still record the outcome.

`tests/sql/claim.sql` and `tests/sql/record.sql` show two of the statements as SQL.
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
    ERASED,
    EXPIRED,
    OPTED_OUT,
    URGENT_APPEAL_PRIORITY,
    MessageClass,
    MessageStatus,
    backoff,
    sources,
)
from gateway.messages.quiet_now import NOT_QUIET, QuietNow, is_quiet, quiet_until
from gateway.messages.suppression import recipient_opted_out
from gateway.messages.tables import QUEUED, SENDING, message_attempts, messages
from gateway.text.phone import Phone
from gateway.text.quiet_hours import QuietHours


class Lane(StrEnum):
    """Messages that are claimed together: appeals, of which there may be a million, or all other classes."""

    PRIORITY = "priority"
    APPEALS = "appeals"


@dataclass(frozen=True, slots=True)
class Claim:
    """Message that one worker may send. `attempts` includes this one; with `worker` it identifies the claim."""

    id: int
    kind: MessageClass
    channel: str
    phone: Phone
    text: str
    ticket: str | None
    attempts: int
    worker: str
    parts: int = 1
    own_hours: QuietHours | None = None  # quiet hours of its own. None for those of the pack, by its class


@dataclass(frozen=True, slots=True)
class Transition:
    """Change of status that a claim ends with."""

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
    quiet: QuietNow = NOT_QUIET,
) -> ReturningUpdate[Any]:
    """Build the statement that claims due messages of `channel`, or of one `lane` of it, by priority.

    Claims nothing of a paused channel, unless `ignore_pause`. Expired messages and those of erased numbers are
    cancelled. Appeals to opted-out people are suppressed. Those of a held appeal take the status of the hold. In quiet
    hours, those of their class or their own, messages stay queued until the end. Returns all rows that it changed.
    """
    table = messages.c
    due = [table.channel == channel, table.status == QUEUED, table.due_at <= now]
    if lane is not None:
        # By priority, not by class: the index on due messages has the priority.
        appeals = table.priority >= URGENT_APPEAL_PRIORITY
        due.append(appeals if lane is Lane.APPEALS else ~appeals)
    if not ignore_pause:
        due.append(~is_paused(channel))
    # SKIP LOCKED: two workers that claim at once take different rows, and neither waits for the other. Opt-out and hold
    # of a row are looked up here, once, and not in each CASE of the update: that took two to three times as long.
    picked = (
        select(
            table.id,
            recipient_opted_out().label("opted_out"),
            hold_status().label("hold_status"),
            hold_reason().label("hold_reason"),
        )
        .where(*due)
        .order_by(table.priority, table.due_at, table.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("picked")
    )
    return (
        update(messages)
        .where(table.id == picked.c.id)
        .values(claim_values(picked, worker, now, quiet))
        .returning(messages)
    )


def claim_values(picked: CTE, worker: str, now: datetime, quiet_now: QuietNow) -> dict[str, Any]:
    """Return the new column values of a picked row. In each CASE the first condition that is true decides."""
    table = messages.c
    has_number = table.phone_sealed.is_not(None)
    opted_out, held = picked.c.opted_out, picked.c.hold_status
    quiet = is_quiet(quiet_now)
    sendable = and_(~opted_out, held.is_(None), has_number, table.expires_at > now)
    claimed = and_(sendable, ~quiet)
    values: dict[str, Any] = {
        "status": case(
            (claimed, MessageStatus.SENDING.value),
            (sendable, MessageStatus.QUEUED.value),
            (opted_out, MessageStatus.SUPPRESSED.value),
            else_=func.coalesce(held, MessageStatus.CANCELLED.value),
        ),
        "reason": case(
            (sendable, table.reason),
            (opted_out, OPTED_OUT),
            (held.is_not(None), picked.c.hold_reason),
            (has_number, EXPIRED),
            else_=ERASED,
        ),
        # Counted with the claim, not with the record: so the number also identifies the claim.
        "attempts": table.attempts + case((claimed, 1), else_=0),
        "claimed_at": case((claimed, now), else_=None),
        "claimed_by": case((claimed, worker), else_=None),
        "updated_at": now,
    }
    put_off = and_(sendable, quiet)  # and as long before it expires as if it were queued then
    until = quiet_until(quiet_now, now)
    values["due_at"] = case((put_off, until), else_=table.due_at)
    values["expires_at"] = case((put_off, until + (table.expires_at - table.due_at)), else_=table.expires_at)
    return values


def still_sendable(claims: Sequence[Claim]) -> Select[tuple[int]]:
    """Select the ids of claims that may still be sent: valid, and neither held, opted out of nor erased since."""
    table = messages.c
    # Arrays, as in `_transition_rows`: one statement for any number of claims.
    ids = cast([claim.id for claim in claims], ARRAY(BigInteger))
    workers = cast(sorted({claim.worker for claim in claims}), ARRAY(Text))
    valid = [table.id == any_(ids), table.status == SENDING, table.claimed_by == any_(workers)]
    return select(table.id).where(
        *valid, table.phone_sealed.is_not(None), hold_status().is_(None), ~recipient_opted_out()
    )


def apply_holds(ids: Sequence[int], now: datetime) -> Update:
    """Apply opt-outs and holds to those of these messages that are queued again, as a claim would."""
    table = messages.c
    # A hold or an opt-out that was committed while the message was `sending` did not change it. It is applied now.
    opted_out, held = recipient_opted_out(), hold_status()
    queued = [table.id == any_(cast(ids, ARRAY(BigInteger))), table.status == QUEUED]
    return (
        update(messages)
        .where(*queued, opted_out | held.is_not(None))
        .values(
            status=case((opted_out, MessageStatus.SUPPRESSED.value), else_=held),
            reason=case((opted_out, OPTED_OUT), else_=hold_reason()),
            updated_at=now,
        )
    )


def after_outcome(claim: Claim, outcome: Outcome, now: datetime, jitter: float) -> Transition:
    """Return the transition that the outcome of a call causes."""
    match outcome:
        case Accepted(carrier_id):
            return Transition(claim, MessageStatus.ACCEPTED, "", carrier_id=carrier_id[:CARRIER_ID_LENGTH])
        case Refused(reason):
            return Transition(claim, MessageStatus.REFUSED, reason)
        case Unknown(reason):
            return Transition(claim, MessageStatus.UNKNOWN, reason)
        case Deferred(reason, whole_channel=True):
            # The account is at fault: this costs the message no attempt, and it waits for the channel only.
            return Transition(claim, MessageStatus.QUEUED, reason, due_at=now, attempts_back=1)
        case Deferred(reason, after):
            wait = max(after or timedelta(), backoff(claim.attempts, jitter))
            return Transition(claim, MessageStatus.QUEUED, reason, due_at=now + wait)


def after_release(claim: Claim, now: datetime) -> Transition:
    """Return an unsent claim to the queue without counting an attempt."""
    return Transition(claim, MessageStatus.QUEUED, "", due_at=now, attempts_back=1)


def record_statement(
    to: MessageStatus, rows: Sequence[Transition], now: datetime, ended_at: datetime
) -> Select[tuple[int]]:
    """Build the statement that records the transitions `rows`, all of them to the status `to`.

    It changes only messages whose claim is valid and whose status may change to `to`, and adds the attempts to their
    history, except for releases: those have no `reason`. The calls ended at `ended_at`, which becomes the time of
    sending unless the message is queued again. Returns the ids of the changed messages.
    """
    known = _transition_rows(rows, now)
    table = messages.c
    # The three conditions on `known` are the proof of the claim. Only its own worker knows worker and attempt.
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
            # A message that is queued again keeps the time of an earlier attempt that may have reached somebody.
            sent_at=table.sent_at if to is MessageStatus.QUEUED else ended_at,
        )
        .returning(table.id, known.c.attempts, known.c.reason)
        .cte("written")
    )
    # Releases have no reason: nothing was attempted, so the history gets no attempt.
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
    """Add an attempt with this outcome to the history of each message that `written` has changed. Returns their ids.

    `written` has the columns id, attempts and reason.
    """
    rows = select(written.c.id, written.c.attempts, literal(now), literal(to.value), written.c.reason)
    log_insert = insert(message_attempts).from_select(["message", "attempt", "at", "became", "reason"], rows)
    return select(written.c.id).add_cte(log_insert.cte("logged"))
