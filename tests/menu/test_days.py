"""Typed days, in numbers and in the words of the pack of Pekalongan."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.menu.days import FUTURE, NO_DAY, OLD, UNCLEAR, DateWord, date_phrase, parse_day
from tests.helpers.dialogue import TODAY
from tests.helpers.packs import MENU

WORDS = MENU.date_words
NOVEMBER_27 = (
    *("2711", "27/11", "27-11", "27 11", "27.11", "27,11", "27.11.", "27 / 11", "/2711", "27_11", "27\\11"),
    *("27/11/2026", "27-11-26", "27.11.26", "27 11 2026", "27112026", "271126", "2026-11-27", "2026/11/27", "20261127"),
    *(
        "2711 2026",
        "27/11 '26",
        "27 nov",
        "27nov",
        "27-Nov-26",
        "27 November 2026",
        "27 NOPEMBER",
        "nov 27",
        "Nov. 27th",
    ),
    *(
        "tgl 27",
        "tanggal 27 nov 2026",
        "Jumat, 27/11",
        "jum'at 27 november",
        "27",
        "27 bulan 11 tahun 2026",
        "tgl. 27-11",
    ),
    *("27th of November", "27 november malam", "\u0662\u0667\u0661\u0661", "\uff12\uff17/\uff11\uff11", "the 27th"),
    *("kemarin", "Kemarin.", "kmrn", "kemarin malam", "tadi malam", "semalam", "wingi", "wingi bengi", "mau bengi"),
    *("yesterday", "last night", "1 hari lalu", "1 day ago", "hari kemarin", "kemarin 27/11", "kemarin sore"),
)


@pytest.mark.parametrize("typed", NOVEMBER_27)
def test_parse_day_understands_yesterday_however_it_is_typed(typed: str) -> None:
    assert parse_day(typed, TODAY, WORDS) == ("2026-11-27", "")


@pytest.mark.parametrize(
    ("typed", "day"),
    [
        ("2811", "2026-11-28"),
        ("hari ini", "2026-11-28"),
        ("tadi pagi", "2026-11-28"),
        ("dinten punika", "2026-11-28"),
        ("this morning", "2026-11-28"),
        ("kemarin dulu", "2026-11-26"),
        ("day before yesterday", "2026-11-26"),
        ("3 hari yang lalu", "2026-11-25"),
        ("2 dinten kepengker", "2026-11-26"),
        ("180 days ago", "2026-06-01"),
        ("1.11", "2026-11-01"),
        ("1-9", "2026-09-01"),
        (" 1 / 9 ", "2026-09-01"),
        ("0111", "2026-11-01"),
        ("1 okt", "2026-10-01"),
        ("17 agustus", "2026-08-17"),
        ("05", "2026-11-05"),
        ("tgl 5", "2026-11-05"),
        ("29", "2026-10-29"),
        ("31", "2026-10-31"),
        ("28", "2026-11-28"),
        ("1/6", "2026-06-01"),
    ],
)
def test_parse_day_returns_the_last_such_day(typed: str, day: str) -> None:
    assert parse_day(typed, TODAY, WORDS) == (day, "")


@pytest.mark.parametrize(
    ("reason", "inputs"),
    [
        (
            FUTURE,
            ["2911", "29/11/2026", "1/12", "25 des", "besok", "lusa", "sesuk", "tomorrow", "29/11/27", "29112026"],
        ),
        (
            NO_DAY,
            [
                "3102",
                "31/2",
                "30 feb",
                "1/13",
                "0/11",
                "1/0",
                "32/1",
                "1129",
                "31/11/2026",
                "32",
                "00/11",
                "29/2",
                "45",
            ],
        ),
        (OLD, ["1/3", "1/1", "31 mei", "27/11/2025", "27/11/24", "2020-01-01", "181 hari lalu", "999 days ago"]),
    ],
)
def test_parse_day_says_why_it_refuses(reason: str, inputs: list[str]) -> None:
    assert {typed: parse_day(typed, TODAY, WORDS) for typed in inputs} == dict.fromkeys(inputs, ("", reason))


@pytest.mark.parametrize(
    "typed",
    [
        *("111", "271", "1", "9", "27111", "27/1/1", "271/1", "abcd", "senin", "minggu lalu", "nov", "27 nov 5 2026"),
        *("kemarin 5/11", "kemarin besok", "27 nov des", "2 orang kemarin", "hari lalu", "27/11 jam 8", "2 kemarin"),
        *("ada 3 orang", "27/11/026", "1234567", "123456789", "???", "malam minggu", "jumat kemarin", "nov kemarin"),
    ],
)
def test_parse_day_guesses_no_day(typed: str) -> None:
    assert parse_day(typed, TODAY, WORDS) == ("", UNCLEAR)


@given(
    today=st.dates(date(2024, 1, 1), date(2040, 12, 31)),
    back=st.integers(0, 180),
    between=st.sampled_from(["/", "-", ".", " ", " / ", ". "]),
    shape=st.sampled_from(
        [
            *("{0.day}{1}{0.month}", "{0:%d}{1}{0.month}", "{0.day}{1}{0:%m}", "{0:%d}{1}{0:%m}", "{0:%d%m}"),
            *("{0.day}{1}{0.month}{1}{0.year}", "{0:%d}{1}{0:%m}{1}{0:%y}", "{0:%d%m%y}", "{0:%d%m%Y}", "{0:%Y-%m-%d}"),
        ]
    ),
)
def test_parse_day_understands_every_form_of_a_recent_day(today: date, back: int, between: str, shape: str) -> None:
    day = today - timedelta(days=back)

    assert parse_day(shape.format(day, between), today) == (day.isoformat(), "")


@given(st.dates(date(2024, 1, 1), date(2040, 12, 31)), st.integers(1, 31))
def test_parse_day_finds_the_last_day_of_that_number(today: date, day: int) -> None:
    found = date.fromisoformat(parse_day(f"{day:02}", today).value)

    assert found.day == day
    assert found <= today
    assert not any((found + timedelta(days=after)).day == day for after in range(1, (today - found).days + 1))


@example("0\u00b2", date(2000, 1, 1))
@given(st.text(max_size=40), st.dates(date(2000, 1, 1), date(2100, 1, 1)))
def test_parse_day_gives_a_day_or_a_reason(typed: str, today: date) -> None:
    day, error = parse_day(typed, today, WORDS)

    assert bool(day) is not bool(error)
    assert not day or timedelta() <= today - date.fromisoformat(day) <= timedelta(days=180)


def test_parse_day_takes_december_in_january_for_last_year() -> None:
    assert parse_day("3112", date(2027, 1, 2)).value == "2026-12-31"
    assert parse_day("31", date(2027, 1, 2)).value == "2026-12-31"


def test_parse_day_needs_to_know_the_day() -> None:
    assert parse_day("2711", None).error == UNCLEAR


def test_date_phrase_ignores_capitals_and_signs() -> None:
    assert date_phrase("Jum'at  KEMARIN!") == "jum at kemarin"
    assert WORDS["jum at"] == DateWord("weekday")
