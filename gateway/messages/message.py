"""Pure: state machine of a message, rules of each message class, and backoff between attempts.

The rule behind the table: a send that may or may not have happened is `unknown`, a status of its own, and no message
leaves that status by guessing. Final statuses are final, whatever a carrier reports later.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from gateway.carriers.carrier import ReceiptStatus

CARRIER_ID_LENGTH = 128  # characters of a carrier's message id that are kept and compared

# Reasons of messages that were never sent.
TOO_MANY_REPLIES = "too many replies to this number"
OPTED_OUT = "the subscriber wants no appeals"
ERASED = "its number was erased"
EXPIRED = "expired before it could be sent"

_FIRST_BACKOFF = timedelta(seconds=5)
_MAX_BACKOFF = timedelta(minutes=5)


class MessageStatus(StrEnum):
    QUEUED = "queued"
    HELD = "held"  # its appeal is paused
    SENDING = "sending"  # claimed by a worker
    ACCEPTED = "accepted"  # by the carrier, and not delivered yet
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"
    SUPPRESSED = "suppressed"  # its recipient must not get it


# `queued → accepted` and `queued → refused`, and the same from `held`, are late records: a sweep made the message
# unknown and queued it again, and then its first worker, until now cut off from the database, records the outcome.
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

# Status that a delivery report gives a message. The other two report statuses change nothing.
STATUS_BY_RECEIPT: Mapping[ReceiptStatus, MessageStatus] = {
    ReceiptStatus.DELIVERED: MessageStatus.DELIVERED,
    ReceiptStatus.UNDELIVERED: MessageStatus.UNDELIVERED,
}

# Statuses in which operators may resend a message, as a new one: it surely or probably did not arrive. An unknown
# message is cancelled by that, so that it is not also queued again by itself.
RESENDABLE = frozenset(
    {MessageStatus.UNDELIVERED, MessageStatus.REFUSED, MessageStatus.UNKNOWN, MessageStatus.CANCELLED}
)


def may_move(now: MessageStatus, to: MessageStatus) -> bool:
    """Return True if the status of a message may change from `now` to `to`."""
    return to in TRANSITIONS[now]


def sources(to: MessageStatus) -> list[MessageStatus]:
    """Return the statuses that may change to `to`."""
    return [status for status, targets in TRANSITIONS.items() if to in targets]


class MessageClass(StrEnum):
    """Class of a message: its purpose."""

    ALERT = "alert"
    CONFIRMATION = "confirmation"
    REPLY = "reply"
    STATUS = "status"
    RESUME = "resume"
    APPEAL = "appeal"


@dataclass(frozen=True, slots=True)
class ClassRules:
    """Rules of a message class.

    An unknown message is queued again by itself up to `resend_unknown` times. A message of a class with `quiet_hours`
    that is claimed in them is put off to their end.
    """

    priority: int  # smaller is sent first
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


URGENT_APPEAL_PRIORITY = 49
"""Priority of an urgent appeal: in the lane of appeals, before all others."""


def may_cancel(kind: MessageClass, status: MessageStatus) -> bool:
    """Return True if a message may be cancelled, by hand or because its number is erased.

    An unknown message of an appeal may not. It may have arrived, and a cancelled one counts as never sent, in the
    results of the appeal and in the frequency cap of its recipient.
    """
    return may_move(status, MessageStatus.CANCELLED) and (kind, status) != (MessageClass.APPEAL, MessageStatus.UNKNOWN)


def backoff(attempts: int, jitter: float) -> timedelta:
    """Return the time to wait after attempt number `attempts`: 5 seconds, doubled each time, at most 5 minutes.

    `jitter` in [0, 1) subtracts up to half of it, so that messages that failed together are not retried together.
    """
    doubled = _FIRST_BACKOFF.total_seconds() * 2.0 ** min(attempts - 1, 16)
    return timedelta(seconds=min(doubled, _MAX_BACKOFF.total_seconds()) * (1 - jitter / 2))
