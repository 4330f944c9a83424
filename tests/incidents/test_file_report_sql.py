"""SQL statement that files a report."""

from __future__ import annotations

import pytest

from gateway.incidents.calling_off import SendingCall
from gateway.incidents.file_report_sql import FILE_REPORT, file_report_parameters, for_driver
from tests.helpers.golden import assert_golden_sql


def test_file_report_statement_is_the_golden_sql(request: pytest.FixtureRequest) -> None:
    assert_golden_sql("file_report", FILE_REPORT, request)


def test_file_report_parameters_are_named_after_table_and_column() -> None:
    parameters = file_report_parameters({"ticket": "1"}, {"ticket": "2"}, {"detail": {}}, SendingCall(7), ("rt",))

    assert parameters == {
        "incidents_ticket": "1",
        "messages_ticket": "2",
        "audit_detail": {},
        "sending_call": 7,
        "sending_kept_at": None,
        "duty_roles": ["rt"],
    }


def test_for_driver_writes_json_as_text() -> None:
    answers = {"incidents_answers": {"size": "few"}, "incidents_personal_answers": {}}
    parameters = for_driver({"incidents_ticket": "1", **answers, "audit_detail": {"channel": "at"}})

    assert parameters == {
        "incidents_ticket": "1",
        "incidents_answers": '{"size": "few"}',
        "incidents_personal_answers": "{}",
        "audit_detail": '{"channel": "at"}',
    }
