"""Pure: parser of a consent cell, the date and the words of what somebody has agreed to."""

from __future__ import annotations

import re
from datetime import date, datetime
from zoneinfo import ZoneInfo

_ISO_DATE = re.compile(r"(?P<year>[0-9]{4})-(?P<month>[0-9]{1,2})-(?P<day>[0-9]{1,2})(?![0-9])(?P<words>.*)", re.DOTALL)
_LOCAL_DATE = re.compile(
    r"(?P<day>[0-9]{1,2})(?P<between>[-/.])(?P<month>[0-9]{1,2})(?P=between)(?P<year>[0-9]{4})(?![0-9])(?P<words>.*)",
    re.DOTALL,
)
_SHORT_YEAR = re.compile(r"[0-9]{1,2}([-/.])[0-9]{1,2}\1[0-9]{2}(?![0-9])")
_TIME_OF_DAY = re.compile(r"^[T ]?[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?")
_FIRST_YEAR = 2000


class WrongDate(ValueError):
    """Date that a consent cannot have. The message follows the words *the consent*."""


def parse_consent(text: str, timezone: ZoneInfo, now: datetime) -> tuple[datetime | None, str]:
    """Split a consent into the date that it begins with, if it does, and the words beside it.

    A date is 2026-03-01, or the day first: 1/3/2026. It means the beginning of that day in `timezone`.
    Raises `WrongDate` for one that does not exist, has a year of two digits or is after `now`.
    """
    if _SHORT_YEAR.match(text):
        raise WrongDate("has a year of two digits: write it as 2026-03-01")
    found = _ISO_DATE.match(text) or _LOCAL_DATE.match(text)
    if found is None:
        return None, text
    try:
        day = date(int(found["year"]), int(found["month"]), int(found["day"]))
    except ValueError:
        raise WrongDate("has a day that does not exist: write it as 2026-03-01") from None
    agreed_at = datetime(day.year, day.month, day.day, tzinfo=timezone)
    if agreed_at > now:
        raise WrongDate("has a day that is still to come")
    if agreed_at.year < _FIRST_YEAR:
        raise WrongDate("has a year that cannot be meant")
    return agreed_at, _TIME_OF_DAY.sub("", found["words"]).strip(" ,;:-")
