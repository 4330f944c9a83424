"""Typed answers: what is understood as a day."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.menu.kinds.inputs import parse_day
from tests.helpers.dialogue import TODAY


@pytest.mark.parametrize(
    ("typed", "day"),
    [
        ("2711", "2026-11-27"),
        ("27/11", "2026-11-27"),
        ("27-11", "2026-11-27"),
        ("2811", "2026-11-28"),
        ("2911", None),  # tomorrow, or a year ago: a slip
        ("3102", None),
        ("1.11", "2026-11-01"),
        ("1-9", "2026-09-01"),
        (" 1 / 9 ", "2026-09-01"),
        ("27.11.", "2026-11-27"),
        ("1/1", None),  # too long ago
        ("1/13", None),
        ("0/11", None),
        ("111", None),  # 1 November or 11 January
        ("11", None),
        ("271", None),
        ("27/1/1", None),
        ("271/1", None),
        ("/2711", None),
        ("abcd", None),
        ("\u0662\u0667\u0661\u0661", None),
    ],
)
def test_parse_day_returns_the_last_such_day(typed: str, day: str | None) -> None:
    assert parse_day(typed, TODAY) == day


@given(
    today=st.dates(date(2024, 1, 1), date(2040, 12, 31)),
    back=st.integers(0, 180),
    between=st.sampled_from(["/", "-", ".", " ", " / ", ". "]),
    shape=st.sampled_from(
        ["{0.day}{1}{0.month}", "{0:%d}{1}{0.month}", "{0.day}{1}{0:%m}", "{0:%d}{1}{0:%m}", "{0:%d%m}"]
    ),
)
def test_parse_day_understands_every_form_of_a_recent_day(today: date, back: int, between: str, shape: str) -> None:
    day = today - timedelta(days=back)

    assert parse_day(shape.format(day, between), today) == day.isoformat()


def test_parse_day_takes_december_in_january_for_last_year() -> None:
    assert parse_day("3112", date(2027, 1, 2)) == "2026-12-31"
