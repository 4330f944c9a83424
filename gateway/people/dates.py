"""Pure: the time and the words of a consent, out of one cell that people fill in by hand."""

from __future__ import annotations

import re
from datetime import date, datetime
from zoneinfo import ZoneInfo

_ISO = re.compile(r"(?P<year>[0-9]{4})-(?P<month>[0-9]{1,2})-(?P<day>[0-9]{1,2})(?![0-9])(?P<words>.*)", re.DOTALL)
_LOCAL = re.compile(
    r"(?P<day>[0-9]{1,2})(?P<between>[-/.])(?P<month>[0-9]{1,2})(?P=between)(?P<year>[0-9]{4})(?![0-9])(?P<words>.*)",
    re.DOTALL,
)
_SHORT_YEAR = re.compile(r"[0-9]{1,2}([-/.])[0-9]{1,2}\1[0-9]{2}(?![0-9])")
_CLOCK = re.compile(r"^[T ]?[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?")


class WrongDate(ValueError):
    """Why this is not the date of a consent."""


def read_consent(written: str, timezone: ZoneInfo, now: datetime) -> tuple[datetime | None, str]:
    """When a consent was given, if it begins with a date, and the words beside it.

    A date is 2026-03-01, or the day first: 1/3/2026. It stands for the beginning of that day in `timezone`.
    Raises `WrongDate` for one that does not exist, has a year of two digits or is still to come.
    """
    if _SHORT_YEAR.match(written):
        raise WrongDate("has a year of two digits: write it as 2026-03-01")
    found = _ISO.match(written) or _LOCAL.match(written)
    if found is None:
        return None, written
    try:
        day = date(int(found["year"]), int(found["month"]), int(found["day"]))
    except ValueError:
        raise WrongDate("has a day that does not exist: write it as 2026-03-01") from None
    given = datetime(day.year, day.month, day.day, tzinfo=timezone)
    if given > now:
        raise WrongDate("has a day that is still to come")
    if given.year < 2000:
        raise WrongDate("has a year that cannot be meant")
    return given, _CLOCK.sub("", found["words"]).strip(" ,;:-")
