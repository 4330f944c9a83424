"""Statements of the claim and of the record, as SQL for reviewers and database administrators."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gateway.carriers.carrier import Accepted
from gateway.messages.claims import Lane, after_outcome, claim_statement, record_statement
from gateway.messages.message import MessageStatus
from tests.helpers.clocks import ManualClock
from tests.helpers.golden import assert_golden_sql
from tests.helpers.phones import NUMBER
from tests.helpers.senders import make_claim


def test_claim_statement_reads_as_its_golden_file(clock: ManualClock, request: pytest.FixtureRequest) -> None:
    now = clock.now()

    statement = claim_statement(200, "w1", "at", now, lane=Lane.APPEALS, quiet_until=now + timedelta(hours=8))

    assert_golden_sql("claim", statement, request)


def test_record_statement_reads_as_its_golden_file(clock: ManualClock, request: pytest.FixtureRequest) -> None:
    now = clock.now()
    transition = after_outcome(make_claim(1, "Laporan diterima", NUMBER), Accepted("ATXid_1"), now, jitter=0.0)

    statement = record_statement(MessageStatus.ACCEPTED, [transition], now, now)

    assert_golden_sql("record", statement, request)
