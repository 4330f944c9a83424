"""Result of an approval, and the step that follows it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gateway.appeals.appeal import Appeal, AppealStatus
from gateway.appeals.approval import Approval, NextStep, step_after_approval
from tests.helpers.appeals import DRAFT

NOW = datetime(2026, 11, 19, 8, tzinfo=UTC)


def _appeal(status: AppealStatus, starts_at: datetime | None = None, audience_size: int = 3) -> Appeal:
    return Appeal(
        id=1,
        status=status,
        draft=replace(DRAFT, starts_at=starts_at),
        version=1,
        authors=("siti",),
        approvers=("budi",),
        reason="",
        audience_size=audience_size,
        expanded=0,
        failures_count_from=None,
        went_out_at=None,
        created_at=NOW,
        updated_at=NOW,
    )


@pytest.mark.parametrize(
    ("appeal", "complete", "step"),
    [
        (_appeal(AppealStatus.WAITING), False, NextStep.APPROVE_AGAIN),
        (_appeal(AppealStatus.PAUSED), False, NextStep.APPROVE_AGAIN),
        (_appeal(AppealStatus.PAUSED), True, NextStep.RESUME),
        (_appeal(AppealStatus.SCHEDULED, NOW + timedelta(hours=1)), True, NextStep.WAIT_FOR_START),
        (_appeal(AppealStatus.SCHEDULED, NOW), True, NextStep.SEND),
        (_appeal(AppealStatus.SCHEDULED), True, NextStep.SEND),
    ],
)
def test_step_after_approval_follows_the_status_and_the_start(appeal: Appeal, complete: bool, step: NextStep) -> None:
    assert step_after_approval(appeal, complete, NOW) is step


@pytest.mark.parametrize(
    ("size", "step", "nobody"),
    [(0, NextStep.SEND, True), (0, NextStep.APPROVE_AGAIN, False), (1, NextStep.SEND, False)],
)
def test_approval_reaches_nobody_if_the_frozen_audience_is_empty(size: int, step: NextStep, nobody: bool) -> None:
    approval = Approval(_appeal(AppealStatus.SCHEDULED, audience_size=size), step)

    assert approval.reaches_nobody is nobody
    assert approval.is_complete is (step is not NextStep.APPROVE_AGAIN)
