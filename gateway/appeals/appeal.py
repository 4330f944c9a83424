"""Pure: appeal (himbauan): its state machine, the rights of people at the desk, and the totals of its results.

Nobody approves an appeal they wrote. An edited appeal must be approved anew. In a strict stage of the pack (such as
masa tenang) only the pack's approved texts go out, with two approvals.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from gateway.accounts.roles import RIGHTS_OF_ROLES, DeskRole, Right
from gateway.messages.message import ERASED, EXPIRED, OPTED_OUT, MessageStatus
from gateway.text.errors import UserError
from gateway.text.gsm import Replacement

WEEK = timedelta(days=7)
"""Period of the frequency cap (facts/domain.md 4.3)."""
RESPONSE_WINDOW = timedelta(days=3)
"""An inbound SMS this soon after an appeal counts as a response to it."""


class ResponseKind(StrEnum):
    STOP = "stop"
    OTHER = "other"


# State machine -------------------------------------------------------------------------------------------------


class AppealStatus(StrEnum):
    DRAFT = "draft"
    WAITING = "waiting"  # for approval
    SCHEDULED = "scheduled"  # approved: its audience is frozen
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    CANCELLED = "cancelled"


MOVES: Mapping[AppealStatus, frozenset[AppealStatus]] = {
    AppealStatus.DRAFT: frozenset({AppealStatus.WAITING, AppealStatus.CANCELLED}),
    AppealStatus.WAITING: frozenset({AppealStatus.DRAFT, AppealStatus.SCHEDULED, AppealStatus.CANCELLED}),
    AppealStatus.SCHEDULED: frozenset({AppealStatus.DRAFT, AppealStatus.RUNNING, AppealStatus.CANCELLED}),
    AppealStatus.RUNNING: frozenset({AppealStatus.PAUSED, AppealStatus.DONE, AppealStatus.CANCELLED}),
    AppealStatus.PAUSED: frozenset({AppealStatus.RUNNING, AppealStatus.CANCELLED}),
    AppealStatus.DONE: frozenset(),
    AppealStatus.CANCELLED: frozenset(),
}

UNFINISHED = frozenset(status for status, targets in MOVES.items() if targets)
APPROVED_UNFINISHED = frozenset({AppealStatus.SCHEDULED, AppealStatus.RUNNING, AppealStatus.PAUSED})
"""Statuses in which an appeal will still make progress, or may after a resume."""


def may_move(status: AppealStatus, target: AppealStatus) -> bool:
    return target in MOVES[status]


# Rights --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Actor:
    """Person at the desk: name of the account, and the rights of its roles."""

    name: str
    rights: frozenset[Right] = frozenset()


class Act(StrEnum):
    EDIT = "edit"
    SUBMIT = "submit"
    RETURN = "return"
    APPROVE = "approve"
    SCHEDULE = "schedule"
    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class ActRule:
    """Rule of an act: the statuses it is allowed in, the status it leads to, and the rights (any of) it takes.

    In the statuses of `unchanged_in` the act is allowed too, and leaves the status as it is.
    """

    from_statuses: frozenset[AppealStatus]
    to_status: AppealStatus
    rights: frozenset[Right]
    unchanged_in: frozenset[AppealStatus] = frozenset()


WRITE = frozenset({Right.WRITE_APPEALS})
_APPROVE = frozenset({Right.APPROVE_APPEALS})
RULES: Mapping[Act, ActRule] = {
    Act.EDIT: ActRule(
        frozenset({AppealStatus.DRAFT, AppealStatus.WAITING, AppealStatus.SCHEDULED}), AppealStatus.DRAFT, WRITE
    ),
    Act.SUBMIT: ActRule(frozenset({AppealStatus.DRAFT}), AppealStatus.WAITING, WRITE),
    Act.RETURN: ActRule(frozenset({AppealStatus.WAITING}), AppealStatus.DRAFT, _APPROVE),
    # A paused appeal needs the second approval where a strict stage has begun since the first one.
    Act.APPROVE: ActRule(
        frozenset({AppealStatus.WAITING}),
        AppealStatus.SCHEDULED,
        _APPROVE,
        unchanged_in=frozenset({AppealStatus.PAUSED}),
    ),
    Act.SCHEDULE: ActRule(frozenset({AppealStatus.SCHEDULED}), AppealStatus.SCHEDULED, _APPROVE),
    Act.PAUSE: ActRule(frozenset({AppealStatus.RUNNING}), AppealStatus.PAUSED, WRITE | _APPROVE),
    Act.RESUME: ActRule(frozenset({AppealStatus.PAUSED}), AppealStatus.RUNNING, _APPROVE),
    Act.CANCEL: ActRule(UNFINISHED, AppealStatus.CANCELLED, WRITE | _APPROVE),
}


class ActNotAllowed(UserError, ValueError):
    """Act that is not allowed on this appeal, with the reason as its text."""


class RightRefused(ActNotAllowed):
    """Act that is not for this actor: a right is missing, or it takes another person."""

    def __init__(self, message: str, actor: Actor, activity: str) -> None:
        super().__init__(message)
        self.actor = actor.name
        self.activity = activity


def check_rights(actor: Actor, activity: str, rights: frozenset[Right]) -> None:
    """Raise `RightRefused`, which names the roles that have one of `rights`, if the actor has none of them."""
    if not rights & actor.rights:
        roles = " or ".join(role for role in DeskRole if RIGHTS_OF_ROLES[role] & rights)
        refused = f"{actor.name} may not {activity} appeals: that takes the role {roles}"
        raise RightRefused(refused, actor, f"{activity} appeals")


def check_act(act: Act, status: AppealStatus, actor: Actor) -> AppealStatus:
    """Return the status that `act` leads to. Raise `ActNotAllowed` if the actor or the status does not allow it."""
    rule = RULES[act]
    check_rights(actor, act, rule.rights)
    if status in rule.unchanged_in:
        return status
    if status not in rule.from_statuses:
        allowed = [other for other in AppealStatus if other in rule.from_statuses | rule.unchanged_in]
        raise ActNotAllowed(f"cannot {act} this appeal: it is {status}, not {' or '.join(allowed)}")
    return rule.to_status


def check_not_author(actor: Actor, act: Act, authors: Collection[str]) -> None:
    if actor.name.casefold() in map(str.casefold, authors):
        refused = f"{actor.name} has written this appeal; somebody else must {act} it"
        raise RightRefused(refused, actor, f"{act} an appeal of their own")


def check_approver(actor: Actor, authors: Collection[str], approvers: Collection[str]) -> None:
    """Raise `RightRefused` if the actor wrote the appeal or has already approved it."""
    check_not_author(actor, Act.APPROVE, authors)
    if actor.name.casefold() in map(str.casefold, approvers):
        refused = f"{actor.name} has approved this appeal already; it needs a second person"
        raise RightRefused(refused, actor, f"{Act.APPROVE} an appeal twice")


def approvals_needed(*, strict: bool, urgent: bool = False) -> int:
    """Return the number of people who must approve. `strict`: the appeal goes out in a strict stage."""
    return 2 if strict or urgent else 1


# Content -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AppealDraft:
    """Content of an appeal: a template of the pack or the author's own texts, its audience, channel and start.

    `audience` is in the form that `audience.parse_audience` reads. `starts_at` is None to start on approval. `ticket`
    is the incident that the text is about. `slots` are the author's values of the template's slots, by name. `changes`
    are the characters that `texts.to_gsm7` replaced, by language.
    """

    purpose: str
    audience: Mapping[str, Any]
    channel: str
    template: str = ""
    texts: Mapping[str, str] = field(default_factory=dict)
    ticket: str = ""
    starts_at: datetime | None = None
    changes: Mapping[str, Sequence[Replacement]] = field(default_factory=dict)
    slots: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Appeal:
    """Appeal as stored. `audience_size` is the number of people in the frozen audience, 0 before it is frozen."""

    id: int
    status: AppealStatus
    draft: AppealDraft
    version: int  # counts the edits
    authors: tuple[str, ...]
    approvers: tuple[str, ...]  # of this version
    reason: str  # of the pause, the cancellation or the return to the author
    audience_size: int
    expanded: int  # people of the audience who have a message, queued or suppressed
    failures_count_from: datetime | None  # earlier failures do not pause the appeal
    went_out_at: datetime | None  # time of the first SMS sent
    created_at: datetime
    updated_at: datetime
    public_number: int | None = None  # running number for the public, given when it begins

    @property
    def texts(self) -> Mapping[str, str]:
        return self.draft.texts


# Result of each person -----------------------------------------------------------------------------------------


class SuppressionReason(StrEnum):
    """Reason to suppress the message to a person of the audience."""

    OPTED_OUT = "opted_out"
    LEFT_AUDIENCE = "left_audience"  # after the freeze, by an import that gave another place or language
    WEEKLY_LIMIT = "weekly_limit"  # the frequency cap
    UNREACHABLE = "unreachable"  # the number was erased
    NO_TEXT = "no_text"  # neither in the person's language nor in the first one
    EXPIRED = "expired"  # it could not be sent in time
    CALLED_OFF = "called_off"


REASON_TEXT: Mapping[SuppressionReason, str] = {
    SuppressionReason.OPTED_OUT: OPTED_OUT,
    SuppressionReason.LEFT_AUDIENCE: "no longer belongs to the audience",
    SuppressionReason.WEEKLY_LIMIT: "has had the appeals of a week",
    SuppressionReason.UNREACHABLE: ERASED,
    SuppressionReason.NO_TEXT: "there is no text for this language",
    SuppressionReason.EXPIRED: EXPIRED,
    SuppressionReason.CALLED_OFF: "the appeal was called off",
}
"""Texts stored in `messages.reason`. Results are read back through them, so they must not change."""
REASON_BY_TEXT: Mapping[str, SuppressionReason] = {sentence: reason for reason, sentence in REASON_TEXT.items()}


class Total(StrEnum):
    """Six numbers that add up to the frozen audience (design.md, promise 6)."""

    DELIVERED = "delivered"
    ACCEPTED = "accepted"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SUPPRESSED = "suppressed"
    WAITING = "waiting"


COUNTED_AS: Mapping[MessageStatus, Total] = {
    MessageStatus.QUEUED: Total.WAITING,
    MessageStatus.HELD: Total.WAITING,
    MessageStatus.SENDING: Total.WAITING,
    MessageStatus.ACCEPTED: Total.ACCEPTED,
    MessageStatus.DELIVERED: Total.DELIVERED,
    MessageStatus.UNDELIVERED: Total.FAILED,
    MessageStatus.REFUSED: Total.FAILED,
    MessageStatus.UNKNOWN: Total.UNKNOWN,
    MessageStatus.CANCELLED: Total.SUPPRESSED,  # never sent: a message that may have been sent stays unknown
    MessageStatus.SUPPRESSED: Total.SUPPRESSED,
}


MAYBE_SENT = frozenset(
    {MessageStatus.ACCEPTED, MessageStatus.DELIVERED, MessageStatus.UNDELIVERED, MessageStatus.UNKNOWN}
)
"""Statuses in which the carrier has, or may have, the message."""


# Automatic pause, and cost -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AutoPause:
    """Circuit breaker of an appeal: it pauses when too many of its last `window` sends were refused or are unknown.

    With fewer than `min_sends` sends it does not act.
    """

    max_failed_share: float = 0.2
    window: int = 200
    min_sends: int = 20

    def reason(self, refused: int, unknown: int, sent: int) -> str:
        """Return the reason to pause, or an empty text to continue."""
        if sent < self.min_sends or refused + unknown <= self.max_failed_share * sent:
            return ""
        return f"of the last {sent} sends {refused} were refused and {unknown} are unknown"


@dataclass(frozen=True, slots=True)
class Price:
    amount: Decimal
    currency: str = ""

    def cost_of(self, parts: int) -> str:
        return f"{self.amount * parts:f} {self.currency}".strip()
