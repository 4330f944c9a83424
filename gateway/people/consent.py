"""Pure: parser of a consent cell, the date and the words of what somebody has agreed to.

A date is read or refused, and never taken as words: a spreadsheet shows the same day in many ways, and a consent whose
date is lost counts for less. That is so for a date within the words too: `formulir tgl 1 Maret 2026`. Words alone are
words: `formulir RW 3`. A refusal, an empty mark or a promise is none.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from gateway.people.consent_words import find_fault

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
# Within words, where numbers mean other things too: an explicit separator, and no further number beside it.
_ALONE, _END = r"(?<![0-9A-Za-z])(?<![0-9][-/.])", r"(?![-/.]?[0-9])"
_AFTER_A_WORD = rf"(?:{_ALONE}|(?<=tgl)|(?<=tanggal)|(?<=date)|(?<=pada))"
_SEPARATOR = r"\s*[-/.]\s*"
_DATES_WITHIN = [
    re.compile(_AFTER_A_WORD + pattern + _END, re.IGNORECASE)
    for pattern in (
        rf"(?P<year>[0-9]{{4}}){_SEPARATOR}{_MONTH_NUMBER}{_SEPARATOR}{_DAY}",
        rf"(?P<day>[0-9]{{1,2}}){_SEPARATOR}{_MONTH_NUMBER}{_SEPARATOR}{_YEAR}",
        *(date_pattern.pattern for date_pattern in _DATES[2:5]),
        rf"(?:(?<=tgl)|(?<=tanggal))[\s.:]*{_DATES[5].pattern}",
        rf"(?:(?<=tgl)|(?<=tanggal))[\s.:]*{_DATES[6].pattern}",
        rf"(?:(?<=tgl)|(?<=tanggal))[\s.:]*{_DAY}\s+{_MONTH_NUMBER}\s+{_YEAR}",
    )
]
_NO_DATE = re.compile(  # a time, the number of a letter or a neighbourhood, a street
    rf"\b(?:(?:pukul|jam|pkl)\b[\s.:]*[0-9.:]+|(?:no|nomor|nomer|rt|rw)\b[\s.:]*[0-9]+(?:{_SEPARATOR}[0-9]+)?(?![-/.]?[0-9])"
    r"|(?:jl|jln|jalan|gang|gg)\b[\s.]*[0-9]+ [a-z]+)",
    re.IGNORECASE,
)
_SHORT_YEAR_WITHIN = re.compile(
    rf"{_AFTER_A_WORD}[0-9]{{1,2}}{_SEPARATOR}[0-9]{{1,2}}{_SEPARATOR}[0-9]{{2}}{_END}", re.IGNORECASE
)
_PART_OF_A_DATE = re.compile(
    rf"{_AFTER_A_WORD}(?:(?:0?[1-9]|1[0-2]){_SEPARATOR}(?:19|20)[0-9]{{2}}|(?:19|20)[0-9]{{2}}{_SEPARATOR}(?:0?[1-9]|1[0-2])){_END}"
    rf"|(?<![0-9A-Za-z]){_DAY}{_GAP}?{_MONTH}|(?<![A-Za-z]){_MONTH}(?:{_GAP}?(?:'[0-9]{{2}}|(?:19|20)[0-9]{{2}})|[-/.][0-9]{{2}})(?![0-9])"
    rf"|(?:tgl|tanggal|tertanggal|dated?)\b[\s.:]*[0-9]".replace("(?P<month_name>", "(?:").replace("(?P<day>", "(?:"),
    re.IGNORECASE,
)
_FIRST_YEAR = 2000
_INSTEAD = "write it as 2026-03-01"
_WHAT_TO_WRITE = "Write its date, as in 2026-03-01, or in words what was agreed to"


class WrongConsent(ValueError):
    """Text that is no consent, or a date that a consent cannot have. The message follows the words *the consent*."""


def parse_consent(text: str, timezone: ZoneInfo, now: datetime) -> tuple[datetime | None, str]:
    """Split a consent into its date, if it has one, and the words beside it.

    A date is 2026-03-01, or the day first: 1/3/2026, 1 Maret 2026, 1-Mar-26. The months may be Indonesian or English.
    So may a spreadsheet's number of the day, 46082. It means the beginning of that day in `timezone`. A date within the
    words stays in them. Where the text begins with one, that is the date of the consent, whatever day the words name.
    Raises `WrongConsent` for a date that is not whole, does not exist, can be read in two ways or is after `now`, for
    an error of a spreadsheet, and for words that are no consent.
    """
    plain = _plain(text)
    if not plain:
        return None, text
    if _ERROR.fullmatch(plain):
        raise WrongConsent(f"is an error of the spreadsheet, no date: {_INSTEAD}")
    found = _find_date(_without_preamble(plain))
    day, words = found or (None, text)
    if found:
        time_of_day = _TIME_OF_DAY.match(words)
        words = words[time_of_day.end() if time_of_day else 0 :].strip(" ,;:-")
    if fault := find_fault(words, dated=day is not None):
        raise WrongConsent(f"{fault}. {_WHAT_TO_WRITE}")
    named = {_midnight(one, timezone, now) for one in _dates_within(_plain(words))}
    if day:
        return _midnight(day, timezone, now), words
    if len(named) > 1:
        raise WrongConsent("names two days: begin it with the day of the consent, as in 2026-03-01")
    return next(iter(named), None), words


def _midnight(day: date, timezone: ZoneInfo, now: datetime) -> datetime:
    """Return the beginning of that day. Raises `WrongConsent` for a day that a consent cannot have."""
    if day.year < _FIRST_YEAR:
        raise WrongConsent("has a year that cannot be meant")
    agreed_at = datetime(day.year, day.month, day.day, tzinfo=timezone)
    if agreed_at > now:
        raise WrongConsent("has a day that is still to come")
    return agreed_at


def _dates_within(words: str) -> list[date]:
    """Return the dates that the words name. Raises `WrongConsent` for one that is not whole or has two readings."""
    dates: list[date] = []

    def take(found: re.Match[str]) -> str:
        dates.append(_date_of(found.groupdict()))
        return " | "

    for pattern in _DATES_WITHIN:
        words = pattern.sub(take, words)
    words = _NO_DATE.sub(" | ", words)
    if _SHORT_YEAR_WITHIN.search(words):
        raise WrongConsent(f"has a year of two digits: {_INSTEAD}")
    if _PART_OF_A_DATE.search(words):
        raise WrongConsent(f"has a date that is not whole: {_INSTEAD}")
    return dates


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
        raise WrongConsent(f"has a year of two digits: {_INSTEAD}")
    for pattern in _DATES:
        if found := pattern.match(text):
            return _date_of(found.groupdict()), text[found.end() :]
    if serial := _SERIAL.fullmatch(text):
        return _FIRST_SERIAL + timedelta(days=int(serial["days"])), ""
    if _NUMBER.fullmatch(text):
        raise WrongConsent(f"is a number and no date: {_INSTEAD}")
    if _LIKE_A_DATE.match(text):
        raise WrongConsent(f"begins like a date that is not whole: {_INSTEAD}")
    return None


def _date_of(parts: dict[str, str | None]) -> date:
    name, short_year = parts.get("month_name"), parts.get("short_year")
    year = int(f"20{short_year}" if short_year else parts["year"] or 0)
    month = _MONTHS[name.casefold()] if name else int(parts["month"] or 0)
    try:
        return date(year, month, int(parts["day"] or 0))
    except ValueError:
        raise WrongConsent(f"has a day that does not exist: {_INSTEAD}") from None
