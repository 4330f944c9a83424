"""Reports from answers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime

import pytest

from gateway.incidents.report import Report
from gateway.menu.definitions.report_form import DEFAULT_FORM

ANSWERS = {
    "language": "jv",
    "category": "gesekan",
    "kecamatan": "33.75.01",
    "area": "33.75.01.1008",
    "when": "before",
    "when_date": "2026-11-20",
    "danger": "no",
    "size": "some",
    "seen": "self",
    "description": "Rame ing ngarep bale\nkelurahan é",
    "contact": "yes",
}
AT = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


def report(answers: Mapping[str, str], session: str = "ATUid_1") -> Report:
    return Report.from_answers(answers, DEFAULT_FORM, language="jv", channel="at", session=session, received_at=AT)


def test_report_takes_every_answer() -> None:
    assert report(ANSWERS) == Report(
        category="gesekan",
        area="33.75.01.1008",
        language="jv",
        channel="at",
        session="ATUid_1",
        received_at=AT,
        when="before",
        when_date=date(2026, 11, 20),
        danger="no",
        description="Rame ing ngarep bale\nkelurahan é",
        contact=True,
        answers={"size": "some", "seen": "self"},
    )


def test_report_without_optional_answers_has_empty_fields() -> None:
    short = report({"category": "uang", "area": "33.75.01.1008", "when": "now", "when_date": "", "description": ""})
    assert (short.when, short.when_date, short.danger, short.description, short.contact) == ("now", None, "", "", None)


@pytest.mark.parametrize(("typed", "contact"), [("yes", True), ("no", False), ("", None)])
def test_report_contact_is_true_false_or_none(typed: str, contact: bool | None) -> None:
    assert report({**ANSWERS, "contact": typed}).contact is contact


@pytest.mark.parametrize(
    "wrong",
    [
        {"colour": "red"},
        {"category": ""},
        {"area": ""},
        {"category": "two words"},
        {"area": "x" * 65},
        {"when": "10:30; DROP TABLE"},
        {"when_date": "20/11"},
        {"when_date": "2026-02-30"},
        {"contact": "maybe"},
        {"description": "x" * 1001},
        {"description": "a\0b"},
        {"description": "a\x1b[2J"},
        {"description": "\ud800"},
    ],
    ids=str,
)
def test_report_refuses_wrong_answers_without_quoting_them(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r".+") as refused:
        report({**ANSWERS, **wrong})
    (value,) = wrong.values()

    assert len(value) < 4 or value not in str(refused.value)


def test_report_needs_category_and_area() -> None:
    with pytest.raises(ValueError, match="category"):
        report({"area": "33.75.01.1008"})
    with pytest.raises(ValueError, match="area"):
        report({"category": "uang"})


@pytest.mark.parametrize("session", ["", "x" * 129, "a\nb", "é"])
def test_report_needs_a_printable_session_name(session: str) -> None:
    with pytest.raises(ValueError, match="session"):
        report(ANSWERS, session)


def test_report_needs_a_time_zone() -> None:
    with pytest.raises(ValueError, match="time zone"):
        Report("uang", "33", "id", "at", "s", received_at=datetime(2026, 11, 23))  # noqa: DTZ001


@pytest.mark.parametrize("text", ["\N{NO-BREAK SPACE}", "👍🏽 \N{ZERO WIDTH JOINER}", "ꦮꦱ꧀ꦥꦢ", "x" * 1000])
def test_report_accepts_any_printable_description(text: str) -> None:
    assert report({**ANSWERS, "description": text}).description == text
