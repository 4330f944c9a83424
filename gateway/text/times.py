"""Pure: times as people type them on a command line, by the clocks of a place.

Indonesian and Javanese write `09.30`, which ISO 8601 would read as a fraction of an hour.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone, tzinfo

from gateway.text.diagnostics import quoted

_FIRST_YEAR, _LAST_YEAR = 2000, 2099  # so that no zone and no added day can leave the range of `datetime`
_LARGEST_OFFSET = timedelta(hours=14)
_ZONES = {"wib": 7, "wita": 8, "wit": 9, "utc": 0, "z": 0}  # hours east of UTC
_DAYS = {
    "kemarin": -1,
    "wingi": -1,
    "yesterday": -1,
    "hari ini": 0,
    "dina iki": 0,
    "today": 0,
    "besok": 1,
    "tomorrow": 1,
}
_DATE = (
    r"(?:(?P<year>[0-9]{4})-(?P<month>[0-9]{1,2})-(?P<day>[0-9]{1,2})"
    r"|(?P<day_first>[0-9]{1,2})(?P<mark>[/.-])(?P<month_second>[0-9]{1,2})(?P=mark)(?P<year_last>[0-9]{4})"
    rf"|(?P<word>{'|'.join(_DAYS)}))"
)
_CLOCK = (
    r"(?P<hour>[0-9]{1,2})[:.](?P<minute>[0-9]{2})(?:[:.](?P<second>[0-9]{2})(?:[.,][0-9]{1,6})?)?"
    r"(?: ?(?P<zone>wib|wita|wit|utc|z|(?P<sign>[+-])(?P<east>[0-9]{1,2})(?:[:.]?(?P<east_minutes>[0-5][0-9]))?))?"
)
_TIME = re.compile(rf"(?:{_DATE}(?:T|,? (?:(?:pukul|jam) )?))?{_CLOCK}", re.IGNORECASE)
_DAY = re.compile(_DATE, re.IGNORECASE)
_SPAN = re.compile(r"(?P<number>[0-9]{1,4}) ?(?P<unit>[mhdw])", re.IGNORECASE)
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}

TIME_EXAMPLES = "2026-12-01T09:30, 01/12/2026 09.30 WIB, besok 09.30, or 09.30 for today"
SINCE_EXAMPLES = f"2h, 3d, 2026-11-30, 30/11/2026, kemarin, {TIME_EXAMPLES}"


class NotATime(ValueError):
    """Text that cannot be read as a time. The message has examples."""


@dataclass(frozen=True, slots=True)
class TypedTime:
    """Time as it was typed. Without `day` it is one of today, without `zone` one by the clocks of the place.

    `days` is 1 for tomorrow, -1 for yesterday.
    """

    clock: time
    day: date | None = None
    zone: tzinfo | None = None
    days: int = 0

    def at(self, local_zone: tzinfo, now: datetime) -> datetime:
        """Return the aware time that is meant at the moment `now`, in a place with this time zone."""
        zone = self.zone or local_zone
        day = self.day or now.astimezone(zone).date() + timedelta(days=self.days)
        return datetime.combine(day, self.clock, zone)


@dataclass(frozen=True, slots=True)
class TypedSince:
    """Beginning of a span as it was typed: a time, or so long ago."""

    typed: TypedTime | timedelta

    def at(self, local_zone: tzinfo, now: datetime) -> datetime:
        """Return the aware time that is meant at the moment `now`, in a place with this time zone."""
        return now - self.typed if isinstance(self.typed, timedelta) else self.typed.at(local_zone, now)


def parse_time(text: str) -> TypedTime:
    """Parse `2026-12-01T09:30`, with a dot or a blank, with a zone, or without the day. Raises `NotATime`.

    The day may also be written `01/12/2026`, day first, or `besok`.
    """
    typed = _TIME.fullmatch(_normalised(text))
    if typed is None:
        raise _not_a_time(text, TIME_EXAMPLES)
    try:
        clock = time(int(typed["hour"]), int(typed["minute"]), int(typed["second"] or 0))
        return TypedTime(clock, _day_of(typed), _zone_of(typed), _days_of(typed))
    except ValueError:
        raise _not_a_time(text, TIME_EXAMPLES) from None


def parse_since(text: str) -> TypedSince:
    """Parse a time, a day as its first moment, or a span such as `2h`, `30m`, `3d`, `1w`. Raises `NotATime`."""
    written = _normalised(text)
    try:
        if span := _SPAN.fullmatch(written):
            return TypedSince(int(span["number"]) * _UNITS[span["unit"].lower()])
        if day := _DAY.fullmatch(written):
            return TypedSince(TypedTime(time(), _day_of(day), days=_days_of(day)))
        return TypedSince(parse_time(written))
    except ValueError:
        raise _not_a_time(text, SINCE_EXAMPLES) from None


def format_local(at: datetime, zone: tzinfo) -> str:
    """Format a time as people there read it, such as `2026-11-25 09:00 WIB`."""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M %Z}"


def _normalised(text: str) -> str:
    return " ".join(text.split())


def _not_a_time(text: str, examples: str) -> NotATime:
    return NotATime(f"{quoted(text[:60])} is not a time; write {examples}")


def _day_of(typed: re.Match[str]) -> date | None:
    """Return the day that is written, None if there is none, or one that depends on today."""
    parts = [typed["year"] or typed["year_last"], typed["month"] or typed["month_second"]]
    parts.append(typed["day"] or typed["day_first"])
    if not parts[0]:
        return None
    day = date(*map(int, parts))
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise ValueError(day.year)
    return day


def _days_of(typed: re.Match[str]) -> int:
    return _DAYS[typed["word"].lower()] if typed["word"] else 0


def _zone_of(typed: re.Match[str]) -> tzinfo | None:
    """Return the zone of a time, None if it names none. Raises `ValueError` for an offset that no place has."""
    if not typed["zone"]:
        return None
    if not typed["sign"]:
        return timezone(timedelta(hours=_ZONES[typed["zone"].lower()]), typed["zone"].upper())
    offset = timedelta(hours=int(typed["east"]), minutes=int(typed["east_minutes"] or 0))
    if offset > _LARGEST_OFFSET:
        raise ValueError(offset)
    return timezone(offset if typed["sign"] == "+" else -offset)
