"""State machine of messages, rules of classes, and backoff."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.carriers.carrier import ReceiptStatus
from gateway.messages.message import (
    CLASSES,
    RESENDABLE,
    STATUS_BY_RECEIPT,
    TRANSITIONS,
    MessageClass,
    MessageStatus,
    backoff,
    may_cancel,
    may_move,
    sources,
)

FINAL = {
    MessageStatus.DELIVERED,
    MessageStatus.UNDELIVERED,
    MessageStatus.REFUSED,
    MessageStatus.CANCELLED,
    MessageStatus.SUPPRESSED,
}


def test_transitions_have_every_status() -> None:
    assert set(TRANSITIONS) == set(MessageStatus)
    assert {status for status, targets in TRANSITIONS.items() if not targets} == FINAL


def test_every_status_is_reachable() -> None:
    assert {target for targets in TRANSITIONS.values() for target in targets} == set(MessageStatus)


@pytest.mark.parametrize("final", sorted(FINAL))
def test_final_is_final(final: MessageStatus) -> None:
    assert not any(may_move(final, to) for to in MessageStatus)


def test_only_accepted_messages_change_by_a_report() -> None:
    for to in STATUS_BY_RECEIPT.values():
        assert sources(to) == [MessageStatus.ACCEPTED]
    assert set(STATUS_BY_RECEIPT) == {ReceiptStatus.DELIVERED, ReceiptStatus.UNDELIVERED}


def test_a_sent_message_returns_to_the_queue_only_by_a_rule() -> None:
    assert set(sources(MessageStatus.QUEUED)) == {MessageStatus.SENDING, MessageStatus.UNKNOWN, MessageStatus.HELD}
    assert sources(MessageStatus.HELD) == [MessageStatus.QUEUED], "what is held has not left"
    assert sources(MessageStatus.UNKNOWN) == [MessageStatus.SENDING]
    assert sources(MessageStatus.SENDING) == [MessageStatus.QUEUED]


def test_sources_are_the_inverse_of_transitions() -> None:
    for now in MessageStatus:
        for to in MessageStatus:
            assert (now in sources(to)) == may_move(now, to)


def test_every_class_has_its_rules() -> None:
    assert set(CLASSES) == set(MessageClass)

    order = sorted(CLASSES, key=lambda kind: CLASSES[kind].priority)
    assert order[:2] == [MessageClass.ALERT, MessageClass.CONFIRMATION]
    assert order[-1] is MessageClass.APPEAL


def test_only_alerts_and_confirmations_resend_an_unknown() -> None:
    resent = {kind: rules.resend_unknown for kind, rules in CLASSES.items() if rules.resend_unknown}
    assert resent == {MessageClass.ALERT: 1, MessageClass.CONFIRMATION: 1}


def test_only_reminders_and_appeals_have_quiet_hours() -> None:
    quiet = {kind for kind, rules in CLASSES.items() if rules.quiet_hours}
    assert quiet == {MessageClass.APPEAL, MessageClass.RESUME}


def test_resendable_statuses_are_final_or_can_be_cancelled() -> None:
    assert all(not TRANSITIONS[status] or may_move(status, MessageStatus.CANCELLED) for status in RESENDABLE)
    assert not RESENDABLE & {
        MessageStatus.DELIVERED,
        MessageStatus.SUPPRESSED,
        MessageStatus.QUEUED,
        MessageStatus.SENDING,
        MessageStatus.ACCEPTED,
    }


def test_an_unknown_appeal_may_not_be_cancelled() -> None:
    for kind in MessageClass:
        may = {status for status in MessageStatus if may_cancel(kind, status)}
        kept = {MessageStatus.UNKNOWN} if kind is MessageClass.APPEAL else set()
        assert may == set(sources(MessageStatus.CANCELLED)) - kept


def test_a_confirmation_expires_after_six_hours() -> None:
    assert CLASSES[MessageClass.CONFIRMATION].expiry == timedelta(hours=6)


def test_backoff_doubles_up_to_its_bound() -> None:
    waits = [backoff(attempts, 0).total_seconds() for attempts in range(1, 9)]
    assert waits == [5, 10, 20, 40, 80, 160, 300, 300]


@given(st.integers(1, 10**9), st.floats(0, 1, exclude_max=True))
def test_jitter_subtracts_at_most_half(attempts: int, jitter: float) -> None:
    assert backoff(attempts, 0) / 2 <= backoff(attempts, jitter) <= backoff(attempts, 0) <= timedelta(minutes=5)


def test_jitter_spreads_retries() -> None:
    assert len({backoff(3, step / 10) for step in range(10)}) == 10
