"""Draft: answers that are kept, and the report that they make."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gateway.incidents.draft import Draft
from gateway.menu.definitions.report_form import DEFAULT_FORM
from tests.helpers.phones import NUMBER

AT = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
ENOUGH = {"category": "gesekan", "area": "33.75.01.1008"}


def draft(answers: dict[str, str], **changes: Any) -> Draft:
    facts: dict[str, Any] = {"channel": "at", "session": "ATUid_1", "language": "id", "left_at": AT}
    return Draft(phone=NUMBER, answers=answers, **{**facts, **changes})


def test_only_answers_that_a_report_has_are_for_a_draft() -> None:
    answers = {**ENOUGH, "kecamatan": "33.75.01", "ticket": "73402816", "colour": "x" * 99}
    assert DEFAULT_FORM.of_report(answers) == {
        **ENOUGH,
        "kecamatan": "33.75.01",
    }


@pytest.mark.parametrize("answers", [{}, {"category": "uang"}, {"area": "33"}, {**ENOUGH, "area": ""}], ids=str)
def test_draft_without_category_or_area_cannot_be_filed(answers: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="short key"):
        draft(answers).to_report(AT, DEFAULT_FORM)


def test_to_report_takes_the_answers_as_they_are() -> None:
    unfinished = draft({**ENOUGH, "danger": "yes"})
    filed = unfinished.to_report(AT + timedelta(hours=1), DEFAULT_FORM)

    assert (filed.category, filed.area, filed.danger, filed.description) == (*ENOUGH.values(), "yes", "")
    assert (filed.channel, filed.session, filed.language) == ("at", "ATUid_1", "id")
    assert filed.received_at == AT + timedelta(hours=1)


@pytest.mark.parametrize(("danger", "marked"), [("yes", True), ("no", False), ("unknown", False), ("", False)])
def test_is_pressing_is_true_for_yes_alone(danger: str, marked: bool) -> None:
    assert draft({"danger": danger}).is_pressing is marked
    assert not draft({}).is_pressing


@pytest.mark.parametrize(
    "answers",
    [
        {"category": "rahasia" * 27},
        {"description": "rahasia" * 200},
        {"description": "rahasia\0"},
        {"size": "rahasia\r"},
    ],
    ids=["long key", "long text", "NUL", "control"],
)
def test_draft_refuses_too_long_answers_without_quoting_them(answers: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r".+") as refused:
        draft(answers)
    assert "rahasia" not in str(refused.value)


def test_draft_needs_a_time_zone_and_a_session_name() -> None:
    with pytest.raises(ValueError, match="time zone"):
        draft({}, left_at=datetime(2026, 11, 23))  # noqa: DTZ001
    with pytest.raises(ValueError, match="session"):
        draft({}, session="")
