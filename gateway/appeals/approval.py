"""Pure: result of an approval, and the step that follows it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gateway.appeals.appeal import Appeal, AppealStatus


class NextStep(StrEnum):
    APPROVE_AGAIN = "approve_again"  # by another person
    RESUME = "resume"  # by a person: the appeal is paused
    WAIT_FOR_START = "wait_for_start"  # it begins later, by itself
    SEND = "send"  # it begins now, by itself


@dataclass(frozen=True, slots=True)
class Approval:
    """Result of an approval: the appeal after it, and the next step."""

    appeal: Appeal
    next_step: NextStep

    @property
    def is_complete(self) -> bool:
        """True if the appeal needs no other approval. Its audience is frozen then."""
        return self.next_step is not NextStep.APPROVE_AGAIN

    @property
    def reaches_nobody(self) -> bool:
        """True if the frozen audience is empty, so that nothing goes out."""
        return self.is_complete and not self.appeal.audience_size


def step_after_approval(appeal: Appeal, complete: bool, now: datetime) -> NextStep:
    """Return the next step. `complete`: the appeal has all the approvals it needs."""
    if not complete:
        return NextStep.APPROVE_AGAIN
    if appeal.status is AppealStatus.PAUSED:
        return NextStep.RESUME
    starts_at = appeal.draft.starts_at
    return NextStep.WAIT_FOR_START if starts_at is not None and starts_at > now else NextStep.SEND
