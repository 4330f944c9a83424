"""Parser of a typed day: `2711`, `29/11/26`, `29 nov`, `kemarin`. Its words are data of the pack."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from gateway.text.typed import ascii_digits

OLDEST_DATE = timedelta(days=180)

UNCLEAR, NO_DAY, FUTURE, OLD = "date", "no_day", "future", "old"
DATE_ERRORS = (UNCLEAR, NO_DAY, FUTURE, OLD)
"""Error lines of a refused day: not understood, not in the calendar, still to come, too long ago."""

_TOKEN = re.compile(r"[0-9]+|[^\W\d_]+")
_MOST_WORDS = 5  # of one phrase


class DateWord(NamedTuple):
    """Meaning of a word or phrase in a date. `number` is the month, or the days before today (-1 if after)."""

    kind: str  # `month`, `day`, `ago`, `date`, `weekday` or `ignore`
    number: int = 0


DateWords = Mapping[str, DateWord]
"""Meanings of words, each written as `date_phrase` does."""

NO_WORDS: DateWords = {}


class ParsedDay(NamedTuple):
    """Day in ISO form, or the key of an error line."""

    value: str = ""
    error: str = ""


class _Written(NamedTuple):
    """Day as it was written. Without a month or a year, the last such day is meant."""

    day: int
    month: int | None = None
    year: int | None = None


def date_phrase(text: str) -> str:
    """Write a phrase as it is compared: in lower case, with single blanks and without signs."""
    return " ".join(_TOKEN.findall(text.casefold()))


def parse_day(typed: str, today: date | None, words: DateWords = NO_WORDS) -> ParsedDay:
    """Parse a typed day of the last 180 days. Without a month or a year, it is the last such day.

    A lone digit may be the number of an option, and `111` may be two days: both are unclear. Without `today` every day
    is unclear.
    """
    read = _read(ascii_digits(typed), words)
    if today is None or read is None:
        return ParsedDay(error=UNCLEAR)
    numbers, meanings = read
    kinds = {word.kind for word in meanings}
    months, days = ({word.number for word in meanings if word.kind == kind} for kind in ("month", "day"))
    if len(months) > 1 or len(days) > 1:
        return ParsedDay(error=UNCLEAR)
    if "ago" in kinds:
        is_count = len(numbers) == 1 and len(numbers[0]) <= 3 and not kinds & {"month", "day", "date", "weekday"}
        return _days_ago(int(numbers[0]), today) if is_count else ParsedDay(error=UNCLEAR)
    named = _days_ago(days.pop(), today) if days else None
    if named and not numbers:
        return ParsedDay(error=UNCLEAR) if kinds & {"month", "weekday"} else named
    written = _written(numbers, months.pop() if months else None, after_date="date" in kinds)
    found = _find(written, today) if written else ParsedDay(error=UNCLEAR)
    return found if named in (None, found) else ParsedDay(error=UNCLEAR)


def _read(typed: str, words: DateWords) -> tuple[list[str], list[DateWord]] | None:
    """Return the numbers and the meanings of the words in an input. Returns None if a word is unknown."""
    numbers: list[str] = []
    meanings: list[DateWord] = []
    tokens = _TOKEN.findall(typed.casefold())
    while tokens:
        if tokens[0].isdecimal():
            numbers.append(tokens.pop(0))
            continue
        phrases = (" ".join(tokens[:size]) for size in range(_MOST_WORDS, 0, -1))
        known = next((phrase for phrase in phrases if phrase in words), "")
        if not known:
            return None
        meanings.append(words[known])
        del tokens[: known.count(" ") + 1]
    return numbers, meanings


def _days_ago(count: int, today: date) -> ParsedDay:
    return ParsedDay(error=FUTURE) if count < 0 else _bounded(today - timedelta(days=count), today)


def _bounded(day: date, today: date) -> ParsedDay:
    if day > today:
        return ParsedDay(error=FUTURE)
    return ParsedDay(day.isoformat()) if today - day <= OLDEST_DATE else ParsedDay(error=OLD)


def _written(numbers: Sequence[str], month: int | None, *, after_date: bool) -> _Written | None:
    """Return what numbers say, beside a named `month`. Returns None if that is unclear."""
    if len(numbers) == 1 and month is None:
        numbers = _split(numbers[0], after_date=after_date)
    elif len(numbers) == 2 and month is None and len(numbers[0]) == 4:  # 2911 2026
        numbers = (numbers[0][:2], numbers[0][2:], numbers[1])
    if len(numbers) > 1 and len(numbers[0]) == 4:  # the year first
        numbers = tuple(reversed(numbers))
    if not numbers:
        return None
    parts = [numbers[0], *([] if month is None else [str(month)]), *numbers[1:]]
    if len(parts) > 3 or any(len(part) > 2 for part in parts[:2]) or any(len(part) not in (2, 4) for part in parts[2:]):
        return None
    day, *rest = map(int, parts)
    if len(rest) == 2 and len(parts[2]) == 2:
        rest[1] += 2000
    return _Written(day, *rest)


def _split(digits: str, *, after_date: bool) -> Sequence[str]:
    """Split digits without anything between them. Returns nothing if that is unclear."""
    match len(digits):
        case 1:
            return (digits,) if after_date else ()
        case 2:
            return (digits,)
        case 4:
            return digits[:2], digits[2:]
        case 6:
            return digits[:2], digits[2:4], digits[4:]
        case 8:
            is_year_first = digits[:2] in ("19", "20") and int(digits[2:4]) > 12
            return (digits[:4], digits[4:6], digits[6:]) if is_year_first else (digits[:2], digits[2:4], digits[4:])
    return ()


def _find(written: _Written, today: date) -> ParsedDay:
    """Return the day that is meant, or the reason why there is none."""
    day, month, year = written
    if not 1 <= day <= 31:
        return ParsedDay(error=NO_DAY)
    if month is None:  # the last month that has this day
        months = [(today.year - (today.month <= back), (today.month - back - 1) % 12 + 1) for back in range(3)]
        days = [found for found in (_date(year, month, day) for year, month in months) if found and found <= today]
        return _bounded(days[0], today)
    years = (today.year, today.year - 1) if year is None else (year,)
    days = [found for found in (_date(one, month, day) for one in years) if found]
    if not days:
        return ParsedDay(error=NO_DAY)
    past = next((found for found in days if found <= today), None)
    if past is None:
        return ParsedDay(error=FUTURE)
    result = _bounded(past, today)
    if result.error and days[0] > today and days[0] - today < today - past:
        return ParsedDay(error=FUTURE)  # nearer to come than gone: tomorrow, rather than a year ago
    return result


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
