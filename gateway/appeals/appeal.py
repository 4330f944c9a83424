"""Pure: what an appeal (himbauan) is, the stages that it goes through, and who may do what with it.

The rules behind the tables: nobody approves what he has written; what is changed must be approved anew; and in a
strict stage of the pack (such as masa tenang) only the pack's approved texts go out, with two approvals.
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
from gateway.text.gsm import Replacement

MAX_PER_WEEK = 3
"""So many appeals a person gets in a week at the most, as every pack promises (facts/domain.md 4.3)."""
WEEK = timedelta(days=7)
RESPONSE_WINDOW = timedelta(days=3)
"""What somebody sends us so soon after an appeal is an answer to it."""


class ResponseKind(StrEnum):
    """What an answer to an appeal says."""

    STOP = "stop"
    OTHER = "other"


class AppealStatus(StrEnum):
    """How far an appeal has come."""

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


def may_move(status: AppealStatus, target: AppealStatus) -> bool:
    """Whether an appeal may go from `now` straight `to` there."""
    return target in MOVES[status]


# Who may do what -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody at the desk, by the name of his account, and what his roles let him do."""

    name: str
    rights: frozenset[Right] = frozenset()


class Act(StrEnum):
    """What people do with an appeal."""

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
    """From which stages an act leads where, and what rights one of which whoever does it must have.

    In the stages of `stays` it may be done as well, and leaves the appeal there.
    """

    from_statuses: frozenset[AppealStatus]
    to_status: AppealStatus
    rights: frozenset[Right]
    unchanged_in: frozenset[AppealStatus] = frozenset()


_OPEN = frozenset(
    {AppealStatus.DRAFT, AppealStatus.WAITING, AppealStatus.SCHEDULED, AppealStatus.RUNNING, AppealStatus.PAUSED}
)
WRITE = frozenset({Right.WRITE_APPEALS})
_APPROVE = frozenset({Right.APPROVE_APPEALS})
RULES: Mapping[Act, ActRule] = {
    Act.EDIT: ActRule(
        frozenset({AppealStatus.DRAFT, AppealStatus.WAITING, AppealStatus.SCHEDULED}), AppealStatus.DRAFT, WRITE
    ),
    Act.SUBMIT: ActRule(frozenset({AppealStatus.DRAFT}), AppealStatus.WAITING, WRITE),
    Act.RETURN: ActRule(frozenset({AppealStatus.WAITING}), AppealStatus.DRAFT, _APPROVE),
    # A paused one waits for the second person where a strict stage has begun meanwhile.
    Act.APPROVE: ActRule(
        frozenset({AppealStatus.WAITING}),
        AppealStatus.SCHEDULED,
        _APPROVE,
        unchanged_in=frozenset({AppealStatus.PAUSED}),
    ),
    Act.SCHEDULE: ActRule(frozenset({AppealStatus.SCHEDULED}), AppealStatus.SCHEDULED, _APPROVE),
    Act.PAUSE: ActRule(frozenset({AppealStatus.RUNNING}), AppealStatus.PAUSED, WRITE | _APPROVE),
    Act.RESUME: ActRule(frozenset({AppealStatus.PAUSED}), AppealStatus.RUNNING, _APPROVE),
    Act.CANCEL: ActRule(_OPEN, AppealStatus.CANCELLED, WRITE | _APPROVE),
}


class ActNotAllowed(ValueError):
    """Why this may not be done with the appeal."""


def check_rights(actor: Actor, activity: str, rights: frozenset[Right]) -> None:
    """Raise `NotAllowed`, which names the roles that it takes, for whoever has none of `rights`."""
    if not rights & actor.rights:
        roles = " or ".join(role for role in DeskRole if RIGHTS_OF_ROLES[role] & rights)
        raise ActNotAllowed(f"{actor.name} may not {activity} appeals: that takes the role {roles}")


def check_act(act: Act, status: AppealStatus, actor: Actor) -> AppealStatus:
    """Where `act` leads. Raises `NotAllowed`, which says whose roles may, or from which stages."""
    rule = RULES[act]
    check_rights(actor, act, rule.rights)
    if status in rule.unchanged_in:
        return status
    if status not in rule.from_statuses:
        stages = ", ".join(stage for stage in AppealStatus if stage in rule.from_statuses | rule.unchanged_in)
        raise ActNotAllowed(f"this appeal is {status}; one can {act} it while it is {stages}")
    return rule.to_status


def check_not_author(actor: Actor, act: Act, authors: Collection[str]) -> None:
    """Raise `NotAllowed` for whoever has written the appeal."""
    if actor.name.casefold() in map(str.casefold, authors):
        raise ActNotAllowed(f"{actor.name} has written this appeal; somebody else must {act} it")


def check_approver(actor: Actor, authors: Collection[str], approvers: Collection[str]) -> None:
    """Raise `NotAllowed` for whoever has written the appeal, or has approved it already."""
    check_not_author(actor, Act.APPROVE, authors)
    if actor.name.casefold() in map(str.casefold, approvers):
        raise ActNotAllowed(f"{actor.name} has approved this appeal already; it needs a second person")


def approvals_needed(strict: bool) -> int:
    """How many people must approve, by whether the appeal goes out in a strict stage."""
    return 2 if strict else 1


# What is said --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AppealDraft:
    """What an author writes: a template of the pack or texts of his own, to whom, by which channel, and when.

    `audience` is as `audience.read` takes it. `starts_at` is None for as soon as it is approved; `ticket` is that of
    the incident which the text speaks of. `changes` is what `saying.spelt` has replaced in his texts, by language.
    """

    purpose: str
    audience: Mapping[str, Any]
    channel: str
    template: str = ""
    texts: Mapping[str, str] = field(default_factory=dict)
    ticket: str = ""
    starts_at: datetime | None = None
    changes: Mapping[str, Sequence[Replacement]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Appeal:
    """An appeal as it stands. `frozen` is how many people were its audience when it was approved."""

    id: int
    status: AppealStatus
    draft: AppealDraft
    version: int  # counts the edits
    authors: tuple[str, ...]
    approvers: tuple[str, ...]  # of this version
    reason: str  # why it is paused or cancelled
    audience_size: int
    expanded: int
    max_person_id: int | None  # the highest id among the people when it was approved
    failures_count_from: datetime | None  # what failed before that pauses it no more
    went_out_at: datetime | None  # when the first SMS of it left
    created_at: datetime
    updated_at: datetime

    @property
    def texts(self) -> Mapping[str, str]:
        return self.draft.texts


# What becomes of each person -----------------------------------------------------------------------------------


class SuppressionReason(StrEnum):
    """Why somebody of the audience gets nothing."""

    OPTED_OUT = "opted_out"
    LEFT_AUDIENCE = "left_audience"  # since it was frozen, by a list: he has another place or language
    WEEKLY_LIMIT = "weekly_limit"
    UNREACHABLE = "unreachable"  # his number was erased
    NO_TEXT = "no_text"  # none in his language, and none in the first one
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
"""As it stands beside the message."""
REASON_BY_TEXT: Mapping[str, SuppressionReason] = {sentence: reason for reason, sentence in REASON_TEXT.items()}


class Total(StrEnum):
    """The six numbers that add up to the frozen audience (design.md, promise 6)."""

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
    MessageStatus.CANCELLED: Total.SUPPRESSED,  # nothing of it ever left: what may have stays unknown
    MessageStatus.SUPPRESSED: Total.SUPPRESSED,
}


MAYBE_SENT = frozenset(
    {MessageStatus.ACCEPTED, MessageStatus.DELIVERED, MessageStatus.UNDELIVERED, MessageStatus.UNKNOWN}
)
"""A message that is so has left, or may have."""


# When it stops itself, and what it costs -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AutoPause:
    """An appeal pauses itself when more than `share` of its last `window` sends were refused or are unknown.

    With fewer than `fewest` there is nothing to judge by.
    """

    max_failed_share: float = 0.2
    window: int = 200
    min_sends: int = 20

    def reason(self, refused: int, unknown: int, sent: int) -> str:
        """Why the appeal must pause, empty while it may go on."""
        if sent < self.min_sends or refused + unknown <= self.max_failed_share * sent:
            return ""
        return f"of the last {sent} sends {refused} were refused and {unknown} are unknown"


@dataclass(frozen=True, slots=True)
class Price:
    """What one part costs."""

    amount: Decimal
    currency: str = ""

    def cost_of(self, parts: int) -> str:
        """What so many parts cost, in words."""
        return f"{self.amount * parts:f} {self.currency}".strip()
