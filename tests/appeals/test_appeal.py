"""Tables of an appeal: its state machine, the rights of people, and the totals of its results."""

from __future__ import annotations

from decimal import Decimal

import pytest

from gateway.accounts.roles import Right
from gateway.appeals.appeal import (
    COUNTED_AS,
    MOVES,
    REASON_BY_TEXT,
    REASON_TEXT,
    RULES,
    Act,
    ActNotAllowed,
    Actor,
    AppealStatus,
    AutoPause,
    Price,
    SuppressionReason,
    Total,
    approvals_needed,
    check_act,
    check_approver,
    may_move,
)
from gateway.messages.message import MessageStatus
from tests.helpers.appeals import BUDI, RINI, SITI, TONO

D, W, S, R, P, X, C = AppealStatus
# Act → statuses in which a person with both rights may do it.
ALLOWED = {
    Act.EDIT: {D, W, S},
    Act.SUBMIT: {D},
    Act.RETURN: {W},
    Act.APPROVE: {W, P},
    Act.SCHEDULE: {S},
    Act.PAUSE: {R},
    Act.RESUME: {P},
    Act.CANCEL: {D, W, S, R, P},
}
# Act → allowed for a person who only writes, for a person who only approves.
ALLOWED_FOR = {
    Act.EDIT: (True, False),
    Act.SUBMIT: (True, False),
    Act.RETURN: (False, True),
    Act.APPROVE: (False, True),
    Act.SCHEDULE: (False, True),
    Act.PAUSE: (True, True),
    Act.RESUME: (False, True),
    Act.CANCEL: (True, True),
}


def _is_allowed(act: Act, status: AppealStatus, actor: Actor) -> bool:
    try:
        check_act(act, status, actor)
    except ActNotAllowed:
        return False
    return True


@pytest.mark.parametrize("act", Act)
@pytest.mark.parametrize("status", AppealStatus)
def test_check_act_allows_an_act_in_its_statuses_only(act: Act, status: AppealStatus) -> None:
    assert _is_allowed(act, status, BUDI) is (status in ALLOWED[act])


@pytest.mark.parametrize("act", Act)
def test_check_act_allows_an_act_with_its_rights_only(act: Act) -> None:
    status = next(iter(RULES[act].from_statuses))

    assert (_is_allowed(act, status, SITI), _is_allowed(act, status, RINI)) == ALLOWED_FOR[act]
    assert not _is_allowed(act, status, TONO)


def test_rules_of_acts_follow_the_state_machine() -> None:
    assert set(RULES) == set(Act)
    for rule in RULES.values():
        assert all(may_move(status, rule.to_status) or status is rule.to_status for status in rule.from_statuses)
        assert not rule.unchanged_in & rule.from_statuses


def test_check_act_returns_the_status_that_the_act_leads_to() -> None:
    assert check_act(Act.APPROVE, W, BUDI) is S
    assert check_act(Act.APPROVE, P, BUDI) is P, "the second approval of a paused appeal does not resume it"
    assert check_act(Act.RESUME, P, BUDI) is R


def test_done_and_cancelled_are_final() -> None:
    assert {status for status, targets in MOVES.items() if not targets} == {AppealStatus.DONE, AppealStatus.CANCELLED}
    assert set(MOVES) == set(AppealStatus)


@pytest.mark.parametrize(
    ("name", "authors", "approvers", "allowed"),
    [
        ("rini", ["siti"], [], True),
        ("siti", ["siti"], [], False),
        ("Siti", ["siti"], [], False),
        ("budi", ["siti", "budi"], [], False),
        ("rini", ["siti"], ["rini"], False),
        ("rini", ["siti"], ["budi"], True),
    ],
)
def test_check_approver_refuses_authors_and_a_second_approval(
    name: str, authors: list[str], approvers: list[str], allowed: bool
) -> None:
    try:
        check_approver(Actor(name, frozenset({Right.APPROVE_APPEALS})), authors, approvers)
    except ActNotAllowed:
        assert not allowed
    else:
        assert allowed


def test_strict_stage_and_urgency_need_two_approvals() -> None:
    assert [approvals_needed(strict=strict) for strict in (False, True)] == [1, 2]
    assert approvals_needed(strict=False, urgent=True) == 2


def test_every_message_status_counts_in_one_total() -> None:
    assert set(COUNTED_AS) == set(MessageStatus)
    assert set(COUNTED_AS.values()) == set(Total)


def test_every_suppression_reason_has_a_text_of_its_own() -> None:
    assert set(REASON_TEXT) == set(SuppressionReason)
    assert {text: REASON_TEXT[reason] for text, reason in REASON_BY_TEXT.items()} == {
        text: text for text in REASON_TEXT.values()
    }
    assert len(REASON_BY_TEXT) == len(REASON_TEXT), "no two reasons have the same text"


def test_refused_act_names_the_roles_or_the_statuses_that_allow_it() -> None:
    with pytest.raises(ActNotAllowed, match="siti may not approve appeals: that takes the role supervisor"):
        check_act(Act.APPROVE, AppealStatus.WAITING, SITI)
    with pytest.raises(ActNotAllowed, match="cannot edit this appeal: it is done, not draft or waiting or scheduled"):
        check_act(Act.EDIT, AppealStatus.DONE, SITI)
    with pytest.raises(ActNotAllowed, match="tono may not pause appeals: that takes the role operator or supervisor"):
        check_act(Act.PAUSE, AppealStatus.RUNNING, TONO)


@pytest.mark.parametrize(
    ("refused", "sent", "pauses"), [(4, 20, False), (5, 20, True), (19, 19, False), (41, 200, True)]
)
def test_auto_pause_acts_above_the_share_and_from_the_fewest_sends(refused: int, sent: int, pauses: bool) -> None:
    assert bool(AutoPause().reason(refused, 0, sent)) is pauses


def test_price_gives_the_cost_with_its_currency() -> None:
    assert Price(Decimal(350), "IDR").cost_of(1_000_000) == "350000000 IDR"
    assert Price(Decimal("0.0225")).cost_of(1000) == "22.5000"
