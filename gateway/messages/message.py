"""Pure: the stages of a message, what each class of message may do, and how long to wait before another try.

The rule behind the table: a send that may or may not have happened is `unknown`, a stage of its own, and nothing
leaves it by guessing. What is final is final, whatever a carrier says later.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from gateway.carriers.carrier import ReceiptStatus

CARRIER_ID_LENGTH = 128  # characters of a carrier's message id that are kept and compared

# Why a message never left, as it stands beside it.
OPTED_OUT = "the subscriber wants no appeals"
ERASED = "its number was erased"
EXPIRED = "expired before it could be sent"

_FIRST_BACKOFF = timedelta(seconds=5)
_MAX_BACKOFF = timedelta(minutes=5)


class MessageStatus(StrEnum):
    """How far a message has come."""

    QUEUED = "queued"
    HELD = "held"  # back, while its appeal is paused
    SENDING = "sending"  # claimed by a worker
    ACCEPTED = "accepted"  # by the carrier, which is not yet delivered
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"
    SUPPRESSED = "suppressed"  # the recipient must not get it


# `queued → accepted` and `queued → refused`, and the same from `held`, are late truths: a claim was given up as unknown
# and queued again, and then its worker, cut off from the database all the while, says how the send had ended.
TRANSITIONS: Mapping[MessageStatus, frozenset[MessageStatus]] = {
    MessageStatus.QUEUED: frozenset(
        {
            MessageStatus.SENDING,
            MessageStatus.HELD,
            MessageStatus.ACCEPTED,
            MessageStatus.REFUSED,
            MessageStatus.CANCELLED,
            MessageStatus.SUPPRESSED,
        }
    ),
    MessageStatus.HELD: frozenset(
        {
            MessageStatus.QUEUED,
            MessageStatus.ACCEPTED,
            MessageStatus.REFUSED,
            MessageStatus.CANCELLED,
            MessageStatus.SUPPRESSED,
        }
    ),
    MessageStatus.SENDING: frozenset(
        {MessageStatus.QUEUED, MessageStatus.ACCEPTED, MessageStatus.REFUSED, MessageStatus.UNKNOWN}
    ),
    MessageStatus.ACCEPTED: frozenset({MessageStatus.DELIVERED, MessageStatus.UNDELIVERED}),
    MessageStatus.UNKNOWN: frozenset(
        {MessageStatus.QUEUED, MessageStatus.ACCEPTED, MessageStatus.REFUSED, MessageStatus.CANCELLED}
    ),
    MessageStatus.DELIVERED: frozenset(),
    MessageStatus.UNDELIVERED: frozenset(),
    MessageStatus.REFUSED: frozenset(),
    MessageStatus.CANCELLED: frozenset(),
    MessageStatus.SUPPRESSED: frozenset(),
}

# Where a delivery report moves a message; the other two words of a report move nothing.
STATUS_BY_RECEIPT: Mapping[ReceiptStatus, MessageStatus] = {
    ReceiptStatus.DELIVERED: MessageStatus.DELIVERED,
    ReceiptStatus.UNDELIVERED: MessageStatus.UNDELIVERED,
}


# What the desk may have sent once more, as a message of its own: what surely or probably did not arrive. An unknown
# one is cancelled with it, lest it is also queued again by itself.
RESENDABLE = frozenset(
    {MessageStatus.UNDELIVERED, MessageStatus.REFUSED, MessageStatus.UNKNOWN, MessageStatus.CANCELLED}
)


def may_move(now: MessageStatus, to: MessageStatus) -> bool:
    """Whether a message may go from `now` straight `to` there."""
    return to in TRANSITIONS[now]


def sources(to: MessageStatus) -> list[MessageStatus]:
    """The stages from which a message may go `to` there."""
    return [status for status, targets in TRANSITIONS.items() if to in targets]


class MessageClass(StrEnum):
    """Why a message is sent."""

    ALERT = "alert"
    CONFIRMATION = "confirmation"
    REPLY = "reply"
    STATUS = "status"
    RESUME = "resume"
    APPEAL = "appeal"


@dataclass(frozen=True, slots=True)
class ClassRules:
    """What a class of message may do. `resend_unknown`: how often an unknown one is queued again by itself.

    A message of a class with `quiet_hours` that would be claimed in them is put off until they are over.
    """

    priority: int  # the smaller goes first
    expiry: timedelta
    max_parts: int
    resend_unknown: int
    quiet_hours: bool


CLASSES: Mapping[MessageClass, ClassRules] = {
    MessageClass.ALERT: ClassRules(0, timedelta(hours=1), max_parts=3, resend_unknown=1, quiet_hours=False),
    MessageClass.CONFIRMATION: ClassRules(10, timedelta(hours=6), max_parts=3, resend_unknown=1, quiet_hours=False),
    MessageClass.REPLY: ClassRules(20, timedelta(hours=1), max_parts=3, resend_unknown=0, quiet_hours=False),
    MessageClass.STATUS: ClassRules(30, timedelta(hours=24), max_parts=2, resend_unknown=0, quiet_hours=False),
    MessageClass.RESUME: ClassRules(40, timedelta(hours=24), max_parts=1, resend_unknown=0, quiet_hours=True),
    MessageClass.APPEAL: ClassRules(50, timedelta(hours=24), max_parts=2, resend_unknown=0, quiet_hours=True),
}


def may_cancel(kind: MessageClass, status: MessageStatus) -> bool:
    """Whether a message may be cancelled, by hand or because its number is erased.

    An unknown one of an appeal may not: it may have arrived, and a cancelled one counts as never sent, in the account
    of the appeal and in what its recipient has had in a week.
    """
    return may_move(status, MessageStatus.CANCELLED) and (kind, status) != (MessageClass.APPEAL, MessageStatus.UNKNOWN)


def backoff(attempts: int, jitter: float) -> timedelta:
    """How long to wait after the try number `attempts`: 5 seconds doubled each time, at most 5 minutes.

    `jitter` in [0, 1) takes away up to half of it, so that a crowd that failed together does not return together.
    """
    doubled = _FIRST_BACKOFF.total_seconds() * 2.0 ** min(attempts - 1, 16)
    return timedelta(seconds=min(doubled, _MAX_BACKOFF.total_seconds()) * (1 - jitter / 2))
