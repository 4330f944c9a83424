"""Pure: parser of a consent cell, the date and the words of what somebody has agreed to.

A date is read or refused, and never taken as words: a spreadsheet shows the same day in many ways, and a consent whose
date is lost counts for less. Words alone are words: `formulir RW 3`.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "januari january jan",
            "februari february pebruari feb peb",
            "maret march mar mrt",
            "april apr",
            "mei may",
            "juni june jun",
            "juli july jul",
            "agustus august agust agu agt ags aug",
            "september sept sep",
            "oktober october okt oct",
            "november nopember nov nop",
            "desember december des dec",
        ),
        1,
    )
    for name in names.split()
}
_DAYS = (
    "senin|selasa|rabu|kamis|jum'?at|sabtu|minggu|ahad"
    "|monday|tuesday|wednesday|thursday|friday|saturday|sunday|mon|tue|wed|thu|fri|sat|sun"
)
_MONTH = rf"(?P<month_name>{'|'.join(sorted(_MONTHS, key=len, reverse=True))})(?![a-z])\.?"
_YEAR, _MONTH_NUMBER = r"(?P<year>[0-9]{4})(?![0-9])", r"(?P<month>[0-9]{1,2})"
_DAY = r"(?P<day>[0-9]{1,2})(?:st|nd|rd|th)?"
_GAP = r"(?:\s*[-/.,]\s*|\s+)"  # between the parts of a date
_DATES = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"(?P<year>[0-9]{{4}}){_GAP}{_MONTH_NUMBER}{_GAP}{_DAY}(?![0-9])",
        rf"{_DAY}{_GAP}{_MONTH_NUMBER}{_GAP}{_YEAR}",
        rf"{_DAY}{_GAP}?(?:of )?{_MONTH}{_GAP}?(?:{_YEAR}|'?(?P<short_year>[0-9]{{2}})(?![0-9]))",
        rf"{_MONTH}{_GAP}?{_DAY}{_GAP}{_YEAR}",
        rf"(?P<year>[0-9]{{4}}){_GAP}?{_MONTH}{_GAP}?{_DAY}(?![0-9])",
        r"(?P<year>20[0-9]{2})(?P<month>0[1-9]|1[0-2])(?P<day>[0-9]{2})(?![0-9])",
        r"(?P<day>[0-9]{2})(?P<month>[0-9]{2})(?P<year>[0-9]{4})(?![0-9])",
    )
]
_SHORT_YEAR = re.compile(rf"[0-9]{{1,2}}{_GAP}[0-9]{{1,2}}{_GAP}[0-9]{{2}}(?![0-9])")
_SERIAL = re.compile(r"(?P<days>[0-9]{5})(?:[.,][0-9]+)?")
_FIRST_SERIAL = date(1899, 12, 30)  # day 0 of a spreadsheet
_NUMBER = re.compile(r"[0-9]+(?:[.,][0-9]+)?(?:E\+[0-9]+)?", re.IGNORECASE)
_ERROR = re.compile(r"#+|#[A-Z]+(?:/[A-Z0-9]+)?[!?]?", re.IGNORECASE)
_LIKE_A_DATE = re.compile(
    rf"[0-9]{{1,4}}\s*[-/.]\s*[0-9]|(?:19|20)[0-9]{{2}}(?![0-9])|[0-9]{{8}}(?![0-9])|{_DAY}{_GAP}?{_MONTH}"
    rf"|{_MONTH}{_GAP}?'?[0-9]".replace("(?P<month_name>", "(?:").replace("(?P<day>", "(?:"),
    re.IGNORECASE,
)
_BEFORE_A_DATE = re.compile(
    rf"(?:(?:pada|per|tgl|tanggal|hari|on|date)\b[\s.:]*)*(?:(?:{_DAYS})\b[\s,./]*)?"
    rf"(?:(?:tgl|tanggal)\b[\s.:]*)?(?=[0-9]|{_MONTH.replace('(?P<month_name>', '(?:')})",
    re.IGNORECASE,
)
_TIME_OF_DAY = re.compile(
    r"[T ,]*(?:(?:pukul|jam|pkl)\.? ?)?[0-9]{1,2}[:.][0-9]{2}(?:[:.][0-9]{2}(?:[.,][0-9]+)?)?(?![0-9])"
    r"(?:\s*(?:[AP]M|WIB|WITA|WIT|Z|[+-][0-9]{2}:?[0-9]{2})\b)?",
    re.IGNORECASE,
)
_FIRST_YEAR = 2000
_INSTEAD = "write it as 2026-03-01"


class WrongDate(ValueError):
    """Date that a consent cannot have. The message follows the words *the consent*."""


def parse_consent(text: str, timezone: ZoneInfo, now: datetime) -> tuple[datetime | None, str]:
    """Split a consent into the date that it begins with, if it does, and the words beside it.

    A date is 2026-03-01, or the day first: 1/3/2026, 1 Maret 2026, 1-Mar-26. The months may be Indonesian or English.
    So may a spreadsheet's number of the day, 46082. It means the beginning of that day in `timezone`.
    Raises `WrongDate` for one that is not whole, does not exist, can be read in two ways or is after `now`, and for an
    error of a spreadsheet.
    """
    plain = _plain(text)
    if _ERROR.fullmatch(plain):
        raise WrongDate(f"is an error of the spreadsheet, no date: {_INSTEAD}")
    bare = _without_preamble(plain)
    found = _find_date(bare)
    if found is None:
        return None, text
    day, rest = found
    if day.year < _FIRST_YEAR:
        raise WrongDate("has a year that cannot be meant")
    agreed_at = datetime(day.year, day.month, day.day, tzinfo=timezone)
    if agreed_at > now:
        raise WrongDate("has a day that is still to come")
    time_of_day = _TIME_OF_DAY.match(rest)
    return agreed_at, rest[time_of_day.end() if time_of_day else 0 :].strip(" ,;:-")


def _plain(text: str) -> str:
    """Return the text with plain digits, blanks and dashes, and without invisible characters."""
    kept = []
    for char in text:
        category = unicodedata.category(char)
        if category == "Nd":
            kept.append(str(unicodedata.decimal(char)))
        elif category != "Cf":
            kept.append({"Zs": " ", "Pd": "-"}.get(category, char))
    return "".join(kept).strip()


def _without_preamble(text: str) -> str:
    """Return the text without the name of a day, or a word such as `tanggal`, before a date."""
    found = _BEFORE_A_DATE.match(text)
    return text[found.end() :] if found and _LIKE_A_DATE.match(text, found.end()) else text


def _find_date(text: str) -> tuple[date, str] | None:
    """Return the date that the text begins with, and the rest: None for words."""
    if _SHORT_YEAR.match(text):
        raise WrongDate(f"has a year of two digits: {_INSTEAD}")
    for pattern in _DATES:
        if found := pattern.match(text):
            return _date_of(found.groupdict()), text[found.end() :]
    if serial := _SERIAL.fullmatch(text):
        return _FIRST_SERIAL + timedelta(days=int(serial["days"])), ""
    if _NUMBER.fullmatch(text):
        raise WrongDate(f"is a number and no date: {_INSTEAD}")
    if _LIKE_A_DATE.match(text):
        raise WrongDate(f"begins like a date that is not whole: {_INSTEAD}")
    return None


def _date_of(parts: dict[str, str | None]) -> date:
    name, short_year = parts.get("month_name"), parts.get("short_year")
    year = int(f"20{short_year}" if short_year else parts["year"] or 0)
    month = _MONTHS[name.casefold()] if name else int(parts["month"] or 0)
    try:
        return date(year, month, int(parts["day"] or 0))
    except ValueError:
        raise WrongDate(f"has a day that does not exist: {_INSTEAD}") from None
