"""Pure: a list of people as somebody keeps it in a spreadsheet → entries, and every row that is wrong, by its line.

A number is never repeated in a complaint, masked or not: the line is enough to find it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from gateway.people.person import ROLES_THAT_NEED_AREAS, ListedPerson, Role, RoleGrant
from gateway.places.area_cell import AreaResolver
from gateway.text.csv_rows import read_sheet
from gateway.text.diagnostics import Diagnostic
from gateway.text.phone import NotAPhoneNumber, Phone, can_receive_sms, mask_in, normalise

COLUMNS = ("phone", "name", "role", "areas", "language", "consent")
MAX_FILE_BYTES = 20 * 1024 * 1024
MAX_NAME_LENGTH = 100

_MANY = re.compile(r"[;,]")
_SCIENTIFIC = re.compile(r"[0-9]+(?:[.,][0-9]+)?[eE][+-]?[0-9]+")
_DECIMAL = re.compile(r"\+?[0-9]{5,}[.,][0-9]{1,2}")
_AREA_CODE = re.compile(r"[0-9]{2}(?:\.[0-9]{2}){1,2}(?:\.[0-9]{4})?")
_LONGEST_SHOWN = 40
_ROLES = frozenset(role.value for role in Role)
_FEWEST_DIGITS = 8


class WrongRow(ValueError):
    """What is wrong with a row, in words that repeat no number."""


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """How a list is to be read: as the pack says, as of `now`, rows without a role being of `role`."""

    region: str
    languages: Mapping[str, str]  # key → name
    timezone: ZoneInfo
    areas: AreaResolver
    now: datetime
    role: Role | None = None


class PeopleList(NamedTuple):
    """The people of a list, each once, in its order; and what is wrong with it."""

    entries: list[ListedPerson]
    diagnostics: list[Diagnostic]


def read_people(text: str, file: str, reading: ImportOptions) -> PeopleList:
    """Read a CSV text with a line of headings, of which `phone` must be one (`COLUMNS`).

    Somebody may stand in several rows, each with another role. A row that is wrong is complained of and left out;
    of several things that are wrong with it the first is said.
    """
    entries: dict[Phone, ListedPerson] = {}
    lines: dict[tuple[Phone, Role], int] = {}
    diagnostics: list[Diagnostic] = []
    shared: dict[RoleGrant, RoleGrant] = {}  # a long list has few different ones: each is kept once
    for row in read_sheet(text, file, COLUMNS):
        if isinstance(row, Diagnostic):
            diagnostics.append(row)
            continue
        line, cells = row
        try:
            entry = _entry(cells, reading, lambda part: shared.setdefault(part, part))
            _check_new(entry, lines)
            entries[entry.phone] = _joined(entries.get(entry.phone), entry)
        except WrongRow as wrong:
            diagnostics.append(Diagnostic(file, line, str(wrong)))
            continue
        lines.update(((entry.phone, part.role), line) for part in entry.grants)
    return PeopleList(list(entries.values()), diagnostics)


def _entry(cells: Mapping[str, str], reading: ImportOptions, share: Callable[[RoleGrant], RoleGrant]) -> ListedPerson:
    phone = _phone(cells["phone"], reading.region)
    roles = _roles(cells.get("role", ""), reading.role)
    areas = _areas(cells.get("areas", ""), reading.areas)
    if not areas and (needing := [role for role in roles if role in ROLES_THAT_NEED_AREAS]):
        raise WrongRow(f"the role {needing[0]} needs areas: codes or names, with ; between them, or * for all of them")
    consent = cells.get("consent", "")
    if not consent and Role.SUBSCRIBER in roles:
        raise WrongRow(
            "the role subscriber needs a consent: its date, as in 2026-03-01, or in words what was agreed to"
        )
    try:
        agreed_at, basis = parse_consent(consent, reading.timezone, reading.now)
    except WrongDate as wrong:
        raise WrongRow(f"the consent {wrong}") from None
    return ListedPerson(
        phone=phone,
        grants=tuple(share(RoleGrant(role, areas, mask_in(basis), agreed_at)) for role in roles),
        name=_name(cells.get("name", "")),
        language=_language(cells.get("language", ""), reading.languages),
    )


def _phone(written: str, region: str) -> Phone:
    # A spreadsheet keeps a number as text behind an apostrophe, or as ="0812…".
    bare = written.removeprefix("=").strip("'\"\N{RIGHT SINGLE QUOTATION MARK} ")
    if not bare:
        raise WrongRow("there is no phone number")
    if _SCIENTIFIC.fullmatch(bare):
        raise WrongRow(
            "the spreadsheet has shortened the phone number (as in 6.28E+12) and its digits are lost: "
            "format the column as text and enter it again"
        )
    if _DECIMAL.fullmatch(bare):
        raise WrongRow("the phone number has become a decimal: format the column as text and enter it again")
    try:
        phone = Phone(normalise(bare, region))
    except NotAPhoneNumber:
        if sum(map(str.isdecimal, bare)) < _FEWEST_DIGITS:
            raise WrongRow("this is no whole phone number; to a short number no SMS can be sent") from None
        raise WrongRow("this is no phone number; write one number alone, as it is dialled or with its +") from None
    if not can_receive_sms(phone):
        raise WrongRow("this is the number of a landline: no SMS reaches it")
    return phone


def _roles(written: str, otherwise: Role | None) -> tuple[Role, ...]:
    roles = []
    for word in filter(None, map(str.strip, _MANY.split(written))):
        key = "_".join(word.casefold().split())
        if key not in _ROLES:
            raise WrongRow(f"unknown role {_shown(word)}; known are {', '.join(Role)}")
        roles.append(Role(key))
    if not roles and otherwise is None:
        raise WrongRow(f"there is no role; known are {', '.join(Role)}")
    return tuple(dict.fromkeys(roles)) or ((otherwise,) if otherwise else ())


def _areas(written: str, areas: AreaResolver) -> tuple[str, ...]:
    codes: list[str] = []
    for word in filter(None, map(str.strip, _MANY.split(written))):
        read = areas.resolve(word)
        if not read.codes:
            offered = (
                f"meant may be {', '.join(read.suggestions)}: write the code"
                if read.suggestions
                else "no area is like it"
            )
            raise WrongRow(f"unknown area {_shown(word)}; {offered}")
        codes += read.codes
    return tuple(dict.fromkeys(codes))


def _language(written: str, languages: Mapping[str, str]) -> str:
    """The key of a language, written as such or by its name; empty where nothing is written."""
    wanted = written.casefold()
    for key, name in languages.items():
        if wanted in (key.casefold(), name.casefold()):
            return key
    if not written:
        return ""
    raise WrongRow(f"unknown language {_shown(written)}; known are {', '.join(languages)}")


def _name(written: str) -> str:
    name = " ".join(written.split())
    if len(name) > MAX_NAME_LENGTH:
        raise WrongRow(f"the name is longer than {MAX_NAME_LENGTH} characters")
    if mask_in(name) != name:
        raise WrongRow("there is a phone number in the name: it would be readable for everybody")
    return name


def _check_new(entry: ListedPerson, lines: Mapping[tuple[Phone, Role], int]) -> None:
    for part in entry.grants:
        if earlier := lines.get((entry.phone, part.role)):
            raise WrongRow(f"this phone number stands in line {earlier} already as {part.role}")


def _joined(before: ListedPerson | None, now: ListedPerson) -> ListedPerson:
    """One person out of two rows. Raises `Wrong` where they can hardly be of one."""
    if before is None:
        return now
    for what, said, repeated in (("name", before.name, now.name), ("language", before.language, now.language)):
        if said and repeated and said != repeated:
            raise WrongRow(f"an earlier line has this phone number with another {what}")
    return replace(
        before,
        grants=before.grants + now.grants,
        name=before.name or now.name,
        language=before.language or now.language,
    )


def _shown(written: str) -> str:
    """What was written, short, with anything masked that may be a number: cells get mixed up."""
    digits = sum(map(str.isdecimal, written))
    if digits >= _FEWEST_DIGITS and not _AREA_CODE.fullmatch(written):
        return "with a long number in it"
    return repr(mask_in(written)[:_LONGEST_SHOWN])


_ISO = re.compile(r"(?P<year>[0-9]{4})-(?P<month>[0-9]{1,2})-(?P<day>[0-9]{1,2})(?![0-9])(?P<words>.*)", re.DOTALL)


_LOCAL = re.compile(
    r"(?P<day>[0-9]{1,2})(?P<between>[-/.])(?P<month>[0-9]{1,2})(?P=between)(?P<year>[0-9]{4})(?![0-9])(?P<words>.*)",
    re.DOTALL,
)


_SHORT_YEAR = re.compile(r"[0-9]{1,2}([-/.])[0-9]{1,2}\1[0-9]{2}(?![0-9])")


_CLOCK = re.compile(r"^[T ]?[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?")


class WrongDate(ValueError):
    """Why this is not the date of a consent."""


def parse_consent(written: str, timezone: ZoneInfo, now: datetime) -> tuple[datetime | None, str]:
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
