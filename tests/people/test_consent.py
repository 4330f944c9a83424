"""Parser of a consent: its date, in either order, and the words beside it."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from gateway.people.consent import WrongDate, parse_consent

JAKARTA = ZoneInfo("Asia/Jakarta")
NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
FIRST_OF_MARCH = datetime(2026, 3, 1, tzinfo=JAKARTA)


@pytest.mark.parametrize(
    ("written", "agreed_at", "words"),
    [
        ("2026-03-01", FIRST_OF_MARCH, ""),
        ("1.3.2026, formulir RW 3", FIRST_OF_MARCH, "formulir RW 3"),
        ("01/03/2026T09:15", FIRST_OF_MARCH, ""),
        ("formulir 2026-03-01", None, "formulir 2026-03-01"),
        ("", None, ""),
    ],
)
def test_parse_consent_splits_date_and_words(written: str, agreed_at: datetime | None, words: str) -> None:
    assert parse_consent(written, JAKARTA, NOW) == (agreed_at, words)


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("30/2/2026", "a day that does not exist"),
        ("24/11/2026", "still to come"),
        ("1/3/26", "a year of two digits"),
        ("1999-12-31", "a year that cannot be meant"),
    ],
)
def test_parse_consent_refuses_an_impossible_date(written: str, message: str) -> None:
    with pytest.raises(WrongDate, match=message):
        parse_consent(written, JAKARTA, NOW)
