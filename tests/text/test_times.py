"""Times as people type them, by the clocks of a place."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from gateway.text.times import NotATime, format_local, parse_since, parse_time

WIB = ZoneInfo("Asia/Jakarta")
NOW = datetime(2026, 11, 30, 17, 30, tzinfo=UTC)  # half past midnight of 1 December in Pekalongan


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("2026-12-01T09:30", "2026-12-01T09:30+07:00"),
        ("2026-12-01T09.30", "2026-12-01T09:30+07:00"),
        ("2026-12-01T13.45", "2026-12-01T13:45+07:00"),
        ("2026-12-01 19.59", "2026-12-01T19:59+07:00"),
        ("2026-12-01 9:30", "2026-12-01T09:30+07:00"),
        ("2026-12-1 9.30", "2026-12-01T09:30+07:00"),
        ("  2026-12-01   09.30 ", "2026-12-01T09:30+07:00"),
        ("2026-12-01, pukul 09.30 WIB", "2026-12-01T09:30+07:00"),
        ("2026-12-01 jam 9.30", "2026-12-01T09:30+07:00"),
        ("2026-12-01T09.30.15", "2026-12-01T09:30:15+07:00"),
        ("2026-12-01T09:30:15.123456+00:00", "2026-12-01T09:30:15+00:00"),
        ("2026-12-01 09.30 WIB", "2026-12-01T09:30+07:00"),
        ("2026-12-01 09.30 wita", "2026-12-01T09:30+08:00"),
        ("2026-12-01 09.30WIT", "2026-12-01T09:30+09:00"),
        ("2026-12-01t09:30z", "2026-12-01T09:30+00:00"),
        ("2026-12-01T09.30+08.00", "2026-12-01T09:30+08:00"),
        ("2026-12-01T09.30 +8", "2026-12-01T09:30+08:00"),
        ("2026-12-01T09.30-0330", "2026-12-01T09:30-03:30"),
        ("09.30", "2026-12-01T09:30+07:00"),
        ("30/11/2026 09.30", "2026-11-30T09:30+07:00"),
        ("3-12-2026 9.30 WIB", "2026-12-03T09:30+07:00"),
        ("30.11.2026, pukul 09.30", "2026-11-30T09:30+07:00"),
        ("1/12/2026 09.30", "2026-12-01T09:30+07:00"),
        ("besok 09.30", "2026-12-02T09:30+07:00"),
        ("Hari ini jam 9.30", "2026-12-01T09:30+07:00"),
        ("kemarin 17:45 UTC", "2026-11-29T17:45+00:00"),
        ("9:30", "2026-12-01T09:30+07:00"),
        ("0.05", "2026-12-01T00:05+07:00"),
        ("09.30 WITA", "2026-12-01T09:30+08:00"),
        ("17:45 UTC", "2026-11-30T17:45+00:00"),
    ],
)
def test_parse_time_reads_what_people_mean(typed: str, meant: str) -> None:
    assert parse_time(typed).at(WIB, NOW).isoformat() == datetime.fromisoformat(meant).isoformat()


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "tomorrow",
        "lusa 09.30",
        "31/11/2026 09.30",
        "11/30/2026 09.30",
        "30/11-2026 09.30",
        "1/12/26 09.30",
        "9",
        "09",
        "0930",
        "9.3",
        "9.5",
        "09,30",
        "09.60",
        "24:00",
        "25.00",
        "2026-12-01",
        "2026-12-01T",
        "2026-12-01T09",
        "2026-12-01T09.3",
        "2026-12-01T09,30",
        "2026-12-01T09.300",
        "2026-13-01T09.30",
        "2026-11-31T09.30",
        "26-12-01 09.30",
        "2026-W49-2T09:30",
        "9999-12-31T23:59",
        "9999-12-31T23.59-14:00",
        "0001-01-01T00:00+14:00",
        "2026-12-01 09.30 WIBB",
        "2026-12-01 09.30+15:00",
        "2026-12-01 09.30+07.60",
        "٠٩.٣٠",
        "2026-12-01T09.30\x1b[2J",
    ],
)
def test_parse_time_refuses_everything_else_with_an_example(typed: str) -> None:
    with pytest.raises(
        NotATime, match=r"is not a time; write 2026-12-01T09:30, 01/12/2026 09\.30 WIB, besok 09\.30, or 09\.30"
    ) as of:
        parse_time(typed)
    assert "\x1b" not in str(of.value)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("2h", NOW - timedelta(hours=2)),
        ("90 m", NOW - timedelta(minutes=90)),
        ("3D", NOW - timedelta(days=3)),
        ("1w", NOW - timedelta(weeks=1)),
        ("0h", NOW),
        ("2026-11-30", datetime(2026, 11, 29, 17, tzinfo=UTC)),
        ("30/11/2026", datetime(2026, 11, 29, 17, tzinfo=UTC)),
        ("kemarin", datetime(2026, 11, 29, 17, tzinfo=UTC)),
        ("Hari ini", datetime(2026, 11, 30, 17, tzinfo=UTC)),
        ("kemarin 13.45", datetime(2026, 11, 30, 6, 45, tzinfo=UTC)),
        ("2026-11-30 13.45", datetime(2026, 11, 30, 6, 45, tzinfo=UTC)),
        ("2026-11-30T06:45:00.123456+00:00", datetime(2026, 11, 30, 6, 45, tzinfo=UTC)),
        ("00.15", datetime(2026, 11, 30, 17, 15, tzinfo=UTC)),
    ],
)
def test_parse_since_reads_spans_days_and_times(typed: str, meant: datetime) -> None:
    assert parse_since(typed).at(WIB, NOW) == meant


@pytest.mark.parametrize("typed", ["", "h", "2", "-2h", "2y", "2 hours ago", "99999h", "9999-12-31", "0001-01-01", "x"])
def test_parse_since_refuses_everything_else_with_an_example(typed: str) -> None:
    with pytest.raises(
        NotATime, match="is not a time; write 2h, 3d, 2026-11-30, 30/11/2026, kemarin, 2026-12-01T09:30"
    ):
        parse_since(typed)


def test_format_local_names_the_zone() -> None:
    assert format_local(NOW, WIB) == "2026-12-01 00:30 WIB"
